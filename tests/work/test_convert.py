"""Conversions: whole or not there, the same bytes, and resumable."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.container import open_container
from bootworthy.disk.image import Image
from bootworthy.disk.sizes import GIB
from bootworthy.guest import kvm
from bootworthy.model.errors import HostError, ImageError, UsageError
from bootworthy.work.convert import ConvertOptions, convert
from bootworthy.work.limits import Target
from tests.disk.making import MIB, needs, patch, raw_of, run, sparse
from tests.work.disks import ALIGNED, SIZE, make_disk

pytestmark = needs("qemu-img", "sfdisk")

OPTIONS = ConvertOptions()


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw disk with a GPT, of no whole MiB."""
    path = tmp_path_factory.mktemp("convert") / "disk.raw"
    make_disk(path)
    return path


def image_of(disk: Path, folder: Path, fmt: str, *flags: str) -> Path:
    path = folder / f"image.{fmt}"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, *flags, disk, path)
    return path


def same_data(found: bytes, expected: bytes) -> bool:
    """Whether disks are equal between the tables at both ends."""
    inside = slice(34 * 512, SIZE - 33 * 512)
    return found[inside] == expected[inside]


FORMATS = [
    ("raw", ()),
    ("qcow2", ()),
    ("qcow2", ("-c",)),
    ("vpc", ("-o", "subformat=fixed,force_size")),
]


@pytest.mark.parametrize(("fmt", "flags"), FORMATS)
@pytest.mark.parametrize("to", ["vhd", "vhd-dynamic", "raw"])
def test_qemu_reads_what_was_there(
    tmp_path: Path, disk: Path, fmt: str, flags: tuple[str, ...], to: str
) -> None:
    image = image_of(disk, tmp_path, fmt, *flags)
    before = image.read_bytes()

    result = convert(image, tmp_path / "out", replace(OPTIONS, to=to))

    found = raw_of(tmp_path / "out", tmp_path / "check", fmt="raw" if to == "raw" else "vpc")
    assert len(found) == ALIGNED == result.virtual_size
    assert same_data(found, disk.read_bytes())
    assert "No errors detected" in run("sfdisk", "--verify", tmp_path / "check")
    assert image.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["check", image.name, "out"]
    assert result.file_size == (tmp_path / "out").stat().st_size


def test_the_fixed_vhd_is_what_azure_takes(tmp_path: Path, disk: Path) -> None:
    convert(disk, tmp_path / "out.vhd")

    size = (tmp_path / "out.vhd").stat().st_size
    found = footer.parse((tmp_path / "out.vhd").read_bytes()[-512:])
    assert size == ALIGNED + 512
    assert footer.problems_of(found, size) == ()
    assert "virtual size: 25 MiB" in run("qemu-img", "info", "-f", "vpc", tmp_path / "out.vhd")
    with open_container(tmp_path / "out.vhd") as container:
        assert Image(container).table.problems == ()


def test_dissect_reads_the_same_disk(tmp_path: Path, disk: Path) -> None:
    vhd = pytest.importorskip("dissect.hypervisor.disk.vhd")
    convert(disk, tmp_path / "out.vhd")

    with (tmp_path / "out.vhd").open("rb") as file:
        found = vhd.VHD(file)
        assert found.size == ALIGNED
        assert found.read(ALIGNED) == (tmp_path / "out.vhd").read_bytes()[:ALIGNED]


@pytest.mark.appliance
def test_libguestfs_reads_the_same_disk(tmp_path: Path, disk: Path) -> None:
    convert(disk, tmp_path / "out.vhd")

    script = "run\nlist-partitions\nblockdev-getsize64 /dev/sda\nchecksum-device sha256 /dev/sda\n"
    path = tmp_path / "out.vhd"
    argv = ("guestfish", "--format=vpc", "--ro", "-a", os.fspath(path))
    env = environment() | {"LIBGUESTFS_BACKEND": "direct"}
    if not kvm.works():
        env["LIBGUESTFS_BACKEND_SETTINGS"] = "force_tcg"
    found = subprocess.run(
        argv, input=script, capture_output=True, text=True, check=True, env=env
    ).stdout.split()
    expected = run("sha256sum", _body_of(path)).split()[0]
    assert found == ["/dev/sda1", str(ALIGNED), expected]


def _body_of(vhd: Path) -> Path:
    body = vhd.with_suffix(".body")
    body.write_bytes(vhd.read_bytes()[:-512])
    return body


def test_an_aligned_disk_is_not_grown(tmp_path: Path) -> None:
    source = sparse(tmp_path / "disk.raw", 20 * MIB)
    patch(source, 510, b"\x55\xaa")

    result = convert(source, tmp_path / "out.vhd", replace(OPTIONS, verify=True))

    assert result.virtual_size == 20 * MIB
    assert result.changes == ()
    assert (tmp_path / "out.vhd").read_bytes()[: 20 * MIB] == source.read_bytes()


def test_a_small_disk_is_noted(tmp_path: Path) -> None:
    source = sparse(tmp_path / "disk.raw", MIB)
    patch(source, 510, b"\x55\xaa")

    assert convert(source, tmp_path / "o.vhd").notes == ("Azure takes no disk below 20 MiB",)


def test_holes_stay_holes(tmp_path: Path) -> None:
    source = sparse(tmp_path / "disk.raw", 100 * GIB)
    patch(source, 510, b"\x55\xaa")
    patch(source, 50 * GIB, b"data")

    result = convert(source, tmp_path / "out.vhd", replace(OPTIONS, verify=True))

    assert result.verified
    assert (tmp_path / "out.vhd").stat().st_blocks * 512 < MIB


@pytest.mark.parametrize(
    ("size", "target", "hint"),
    [
        (1024 * GIB, Target.ARTICLE, "--target os-disk"),
        (4096 * GIB, Target.OS_DISK, "--target data-disk"),
        (32768 * GIB, Target.DATA_DISK, "shrink"),
    ],
)
def test_limits(tmp_path: Path, size: int, target: Target, hint: str) -> None:
    run("qemu-img", "create", "-f", "qcow2", "-o", "cluster_size=2M", tmp_path / "i", str(size))
    options = replace(OPTIONS, target=target)

    with pytest.raises(ImageError) as caught:
        convert(tmp_path / "i", tmp_path / "out.vhd", options)

    assert caught.value.code == "image-too-large"
    assert hint in caught.value.hint
    assert list(tmp_path.iterdir()) == [tmp_path / "i"]


def test_a_dynamic_vhd_has_its_own_limit(tmp_path: Path) -> None:
    size = str(2041 * GIB)
    run("qemu-img", "create", "-f", "qcow2", "-o", "cluster_size=2M", tmp_path / "i", size)

    with pytest.raises(ImageError) as caught:
        convert(tmp_path / "i", tmp_path / "out.vhd", replace(OPTIONS, to="vhd-dynamic"))

    assert "dynamic VHD" in caught.value.message


def test_what_exists_stays_without_force(tmp_path: Path, disk: Path) -> None:
    (tmp_path / "out.vhd").write_text("mine")

    with pytest.raises(UsageError) as caught:
        convert(disk, tmp_path / "out.vhd")

    assert caught.value.code == "output-exists"
    assert (tmp_path / "out.vhd").read_text() == "mine"


def test_force_replaces(tmp_path: Path, disk: Path) -> None:
    (tmp_path / "out.vhd").write_text("old")

    convert(disk, tmp_path / "out.vhd", replace(OPTIONS, force=True))

    assert (tmp_path / "out.vhd").stat().st_size == ALIGNED + 512


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_the_source_is_never_the_output(tmp_path: Path, disk: Path, link: object) -> None:
    source = tmp_path / "disk.raw"
    source.write_bytes(disk.read_bytes())
    assert callable(link)
    link(source, tmp_path / "out.vhd")

    with pytest.raises(UsageError) as caught:
        convert(source, tmp_path / "out.vhd", replace(OPTIONS, force=True))

    assert caught.value.code == "output-is-source"
    assert source.read_bytes() == disk.read_bytes()


def test_a_disk_that_looks_like_something_else_is_taken_as_said(tmp_path: Path) -> None:
    source = sparse(tmp_path / "disk.raw", MIB)
    patch(source, 0, b"QFI\xfb\0\0\0\3")

    convert(source, tmp_path / "out.vhd", replace(OPTIONS, source_format="raw"))

    assert (tmp_path / "out.vhd").read_bytes()[:MIB] == source.read_bytes()


@pytest.mark.parametrize("to", ["vhd", "vhd-dynamic"])
def test_verify_tells_a_wrong_copy(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    real = os.copy_file_range

    def wrong(source: int, target: int, count: int, at: int, to: int) -> int:
        moved = real(source, target, count, at, to)
        os.pwrite(target, b"?", to + 5000)
        return moved

    monkeypatch.setattr(os, "copy_file_range", wrong)
    with pytest.raises(HostError) as caught:
        convert(disk, tmp_path / "out.vhd", replace(OPTIONS, to=to, verify=True))

    assert caught.value.code == "verify-failed"
    assert "byte 5000 " in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_nothing(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "copy_file_range", full)
    with pytest.raises(HostError) as caught:
        convert(disk, tmp_path / "out.vhd")

    assert caught.value.code == "host-no-space"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, disk: Path) -> None:
    # A file system that fills while the copy is under way, in a mount namespace of our own.
    if os.geteuid():
        pytest.skip("mounting needs root")
    image = image_of(disk, tmp_path, "qcow2", "-c")
    script = (
        'mount -t tmpfs -o size=900k none "$1" && cd "$1" && head -c 400k /dev/zero > junk\n'
        '"$2" -c "from bootworthy.cli.main import main; main()" convert "$3" -o out.vhd -q\n'
        "echo status $?; ls\n"
    )
    (tmp_path / "mnt").mkdir()
    words = [tmp_path / "mnt", Path(sys.executable), image]
    argv = ["unshare", "-m", "sh", "-c", script, "sh", *map(os.fspath, words)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment())

    assert done.stdout == "status 4\njunk\n"
    assert "error[host-no-space]" in done.stderr


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.mark.skipif(not Path("/usr/bin/strace").exists(), reason="not installed: strace")
@pytest.mark.parametrize(("fmt", "flags"), [("raw", ()), ("qcow2", ("-c",)), ("vhdx", ())])
def test_the_source_is_opened_for_reading_only(
    tmp_path: Path, disk: Path, fmt: str, flags: tuple[str, ...]
) -> None:
    image = image_of(disk, tmp_path, fmt, *flags)
    trace = tmp_path / "trace"
    code = "from bootworthy.cli.main import main; main()"
    words = ("convert", os.fspath(image), "-o", os.fspath(tmp_path / "out.vhd"), "--verify")
    calls = "trace=open,openat,openat2,truncate,ftruncate,fallocate,write,pwrite64,pwritev"
    argv = ("strace", "-f", "-y", "-e", calls, "-o", os.fspath(trace), sys.executable, "-c", code)
    subprocess.run([*argv, *words], check=True, capture_output=True, env=environment())

    lines = [line for line in trace.read_text().splitlines() if f"{image}" in line]
    opens = [line for line in lines if "open" in line.split("(")[0]]
    assert opens
    assert all("O_RDONLY" in line for line in opens)
    written = [line for line in lines if "open" not in line.split("(")[0]]
    assert written == []


def test_a_source_that_changes_meanwhile_is_no_copy(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "disk.raw"
    source.write_bytes(disk.read_bytes())
    real = os.copy_file_range

    def changing(*arguments: int) -> int:
        patch(source, 9 * MIB, b"meanwhile")
        return real(*arguments)

    monkeypatch.setattr(os, "copy_file_range", changing)
    with pytest.raises(ImageError) as caught:
        convert(source, tmp_path / "out.vhd")

    assert caught.value.code == "image-changed"
    assert list(tmp_path.iterdir()) == [source]


def test_a_block_device_is_a_source(tmp_path: Path, disk: Path) -> None:
    if os.geteuid():
        pytest.skip("a loop device needs root")
    shown = subprocess.run(
        ["losetup", "--find", "--show", "--read-only", disk],
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        pytest.skip(f"no loop device: {shown.stderr}")
    device = shown.stdout.strip()
    try:
        result = convert(device, tmp_path / "out.vhd", replace(OPTIONS, verify=True))
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)

    assert result.verified
    assert same_data((tmp_path / "out.vhd").read_bytes(), disk.read_bytes())
