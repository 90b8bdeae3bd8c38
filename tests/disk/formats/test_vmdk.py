"""VMDK, byte for byte against qemu-img; what that cannot make is built from the specification."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, open_descriptors, opened, patch, patterned, raw_of, run
from tests.disk.vmdks import GRAIN, descriptor, esx_sparse, hosted_sparse, streamed

SPARSE = ("monolithicSparse", "twoGbMaxExtentSparse", "streamOptimized")
FLAT = ("monolithicFlat", "twoGbMaxExtentFlat")
OPTIONS = (
    *(f"subformat={name}" for name in (*SPARSE, *FLAT)),
    *(f"adapter_type={name}" for name in ("lsilogic", "buslogic", "legacyESX")),
    "zeroed_grain=on",
    "zeroed_grain=on,subformat=twoGbMaxExtentSparse",
    "compat6=on",
    "hwversion=10,toolsversion=2147483647",
)
SIZES = (5 * MIB + 1536, 4 * MIB, 65536, 512, 67107328)


def convert(disk: Path, image: Path, options: str) -> Path:
    """An image of ``disk`` made by qemu-img."""
    run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", options, disk, image)
    return image


def refusal(path: Path, *, allow_backing: bool = True) -> ImageError:
    """The error that opening and reading gives."""
    with (
        pytest.raises(ImageError) as caught,
        open_container(path, allow_backing=allow_backing) as container,
    ):
        container.pread(0, container.virtual_size)
    return caught.value


def content(path: Path) -> bytes:
    """The disk in an image, read at once, which has to be the same in odd pieces and copied."""
    with open_container(path, allow_backing=True) as container:
        whole = container.pread(0, container.virtual_size + 5)
        step = 99_991
        assert whole[: 40 * step] == b"".join(
            container.pread(offset, step) for offset in range(0, min(len(whole), 40 * step), step)
        )
        with opened(path.with_name("copy"), 0o102 | 0o1000) as fd:
            copy_disk(container, fd)
        assert path.with_name("copy").read_bytes() == whole
        assert container.format == "vmdk"
        return whole


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("options", OPTIONS)
def test_reads_what_qemu_img_writes(tmp_path: Path, options: str, size: int) -> None:
    patterned(tmp_path / "disk", size)
    image = convert(tmp_path / "disk", tmp_path / "image.vmdk", options)

    assert content(image) == raw_of(image, tmp_path / "raw", fmt="vmdk")


@pytest.mark.parametrize("subformat", ["twoGbMaxExtentSparse", "twoGbMaxExtentFlat"])
def test_parts_of_2_gib_follow_each_other(tmp_path: Path, subformat: str) -> None:
    image = tmp_path / "image.vmdk"
    run("qemu-img", "create", "-f", "vmdk", "-o", f"subformat={subformat}", image, "4200M")
    for place in ("1M", "2047M", "2048M", "4199M"):
        run("qemu-io", "-f", "vmdk", "-c", f"write -P 0x{place[0]}7 {place} 1M", image)

    with open_container(image, allow_backing=True) as container:
        assert container.virtual_size == 4200 * MIB
        assert dict(container.details()) == {"type": subformat, "part files": "3"}
        for mib in (1, 2047, 2048, 4199):
            found = container.pread(mib * MIB - 1, MIB + 2)
            assert found[1 : MIB + 1] == bytes([int(f"{str(mib)[0]}7", 16)]) * MIB
        assert container.pread(3000 * MIB, 10) == bytes(10)


def test_zeroed_grains_are_zeros_not_holes(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", 4 * MIB)
    image = convert(tmp_path / "disk", tmp_path / "image.vmdk", "zeroed_grain=on")
    run("qemu-io", "-f", "vmdk", "-c", "write -z 0 64k", image)

    with open_container(image) as container:
        first = next(iter(container.extents()))
        assert (first.kind, first.length) == (Kind.ZERO, 65536)


@pytest.mark.parametrize("subformat", ["monolithicSparse", "monolithicFlat"])
def test_a_snapshot_chain_is_read_through(tmp_path: Path, subformat: str) -> None:
    patterned(tmp_path / "disk", 4 * MIB)
    convert(tmp_path / "disk", tmp_path / "base.vmdk", f"subformat={subformat}")
    for name, below, place in (("one", "base", "64k"), ("two", "one", "3M")):
        image = tmp_path / f"{name}.vmdk"
        backing = tmp_path / f"{below}.vmdk"
        run("qemu-img", "create", "-f", "vmdk", "-b", backing, "-F", "vmdk", image)
        run("qemu-io", "-f", "vmdk", "-c", f"write -P 0x5a {place} 70000", image)

    # qemu writes the parent's name as it was given, here an absolute path below the directory.
    assert content(tmp_path / "two.vmdk") == raw_of(
        tmp_path / "two.vmdk", tmp_path / "raw", fmt="vmdk"
    )
    error = refusal(tmp_path / "two.vmdk", allow_backing=False)
    assert (error.code, error.hint) == ("image-refers-outside", "pass --allow-backing")


def test_a_parent_changed_after_the_snapshot_is_refused(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", MIB)
    base = convert(tmp_path / "disk", tmp_path / "base.vmdk", "subformat=monolithicFlat")
    text = descriptor("SPARSE", 2048, "delta.vmdk", parent="base.vmdk", parent_id=0x1234)
    (tmp_path / "top.vmdk").write_bytes(text)
    (tmp_path / "delta.vmdk").write_bytes(hosted_sparse({3: b"n"}, grains=16))

    error = refusal(tmp_path / "top.vmdk")

    assert error.code == "image-corrupt"
    assert str(base) in error.message
    assert "instead of 00001234" in error.message


def test_a_snapshot_over_a_flat_disk_of_esx(tmp_path: Path) -> None:
    disk = patterned(tmp_path / "disk-flat.vmdk", 20 * 4096)
    (tmp_path / "disk.vmdk").write_bytes(descriptor("VMFS", 160, "disk-flat.vmdk", content_id=7))
    delta = esx_sparse({0: b"a", 159: b"z"}, sectors=160)
    (tmp_path / "disk-000001-delta.vmdk").write_bytes(delta)
    text = descriptor("VMFSSPARSE", 160, "disk-000001-delta.vmdk", parent="disk.vmdk", parent_id=7)
    (tmp_path / "disk-000001.vmdk").write_bytes(text)
    expected = b"a" * 512 + disk[512:-512] + b"z" * 512

    assert content(tmp_path / "disk-000001.vmdk") == expected
    assert raw_of(tmp_path / "disk-000001.vmdk", tmp_path / "raw", fmt="vmdk") == expected
    with open_container(tmp_path / "disk-000001-delta.vmdk") as container:
        assert container.pread(0, 1024) == b"a" * 512 + bytes(512)
        assert "one part of a larger disk" in container.notes[0]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_versions(tmp_path: Path, version: int) -> None:
    image = tmp_path / "image.vmdk"
    image.write_bytes(hosted_sparse({0: b"a", 15: b"p"}, grains=16, version=version))

    assert content(image) == b"a" * GRAIN + bytes(14 * GRAIN) + b"p" * GRAIN


def test_a_stream_with_its_directory_in_the_footer(tmp_path: Path) -> None:
    image = tmp_path / "image.vmdk"
    image.write_bytes(streamed({0: b"a", 9: b"j"}, grains=10, cut=700))

    found = content(image)

    assert found == b"a" * GRAIN + bytes(8 * GRAIN) + b"j" * (GRAIN - 700 // 512 * 512)
    assert found == raw_of(image, tmp_path / "raw", fmt="vmdk")


def test_a_grain_of_another_place_is_found_out(tmp_path: Path) -> None:
    image = tmp_path / "image.vmdk"
    data = bytearray(streamed({0: b"a", 9: b"j"}, grains=10))
    first = data.index(struct.pack("<QI", 9 * GRAIN // 512, 0)[:8])
    data[first : first + 8] = struct.pack("<Q", 8 * GRAIN // 512)
    image.write_bytes(data)

    error = refusal(image)

    assert error.code == "image-corrupt"
    assert "belongs to sector" in error.message


def test_bit_rot_in_a_compressed_grain_is_found_out(tmp_path: Path) -> None:
    patterned(tmp_path / "disk", MIB)
    image = convert(tmp_path / "disk", tmp_path / "image.vmdk", "subformat=streamOptimized")
    with open_container(image) as container:
        extent = next(container.extents().of_kind(Kind.ENCODED))
    patch(image, extent.host + 12 + 3000, b"\x55\xaa")

    assert "does not decompress" in refusal(image).message


def test_the_redundant_directory_serves_when_the_first_is_damaged(tmp_path: Path) -> None:
    disk = patterned(tmp_path / "disk", 40 * MIB)
    image = convert(tmp_path / "disk", tmp_path / "image.vmdk", "subformat=monolithicSparse")
    (directory,) = struct.unpack_from("<Q", image.read_bytes(), 56)
    for damage in (b"\xff\xff\xff\x7f", bytes(4)):
        patch(image, directory * 512, damage)
        with open_container(image) as container:
            assert container.pread(0, len(disk)) == disk
            assert "redundant copy" in container.notes[0]
    patch(image, 48, struct.pack("<QQ", 1 << 40, 1 << 41))

    assert refusal(image).code == "image-truncated"


@pytest.mark.parametrize("subformat", ["monolithicFlat", "twoGbMaxExtentSparse"])
def test_other_files_are_opened_only_when_allowed(tmp_path: Path, subformat: str) -> None:
    patterned(tmp_path / "disk", MIB)
    image = convert(tmp_path / "disk", tmp_path / "image.vmdk", f"subformat={subformat}")

    error = refusal(image, allow_backing=False)

    assert error.code == "image-refers-outside"
    assert error.hint == "pass --allow-backing"


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret", "/dev/sda", "link.vmdk", "nbd:localhost", "a/../../x"]
)
@pytest.mark.parametrize("kind", ["FLAT", "SPARSE", "VMFS"])
def test_files_elsewhere_are_never_opened(tmp_path: Path, kind: str, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(b"of the host" * 1000)
    (inside / "link.vmdk").symlink_to(tmp_path / "secret")
    (inside / "image.vmdk").write_bytes(descriptor(kind, 16, name))

    error = refusal(inside / "image.vmdk")

    assert error.code in ("image-refers-outside", "image-not-found")
    assert error.hint


def test_a_zero_extent_needs_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"a" * 1024)
    text = descriptor("FLAT", 1, "a.bin", more='RW 5 ZERO\nRDONLY 1 FLAT "a.bin" 1\n')
    (tmp_path / "image.vmdk").write_bytes(text)

    assert content(tmp_path / "image.vmdk") == b"a" * 512 + bytes(5 * 512) + b"a" * 512


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (descriptor("SESPARSE", 16, "a"), "image-format-unsupported", "space-efficient"),
        (descriptor("VMFSRDM", 16, "a"), "image-format-unsupported", "raw device mapping"),
        (
            descriptor("FLAT", 16, "a").replace(b"RW", b"NOACCESS"),
            "image-format-unsupported",
            "NOACC",
        ),
        (descriptor("FLAT", 16, "a") + b"encryption.keySafe = x\n", "image-encrypted", "encrypted"),
        (descriptor("FLAT", 16, ""), "image-corrupt", "does not name"),
        (descriptor("FLAT", 16, "a") + b"RW ten FLAT\n", "image-corrupt", "RW ten FLAT"),
        (descriptor("FLAT", 16, "a", parent="", parent_id=1), "image-corrupt", "parent"),
        (b"# Disk DescriptorFile\nCID=1\n", "image-corrupt", "no extents"),
        (b"# Disk DescriptorFile\nCID=xyz\n", "image-corrupt", "content id 'xyz'"),
        (b"# Disk DescriptorFile\n" + b"#" * (1 << 20), "image-corrupt", "descriptor would have"),
        (b"# Disk DescriptorFile\n" + b"RW 1 ZERO\n" * 5000, "image-too-complex", "split into"),
        (b"# Disk DescriptorFile\n" + b"RW 999999999999999 ZERO\n", "image-too-large", "TiB"),
        (b"\xbe\xba\xfe\xca\0\0\0\0" + bytes(1000), "image-format-unsupported", "vSphere"),
        (b"COWD" + bytes(1000), "image-format-unsupported", "version 0"),
        (b"KDMV" + bytes(100), "image-format-unsupported", "version 0"),
        (b"KDMV\1", "image-truncated", "header"),
    ],
)
def test_what_is_not_read_is_said(tmp_path: Path, text: bytes, code: str, words: str) -> None:
    (tmp_path / "image.vmdk").write_bytes(text)
    before = open_descriptors()

    error = refusal(tmp_path / "image.vmdk")

    assert error.code == code
    assert words in error.message
    assert error.hint
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("offset", "value", "code", "words"),
    [
        (20, struct.pack("<Q", 127), "image-corrupt", "grains would have"),
        (20, struct.pack("<Q", 1 << 30), "image-corrupt", "grains would have"),
        (20, struct.pack("<Q", 0), "image-corrupt", "grains would have"),
        (12, struct.pack("<Q", 0), "image-corrupt", "no bytes"),
        (12, struct.pack("<Q", 1 << 60), "image-too-large", "TiB"),
        (44, struct.pack("<I", 0), "image-corrupt", "grain tables would have"),
        (44, struct.pack("<I", 1 << 31), "image-corrupt", "grain tables would have"),
        (56, struct.pack("<Q", 1 << 50), "image-truncated", "grain directory"),
        (56, struct.pack("<Q", 0), "image-corrupt", "no grain directory"),
        (73, b"\n \n\n", "image-corrupt", "transferred as text"),
        (77, b"\7\0", "image-format-unsupported", "compression 7"),
        (36, struct.pack("<Q", 1 << 30), "image-corrupt", "descriptor would have"),
    ],
)
def test_headers_that_lie(tmp_path: Path, offset: int, value: bytes, code: str, words: str) -> None:
    image = tmp_path / "image.vmdk"
    image.write_bytes(hosted_sparse({0: b"a"}, grains=16))
    patch(image, offset, value)

    error = refusal(image)

    assert error.code == code
    assert words in error.message


def test_tables_that_lie(tmp_path: Path) -> None:
    image = tmp_path / "image.vmdk"
    whole = hosted_sparse({0: b"a", 1: b"b"}, grains=16)
    (directory,) = struct.unpack_from("<Q", whole, 56)
    (table,) = struct.unpack_from("<I", whole, directory * 512)
    image.write_bytes(whole)
    patch(image, table * 512 + 4, whole[table * 512 : table * 512 + 4])
    assert "share one place" in refusal(image).message

    patch(image, table * 512 + 4, b"\xff\xff\xff\xff")
    assert refusal(image).code == "image-truncated"


def test_a_stream_cut_short_is_said(tmp_path: Path) -> None:
    image = tmp_path / "image.vmdk"
    image.write_bytes(streamed({0: b"a", 9: b"j"}, grains=10)[:-600])

    assert "cut short" in refusal(image).message
