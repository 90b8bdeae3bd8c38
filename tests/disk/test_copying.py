"""Copying the data of a disk and nothing else."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.copying import CopyResult, Method, copy_disk
from bootworthy.disk.extents import Kind
from bootworthy.model.errors import HostError, ImageError
from tests.disk.making import MIB, failing, opened, patch, patterned, run, sparse


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw disk to copy."""
    path = tmp_path_factory.mktemp("copying") / "disk"
    patterned(path)
    return path


def copy(source: Path, target: Path) -> tuple[CopyResult, list[tuple[int, int]]]:
    """Copy an image to a new file; what was returned and what was reported."""
    reports: list[tuple[int, int]] = []
    with (
        open_container(source, allow_backing=True) as container,
        opened(target, os.O_RDWR | os.O_CREAT | os.O_EXCL) as fd,
    ):
        result = copy_disk(container, fd, lambda done, total: reports.append((done, total)))
    return result, reports


def allocated(path: Path) -> int:
    """Bytes that a file takes on its file system."""
    return path.stat().st_blocks * 512


@pytest.mark.parametrize(
    ("fmt", "flags"),
    [
        ("raw", ()),
        ("qcow2", ()),
        ("qcow2", ("-o", "cluster_size=512")),
        ("qcow2", ("-o", "extended_l2=on")),
        ("qcow2", ("-c",)),
        ("qcow2", ("-c", "-o", "compression_type=zstd,cluster_size=2M")),
        ("vpc", ("-o", "subformat=fixed,force_size")),
        ("vhdx", ("-o", "block_size=1M")),
    ],
)
def test_the_copy_is_the_disk(tmp_path: Path, disk: Path, fmt: str, flags: tuple[str, ...]) -> None:
    image, target = tmp_path / "image", tmp_path / "target"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, *flags, disk, image)

    result, reports = copy(image, target)

    expected = disk.read_bytes()
    found = target.read_bytes()
    assert found[: len(expected)] == expected
    assert not any(found[len(expected) :])
    assert reports[0] == (0, result.data_bytes)
    assert reports[-1] == (result.data_bytes, result.data_bytes)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert 0 < result.written_bytes <= result.data_bytes <= len(expected)


def test_holes_stay_holes(tmp_path: Path) -> None:
    path = sparse(tmp_path / "disk", 64 * MIB)
    patch(path, 30 * MIB, b"data" * 1024)

    result, _ = copy(path, tmp_path / "target")

    assert (tmp_path / "target").stat().st_size == 64 * MIB
    assert allocated(tmp_path / "target") == 4096
    assert result == CopyResult(
        data_bytes=4096, decoded_bytes=0, written_bytes=4096, method=Method.COPY_FILE_RANGE
    )


def test_preallocated_clusters_become_holes(tmp_path: Path, disk: Path) -> None:
    image = tmp_path / "image"
    options = "preallocation=metadata"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", options, disk, image)

    result, reports = copy(image, tmp_path / "target")

    assert (tmp_path / "target").read_bytes() == disk.read_bytes()
    assert result.data_bytes == 5 * MIB + 1536
    assert result.written_bytes < 2 * MIB
    assert reports[-1] == (result.data_bytes, result.data_bytes)


def test_zeros_that_were_compressed_become_holes(tmp_path: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "create", "-f", "qcow2", "-o", "cluster_size=2M", image, "8M")
    run("qemu-io", "-f", "qcow2", "-c", "write -c -P 0 0 2M", "-c", "write -c -P 1 2M 2M", image)

    result, _ = copy(image, tmp_path / "target")

    assert result.decoded_bytes == 4 * MIB
    assert result.written_bytes == 2 * MIB
    assert allocated(tmp_path / "target") == 2 * MIB


def test_an_overlay_is_copied_whole(tmp_path: Path, disk: Path) -> None:
    run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", disk, tmp_path / "base")
    argv = ("create", "-f", "qcow2", "-b", "base", "-F", "qcow2", "-o", "cluster_size=4k")
    run("qemu-img", *argv, tmp_path / "image")
    run("qemu-io", "-f", "qcow2", "-c", "write -P 9 70000 3000", tmp_path / "image")

    copy(tmp_path / "image", tmp_path / "target")

    expected = bytearray(disk.read_bytes())
    expected[70000:73000] = b"\x09" * 3000
    assert (tmp_path / "target").read_bytes() == bytes(expected)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS])
def test_falls_back_to_what_the_host_can(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "copy_file_range", failing(number))

    result, _ = copy(disk, tmp_path / "target")

    assert result.method is Method.SENDFILE
    assert (tmp_path / "target").read_bytes() == disk.read_bytes()


def test_falls_back_to_reading_and_writing(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "copy_file_range", failing(errno.EXDEV))
    monkeypatch.setattr(os, "sendfile", failing(errno.EINVAL))

    result, _ = copy(disk, tmp_path / "target")

    assert result.method is Method.READ_WRITE
    assert (tmp_path / "target").read_bytes() == disk.read_bytes()


@pytest.mark.parametrize("fmt", ["vpc", "vdi", "qcow2", "vhdx"])
def test_the_kernel_copies_between_places_alike_within_their_pages(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch, fmt: str
) -> None:
    options = ("-o", "subformat=dynamic,force_size") if fmt == "vpc" else ()
    image, target = tmp_path / "image", tmp_path / "target"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, *options, disk, image)
    calls: list[int] = []

    def counted(source: int, out: int, length: int, at: int, to: int) -> int:
        calls.append((at - to) % 4096)
        return call(source, out, length, at, to)

    call = os.copy_file_range
    monkeypatch.setattr(os, "copy_file_range", counted)

    result, _ = copy(image, target)

    # The data of dynamic VHD and VDI begins with any sector.
    assert set(calls) == ({0} if fmt in ("qcow2", "vhdx") else set())
    assert result.method is Method.COPY_FILE_RANGE
    expected = disk.read_bytes()
    assert target.read_bytes()[: len(expected)] == expected


def test_a_call_that_moves_nothing_does_not_stop_the_copy(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "copy_file_range", lambda *_: 0)

    copy(disk, tmp_path / "target")

    assert (tmp_path / "target").read_bytes() == disk.read_bytes()


def test_another_file_system_is_reached(tmp_path: Path, disk: Path) -> None:
    shared = Path("/dev/shm")  # noqa: S108 - a tmpfs, and the name is ours
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    target = shared / f"bootworthy-{os.getpid()}"
    try:
        copy(disk, target)
        assert target.read_bytes() == disk.read_bytes()
    finally:
        target.unlink()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_space_is_named(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "copy_file_range", failing(number))

    with pytest.raises(HostError) as caught:
        copy(disk, tmp_path / "target")

    assert caught.value.code == "host-no-space"
    assert str(tmp_path / "target") in caught.value.message
    assert caught.value.exit_code == 4


def test_a_limit_on_file_size_is_named(tmp_path: Path, disk: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
    try:
        with pytest.raises(HostError) as caught:
            copy(disk, tmp_path / "target")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert caught.value.code == "host-write-failed"
    assert "too large" in caught.value.message


def test_an_image_that_shrinks_is_truncated(tmp_path: Path, disk: Path) -> None:
    source = tmp_path / "disk"
    source.write_bytes(disk.read_bytes())

    with (
        open_container(source) as container,
        opened(tmp_path / "target", os.O_RDWR | os.O_CREAT) as fd,
    ):
        extents = container.extents()
        container.extents = lambda: extents  # type: ignore[method-assign]
        os.truncate(source, MIB)
        with pytest.raises(ImageError) as caught:
            copy_disk(container, fd)

    assert caught.value.code == "image-truncated"


def test_damaged_data_stops_the_copy(tmp_path: Path, disk: Path) -> None:
    image = tmp_path / "image"
    run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", disk, image)
    with open_container(image) as container:
        unit = next(container.extents().of_kind(Kind.ENCODED))
    patch(image, unit.host, b"\xff" * 64)

    with pytest.raises(ImageError) as caught:
        copy(image, tmp_path / "target")

    assert caught.value.code == "image-corrupt"


def interrupted_by(calls: int) -> Iterator[None]:
    """Reports that end in an interrupt."""
    for _ in range(calls):
        yield
    raise KeyboardInterrupt


def test_an_interrupt_leaves_no_thread_behind(tmp_path: Path) -> None:
    image = tmp_path / "image"
    noise = sparse(tmp_path / "disk", 40 * MIB)
    patch(noise, 0, b"some text " * (4 * MIB))
    run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", noise, image)
    reports = interrupted_by(2)

    with (
        open_container(image) as container,
        opened(tmp_path / "target", os.O_RDWR | os.O_CREAT) as fd,
    ):
        with pytest.raises(KeyboardInterrupt):
            copy_disk(container, fd, lambda _done, _total: next(reports))
        before = allocated(tmp_path / "target")
        # A second copy into the same file is not disturbed by the first.
        copy_disk(container, fd)

    assert before < allocated(tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == noise.read_bytes()


def test_memory_is_bounded(tmp_path: Path) -> None:
    # A quarter GiB of clusters of 2 MiB that compress to nearly nothing.
    disk, image = tmp_path / "disk", tmp_path / "image"
    with disk.open("wb") as file:
        for _ in range(256):
            file.write(b"\x07" * MIB)
    options = "cluster_size=2M,compression_type=zstd"
    run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, disk, image)
    disk.unlink()
    script = (
        "import os, re, sys\n"
        "from bootworthy.disk.container import open_container\n"
        "from bootworthy.disk.copying import copy_disk\n"
        "fd = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)\n"
        "copy_disk(open_container(sys.argv[1]), fd)\n"
        # Not getrusage: its maximum counts what the parent had before exec (fs/exec.c).
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, image, tmp_path / "target"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert (tmp_path / "target").stat().st_size == 256 * MIB
    assert int(done.stdout) < 200 * 1024
