"""cloud-init's module for locales fails at every first boot."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.cloud_init import CloudInit
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.steps import SetKeys, Step, WriteFile
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.module_lists import lists, names
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# cloudinit/distros/debian.py, LOCALE_CONF_FN.
_SYSTEM = "/etc/default/locale"
_WANTED = "/etc/locale.gen"
_LANG = re.compile(r"""^\s*(?:export\s+)?LANG=["']?([\w.@-]+)""", re.MULTILINE | re.ASCII)

# cloud-init's ChangeLog: "Set Debian's default locale to be c.UTF-8 (#4503)".
_PLAIN_DEFAULT_SINCE = (23, 4)
_OLD_DEFAULT = "en_US.UTF-8"

# In the C library itself; the last is how Debian 11's cloud-init and later spell it.
_BUILT_IN = frozenset(("c", "posix", "c.utf-8", "c.utf8"))

# What cloudinit.util.is_false takes for no.
_NO = frozenset(("", "no", "false", "off", "0", "none"))


@rule(
    code="CI-26",
    name="cloud-init-locale-missing",
    severity=Severity.WARNING,
    why="cloud-config.service fails at the first boot of every machine, and monitoring with it.",
    when=(generalized, with_cloud_init),
    sources=(sources.CLOUD_INIT_SOURCE, sources.PROVISIONING),
)
def check(subject: Subject) -> Iterator[Violation]:
    """cloud-init needs no locale that Debian's locale-gen does not make."""
    guest = subject.linux
    # Ubuntu's locale-gen makes what it is asked for; Debian's, only what /etc/locale.gen lists.
    if guest.release.id != "debian" or not _runs_module(guest.cloud_init):
        return
    wanted = _wanted(guest.cloud_init, _system_locale(guest.tree))
    if not wanted or wanted.lower() in _BUILT_IN or wanted in _listed(guest.tree):
        return
    place = guest.cloud_init.origin.get("locale", _SYSTEM)
    yield Violation(
        message=f"cloud-init sets the locale {wanted}, which no program here makes",
        place=Place(place),
        found=f"{wanted} is not in {_WANTED}" if place != _SYSTEM else "no LANG is set",
        expected="LANG=C.UTF-8, or a locale that /etc/locale.gen lists",
        fix=_fix(guest.tree, place, wanted),
    )


def _runs_module(cloud_init: CloudInit) -> bool:
    return any("locale" in names(stage) for stage in lists(cloud_init).values())


def _system_locale(tree: Tree) -> str:
    found = _LANG.findall(tree.text_or(_SYSTEM))
    return found[-1] if found else ""


def _wanted(cloud_init: CloudInit, system: str) -> str:
    """The locale that the module has made, empty when it leaves all as it is."""
    configured = cloud_init.config.get("locale")
    if configured is not None:
        wanted = str(configured)
        return "" if wanted.lower() in (*_NO, system.lower()) else wanted
    if system or cloud_init.version >= _PLAIN_DEFAULT_SINCE:
        return ""
    return _OLD_DEFAULT


def _listed(tree: Tree) -> frozenset[str]:
    lines = (line.split() for line in tree.text_or(_WANTED).splitlines())
    return frozenset(words[0] for words in lines if words and not words[0].startswith("#"))


def _fix(tree: Tree, place: str, wanted: str) -> Fix:
    if place != _SYSTEM:
        return by_hand(f"list {wanted} in {_WANTED} and run locale-gen")
    step: Step = WriteFile(path=_SYSTEM, text="LANG=C.UTF-8\n")
    if tree.is_file(_SYSTEM):
        step = SetKeys(path=_SYSTEM, settings=(("LANG", "C.UTF-8"),))
    return Fix(title=f"set LANG=C.UTF-8 in {_SYSTEM}", steps=(step,))
