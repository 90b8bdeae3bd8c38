"""qcow2, byte for byte against qemu-img."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import ImageError
from tests.disk.making import MIB, patch, patterned, raw_of, run

CLUSTER_SIZES = ("512", "1k", "2k", "4k", "8k", "16k", "32k", "64k", "128k", "256k", "1M", "2M")

PLAIN = (
    "compat=0.10",
    "compat=1.1",
    "lazy_refcounts=on",
    "refcount_bits=1",
    "preallocation=metadata",
    "preallocation=falloc",
    "preallocation=full",
    "extended_l2=on",
    "extended_l2=on,cluster_size=16k",
    "extended_l2=on,cluster_size=2M",
    "extended_l2=on,preallocation=metadata",
    *(f"cluster_size={size}" for size in CLUSTER_SIZES),
)

COMPRESSED = (
    "compat=0.10",
    *(
        f"compression_type={kind},cluster_size={size}{extra}"
        for kind in ("zlib", "zstd")
        for size, extra in (("4k", ""), ("64k", ""), ("2M", ""), ("64k", ",extended_l2=on"))
    ),
)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw disk to convert."""
    path = tmp_path_factory.mktemp("qcow2") / "disk"
    patterned(path)
    return path


def convert(disk: Path, image: Path, options: str, *flags: str) -> Path:
    """An image of ``disk`` made by qemu-img."""
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *flags, "-o", options, disk, image)
    return image


def write(image: Path, *commands: str) -> None:
    """Let qemu write to an image."""
    run("qemu-io", "-f", "qcow2", *(word for line in commands for word in ("-c", line)), image)


def read_whole(image: Path, *, allow_backing: bool = False) -> bytes:
    """The disk in an image, read by us in pieces of an odd size."""
    with open_container(image, allow_backing=allow_backing) as container:
        step = 333_333
        pieces = (container.pread(at, step) for at in range(0, container.virtual_size, step))
        return b"".join(pieces)


def refusal(image: Path, *, allow_backing: bool = False) -> ImageError:
    """The error that reading the image gives, when opened or when mapped."""
    with (
        pytest.raises(ImageError) as caught,
        open_container(image, allow_backing=allow_backing) as container,
    ):
        container.extents()
    return caught.value


@pytest.mark.parametrize("options", PLAIN)
def test_reads_what_qemu_img_writes(tmp_path: Path, disk: Path, options: str) -> None:
    image = convert(disk, tmp_path / "image", options)

    assert read_whole(image) == disk.read_bytes()


@pytest.mark.parametrize("options", COMPRESSED)
def test_reads_compressed_clusters(tmp_path: Path, disk: Path, options: str) -> None:
    image = convert(disk, tmp_path / "image", options, "-c")

    assert read_whole(image) == disk.read_bytes()
    with open_container(image) as container:
        assert container.extents().bytes_of(Kind.ENCODED) > 0
        expected = "zstd" if "zstd" in options else "zlib"
        assert dict(container.info().details)["compression"] == expected


def test_details_say_what_people_ask_for(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "cluster_size=4k")

    with open_container(image) as container:
        info = container.info()

    assert info.format == "qcow2"
    assert info.virtual_size == 5 * MIB + 1536
    assert info.file_size == image.stat().st_size
    assert info.details == (("version", "3"), ("cluster size", "4096"))


@pytest.mark.parametrize("options", ["cluster_size=4k", "extended_l2=on,cluster_size=64k"])
def test_reads_an_image_that_a_guest_wrote_to(tmp_path: Path, disk: Path, options: str) -> None:
    image = convert(disk, tmp_path / "image", options)
    write(
        image,
        "write -P 0x11 5000 9000",
        "write -z 65536 200000",
        "write -z -u 3200000 100000",
        "discard 4194304 65536",
        "write -P 0x22 2100 2",
    )

    assert read_whole(image) == raw_of(image, tmp_path / "raw")
    with open_container(image) as container:
        assert container.extents().bytes_of(Kind.ZERO) > 0


def test_a_data_cluster_between_compressed_ones(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "compression_type=zstd", "-c")
    write(image, "write -P 0x33 1600000 70000")

    assert read_whole(image) == raw_of(image, tmp_path / "raw")


def test_snapshots_are_ignored_and_noted(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "compat=1.1")
    run("qemu-img", "snapshot", "-c", "one", image)
    write(image, "write -P 0x44 0 100000")
    run("qemu-img", "snapshot", "-c", "two", image)
    write(image, "write -P 0x55 50000 100000")

    assert read_whole(image) == raw_of(image, tmp_path / "raw")
    with open_container(image) as container:
        assert container.notes == ("2 internal snapshots are ignored",)
        assert container.info().details[-1] == ("note", "2 internal snapshots are ignored")


def test_a_dirty_image_is_read_and_noted(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "lazy_refcounts=on")
    patch(image, 72, struct.pack(">Q", 1))

    assert read_whole(image) == disk.read_bytes()
    with open_container(image) as container:
        assert container.notes == ("the image was not closed properly; it is read as it was left",)


def test_an_empty_image_is_all_hole(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", image, "1T")

    with open_container(image) as container:
        assert container.virtual_size == 1 << 40
        assert len(container.extents()) == 0
        assert container.pread((1 << 40) - 5, 10) == bytes(5)


def test_a_resized_image_grows_by_a_hole(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "compat=1.1")
    run("qemu-img", "resize", image, "40M")

    assert read_whole(image) == raw_of(image, tmp_path / "raw")


def test_threads_read_the_same(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "compression_type=zstd,cluster_size=4k", "-c")
    expected = disk.read_bytes()
    places = range(0, 5 * MIB, 40_000)

    with open_container(image) as container, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: container.pread(at, 50_000), places))

    assert found == [expected[at : at + 50_000] for at in places]


def test_the_last_cluster_may_be_cut_short(tmp_path: Path) -> None:
    # qemu does not write the end of the last cluster when the guest did not.
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", image, "2M")
    write(image, "write -P 0x66 0 65536", "write -P 0x77 65536 65536")
    end = image.stat().st_size
    with image.open("r+b") as file:
        file.truncate(end - 65536 + 1000)

    found = read_whole(image)

    assert found == raw_of(image, tmp_path / "raw")
    assert found[65536 : 65536 + 1000] == b"\x77" * 1000
    assert found[65536 + 1000 : 65536 * 2] == bytes(64536)


def test_an_image_cut_off_is_truncated(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "cluster_size=4k")
    with image.open("r+b") as file:
        file.truncate(image.stat().st_size - 100_000)

    assert refusal(image).code == "image-truncated"


# --- Files an image refers to


def make_base(directory: Path, options: str = "compat=1.1", *flags: str) -> Path:
    """A base image in a directory of its own, for overlays beside it."""
    directory.mkdir(exist_ok=True)
    patterned(directory / "disk")
    return convert(directory / "disk", directory / "base.qcow2", options, *flags)


def make_overlay(
    directory: Path, backing: str, *, fmt: str = "qcow2", options: str = "compat=1.1"
) -> Path:
    """An overlay over any name, which qemu-img does not open."""
    image = directory / "overlay"
    argv: Iterable[str | Path] = ("-u", "-b", backing, "-F", fmt, "-o", options, image, "7M")
    run("qemu-img", "create", "-f", "qcow2", *argv)
    return image


@pytest.mark.parametrize(
    ("base_options", "flags", "options"),
    [
        ("compat=1.1", (), "compat=1.1"),
        ("cluster_size=64k", ("-c",), "cluster_size=4k"),
        ("cluster_size=4k,compression_type=zstd", ("-c",), "cluster_size=2M"),
        ("cluster_size=2M", (), "extended_l2=on,cluster_size=64k"),
        ("extended_l2=on", (), "cluster_size=512"),
    ],
)
def test_reads_an_overlay(
    tmp_path: Path, base_options: str, flags: tuple[str, ...], options: str
) -> None:
    make_base(tmp_path / "d", base_options, *flags)
    image = make_overlay(tmp_path / "d", "base.qcow2", options=options)
    write(image, "write -P 0x11 5000 9000", "write -z 1600000 20000", "write -P 0x22 6291456 99")

    assert read_whole(image, allow_backing=True) == raw_of(image, tmp_path / "raw")
    with open_container(image, allow_backing=True) as container:
        assert "compression" not in dict(container.details())


def test_reads_a_chain_of_overlays(tmp_path: Path) -> None:
    directory = tmp_path / "d"
    make_base(directory)
    make_overlay(directory, "base.qcow2").rename(directory / "middle")
    write(directory / "middle", "write -P 0x11 70000 90000")
    image = make_overlay(directory, "middle")
    write(image, "write -P 0x22 3200000 90000")

    assert read_whole(image, allow_backing=True) == raw_of(image, tmp_path / "raw")
    with open_container(image, allow_backing=True) as container:
        assert [Path(file.path).name for file in container.files()] == [
            "overlay",
            "middle",
            "base.qcow2",
        ]


def test_reads_an_overlay_over_a_raw_disk(tmp_path: Path) -> None:
    make_base(tmp_path / "d")
    image = make_overlay(tmp_path / "d", "disk", fmt="raw")
    write(image, "write -P 0x11 5000 9000")

    assert read_whole(image, allow_backing=True) == raw_of(image, tmp_path / "raw")


def test_the_format_of_a_backing_file_is_the_one_the_header_names(tmp_path: Path) -> None:
    # A guest could write a qcow2 header into the first sector of its raw disk.
    base = make_base(tmp_path / "d")
    image = make_overlay(tmp_path / "d", "base.qcow2", fmt="raw")

    with open_container(image, allow_backing=True) as container:
        assert container.pread(0, 512) == base.read_bytes()[:512]


@pytest.mark.parametrize("raw_bit", ["off", "on"])
def test_reads_an_external_data_file(tmp_path: Path, raw_bit: str) -> None:
    options = f"data_file={tmp_path}/data,data_file_raw={raw_bit}"
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", "-o", options, image, "5M")
    write(image, "write -P 0x11 0 9000", "write -P 0x22 3000000 200000", "write -z 0 4096")

    assert read_whole(image, allow_backing=True) == raw_of(image, tmp_path / "raw")


def test_other_files_are_not_opened_unasked(tmp_path: Path) -> None:
    make_base(tmp_path / "d")
    image = make_overlay(tmp_path / "d", "base.qcow2")

    error = refusal(image)

    assert error.code == "image-refers-outside"
    assert "--allow-backing" in error.hint
    assert "'base.qcow2'" in error.message


def test_an_external_data_file_is_not_opened_unasked(tmp_path: Path) -> None:
    image = tmp_path / "image"
    options = f"data_file={tmp_path}/data"
    run("qemu-img", "create", "-f", "qcow2", "-o", options, image, "5M")

    assert refusal(image).code == "image-refers-outside"


def test_an_unknown_backing_format_is_refused(tmp_path: Path) -> None:
    make_base(tmp_path / "d")
    image = make_overlay(tmp_path / "d", "base.qcow2", fmt="vmdk")

    assert refusal(image, allow_backing=True).code == "image-format-unsupported"


# --- Headers and tables that are wrong


def table_of(image: Path) -> tuple[int, int]:
    """Where the L1 table and its first L2 table are."""
    raw = image.read_bytes()
    (l1,) = struct.unpack_from(">Q", raw, 40)
    (entry,) = struct.unpack_from(">Q", raw, l1)
    return l1, entry & 0x00FF_FFFF_FFFF_FE00


@pytest.mark.parametrize(
    ("offset", "value", "code"),
    [
        (0, b"QFIx", "image-corrupt"),
        (4, struct.pack(">I", 4), "image-format-unsupported"),
        (20, struct.pack(">I", 8), "image-corrupt"),
        (20, struct.pack(">I", 22), "image-corrupt"),
        (20, struct.pack(">I", 1 << 31), "image-corrupt"),
        (24, struct.pack(">Q", 1 << 63), "image-corrupt"),
        (24, struct.pack(">Q", 6 << 30), "image-corrupt"),
        (32, struct.pack(">I", 1), "image-encrypted"),
        (32, struct.pack(">I", 2), "image-encrypted"),
        (36, struct.pack(">I", 0), "image-corrupt"),
        (40, struct.pack(">Q", 0x10200), "image-corrupt"),
        (40, struct.pack(">Q", 1 << 50), "image-truncated"),
        (72, struct.pack(">Q", 1 << 1), "image-corrupt"),
        (72, struct.pack(">Q", 1 << 2), "image-corrupt"),
        (72, struct.pack(">Q", 1 << 3), "image-corrupt"),
        (72, struct.pack(">Q", 1 << 5), "image-format-unsupported"),
        (72, struct.pack(">Q", 1 << 63), "image-format-unsupported"),
        (100, struct.pack(">I", 72), "image-corrupt"),
        (100, struct.pack(">I", 1 << 30), "image-corrupt"),
        (104, b"\1", "image-corrupt"),
        (116, struct.pack(">I", 1 << 30), "image-corrupt"),
        (8, struct.pack(">QI", 1 << 40, 5), "image-truncated"),
        (8, struct.pack(">QI", 600, 5000), "image-corrupt"),
    ],
)
def test_a_wrong_header_is_refused(
    tmp_path: Path, disk: Path, offset: int, value: bytes, code: str
) -> None:
    image = convert(disk, tmp_path / "image", "compat=1.1")
    patch(image, offset, value)

    with pytest.raises(ImageError) as caught, open_container(image, force_format="qcow2") as found:
        found.extents()

    assert caught.value.code == code


def test_an_unknown_compression_is_not_read_yet(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "compression_type=zstd")
    patch(image, 104, b"\2")

    assert refusal(image).code == "image-format-unsupported"


def test_the_old_format_is_not_taken_for_qcow2(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow", image, "2M")

    assert "version 1" in refusal(image).message


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (0x0000_0000_0000_0200 | 1 << 63, "image-corrupt"),  # not aligned
        (1 << 50, "image-truncated"),
        (1 << 62 | 1 << 50, "image-truncated"),  # compressed, behind the end
    ],
)
def test_a_wrong_cluster_is_refused(tmp_path: Path, disk: Path, entry: int, code: str) -> None:
    image = convert(disk, tmp_path / "image", "compat=1.1")
    patch(image, table_of(image)[1], struct.pack(">Q", entry))

    assert refusal(image).code == code


def test_a_wrong_l2_table_is_refused(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "compat=1.1")
    l1, _ = table_of(image)

    patch(image, l1, struct.pack(">Q", 0x200))
    assert refusal(image).code == "image-corrupt"
    patch(image, l1, struct.pack(">Q", 1 << 40))
    assert refusal(image).code == "image-truncated"


def test_a_zero_cluster_in_version_2_is_refused(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "compat=0.10")
    patch(image, table_of(image)[1], struct.pack(">Q", 1))

    assert refusal(image).code == "image-corrupt"


def test_a_bitmap_that_contradicts_itself_is_refused(tmp_path: Path, disk: Path) -> None:
    image = convert(disk, tmp_path / "image", "extended_l2=on")
    patch(image, table_of(image)[1] + 8, struct.pack(">Q", 1 << 32 | 1))

    assert refusal(image).code == "image-corrupt"


def test_compressed_data_that_is_none_is_refused(tmp_path: Path, disk: Path) -> None:
    for kind in ("zlib", "zstd"):
        image = convert(disk, tmp_path / kind, f"compression_type={kind}", "-c")
        with open_container(image) as container:
            unit = next(container.extents().of_kind(Kind.ENCODED))
        patch(image, unit.host, b"\xff" * 16)

        with open_container(image) as container, pytest.raises(ImageError) as caught:
            container.pread(unit.guest, 512)

        assert caught.value.code == "image-corrupt"


# --- Small files that claim to be large


def test_clusters_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", image, "512M")
    write(image, "write 0 65536")
    _, l2 = table_of(image)
    entry = image.read_bytes()[l2 : l2 + 8]
    patch(image, l2, entry * 8192)

    assert "share" in refusal(image).message


def test_compressed_clusters_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", image, "512M")
    write(image, "write -c -P 5 0 65536")
    _, l2 = table_of(image)
    entry = image.read_bytes()[l2 : l2 + 8]
    patch(image, l2, entry * 8192)

    assert "share" in refusal(image).message


def test_an_l2_table_named_twice_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", image, "60T")
    write(image, "write 0 65536")
    l1, _ = table_of(image)
    entry = image.read_bytes()[l1 : l1 + 8]
    patch(image, l1, entry * 100_000)

    assert "twice" in refusal(image).message


def test_tables_without_end_are_refused(tmp_path: Path) -> None:
    # A sparse file of 3 GiB holds nothing but room for L2 tables, 2 GiB of them.
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", image, "32T")
    l1, _ = table_of(image)
    sparse_end = 3 << 30
    with image.open("r+b") as file:
        file.truncate(sparse_end)
    offsets = range(1 << 30, sparse_end, 65536)
    patch(image, l1, b"".join(struct.pack(">Q", offset) for offset in offsets))

    assert refusal(image).code == "image-too-complex"


def test_a_disk_larger_than_any_of_azure_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", "-o", "cluster_size=2M", image, "100T")

    assert refusal(image).code == "image-too-large"
