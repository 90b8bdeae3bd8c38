"""Every rule there is, found by looking through the folders beside this file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

import bootworthy.rules
from bootworthy.model.errors import InternalError, UsageError
from bootworthy.rules.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code: area by area, then by number.

    Raises:
        InternalError: two rules share a code or a name.
    """
    found = sorted(_scan(), key=sort_key)
    for attribute in ("code", "name"):
        _refuse_twins([getattr(rule, attribute) for rule in found])
    return tuple(found)


def find(word: str) -> Rule:
    """The rule with this code or name, whatever its case.

    Raises:
        UsageError: there is none.
    """
    wanted = word.casefold()
    for rule in all_rules():
        if wanted in (rule.code.casefold(), rule.name):
            return rule
    raise UsageError(
        "rule-unknown", f"there is no rule {word!r}", hint="`bootworthy rules` lists all of them"
    )


# The order in which a machine boots, which is the order in which reports list findings.
_AREAS = (
    "DIST VHD PART KERN INIT CMD NET SEC AGT CI SWAP TIME CLEAN NEW".split()  # noqa: SIM905
)


def sort_key(rule: Rule) -> tuple[int, int]:
    """Where a rule stands in lists: by area, then by number."""
    area, _, number = rule.code.partition("-")
    return _AREAS.index(area), int(number)


def _scan() -> Iterator[Rule]:
    package = bootworthy.rules
    for module_info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(module_info.name)
        yield from (value for value in vars(module).values() if isinstance(value, Rule))


def _refuse_twins(words: list[str]) -> None:
    twins = {word for word in words if words.count(word) > 1}
    if twins:
        raise InternalError("rule-twice", f"two rules are called {', '.join(sorted(twins))}")
