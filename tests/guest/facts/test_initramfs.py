from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.facts import cpio, initramfs
from tests.guest.initramfs_images import COMPRESSORS, LINK, archive, entry, trailer
from tests.guest.memory import MemoryTree

RELEASE = "6.1.0-13-amd64"
DEBIAN: dict[str, str | bytes] = {
    "conf/": b"",
    "conf/initramfs.conf": "MODULES=most\n",
    "conf/modules": "hv_vmbus\n",
    "etc/modprobe.d/no-udf.conf": "install udf /bin/true\n",
    "init": "#!/bin/sh\n",
    f"usr/lib/modules/{RELEASE}/kernel/drivers/hv/hv_vmbus.ko": b"\x7fELF" + bytes(5000),
    f"usr/lib/modules/{RELEASE}/kernel/drivers/scsi/hv-storvsc.ko.xz": b"xz",
    f"usr/lib/modules/{RELEASE}/modules.dep": "kernel/drivers/hv/hv_vmbus.ko:\n",
}
CONTENTS = archive(DEBIAN)


def parse(data: bytes) -> initramfs.Initramfs:
    return initramfs.parse(data, "/boot/initrd.img")


@pytest.mark.parametrize("compression", sorted(COMPRESSORS))
def test_every_compression(compression: str) -> None:
    data = COMPRESSORS[compression](CONTENTS)
    found = parse(data)
    assert found.problem == ""
    assert found.compression == (compression,)
    assert found.size == len(data)
    assert found.generator == "initramfs-tools"
    assert found.kernel_releases == (RELEASE,)
    assert found.modules == {"hv_vmbus", "hv_storvsc"}
    assert found.modules_prefix == f"usr/lib/modules/{RELEASE}"
    assert found.names == {name.rstrip("/") for name in DEBIAN}
    assert found.small_files == {
        "init": "#!/bin/sh\n",
        "conf/initramfs.conf": "MODULES=most\n",
        "conf/modules": "hv_vmbus\n",
        "etc/modprobe.d/no-udf.conf": "install udf /bin/true\n",
    }


def test_plain() -> None:
    found = parse(CONTENTS)
    assert (found.problem, found.compression) == ("", ("plain",))
    assert found.modules == {"hv_vmbus", "hv_storvsc"}


@pytest.mark.parametrize("name", ["hv_storvsc", "hv-storvsc", "hv-storvsc.ko", "hv_storvsc.ko.zst"])
def test_module_names_are_normalised(name: str) -> None:
    assert parse(CONTENTS).has_module(name)


def test_microcode_in_front() -> None:
    early = archive({"kernel/x86/microcode/GenuineIntel.bin": bytes(100)})
    found = parse(early + bytes(1024) + COMPRESSORS["zstd"](CONTENTS) + bytes(7))
    assert found.compression == ("plain", "zstd")
    assert "kernel/x86/microcode/GenuineIntel.bin" in found.names
    assert found.has_module("hv_vmbus")


@pytest.mark.parametrize("compression", sorted(COMPRESSORS))
def test_archive_behind_each_compression(compression: str) -> None:
    packed = COMPRESSORS[compression](CONTENTS)
    # lz4 ends at an empty block; the others know their end.
    gap = bytes(-len(packed) % 4 + 4)
    found = parse(packed + gap + archive({"conf/modules": "hv_netvsc\n"}))
    assert found.problem == ""
    assert found.compression == (compression, "plain")
    assert found.small_files["conf/modules"] == "hv_netvsc\n"


def test_two_archives_in_one_stream() -> None:
    both = CONTENTS + archive({"./lib/modules/5.10.0/a.ko": b""})
    found = parse(gzip.compress(both))
    assert found.compression == ("gzip",)
    assert found.kernel_releases == ("5.10.0", RELEASE)
    assert found.modules == {"hv_vmbus", "hv_storvsc", "a"}


def test_links_are_no_modules() -> None:
    link = entry("lib/modules/1/kernel/gone.ko", b"../x", mode=LINK)
    found = parse(link + trailer())
    assert found.modules == frozenset()
    assert "lib/modules/1/kernel/gone.ko" in found.names


def test_only_small_configuration_is_kept() -> None:
    found = parse(
        archive({"conf/big": b"x" * 65536, "conf/small": b"x" * 65535, "etc/passwd": "r"})
    )
    assert list(found.small_files) == ["conf/small"]


def test_booster_has_its_modules_in_one_folder() -> None:
    config = "mountTimeout: 180\nkernel: 6.11.5-arch1-1\nbuiltinModules: [ext4]\n"
    files: dict[str, bytes | str] = {
        "init": "x",
        "etc/booster.init.yaml": config,
        "usr/lib/modules/booster.alias": "vmbus:* hv_storvsc\n",
        "usr/lib/modules/hv_storvsc.ko": "x",
        "usr/lib/modules/6.11.5-arch1-1/kernel/drivers/hv/hv_vmbus.ko": "put in later",
    }

    found = parse(archive(files))

    assert found.generator == "booster"
    assert found.modules == {"hv_storvsc"}
    assert found.kernel_releases == ("6.11.5-arch1-1",)


@pytest.mark.parametrize(
    ("marker", "generator"),
    [
        ("usr/lib/dracut/build-parameter.txt", "dracut"),
        ("lib/dracut/hooks/cmdline/00.sh", "dracut"),
        ("usr/lib/dracut-lib.sh", "dracut"),
        ("scripts/init-top/ORDER", "initramfs-tools"),
        ("init_functions", "mkinitcpio"),
        ("sbin/nlplug-findfs", "mkinitfs"),
        ("etc/booster.init.yaml", "booster"),
        ("usr/bin/something", ""),
    ],
)
def test_generator(marker: str, generator: str) -> None:
    assert parse(archive({marker: ""})).generator == generator


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is empty"),
        (CONTENTS[:255], "it ends inside conf/initramfs.conf"),
        (CONTENTS[:50], "it ends inside the entry at offset 0"),
        (gzip.compress(CONTENTS)[:-9], "its gzip data ends early"),
        (COMPRESSORS["zstd"](CONTENTS)[:-1], "its zstd data ends early"),
        (COMPRESSORS["xz"](CONTENTS)[:-1], "its xz data ends early"),
        (COMPRESSORS["lz4"](CONTENTS)[:-1], "its lz4 data ends early"),
        (gzip.compress(CONTENTS[:255]), "it ends inside conf/initramfs.conf"),
        (
            gzip.compress(CONTENTS + b"junk"),
            f"it has no cpio entry at offset {len(CONTENTS)} of its contents",
        ),
        (
            CONTENTS + b"\0junk",
            f"what is at offset {len(CONTENTS) + 1} is neither a cpio archive nor compressed",
        ),
        (
            CONTENTS + b"\0" + CONTENTS,
            f"what follows at offset {len(CONTENTS) + 1} does not start at a multiple of four",
        ),
        (b"\x02\x21", "its lz4 data is not of the legacy kind"),
        (b"\x02\x21\x4c\x18", "it holds no files"),
        (bytes(4096), "it holds no files"),
        (b"\x89LZO\0\r\n\x1a\n", "it is compressed with lzo, which cannot be checked"),
        (entry("x", magic="070707"), "it has no cpio entry of the newc kind at offset 0"),
        (
            b"070701" + b"0000000g" * 13 + b"x\0",
            "the cpio header at offset 0 is not hexadecimal",
        ),
        (entry("x" * 5000), "the entry at offset 0 has a name of 5001 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_problems(data: bytes, problem: str) -> None:
    assert parse(data).problem == problem


def test_what_was_read_before_a_problem_is_there() -> None:
    assert parse(CONTENTS[: CONTENTS.index(b"modules.dep")]).has_module("hv_vmbus")


def test_bombs_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpio, "_MAX_UNPACKED", 1 << 20)
    big = archive({"a": bytes(2 << 20), "b": b""})
    for compression, compress in COMPRESSORS.items():
        found = parse(compress(big))
        assert found.problem == "it unpacks to more than 1 MiB", compression
        assert "b" not in found.names


def test_endless_entries_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpio, "_MAX_ENTRIES", 3)
    found = parse(archive({str(number): "" for number in range(9)}))
    assert found.problem == "it has more than 3 entries, or very long names"
    assert found.names == {"0", "1", "2"}


def test_kept_contents_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpio, "_MAX_KEPT", 10)
    found = parse(archive({"conf/a": "12345678", "conf/b": "12345678", "conf/c": "12"}))
    assert found.small_files == {"conf/a": "12345678", "conf/c": "12"}


def test_corrupt_stream_is_a_problem() -> None:
    packed = bytearray(gzip.compress(CONTENTS))
    packed[-6] ^= 0xFF
    assert parse(bytes(packed)).problem.startswith("its gzip data does not unpack: ")


@given(st.binary(max_size=400))
def test_never_raises_on_noise(data: bytes) -> None:
    found = parse(data)
    assert found.size == len(data)


_SAMPLES = [CONTENTS, *(compress(CONTENTS) for compress in COMPRESSORS.values())]


@given(
    st.sampled_from(_SAMPLES),
    st.integers(0, 2**16),
    st.binary(min_size=1, max_size=8),
    st.booleans(),
)
def test_never_raises_on_damage(sample: bytes, place: int, noise: bytes, cut: bool) -> None:
    at = place % len(sample)
    damaged = sample[:at] + noise + (b"" if cut else sample[at + len(noise) :])
    found = parse(damaged)
    assert found.size == len(damaged)


def test_read_from_a_tree() -> None:
    tree = MemoryTree({"/boot/initrd.img-6": CONTENTS})
    found = initramfs.read(tree, "/boot/initrd.img-6")
    assert found.path == "/boot/initrd.img-6"
    assert found.has_module("hv_vmbus")
    with pytest.raises(FileNotFoundError):
        initramfs.read(tree, "/boot/initrd.img-7")


def test_a_huge_file_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initramfs, "_MAX_FILE", 100)
    found = initramfs.read(MemoryTree({"/i": CONTENTS}), "/i")
    assert found.problem == f"it is {len(CONTENTS)} bytes long, far too large"


def test_compressed_segments() -> None:
    packed = gzip.compress(CONTENTS)
    early = archive({"kernel/x": b""})
    (segment,) = initramfs.compressed_segments(early + packed + bytes(5))
    start = len(early)
    assert segment == initramfs.Segment("gzip", start, start + len(packed), len(CONTENTS))


@pytest.mark.skipif(not shutil.which("cpio"), reason="cpio is not installed")
def test_what_gnu_cpio_writes(tmp_path: Path) -> None:
    (tmp_path / "in" / "lib" / "modules" / "6.1.0").mkdir(parents=True)
    (tmp_path / "in" / "lib" / "modules" / "6.1.0" / "hv_vmbus.ko").write_bytes(bytes(3333))
    names = "lib\nlib/modules\nlib/modules/6.1.0\nlib/modules/6.1.0/hv_vmbus.ko\n"
    done = subprocess.run(
        ["cpio", "--quiet", "-o", "-H", "newc"],
        cwd=tmp_path / "in",
        input=names.encode(),
        capture_output=True,
        check=True,
    )
    found = parse(done.stdout)
    assert found.problem == ""
    assert found.modules == {"hv_vmbus"}
    assert found.names == set(names.split())


@pytest.mark.skipif(not shutil.which("lsinitramfs"), reason="initramfs-tools is not installed")
def test_as_lsinitramfs_reads_this_machines(tmp_path: Path) -> None:
    images = [path for path in sorted(Path("/boot").glob("initrd.img-*")) if path.stat().st_size]
    if not images:
        pytest.skip("this machine has no initramfs")
    listed = subprocess.run(
        ["lsinitramfs", str(images[-1])],
        capture_output=True,
        text=True,
        check=True,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    found = initramfs.parse(images[-1].read_bytes(), str(images[-1]))
    assert found.problem == ""
    assert set(listed.stdout.split("\n")) - {""} == found.names
