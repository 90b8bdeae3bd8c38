"""Disks and mounts would not be set up in cloud-init's first stage, or a module list is broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bootworthy.guest.facts.cloud_init import CloudInit
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_STAGES = ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules")
_EARLY = ("disk_setup", "mounts")

# Without these nobody can log in.
_VITAL = (("users_groups", "users-groups"), ("ssh",))

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
    lists = {stage: cloud_init.config.get(stage) for stage in _STAGES}
    place = Place(cloud_init.origin.get(_STAGES[0], "/etc/cloud/cloud.cfg"))
    if all(value is None for value in lists.values()):
        return
    if broken := [stage for stage, value in lists.items() if not _is_module_list(value)]:
        yield _broken(place, broken, lists)
    elif missing := _missing_vital(lists):
        yield _broken(place, missing, lists)
    elif problem := _misplaced(lists):
        yield Violation(
            message=problem,
            place=place,
            found=f"{_STAGES[0]}: {_names(lists[_STAGES[0]])}",
            expected=f"disk_setup and mounts in {_STAGES[0]}",
            fix=_fix(cloud_init, lists),
            severity=Severity.WARNING,
        )


def _is_module_list(value: Any) -> bool:  # noqa: ANN401 - YAML of any shape
    if value is None:
        return True
    return isinstance(value, list) and all(_is_module(item) for item in value)


def _is_module(item: Any) -> bool:  # noqa: ANN401 - YAML of any shape
    name = item[0] if isinstance(item, list) and item else item
    return isinstance(name, str) and not set(name) & set(" \t\n")


def _names(value: Any) -> list[str]:  # noqa: ANN401 - YAML of any shape
    items = value if isinstance(value, list) else []
    return [item[0] if isinstance(item, list) else str(item) for item in items]


def _missing_vital(lists: dict[str, Any]) -> list[str]:
    every = {name for value in lists.values() for name in _names(value)}
    return [names[0] for names in _VITAL if not every & set(names)]


def _broken(place: Place, what: list[str], lists: dict[str, Any]) -> Violation:
    return Violation(
        message=f"cloud-init's modules are not a list of names: {', '.join(what)}",
        place=place,
        found=str(lists[_STAGES[0]])[:300],
        expected="lists of module names that include users_groups and ssh",
        fix=by_hand("restore /etc/cloud/cloud.cfg from the cloud-init package"),
    )


def _misplaced(lists: dict[str, Any]) -> str:
    early = _names(lists[_STAGES[0]])
    if any(name not in early for name in _EARLY):
        return "disks and mounts are not set up in cloud-init's first stage"
    if any(name in _names(lists[stage]) for stage in _STAGES[1:] for name in _EARLY):
        return "disks and mounts are set up in two stages of cloud-init"
    return ""


def _fix(cloud_init: CloudInit, lists: dict[str, Any]) -> Fix:
    """Lists in a later file replace earlier ones whole, so the drop-in repeats them."""
    del cloud_init
    early = [name for name in _names(lists[_STAGES[0]]) if name not in _EARLY]
    at = early.index("set_hostname") if "set_hostname" in early else len(early)
    late = [name for name in _names(lists[_STAGES[1]]) if name not in _EARLY]
    text = "# disk_setup and mounts belong to the first stage on Azure.\n"
    text += _yaml(_STAGES[0], [*early[:at], *_EARLY, *early[at:]]) + _yaml(_STAGES[1], late)
    return Fix(title=f"write {PATH}", steps=(WriteFile(path=PATH, text=text),))


def _yaml(key: str, names: list[str]) -> str:
    return f"{key}:\n" + "".join(f"  - {name}\n" for name in names)
