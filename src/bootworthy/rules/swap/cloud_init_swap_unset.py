"""cloud-init looks after the temporary disk and nothing puts swap on it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.intent import ResourceSwap
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject
from bootworthy.rules.swap.resource_files import MOUNT, PROGRAM, SERVICE, STEPS, UNIT


def _by_cloud_init(subject: Subject) -> str:
    chosen = subject.intent.swap_by
    return "" if chosen is ResourceSwap.CLOUD_INIT else f"--resource-swap {chosen.value}"


def _systemd(subject: Subject) -> str:
    manager = subject.linux.services.manager
    return "" if manager == "systemd" else f"the init system is {manager or 'unknown'}"


@rule(
    code="SWAP-05",
    name="cloud-init-swap-not-set",
    severity=Severity.NOTE,
    why="Small machines run out of memory without swap; the temporary disk is the place for it.",
    when=(_by_cloud_init, generalized, with_cloud_init, _systemd),
    article=(54, 55),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
    deviation="the article's partition layout is overruled by cloud-init's own for Azure unless "
    "CLOUD_CFG is set, which overrules custom data; a service mounts the disk and makes a swap "
    "file on it instead",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The service that mounts the disk and makes the swap file is there and starts."""
    guest = subject.linux
    files = (MOUNT, PROGRAM, SERVICE)
    wrong = [file for file in files if guest.tree.text_or(file.path) != file.text]
    if not wrong and guest.services.unit(UNIT).starts:
        return
    yield Violation(
        message="nothing swaps on the temporary disk",
        place=Place(wrong[0].path if wrong else SERVICE.path),
        found=", ".join(_state(guest, file) for file in wrong) or f"{UNIT} is not enabled",
        expected=f"{UNIT} makes a swap file on the temporary disk at each boot",
        fix=Fix(title=f"write {UNIT} and enable it", steps=STEPS),
    )


def _state(guest: Guest, file: WriteFile) -> str:
    return f"{file.path} says something else" if guest.tree.exists(file.path) else f"no {file.path}"
