"""Conversions killed and interrupted, and what a later run makes of them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bootworthy.disk import copying, footer
from bootworthy.model.errors import UsageError
from bootworthy.work import journal
from bootworthy.work.convert import ConvertOptions, convert
from tests import killing
from tests.disk.making import MIB, needs, patch, run
from tests.work.disks import ALIGNED, make_disk

pytestmark = needs("qemu-img", "sfdisk")

OPTIONS = ConvertOptions()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw disk with a GPT, of no whole MiB."""
    path = tmp_path_factory.mktemp("resume") / "disk.raw"
    make_disk(path)
    return path


def output_of(folder: Path) -> Path:
    return folder / "out.vhd"


def drive_kills(folder: str, to: str, source: str) -> None:
    """Kill a conversion at each write; resume it, and every third time start it anew."""
    copying._BATCH = 128 * 1024
    copying._CHUNK = 64 * 1024
    output = output_of(Path(folder))
    options = replace(OPTIONS, to=to, force=True)
    convert(source, output, options)
    expected = _without_chance(output.read_bytes())
    output.unlink()
    rounds, going_on = [0], list[int]()

    def after() -> None:
        rounds[0] += 1
        assert not output.exists() or _without_chance(output.read_bytes()) == expected
        resume = rounds[0] % 3 > 0
        result = convert(source, output, replace(options, resume=resume, verify=True))
        going_on.append(result.resumed_from)
        assert _without_chance(output.read_bytes()) == expected
        assert [path.name for path in output.parent.iterdir()] == [output.name]
        output.unlink()

    print(killing.kill_at_each_write(lambda: convert(source, output, options), after))  # noqa: T201
    assert len(set(going_on)) > 3, going_on


def _without_chance(data: bytes) -> bytes:
    """A VHD without the checksums, identities and dates of its footers."""
    changed = bytearray(data)
    at = data.find(footer.COOKIE)
    while at >= 0:
        changed[at + 24 : at + 28] = bytes(4)
        changed[at + 64 : at + 84] = bytes(20)
        at = data.find(footer.COOKIE, at + 1)
    return bytes(changed)


@pytest.mark.parametrize(
    ("fmt", "flags", "to"),
    [
        ("raw", (), "vhd"),
        ("qcow2", ("-c",), "vhd"),
        ("qcow2", (), "vhd-dynamic"),
        ("qcow2", (), "raw"),
    ],
)
def test_killed_at_every_write_and_resumed(
    tmp_path: Path, disk: Path, fmt: str, flags: tuple[str, ...], to: str
) -> None:
    image = tmp_path / f"image.{fmt}"
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, *flags, disk, image)
    folder = tmp_path / "out"
    folder.mkdir()

    kills = killing.drive("tests.work.test_resume:drive_kills", folder, to, image)

    assert int(kills) > 20


_SLOWLY = """
import time
from bootworthy.disk import copying
copying._BATCH = copying._CHUNK = 64 * 1024
place = copying._Copier._copy_piece
def slowly(self, *arguments):
    time.sleep(0.03)
    place(self, *arguments)
copying._Copier._copy_piece = slowly
from bootworthy.cli.main import main
main()
"""


def test_killed_at_any_moment_and_resumed(tmp_path: Path, disk: Path) -> None:
    """Not between writes, as above, but wherever a process happens to be."""
    chance = random.Random(3)  # noqa: S311 - the same moments each time, as far as that goes
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    expected: dict[str, bytes] = {}
    for to in ("vhd", "vhd-dynamic", "raw"):
        convert(disk, tmp_path / "whole", replace(OPTIONS, to=to, force=True))
        expected[to] = _without_chance((tmp_path / "whole").read_bytes())
    out = tmp_path / "out"
    killed = 0
    for number in range(50):
        to = list(expected)[number % 3]
        words = ["convert", os.fspath(disk), "-o", os.fspath(out), "--to", to, "-q"]
        argv = [sys.executable, "-c", _SLOWLY, *words]
        with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and not list(tmp_path.glob("out.partial*")):
                time.sleep(0.005)
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, 0.4))
            process.kill()
        killed += process.returncode == -signal.SIGKILL
        assert not out.exists() or _without_chance(out.read_bytes()) == expected[to]
        convert(disk, out, replace(OPTIONS, to=to, resume=True, force=True))
        assert _without_chance(out.read_bytes()) == expected[to]
        out.unlink()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["whole"]
    assert killed > 5


def interrupted(source: Path, output: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Leave what an interrupt leaves when ``at`` bytes are done."""
    reached = journal.Journal.reached

    def stop(self: journal.Journal, offset: int) -> None:
        reached(self, offset)
        if offset >= at:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(journal.Journal, "reached", stop)
        patched.setattr(copying, "_BATCH", 64 * 1024)
        with pytest.raises(KeyboardInterrupt):
            convert(source, output)


def test_an_interrupt_leaves_what_resume_needs(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.vhd"
    interrupted(disk, out, monkeypatch, MIB)
    left = sorted(path.name for path in tmp_path.iterdir())

    result = convert(disk, out, replace(OPTIONS, resume=True, verify=True))

    assert left == ["out.vhd.partial", "out.vhd.partial.journal"]
    assert result.resumed_from >= MIB
    assert result.verified
    assert list(tmp_path.iterdir()) == [out]


def test_a_changed_source_is_not_continued(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "disk.raw", tmp_path / "out.vhd"
    source.write_bytes(disk.read_bytes())
    interrupted(source, out, monkeypatch, MIB)
    patch(source, 5 * MIB, b"changed")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(UsageError) as caught:
        convert(source, out, replace(OPTIONS, resume=True))

    assert caught.value.code == "resume-not-possible"
    assert "the source changed" in caught.value.message
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("change", [{"to": "raw"}, {"size": 30 * MIB}])
def test_another_task_is_not_continued(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    interrupted(disk, tmp_path / "out.vhd", monkeypatch, MIB)
    options = replace(OPTIONS, resume=True, **change)  # type: ignore[arg-type]

    with pytest.raises(UsageError) as caught:
        convert(disk, tmp_path / "out.vhd", options)

    assert f"it was writing {ALIGNED} bytes as vhd" in caught.value.message


def test_a_machine_started_anew_starts_again(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.vhd"
    interrupted(disk, out, monkeypatch, MIB)
    monkeypatch.setattr(journal, "_boot_id", lambda: "another")
    # What was lost with the machine.
    patch(tmp_path / "out.vhd.partial", 40 * 512, bytes(MIB // 2))

    result = convert(disk, out, replace(OPTIONS, resume=True, verify=True))

    assert result.resumed_from == 0
    assert any("started anew" in note for note in result.notes)


def test_a_broken_journal_starts_again(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(disk, tmp_path / "out.vhd", monkeypatch, MIB)
    patch(tmp_path / "out.vhd.partial.journal", 30, b"\xff\0")

    result = convert(disk, tmp_path / "out.vhd", replace(OPTIONS, resume=True, verify=True))

    assert result.resumed_from == 0
    assert result.verified


def test_without_resume_what_is_left_goes(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(disk, tmp_path / "out.vhd", monkeypatch, MIB)

    result = convert(disk, tmp_path / "out.vhd")

    assert result.resumed_from == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "out.vhd"]


def test_another_link_is_not_continued(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.vhd"
    interrupted(disk, out, monkeypatch, MIB)
    os.link(tmp_path / "out.vhd.partial", tmp_path / "needed")
    before = (tmp_path / "needed").read_bytes()

    result = convert(disk, out, replace(OPTIONS, resume=True, verify=True))

    assert result.resumed_from == 0
    assert (tmp_path / "needed").read_bytes() == before


def test_another_unfinished_file_is_not_continued(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(disk, tmp_path / "out.vhd", monkeypatch, MIB)
    (tmp_path / "new").write_bytes(b"not ours")
    (tmp_path / "new").rename(tmp_path / "out.vhd.partial")

    with pytest.raises(UsageError) as caught:
        convert(disk, tmp_path / "out.vhd", replace(OPTIONS, resume=True))

    assert "the unfinished file is another one" in caught.value.message
    assert (tmp_path / "out.vhd.partial").read_bytes() == b"not ours"


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"version": 1, "partial": 5}', b"\xff", b""])
def test_a_journal_of_a_stranger_starts_again(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    interrupted(disk, tmp_path / "out.vhd", monkeypatch, MIB)
    foreign = f"{zlib.crc32(text):08x} ".encode() + text
    (tmp_path / "out.vhd.partial.journal").write_bytes(foreign)

    assert convert(disk, tmp_path / "out.vhd", replace(OPTIONS, resume=True)).resumed_from == 0


def test_without_a_boot_identity_nothing_is_relied_on(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_BOOT_ID", tmp_path / "missing")
    interrupted(disk, tmp_path / "out.vhd", monkeypatch, MIB)

    assert convert(disk, tmp_path / "out.vhd", replace(OPTIONS, resume=True)).resumed_from == 0
