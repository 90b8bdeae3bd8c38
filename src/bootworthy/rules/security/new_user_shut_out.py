"""The SSH server lets in only users or groups that the user made by Azure is none of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bootworthy.guest.facts import ssh_access
from bootworthy.guest.facts.ssh_access import Chance, Refusal
from bootworthy.guest.guest import Guest
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.provisioning import cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.settings import value_of
from bootworthy.rules.subject import Subject

# useradd(8): without USERGROUPS_ENAB a user is of this group, by /etc/default/useradd or by number.
_USERADD = "/etc/default/useradd"
_DEFAULT_GROUP = "100"
_LOGIN_DEFS = ("/etc/login.defs", "/usr/etc/login.defs")


@rule(
    code="SEC-23",
    name="new-user-shut-out",
    severity=Severity.ERROR,
    why="The name of Azure's first user is chosen when a machine is made, and sshd asks its lists "
    "before it looks at any key.",
    when=(has_guest, generalized),
    sources=(
        "https://man.openbsd.org/sshd_config",
        "https://github.com/openssh/openssh-portable/blob/master/auth.c",
        sources.CLOUD_INIT_SOURCE,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No AllowUsers, AllowGroups, DenyUsers or DenyGroups in force refuses a user of any name.

    The groups that cloud-init gives its default user count; a warning where some names, or some
    connections, are let in.
    """
    guest = subject.linux
    groups = _groups(guest)
    refusal = ssh_access.refusal(guest.sshd, groups)
    if guest.sshd.program is None or refusal is None:
        return
    first = refusal.settings[0]
    yield Violation(
        message=f"{first.keyword} shuts out the user that Azure makes",
        place=first.place,
        found=", ".join(f"{one.keyword} {one.value}" for one in refusal.settings),
        expected=_expected(groups),
        fix=by_hand(_advice(refusal, groups)),
        severity=Severity.WARNING if refusal.chance is Chance.SOMETIMES else None,
        related=tuple(one.place for one in refusal.settings[1:]),
    )


def _expected(groups: tuple[str, ...]) -> str:
    known = f", which is of the groups {', '.join(groups)}" if groups else ""
    return f"lists that let in a user of any name{known}"


def _advice(refusal: Refusal, groups: tuple[str, ...]) -> str:
    keyword = refusal.settings[0].keyword
    if keyword.lower().startswith("deny"):
        return f"take what matches every new user out of {keyword}"
    if groups:
        return f"take {keyword} out, or allow a group of new users: AllowGroups {groups[0]}"
    return f"take {keyword} out, or let provisioning make new users of a group that is allowed"


def _groups(guest: Guest) -> tuple[str, ...]:
    """The groups of a new user that are known beforehand, those of its own name left out."""
    given = _default_user(guest).get("groups") if cloud_init_starts(guest) else None
    words = given.split(",") if isinstance(given, str) else given
    names = [str(word).strip() for word in words] if isinstance(words, list) else []
    return tuple(dict.fromkeys((*filter(None, names), *_primary_group(guest.tree))))


def _default_user(guest: Guest) -> Mapping[str, object]:
    """What every new user is made with; Azure's data source puts the name in (DataSourceAzure)."""
    system = guest.cloud_init.config.get("system_info")
    user = system.get("default_user") if isinstance(system, Mapping) else None
    return user if isinstance(user, Mapping) else {}


def _primary_group(tree: Tree) -> tuple[str, ...]:
    """The one group of all users; none where each has a group of its own."""
    defaults = next((text for path in _LOGIN_DEFS if (text := tree.text_or(path))), "")
    lines = [line.split() for line in defaults.splitlines()]
    if ["USERGROUPS_ENAB", "yes"] in lines:
        return ()
    wanted = value_of(tree, _USERADD, "GROUP") or _DEFAULT_GROUP
    groups = (line.split(":") for line in tree.text_or("/etc/group").splitlines())
    return tuple(parts[0] for parts in groups if wanted in (parts[0], *parts[2:3]))[:1]
