"""Every rule there is: those in the folders beside this file, and what packages add to them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

import bootworthy.rules
from bootworthy.model import plugins
from bootworthy.model.errors import InternalError, UsageError
from bootworthy.rules.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code: area by area, then by number; those of plugins behind ours.

    Raises:
        InternalError: two rules share a code or a name.
        UsageError: ``plugin-broken``: a plugin cannot be used.
    """
    ours = sorted(_scan(), key=sort_key)
    for attribute in ("code", "name"):
        _refuse_twins([getattr(rule, attribute) for rule in ours])
    return (*ours, *sorted(_plugged_in(ours), key=sort_key))


@cache
def origins() -> Mapping[str, str]:
    """The package that each rule of a plugin comes from, by the rule's code.

    Raises:
        UsageError: ``plugin-broken``.
    """
    return {item.what.code: item.origin for item in plugins.added(plugins.RULES, Rule)}


def _plugged_in(ours: list[Rule]) -> Iterator[Rule]:
    words = {word for rule in ours for word in (rule.code, rule.name)}
    for item in plugins.added(plugins.RULES, Rule):
        rule = item.what
        area, _, _ = rule.code.partition("-")
        if not plugins.CODE.fullmatch(rule.code) or area in _AREAS:
            raise plugins.broken(
                item.origin, f"{rule.code} is no code of an area of its own, like ACME-01"
            )
        if words & {rule.code, rule.name}:
            raise plugins.broken(item.origin, f"there is a rule {rule.code} {rule.name} already")
        words |= {rule.code, rule.name}
        yield rule


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


def sort_key(rule: Rule) -> tuple[int, str, int]:
    """Where a rule stands in lists: by area, those of plugins last, then by number."""
    area, _, number = rule.code.partition("-")
    place = _AREAS.index(area) if area in _AREAS else len(_AREAS)
    return place, area, int(number)


def _scan() -> Iterator[Rule]:
    package = bootworthy.rules
    for module_info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(module_info.name)
        yield from (value for value in vars(module).values() if isinstance(value, Rule))


def _refuse_twins(words: list[str]) -> None:
    twins = {word for word in words if words.count(word) > 1}
    if twins:
        raise InternalError("rule-twice", f"two rules are called {', '.join(sorted(twins))}")
