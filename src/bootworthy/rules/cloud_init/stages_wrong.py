"""Disks and mounts would not be set up in cloud-init's first stage, or a module list is broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bootworthy.guest.facts.cloud_init import CloudInit
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.files import write
from bootworthy.rules.cloud_init.module_lists import (
    STAGES,
    entry_of,
    is_list,
    lists,
    names,
    to_yaml,
    without,
)
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_EARLY = ("disk_setup", "mounts")

# Without these nobody can log in.
_VITAL = ("users_groups", "ssh")

PATH = "/etc/cloud/cloud.cfg.d/93-azure_stages.cfg"


@rule(
    code="CI-07",
    name="cloud-init-stages-wrong",
    severity=Severity.ERROR,
    why="A folded module list makes cloud-init skip users and keys: no one can log in.",
    when=(generalized, with_cloud_init),
    article=(58,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
    deviation="the article's four sed commands fold the module list of cloud-init 23.3 and later "
    "into one word; the lists are checked as YAML, and a drop-in corrects them where it is needed",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Module lists hold names only; disk_setup and mounts are in the init stage, and only there."""
    cloud_init = subject.linux.cloud_init
    found = lists(cloud_init)
    if all(value is None for value in found.values()):
        return
    if broken := [stage for stage, value in found.items() if not is_list(value)]:
        yield _violation(
            cloud_init,
            f"cloud-init cannot use {', '.join(broken)}: entries are not names of modules",
            str(found[broken[0]])[:300],
            "lists of module names",
        )
    elif missing := _missing_vital(found):
        yield _violation(
            cloud_init,
            f"cloud-init runs no module {', '.join(missing)}: no one can log in",
            ", ".join(names(found[STAGES[0]])) or f"no {STAGES[0]}",
            "users_groups and ssh among the modules",
        )
    elif problem := _misplaced(found):
        yield Violation(
            message=problem,
            place=_place(cloud_init),
            found=f"{STAGES[0]}: {', '.join(names(found[STAGES[0]]))}",
            expected=f"disk_setup and mounts in {STAGES[0]}, and only there",
            fix=_fix(cloud_init, found),
            severity=Severity.WARNING,
        )


def _place(cloud_init: CloudInit) -> Place:
    return Place(cloud_init.origin.get(STAGES[0], "/etc/cloud/cloud.cfg"))


def _violation(cloud_init: CloudInit, message: str, found: str, expected: str) -> Violation:
    return Violation(
        message=message,
        place=_place(cloud_init),
        found=found,
        expected=expected,
        fix=by_hand("restore /etc/cloud/cloud.cfg from the cloud-init package"),
    )


def _missing_vital(found: dict[str, Any]) -> list[str]:
    every = {name for value in found.values() for name in names(value)}
    return [name for name in _VITAL if name not in every]


def _misplaced(found: dict[str, Any]) -> str:
    early = names(found[STAGES[0]])
    if any(name not in early for name in _EARLY):
        return "disks and mounts are not set up in cloud-init's first stage"
    if any(name in names(found[stage]) for stage in STAGES[1:] for name in _EARLY):
        return "disks and mounts are set up in two stages of cloud-init"
    return ""


def _fix(cloud_init: CloudInit, found: dict[str, Any]) -> Fix:
    """Lists in a later file replace earlier ones whole, so the drop-in repeats them."""
    early = without(found[STAGES[0]], _EARLY)
    at = names(early).index("set_hostname") if "set_hostname" in names(early) else len(early)
    text = "# disk_setup and mounts belong to the first stage on Azure.\n"
    moved = [entry_of(found, name) for name in _EARLY]
    text += to_yaml(STAGES[0], [*early[:at], *moved, *early[at:]])
    for stage in STAGES[1:]:
        kept = without(found[stage], _EARLY)
        text += to_yaml(stage, kept) if kept != (found[stage] or []) else ""
    return write(WriteFile(path=PATH, text=text), STAGES[0], cloud_init)
