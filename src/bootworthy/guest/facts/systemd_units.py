"""Where systemd finds units, and what their [Install] sections ask for (systemd.unit(5))."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from bootworthy.guest.editors.ini_file import IniFile
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import GuestError

CONFIGURED = "/etc/systemd/system"

# systemd.unit(5), "Unit File Load Path", without what only a running system has.
UNIT_DIRS = (
    CONFIGURED,
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)

# Directories of links beside a unit, by the [Install] key that fills them.
LINK_DIRS = {"wanted_by": ".wants", "required_by": ".requires", "upheld_by": ".upholds"}

# An alias of an alias of an alias is legal; a chain like this is not made by people.
_MAX_ALIASES = 10


@dataclass(frozen=True, kw_only=True)
class UnitFile:
    """A unit's file: ``name`` is its own name, with the instance of a template.

    ``mask`` is the link or empty file that keeps it from being loaded.
    """

    name: str
    path: str
    mask: str = ""


@dataclass(frozen=True, kw_only=True)
class Install:
    """What the [Install] section of a unit and of its drop-ins says, specifiers filled in."""

    wanted_by: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()
    upheld_by: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    default_instance: str = ""

    @property
    def makes_links(self) -> bool:
        """Whether enabling the unit would link it anywhere."""
        return any((self.wanted_by, self.required_by, self.upheld_by, self.alias))


@dataclass(frozen=True, slots=True)
class WantLink:
    """An entry of a ``.wants``, ``.requires`` or ``.upholds`` directory."""

    path: str
    masked: bool


class Units:
    """The units of one guest."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @cached_property
    def directories(self) -> tuple[str, ...]:
        """The unit directories that are there, each once (/lib may be a link to /usr/lib)."""
        found: dict[str, str] = {}
        for path in UNIT_DIRS:
            if self._tree.is_dir(path):
                found.setdefault(self._tree.resolve(path), path)
        return tuple(found.values())

    def locate(self, name: str) -> UnitFile | None:
        """The file that stands for ``name``, aliases followed; None when there is none."""
        for _ in range(_MAX_ALIASES):
            found = self._first(name) or self._first(template_of(name))
            if found is None or isinstance(found, UnitFile):
                return replace(found, name=name) if found else None
            name = _with_instance(found, name)
        return None

    def _first(self, name: str) -> UnitFile | str | None:
        """The first file called ``name``, or the name it is an alias of."""
        for directory in self.directories if name else ():
            if found := self._look(posixpath.join(directory, name)):
                return found
        return None

    def _look(self, path: str) -> UnitFile | str | None:
        name = posixpath.basename(path)
        try:
            status = self._tree.link_status(path)
        except OSError:
            return None
        if status.kind is Kind.LINK:
            target = link_target(self._tree, path)
            if target == "/dev/null":
                return UnitFile(name=name, path=path, mask=path)
            if posixpath.basename(target) != name and self._is_unit_dir(target):
                return posixpath.basename(target)
        if not self._tree.is_file(path):
            return None
        empty = self._tree.status(path).size == 0
        return UnitFile(name=name, path=path, mask=path if empty else "")

    def _is_unit_dir(self, path: str) -> bool:
        parent = posixpath.dirname(path)
        return parent in UNIT_DIRS or parent in self.directories

    def install(self, unit: UnitFile) -> Install:
        """The [Install] section of a unit; empty when the file cannot be read."""
        files = [file for path in self._files(unit) if (file := self._parse(path))]

        def words(key: str) -> tuple[str, ...]:
            found = (word for file in files for word in _list(file.values("Install", key)))
            return tuple(name for word in found if (name := specified(word, unit.name)))

        instances = [file.get("Install", "DefaultInstance") for file in files]
        return Install(
            wanted_by=words("WantedBy"),
            required_by=words("RequiredBy"),
            upheld_by=words("UpheldBy"),
            alias=words("Alias"),
            also=words("Also"),
            default_instance=next((word for word in reversed(instances) if word), ""),
        )

    def values(self, unit: UnitFile, section: str, key: str) -> tuple[str, ...]:
        """What a unit and its drop-ins say of a key, in order."""
        files = [file for path in self._files(unit) if (file := self._parse(path))]
        return tuple(value for file in files for value in file.values(section, key))

    def _files(self, unit: UnitFile) -> Iterator[str]:
        yield unit.path
        drop_ins: dict[str, str] = {}
        for name in dict.fromkeys((unit.name, template_of(unit.name))):
            for directory in self.directories if name else ():
                for path in self._tree.glob(posixpath.join(directory, f"{name}.d", "*.conf")):
                    drop_ins.setdefault(posixpath.basename(path), path)
        yield from (drop_ins[name] for name in sorted(drop_ins))

    def _parse(self, path: str) -> IniFile | None:
        try:
            text = read_configuration(self._tree, path)
            return IniFile(text, path) if text is not None else None
        except GuestError:
            return None  # systemd skips what it cannot read, and so does systemctl

    @cached_property
    def wants(self) -> dict[str, tuple[str, ...]]:
        """By unit name, the links that have it started with another unit."""
        found: dict[tuple[str, str], WantLink] = {}
        for directory in self.directories:
            for holder in self._tree.names(directory):
                if holder.endswith(tuple(LINK_DIRS.values())):
                    for link in self._links(posixpath.join(directory, holder)):
                        # A link of the same name in a directory before this one hides it.
                        found.setdefault((holder, posixpath.basename(link.path)), link)
        names: dict[str, tuple[str, ...]] = {}
        for (_, name), link in found.items():
            if not link.masked:
                names[name] = (*names.get(name, ()), link.path)
        return names

    def _links(self, directory: str) -> Iterator[WantLink]:
        for name in self._tree.names(directory):
            path = posixpath.join(directory, name)
            is_link = self._tree.is_link(path)
            masked = is_link and link_target(self._tree, path) == "/dev/null"
            yield WantLink(path, masked)

    def aliases(self, unit: UnitFile, install: Install) -> tuple[str, ...]:
        """The links that give the unit one of the other names it declares.

        Those its vendor ships are there whether it is enabled or not.
        """
        made = [path for path in self.directories if path.startswith(("/etc/", "/run/"))]
        paths = (posixpath.join(directory, name) for name in install.alias for directory in made)
        return tuple(path for path in paths if self.leads_to(path, unit))

    def leads_to(self, path: str, unit: UnitFile) -> bool:
        """Whether ``path`` is a link to the unit's file."""
        if not self._tree.is_link(path) or path == unit.path:
            return False
        target = link_target(self._tree, path)
        names = (posixpath.basename(unit.path), unit.name)
        return self._is_unit_dir(target) and posixpath.basename(target) in names


def link_target(tree: Tree, path: str) -> str:
    """Where a link points, as an absolute path by its text alone."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), tree.readlink(path)))


def template_of(name: str) -> str:
    """``getty@.service`` for ``getty@tty1.service``; empty for a name without instance."""
    prefix, instance, suffix = _split(name)
    return f"{prefix}@.{suffix}" if instance else ""


def instance_of(template: str, instance: str) -> str:
    """``getty@tty1.service`` for ``getty@.service`` and ``tty1``."""
    return template.replace("@.", f"@{instance}.", 1)


def is_template(name: str) -> bool:
    """Whether the name is one of a template, without instance."""
    return "@." in name


def kind_of(name: str) -> tuple[bool, str, str]:
    """What two names must share for one to be an alias of the other: suffix and instance."""
    return ("@" in name, *_split(name)[1:])


def _split(name: str) -> tuple[str, str, str]:
    """Prefix, instance and suffix of a unit's name."""
    stem, _, suffix = name.rpartition(".")
    prefix, _, instance = stem.partition("@")
    return prefix, instance, suffix


def _with_instance(alias_of: str, name: str) -> str:
    instance = _split(name)[1]
    return instance_of(alias_of, instance) if instance and is_template(alias_of) else alias_of


def _list(values: tuple[str, ...]) -> Iterator[str]:
    for value in values:
        try:
            yield from shlex.split(value)
        except ValueError:  # an unbalanced quote: systemd ignores the line
            continue


def specified(word: str, name: str) -> str:
    """``word`` with the specifiers of systemd.unit(5) that only need the unit's name.

    Empty when it has others, or is no unit's name.
    """
    prefix, instance, _ = _split(name)
    known = {
        "%i": instance,
        "%p": prefix,
        "%n": name,
        "%N": name.rpartition(".")[0],
        "%%": "%",
    }
    parts = []
    position = 0
    while position < len(word):
        piece = word[position : position + 2] if word[position] == "%" else word[position]
        if piece[0] == "%" and piece not in known:
            return ""
        parts.append(known.get(piece, piece))
        position += len(piece)
    filled = "".join(parts)
    return "" if "/" in filled or "." not in filled else filled
