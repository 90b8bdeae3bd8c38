"""Blocks shared between files, where the file system can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bootworthy.disk.sharing import can_share
from bootworthy.disk.writeback import CHUNK, Writeback
from tests.disk.making import MIB, opened, sparse

_ON_XFS = """
mount -o loop "$1" "$2" && cd "$2" || exit
"$3" -m tests.disk.test_sharing
"""


def test_where_blocks_are_not_shared(tmp_path: Path) -> None:
    shared = Path("/dev/shm")  # noqa: S108 - a tmpfs, which never shares; the name is ours
    if not shared.is_dir():
        pytest.skip("there is no tmpfs")
    (tmp_path / "a").write_bytes(b"x" * MIB)
    target = shared / f"bootworthy-share-{os.getpid()}"
    try:
        with opened(tmp_path / "a") as one, opened(target, os.O_RDWR | os.O_CREAT) as other:
            os.write(other, b"kept")
            assert not can_share(one, other)
        assert target.read_bytes() == b"kept"
    finally:
        target.unlink()


def test_a_small_file_has_nothing_to_share(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")

    with opened(tmp_path / "a") as one, opened(tmp_path / "b", os.O_RDWR | os.O_CREAT) as other:
        assert not can_share(one, other)


@pytest.mark.skipif(shutil.which("mkfs.xfs") is None, reason="not installed: mkfs.xfs")
def test_a_conversion_on_xfs_moves_nothing(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("mounting needs root")
    image = sparse(tmp_path / "xfs", 320 * MIB)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", image], check=True)
    (tmp_path / "mnt").mkdir()
    path = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", _ON_XFS, "sh", image, tmp_path / "mnt", sys.executable],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path},
    )

    assert done.returncode == 0, done.stderr
    grown, shared, kept = done.stdout.split()
    assert int(grown) < 2 * MIB
    assert shared == "True"
    assert kept == "4"


def on_xfs() -> None:
    """Convert in the current folder; print the space it took, then what can_share says."""
    from bootworthy.work.convert import ConvertOptions, convert

    source = Path("disk.raw")
    source.write_bytes(os.urandom(100 * MIB))
    os.sync()
    before = shutil.disk_usage(".").used
    convert(source, "out.vhd", ConvertOptions(source_format="raw", verify=True))
    os.sync()
    print(shutil.disk_usage(".").used - before)  # noqa: T201
    with opened(source) as one, opened(Path("other"), os.O_RDWR | os.O_CREAT) as other:
        os.write(other, b"kept")
        print(can_share(one, other), os.fstat(other).st_size)  # noqa: T201


def test_writeback_is_only_a_hint(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * MIB)

    for _ in range(20):
        with opened(tmp_path / "a") as fd, Writeback(fd) as writeback:
            for offset in (0, 10 * MIB, CHUNK, 5):
                writeback.wrote(offset, CHUNK // 2)
        assert not [thread for thread in threading.enumerate() if thread.name == "writeback"]
    with Writeback(-1) as writeback:
        writeback.wrote(0, 2 * CHUNK)

    assert (tmp_path / "a").read_bytes() == b"x" * MIB


if __name__ == "__main__":
    on_xfs()
