"""A mount requires a unit that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.services import UnitState
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# systemd.mount(5); cloud-init 24.3 renamed the unit that the article's line requires.
_OPTION = "x-systemd.requires="


@rule(
    code="CI-21",
    name="required-unit-missing",
    severity=Severity.WARNING,
    why="systemd does not mount what requires a unit that it cannot find.",
    when=(has_guest,),
    article=(55,),
    sources=(
        sources.ARTICLE,
        "https://www.freedesktop.org/software/systemd/man/systemd.mount.html",
    ),
    deviation="the article's swap line requires cloud-init.service, which cloud-init 24.3 and "
    "later call cloud-init-network.service",
)
def check(subject: Subject) -> Iterator[Violation]:
    """Units that fstab, or mounts of cloud-init, require are there."""
    guest = subject.linux
    if guest.services.manager != "systemd":
        return
    for place, options in (*_of_fstab(guest), *_of_cloud_init(guest)):
        for name in (w[len(_OPTION) :] for w in options if w.startswith(_OPTION)):
            if "." in name and guest.services.unit(name).state is UnitState.ABSENT:
                yield Violation(
                    message=f"a mount requires {name}, which is not there",
                    place=place,
                    found=f"{_OPTION}{name}",
                    expected="a unit that this guest has, or no such option",
                    fix=by_hand(f"name another unit, such as {_instead(guest)}"),
                )


def _of_fstab(guest: Guest) -> Iterator[tuple[Place, tuple[str, ...]]]:
    for entry in guest.fstab.entries:
        yield Place("/etc/fstab", entry.line), entry.options


def _of_cloud_init(guest: Guest) -> Iterator[tuple[Place, tuple[str, ...]]]:
    mounts = guest.cloud_init.config.get("mounts")
    place = Place(guest.cloud_init.origin.get("mounts", "/etc/cloud/cloud.cfg"))
    for mount in mounts if isinstance(mounts, list) else ():
        words = [word for word in mount if isinstance(word, str)] if isinstance(mount, list) else []
        yield place, tuple(option for word in words for option in word.split(","))


def _instead(guest: Guest) -> str:
    names = ("cloud-init-network.service", "cloud-init.service")
    found = guest.services.first_present(*names)
    return found.name if found else "local-fs.target"
