"""The guest's own firewall lets no SSH in, or keeps Azure's own services out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.nftables import ruleset
from bootworthy.guest.facts.nftables.matches import Packet
from bootworthy.guest.facts.nftables.traversal import Fate, Outcome, follow
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import NotCheckedError, rule
from bootworthy.rules.settings import text_of, value_of
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


# The files that distributions' units load: Debian and Arch, Red Hat, Alpine.
_NFTABLES = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf", "/etc/nftables.nft")
_NFTABLES_UNITS = ("nftables.service", "nftables")
_LOADS = re.compile(r"^ExecStart=.*?\s-f\s+(/\S+)", re.MULTILINE)

# Azure's wire server and its host plugin (learn.microsoft.com, "What is IP address
# 168.63.129.16?"), and the metadata service.
_WIRE_SERVER, _METADATA = "168.63.129.16", "169.254.169.254"

# A port of the machine itself, of /proc/sys/net/ipv4/ip_local_port_range as Linux sets it.
_OWN = 40_000

_SSH = "SSH is not let in"
_PACKETS = {
    _SSH: (
        Packet(port=22),
        Packet(port=22, is_new=False),
        Packet(source_port=22, is_new=False, inbound=False),
    ),
    f"{_WIRE_SERVER} is not reached": (
        Packet(destination=_WIRE_SERVER, source_port=_OWN, port=80, inbound=False),
        Packet(destination=_WIRE_SERVER, source_port=_OWN, port=32526, inbound=False),
        Packet(source=_WIRE_SERVER, source_port=80, port=_OWN, is_new=False),
    ),
    f"{_METADATA} is not reached": (
        Packet(destination=_METADATA, source_port=_OWN, port=80, inbound=False),
        Packet(source=_METADATA, source_port=80, port=_OWN, is_new=False),
    ),
}


@rule(
    code="NET-17",
    name="firewall-blocks-ssh",
    severity=Severity.WARNING,
    why="Azure's network lets SSH through and the machine still refuses everybody.",
    when=(has_guest,),
    sources=(
        "https://firewalld.org/documentation/man-pages/firewalld.zone.html",
        "https://www.netfilter.org/projects/nftables/manpage.html",
        sources.PROVISIONING_ERRORS,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """firewalld's default zone, ufw and hosts.deny let SSH in; nftables lets Azure through as well.

    The ruleset that nftables' service loads is followed as packets would; where it says what is
    not understood here, it is not judged. Other firewalls are not either.
    """
    guest = subject.linux
    unknown: list[str] = []
    found = [*_zones(guest), *_nftables(guest, unknown)]
    yield from found
    if unknown and not found:
        raise NotCheckedError("; ".join(unknown))


def _zones(guest: Guest) -> Iterator[Violation]:
    for place, found in (*_firewalld(guest), *_ufw(guest), *_wrappers(guest)):
        yield Violation(
            message=f"SSH is not let in: {found}",
            place=place,
            found=found,
            expected="SSH let in from everywhere; the virtual network has a firewall of its own",
            fix=by_hand("allow it: firewall-cmd --permanent --add-service=ssh, or ufw allow ssh"),
        )


def _nftables(guest: Guest, unknown: list[str]) -> Iterator[Violation]:
    """What nftables drops for certain; what cannot be told is added to ``unknown``."""
    path = _script(guest)
    if path is None:
        return
    rules = ruleset.read(guest.tree, path)
    if rules.problems:
        first = rules.problems[0]
        unknown.append(f"{first.place}: nftables' ruleset has {first.text!r}, which is not judged")
        return
    for message, packets in _PACKETS.items():
        outcomes = [follow(rules, packet) for packet in packets]
        if dropped := next((one for one in outcomes if one.fate is Fate.DROPPED), None):
            yield _dropped(message, dropped, path)
        elif doubtful := next((one for one in outcomes if one.fate is Fate.UNKNOWN), None):
            unknown.append(
                f"{doubtful.place}: {doubtful.text!r} is not judged, and decides whether {message}"
            )


def _dropped(message: str, outcome: Outcome, path: str) -> Violation:
    wanted = f"{_WIRE_SERVER} and {_METADATA}, and what belongs to a connection, let through"
    return Violation(
        message=f"{message}: nftables drops it",
        place=outcome.place or Place(path),
        found=outcome.text,
        expected="tcp dport 22 accept" if message == _SSH else wanted,
        fix=by_hand(
            "accept it before anything drops it: tcp dport 22 accept"
            if message == _SSH
            else "accept ct state established,related and ip daddr { 168.63.129.16, "
            "169.254.169.254 }"
        ),
        severity=Severity.ERROR,
    )


def _script(guest: Guest) -> str | None:
    """The script that nftables' service loads at boot, None where none is."""
    unit = guest.services.first_present(*_NFTABLES_UNITS)
    if unit is None or not unit.starts:
        return None
    told = _LOADS.search(text_of(guest.tree, unit.path or ""))
    paths = ((told[1],) if told else ()) + _NFTABLES
    return next((path for path in paths if guest.tree.is_file(path)), None)


def _firewalld(guest: Guest) -> Iterator[tuple[Place, str]]:
    if not guest.services.unit("firewalld.service").starts:
        return
    zone = value_of(guest.tree, _FIREWALLD, "DefaultZone") or "public"
    paths = [path for path in (f"{folder}/{zone}.xml" for folder in _ZONES) if _is(guest, path)]
    if "/" not in zone and paths and not _OPEN.search(text_of(guest.tree, paths[0])):
        yield Place(paths[0]), f"the default zone of firewalld, {zone}, has no ssh"


def _ufw(guest: Guest) -> Iterator[tuple[Place, str]]:
    if (value_of(guest.tree, _UFW, "ENABLED") or "no").lower() != "yes":
        return
    policy = (value_of(guest.tree, _UFW_DEFAULTS, "DEFAULT_INPUT_POLICY") or "DROP").upper()
    if policy != "ACCEPT" and not _UFW_TUPLE.search(text_of(guest.tree, _UFW_RULES)):
        yield Place(_UFW_RULES), "ufw has no rule that allows port 22"


def _wrappers(guest: Guest) -> Iterator[tuple[Place, str]]:
    allowed = [
        line for line in text_of(guest.tree, _ALLOW).splitlines() if not line.startswith("#")
    ]
    named = any("sshd" in line or line.strip().startswith("ALL") for line in allowed)
    if not named and _ALL.search(text_of(guest.tree, _DENY)):
        yield Place(_DENY), f"{_DENY} refuses all"


def _is(guest: Guest, path: str) -> bool:
    return guest.tree.is_file(path)
