"""The guest's own firewall lets no SSH in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.editors.key_value import KeyValueFile
from bootworthy.guest.guest import Guest
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_FIREWALLD = "/etc/firewalld/firewalld.conf"
_ZONES = ("/etc/firewalld/zones", "/usr/lib/firewalld/zones")

# firewalld.zone(5): everything is accepted, or SSH is by its name or port.
_OPEN = re.compile(r"""target\s*=\s*["']ACCEPT|<service\s+name\s*=\s*["']ssh["']|port=["']22["']""")

_UFW, _UFW_RULES, _UFW_DEFAULTS = "/etc/ufw/ufw.conf", "/etc/ufw/user.rules", "/etc/default/ufw"
# ufw writes what it was told above each rule of its own.
_UFW_TUPLE = re.compile(r"^### tuple ### (?:allow|limit)\S* (?:tcp|any) (?:22|any) ", re.MULTILINE)

_DENY, _ALLOW = "/etc/hosts.deny", "/etc/hosts.allow"
_ALL = re.compile(r"^\s*(?:ALL|sshd)\s*:\s*ALL\b", re.MULTILINE)


@rule(
    code="NET-17",
    name="firewall-blocks-ssh",
    severity=Severity.WARNING,
    why="Azure's network lets SSH through and the machine still refuses everybody.",
    when=(has_guest,),
    sources=(
        "https://firewalld.org/documentation/man-pages/firewalld.zone.html",
        sources.PROVISIONING_ERRORS,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """firewalld's default zone, ufw and hosts.deny let SSH in; other firewalls are not judged."""
    guest = subject.linux
    for place, found in (*_firewalld(guest), *_ufw(guest), *_wrappers(guest)):
        yield Violation(
            message=f"SSH is not let in: {found}",
            place=place,
            found=found,
            expected="SSH let in from everywhere; the virtual network has a firewall of its own",
            fix=by_hand("allow it: firewall-cmd --permanent --add-service=ssh, or ufw allow ssh"),
        )


def _firewalld(guest: Guest) -> Iterator[tuple[Place, str]]:
    if not guest.services.unit("firewalld.service").starts:
        return
    zone = _value(guest.tree, _FIREWALLD, "DefaultZone") or "public"
    paths = [path for path in (f"{folder}/{zone}.xml" for folder in _ZONES) if _is(guest, path)]
    if "/" not in zone and paths and not _OPEN.search(_text(guest.tree, paths[0])):
        yield Place(paths[0]), f"the default zone of firewalld, {zone}, has no ssh"


def _ufw(guest: Guest) -> Iterator[tuple[Place, str]]:
    if (_value(guest.tree, _UFW, "ENABLED") or "no").lower() != "yes":
        return
    policy = (_value(guest.tree, _UFW_DEFAULTS, "DEFAULT_INPUT_POLICY") or "DROP").upper()
    if policy != "ACCEPT" and not _UFW_TUPLE.search(_text(guest.tree, _UFW_RULES)):
        yield Place(_UFW_RULES), "ufw has no rule that allows port 22"


def _wrappers(guest: Guest) -> Iterator[tuple[Place, str]]:
    allowed = [line for line in _text(guest.tree, _ALLOW).splitlines() if not line.startswith("#")]
    named = any("sshd" in line or line.strip().startswith("ALL") for line in allowed)
    if not named and _ALL.search(_text(guest.tree, _DENY)):
        yield Place(_DENY), f"{_DENY} refuses all"


def _is(guest: Guest, path: str) -> bool:
    return guest.tree.is_file(path)


def _text(tree: Tree, path: str) -> str:
    try:
        return read_configuration(tree, path) or ""
    except GuestError:
        return ""


def _value(tree: Tree, path: str, key: str) -> str | None:
    try:
        return KeyValueFile(_text(tree, path), path).get(key)
    except GuestError:
        return None
