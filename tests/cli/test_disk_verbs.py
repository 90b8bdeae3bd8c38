"""convert, resize and inspect as people run them: output, exit status, interrupts."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.disk.making import MIB, needs, patch, sparse
from tests.disk.vhdxs import Entry, Vhdx, changes, dirty, disk_of, marked, ring, write_sparsely
from tests.work.disks import ALIGNED, make_disk, vhd

pytestmark = needs("qemu-img", "sfdisk")

_CODE = "from bootworthy.cli.main import main; main()"


def start(*words: str | Path, code: str = _CODE) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    argv = [sys.executable, "-c", code, *[os.fspath(word) for word in words]]
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )


def bootworthy(*words: str | Path, status: int = 0) -> tuple[str, str]:
    """What the command line prints, on stdout and on stderr."""
    with start(*words) as process:
        out, err = process.communicate()
    assert process.returncode == status, f"{out}{err}"
    return out, err


def test_convert_prints_what_it_wrote(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.raw")

    out, err = bootworthy("convert", tmp_path / "disk.raw", "-o", tmp_path / "disk.vhd", "--verify")

    assert out.splitlines()[0] == f"{tmp_path / 'disk.vhd'}: vhd, 25.0 MiB ({ALIGNED} bytes)"
    assert "identical to the source" in out
    assert "Copy the disk" in err


def archive(path: Path, *disks: Path) -> Path:
    """A tar archive of several disks."""
    with tarfile.open(path, "w") as tar:
        for disk in disks:
            tar.add(disk, disk.name)
    return path


def test_one_disk_of_an_archive_is_named_or_counted(tmp_path: Path) -> None:
    sparse(tmp_path / "data.raw", 3 * MIB)
    patch(tmp_path / "data.raw", MIB, b"data")
    make_disk(tmp_path / "root.raw")
    both = archive(tmp_path / "both.tar", tmp_path / "data.raw", tmp_path / "root.raw")
    out = tmp_path / "out.vhd"

    _, err = bootworthy("convert", both, "-o", out, status=3)
    assert "--member NAME" in err
    for member in ("2", "root.raw"):
        bootworthy("convert", both, "-o", out, "--member", member, "--force", "--verify")
        assert out.stat().st_size == ALIGNED + 512
    told, _ = bootworthy("inspect", both, "--member", "root.raw", "--no-guest", status=1)
    assert "root.raw" in told
    for verb in ("check", "plan"):
        _, err = bootworthy(verb, both, "--member", "3", status=3)
        assert "'data.raw', 'root.raw'" in err
    _, err = bootworthy("prepare", both, "--vhd", out, "--member", "3", "--force", status=3)
    assert "'data.raw', 'root.raw'" in err
    blob = "http://127.0.0.1:9/c/b?sig=x"
    _, err = bootworthy("upload", both, blob, "--anyway", "--member", "3", status=3)
    assert "'data.raw', 'root.raw'" in err


def test_another_disk_of_the_archive_is_not_continued(tmp_path: Path) -> None:
    for name in ("one.raw", "two.raw"):
        make_disk(tmp_path / name)
    both = archive(tmp_path / "both.tar", tmp_path / "one.raw", tmp_path / "two.raw")
    out = tmp_path / "out.vhd"
    code = (
        "from bootworthy.work.journal import Journal\n"
        "def stop(self, offset, reached=Journal.reached):\n"
        "    reached(self, offset)\n"
        "    raise KeyboardInterrupt\n"
        f"Journal.reached = stop\n{_CODE}"
    )
    with start("convert", both, "-o", out, "--member", "1", code=code) as process:
        process.communicate()
    assert process.returncode == 130

    _, err = bootworthy("convert", both, "-o", out, "--member", "2", "--resume", status=2)

    assert "the source changed" in err


def test_a_resized_copy_is_resumed_and_verified(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.raw")
    out = tmp_path / "out.vhd"
    code = (
        "from bootworthy.work import resize\n"
        "from bootworthy.disk import copying\n"
        "copying._CHUNK = copying._BATCH = 65536\n"
        "from bootworthy.work.journal import Journal\n"
        "def stop(self, offset, reached=Journal.reached):\n"
        "    reached(self, offset)\n"
        "    if offset > 1 << 20: raise KeyboardInterrupt\n"
        f"Journal.reached = stop\n{_CODE}"
    )
    words = ("resize", tmp_path / "disk.raw", "--size", "40M", "-o", out)
    with start(*words, code=code) as process:
        process.communicate()
    assert process.returncode == 130

    told, err = bootworthy(*words, "--resume", "--verify")

    assert "going on at" in err
    assert "identical to the source" in told
    assert out.stat().st_size == 40 * MIB + 512
    _, err = bootworthy("resize", tmp_path / "disk.raw", "--size", "40M", "--verify", status=2)
    assert "for copies" in err


def test_events_are_lines_for_programs(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.raw")
    packed = tmp_path / "disk.raw.gz"
    packed.write_bytes(gzip.compress((tmp_path / "disk.raw").read_bytes()))

    words = ("convert", packed, "-o", tmp_path / "out.vhd", "-q", "--events-fd", "2")
    _, err = bootworthy(*words)

    events = [json.loads(line) for line in err.splitlines()]
    assert events[0] == {"event": "step-started", "title": "Unpack the image"}
    assert {"bytes-moved", "step-finished"} <= {event["event"] for event in events}


def test_json_is_all_there_is_on_stdout(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.raw")

    out, err = bootworthy(
        "convert", tmp_path / "disk.raw", "-o", tmp_path / "o.vhd", "--json", "-q"
    )

    assert json.loads(out)["file_size"] == ALIGNED + 512
    assert err == ""


def test_in_place_undo_and_resize(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    make_disk(path)
    before = path.read_bytes()

    out, _ = bootworthy("convert", "--in-place", path)
    assert "VHD footer appended" in out
    out, _ = bootworthy("inspect", path, "--no-guest")
    assert "Azure would take this file" in out
    out, _ = bootworthy("convert", "--in-place", "--undo", path)
    assert path.read_bytes() == before
    out, _ = bootworthy("resize", path, "--size", "+10M", "-q", status=2)
    out, _ = bootworthy("resize", path, "--size", "40M", "--json", "-q")
    assert json.loads(out)["virtual_size"] == 40 * MIB


def test_inspect_tells_by_its_status(tmp_path: Path) -> None:
    vhd(tmp_path / "good.vhd")
    make_disk(tmp_path / "disk.raw")

    out, _ = bootworthy("inspect", "--json", tmp_path / "good.vhd")
    assert json.loads(out)["accepted"] is True
    out, _ = bootworthy("inspect", "--json", tmp_path / "disk.raw", status=1)
    assert {item["code"] for item in json.loads(out)["obstacles"]} == {
        "not-vhd",
        "size-not-mib-aligned",
    }
    bootworthy("inspect", tmp_path / "missing", status=3)


@pytest.mark.parametrize(
    "words",
    [
        ("convert", "disk"),
        ("convert", "disk", "-o", "a.vhd", "--in-place"),
        ("convert", "disk", "-o", "a.vhd", "--undo"),
        ("convert", "disk", "--in-place", "--resume"),
        ("convert", "disk", "-o", "a.unknown"),
        ("resize", "disk"),
    ],
)
def test_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    make_disk(tmp_path / "disk")
    placed = [os.fspath(tmp_path / word) if word in ("disk", "a.vhd") else word for word in words]

    _, err = bootworthy(*placed, status=2)

    assert err
    assert [path.name for path in tmp_path.iterdir()] == ["disk"]


# Each piece takes long enough that an interrupt comes before the last.
_SLOW = """
import os, time
real = os.copy_file_range
os.copy_file_range = lambda *arguments: (time.sleep(0.02), real(*arguments))[1]
"""


def test_an_interrupt_tells_how_to_go_on(tmp_path: Path) -> None:
    source, out = sparse(tmp_path / "disk.raw", 256 * MIB), tmp_path / "out.vhd"
    patch(source, 510, b"\x55\xaa")
    with source.open("r+b") as file:
        for place in range(1, 1000):
            os.pwrite(file.fileno(), b"x", place * MIB // 4)
    process = start("convert", source, "-o", out, "--progress", "plain", code=_SLOW + _CODE)
    journal = tmp_path / "out.vhd.partial.journal"
    while not journal.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, err = process.communicate()

    assert process.returncode == 130, printed + err
    assert f"to go on: bootworthy convert {source} -o {out} --progress plain --resume" in err
    assert "interrupted" in err

    printed, _ = bootworthy("convert", source, "-o", out, "--resume", "--verify")

    assert "identical to the source" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk.raw", "out.vhd"]


def test_a_checkpoint_that_was_not_closed_says_what_it_is_made_of(tmp_path: Path) -> None:
    base = Vhdx(size=24 * MIB, sectors=marked("base", range(99)))
    child = base.over("web.vhdx", sectors=marked("child", (1, 2)))
    late = replace(child, sectors=marked("late", (1, 2)))
    log = Entry(sequence=1, changes=changes(child.build(), late.build())).build()
    base.write(tmp_path / "web.vhdx")
    image = write_sparsely(tmp_path / "web.avhdx", dirty(child, ring((0, log))))

    _, refused = bootworthy("inspect", image, status=3)
    out, _ = bootworthy("inspect", "--no-guest", "--allow-backing", image, status=1)
    told, _ = bootworthy("convert", "--allow-backing", "--verify", image, "-o", tmp_path / "o.vhd")

    assert "image-refers-outside" in refused
    assert "pass --allow-backing" in refused
    assert "differencing" in out
    assert f"parent        {tmp_path / 'web.vhdx'}" in out
    note = "web.avhdx was not closed properly: its log of 1 entry was replayed in memory"
    assert note in out
    assert note in told
    disk = disk_of(24 * MIB, base.sectors, late.sectors)
    assert (tmp_path / "o.vhd").read_bytes()[:-512] == disk


@pytest.mark.parametrize("verb", ["convert", "resize", "inspect"])
def test_help_documents_the_exit_status(verb: str) -> None:
    out, _ = bootworthy(verb, "--help")

    assert "Exit status:" in out
    assert "Examples:" in out
