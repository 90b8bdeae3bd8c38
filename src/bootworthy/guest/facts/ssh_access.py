"""Whom sshd lets in by its lists of users and groups, told for a user who has no name yet.

Source: sshd_config(5), and what ``sshd -T -C`` of OpenSSH 9.2 makes of such files: lines of one
keyword add up, those of all Match blocks that hold add up too, and together take the place of the
lines outside.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from bootworthy.guest.facts.sshd import Sshd, SshdSetting

_DENY_USERS, _ALLOW_USERS = "denyusers", "allowusers"
_DENY_GROUPS, _ALLOW_GROUPS = "denygroups", "allowgroups"

# The order in which sshd asks them (auth.c, allowed_user).
_KEYWORDS = (_DENY_USERS, _ALLOW_USERS, _DENY_GROUPS, _ALLOW_GROUPS)

_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
_CRITERION = re.compile(r'([a-z-]+)(?:[ \t]*=[ \t]*|[ \t]+)("[^"]*"|\S+)', re.IGNORECASE)
_EVERYTHING = re.compile(r"\*+")

# limits.h, LOGIN_NAME_MAX; groupadd(8) takes 32 characters.
_MAX_NAME = 256


class Chance(IntEnum):
    """Whether something holds for a user whose name is not known."""

    NO = 0
    SOMETIMES = 1
    YES = 2


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The lines of one keyword that shut a user out; ``chance`` is that of being let in still."""

    settings: tuple[SshdSetting, ...]
    chance: Chance


def refusal(sshd: Sshd, groups: Collection[str]) -> Refusal | None:
    """What shuts out a new user of these ``groups``, beside one of the user's own name.

    Nobody knows the name, so that a list of names does not let it in; None when nothing does.
    """
    for keyword in _KEYWORDS:
        settings, may_differ = _in_force(sshd, keyword, groups)
        chance = _chance(keyword, [word for s in settings for word in _words(s.value)], groups)
        if chance is not Chance.YES:
            chance = max(chance, Chance.SOMETIMES) if may_differ else chance
            return Refusal(settings=settings, chance=chance)
    return None


def _in_force(
    sshd: Sshd, keyword: str, groups: Collection[str]
) -> tuple[tuple[SshdSetting, ...], bool]:
    """The lines of a keyword that hold, and whether a block that may hold has others."""
    found: dict[Chance, list[SshdSetting]] = {chance: [] for chance in Chance}
    outside: list[SshdSetting] = []
    for setting in sshd.settings:
        if setting.keyword.lower() != keyword:
            continue
        if setting.criteria:
            found[min(_holds(text, groups) for text in setting.criteria)].append(setting)
        else:
            outside.append(setting)
    return tuple(found[Chance.YES] or outside), bool(found[Chance.SOMETIMES])


def _holds(criteria: str, groups: Collection[str]) -> Chance:
    """Whether a Match line holds for the user; what depends on the connection may hold."""
    if criteria.strip().lower() == "all":
        return Chance.YES
    if not _CRITERION.sub("", criteria).strip():
        found = (_criterion(name, value, groups) for name, value in _CRITERION.findall(criteria))
        return min(found, default=Chance.SOMETIMES)
    return Chance.SOMETIMES


def _criterion(name: str, value: str, groups: Collection[str]) -> Chance:
    patterns = value.strip('"').split(",")
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    if name.lower() == "user":
        chance = _any_name(wanted)
        return Chance.NO if _any_name(unwanted) is Chance.YES else chance
    if name.lower() == "group":
        chance = _any_group(wanted, groups)
        return Chance.NO if _any_group(unwanted, groups) is Chance.YES else chance
    return Chance.SOMETIMES


def _chance(keyword: str, patterns: list[str], groups: Collection[str]) -> Chance:
    """The chance of passing the list of one keyword."""
    if not patterns:
        return Chance.YES
    if keyword == _ALLOW_USERS:
        return _any_name(_user_part(pattern) for pattern in patterns)
    if keyword == _ALLOW_GROUPS:
        return _any_group(patterns, groups)
    if keyword == _DENY_USERS:
        names = (pattern.removesuffix("@*") for pattern in patterns)
        denied = _any_name(name for name in names if "@" not in name)
    else:
        denied = _any_group(patterns, groups)
    # A name that a pattern denies is for the deployer to avoid.
    return Chance.NO if denied is Chance.YES else Chance.YES


def _user_part(pattern: str) -> str:
    """The part before the host: being let in from some places is being let in."""
    return pattern.rpartition("@")[0] if "@" in pattern else pattern


def _any_name(patterns: Iterable[str]) -> Chance:
    """Whether one of the patterns matches a name that is not known."""
    return max(map(_matches_unknown, patterns), default=Chance.NO)


def _any_group(patterns: Iterable[str], groups: Collection[str]) -> Chance:
    known = [name for name in groups if len(name) <= _MAX_NAME]
    found = (
        Chance.YES if any(_matches(p, name) for name in known) else _matches_unknown(p)
        for p in patterns
    )
    return max(found, default=Chance.NO)


def _matches_unknown(pattern: str) -> Chance:
    if _EVERYTHING.fullmatch(pattern):
        return Chance.YES
    return Chance.SOMETIMES if "*" in pattern or "?" in pattern else Chance.NO


def _matches(pattern: str, name: str) -> bool:
    """match.c, match_pattern: ``*`` and ``?`` alone mean something.

    Only the last star is gone back to, so that no pattern takes longer than both are long.
    """
    at = start = 0
    star = -1
    position = 0
    while position < len(name):
        if pattern[at : at + 1] == "*":
            star, start, at = at, position, at + 1
        elif at < len(pattern) and pattern[at] in ("?", name[position]):
            at, position = at + 1, position + 1
        elif star >= 0:
            start += 1
            at, position = star + 1, start
        else:
            return False
    return not pattern[at:].strip("*")


def _words(value: str) -> Iterator[str]:
    for quoted, plain in _WORD.findall(value):
        yield quoted or plain
