"""Which services start at boot: systemd units with presets and masks, scripts, Upstart's jobs."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bootworthy.guest.facts import presets, upstart
from bootworthy.guest.facts.systemd_units import (
    Install,
    UnitFile,
    Units,
    instance_of,
    is_template,
)
from bootworthy.guest.tree import Tree

# Run levels in which a machine offers its services; 1 is for repair (init-d-script(5), LSB 20.5).
_STARTED = "/etc/rc[2345].d/S[0-9][0-9]"


class UnitState(StrEnum):
    """As ``systemctl is-enabled`` says it."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    MASKED = "masked"
    STATIC = "static"
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One service: its state, its own file, and the link or line that decides the state."""

    name: str
    state: UnitState
    path: str = ""
    decided_by: str = ""

    @property
    def starts(self) -> bool:
        """Whether it starts at boot."""
        return self.state is UnitState.ENABLED


class Services:
    """The init system of a guest; units are looked up when asked for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._units = Units(tree)

    @cached_property
    def manager(self) -> str:
        """systemd, openrc, sysv or empty."""
        if self._init_is_systemd:
            return "systemd"
        if any(map(self._tree.is_file, ("/sbin/openrc", "/sbin/openrc-init", "/usr/sbin/openrc"))):
            return "openrc"
        if self._tree.exists("/sbin/init") or self._tree.exists("/etc/inittab"):
            return "sysv"
        return "systemd" if self._units.directories else ""

    @property
    def _init_is_systemd(self) -> bool:
        if self._tree.is_link("/sbin/init"):
            return posixpath.basename(self._tree.readlink("/sbin/init")) == "systemd"
        if self._tree.exists("/sbin/init"):
            return False
        return any(map(self._tree.is_file, ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")))

    def unit(self, name: str) -> Unit:
        """One unit by its full name (``ssh.service``); aliases are followed."""
        if self.manager == "openrc":
            return self._script(name, "/etc/runlevels/*/")
        if self.manager == "sysv":
            return self._job(name) or self._script(name, _STARTED)
        found = self._units.locate(name)
        if found is None:  # systemd-sysv-generator(8) makes a unit of the script
            return self._script(name, _STARTED)
        if found.mask:
            state, reason = UnitState.MASKED, found.mask
        else:
            state, reason = self._state(found, name)
        return Unit(name=found.name, state=state, path=found.path, decided_by=reason)

    def values(self, name: str, section: str, key: str) -> tuple[str, ...]:
        """What a unit of systemd's says of a key; empty when there is none."""
        found = self._units.locate(name)
        return self._units.values(found, section, key) if found else ()

    def first_present(self, *names: str) -> Unit | None:
        """The first of these units that is not absent."""
        units = map(self.unit, names)
        return next((unit for unit in units if unit.state is not UnitState.ABSENT), None)

    def _state(self, found: UnitFile, asked: str) -> tuple[UnitState, str]:
        install = self._units.install(found)
        if links := self._links(found, install, asked):
            return UnitState.ENABLED, links[0]
        if not install.makes_links and not install.also:
            return UnitState.STATIC, ""
        if self._is_first_boot and (line := presets.decide(self._tree, found.name)):
            return (UnitState.ENABLED if line.enables else UnitState.DISABLED), str(line.place)
        return UnitState.DISABLED, ""

    def _links(self, found: UnitFile, install: Install, asked: str) -> tuple[str, ...]:
        names = [found.name, asked, *install.alias]
        if is_template(found.name) and install.default_instance:
            names.append(instance_of(found.name, install.default_instance))
        wants = (path for name in dict.fromkeys(names) for path in self._units.wants.get(name, ()))
        return (*wants, *self._units.aliases(found, install))

    @cached_property
    def _is_first_boot(self) -> bool:
        # machine-id(5), "First Boot Semantics": an empty file does not count.
        return self._tree.text_or("/etc/machine-id", "uninitialized").strip() == "uninitialized"

    def _job(self, name: str) -> Unit | None:
        """A job of Upstart, whose scripts in /etc/init.d only stand for it."""
        job = upstart.read(self._tree, name.removesuffix(".service"))
        if job is None:
            return None
        state = UnitState.ENABLED if job.starts else UnitState.DISABLED
        return Unit(name=name, state=state, path=job.path, decided_by=job.decided_by)

    def _script(self, name: str, link_prefix: str) -> Unit:
        script = name.removesuffix(".service")
        path = posixpath.join("/etc/init.d", script)
        if "/" in script or not self._tree.is_file(path):
            return Unit(name=name, state=UnitState.ABSENT)
        links = [link for link in self._tree.glob(link_prefix + "*") if _starts(link, script)]
        state = UnitState.ENABLED if links else UnitState.DISABLED
        return Unit(name=name, state=state, path=path, decided_by=links[0] if links else "")


def _starts(link: str, script: str) -> bool:
    name = posixpath.basename(link)
    return name == script or (name[:1] == "S" and name[3:] == script)


def read(tree: Tree) -> Services:
    """The init system of the guest."""
    return Services(tree)
