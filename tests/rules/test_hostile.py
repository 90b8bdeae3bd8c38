"""No rule crashes, whatever a guest holds where a file of its configuration should be."""

from __future__ import annotations

import pytest

from bootworthy.model.finding import Outcome
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.subject import Subject
from bootworthy.work.evaluate import check_rules
from bootworthy.work.merge import plan_for
from tests.guest.memory import Device, Dir, File, Link
from tests.rules.healthy import esp, healthy
from tests.rules.making import Entry, subject

_FILES = sorted(
    path
    for path, entry in healthy().items()
    if isinstance(entry, str | bytes | File | Link)
    if not path.endswith(".ko")
)

_SAMPLES: dict[str, Entry] = {
    "empty": b"",
    "binary": bytes(range(256)) * 40,
    "no-unicode": b"\xff\xfe=\xff\n" * 50,
    "one-long-line": b"=" * 100_000,
    "quotes": b"'\"`$({[<\\\n" * 100,
    "numbers": b"9" * 6_000 + b"=" + b"9" * 6_000 + b"\n-1 0 " + b"9" * 6_000,
    "directory": Dir(),
    "device": Device(),
    "loop": Link("loop"),
    "dangling": Link("/nowhere/at/all"),
    "upwards": Link("../../../../../../etc/shadow"),
}


def crashes(subject: Subject) -> list[str]:
    results = check_rules(all_rules(), subject)
    plan_for(one for item in results for one in item.findings)
    return [f"{item.code}: {item.reason}" for item in results if item.outcome is Outcome.ERROR]


@pytest.mark.parametrize("path", _FILES)
def test_one_file_is_not_what_it_should_be(path: str) -> None:
    name = path.rpartition("/")[2]
    for kind in ("binary", "directory", "loop", "numbers"):
        entry = Link(name) if kind == "loop" else _SAMPLES[kind]
        assert crashes(subject(healthy({path: entry}), esp=esp())) == [], kind


@pytest.mark.parametrize("kind", sorted(_SAMPLES))
def test_no_file_is_what_it_should_be(kind: str) -> None:
    changes: dict[str, Entry | None] = dict.fromkeys(_FILES, _SAMPLES[kind])
    assert crashes(subject(healthy(changes), esp={"/EFI/BOOT/BOOTX64.EFI": b"MZ" * 99})) == []


@pytest.mark.parametrize("folder", ["/etc", "/usr", "/boot", "/var", "/usr/lib", "/etc/default"])
def test_whole_folders_are_gone(folder: str) -> None:
    assert crashes(subject(healthy({folder: None}))) == []
    assert crashes(subject(healthy({folder: b"a file"}))) == []
    assert crashes(subject(healthy({folder: Link("/")}))) == []


def test_a_guest_of_nothing() -> None:
    assert crashes(subject({})) == []
    assert crashes(subject()) == []
