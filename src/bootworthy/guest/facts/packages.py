"""The packages the guest's own database says are installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bootworthy.guest.facts import release
from bootworthy.guest.facts.package_databases import apk, dpkg, pacman, rpm
from bootworthy.guest.facts.package_databases.package import DatabaseError, Package
from bootworthy.guest.facts.release import Family
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

__all__ = ["Package", "Packages", "read"]


@dataclass(frozen=True, kw_only=True)
class Packages:
    """The package database.

    ``manager`` is dpkg, rpm, apk, pacman or empty when none was found. ``problem`` says why the
    database could not be read; ``installed`` is then empty and rules about packages are not
    checked. ``broken`` holds packages that are neither installed nor removed.
    """

    manager: str
    path: str
    installed: Mapping[str, Package]
    broken: tuple[Package, ...] = ()
    problem: str = ""

    def has(self, name: str) -> bool:
        """Whether a package of this name is installed."""
        return name in self.installed

    def version(self, name: str) -> str | None:
        """The version of an installed package."""
        package = self.installed.get(name)
        return package.version if package else None


@dataclass(frozen=True, slots=True)
class _Database:
    """A database that was found, and how its packages are read."""

    manager: str
    path: str
    packages: Callable[[], Iterator[Package]]


_RPM_FAMILIES = (
    Family.REDHAT,
    Family.FEDORA,
    Family.SUSE,
    Family.AZURE_LINUX,
    Family.AMAZON,
)


def read(tree: Tree) -> Packages:
    """The package database of the guest, whichever kind it is."""
    found = sorted(_databases(tree), key=lambda database: database.manager != _usual(tree))
    if not found:
        return Packages(
            manager="",
            path="",
            installed={},
            problem="the guest has no package database of a known kind",
        )
    results = [_read(database) for database in found]
    # A guest may have another manager's tools with an empty database of their own.
    return next((result for result in results if result.installed or result.problem), results[0])


def _usual(tree: Tree) -> str:
    family = release.read(tree).family
    if family in _RPM_FAMILIES:
        return "rpm"
    return {Family.ALPINE: "apk", Family.ARCH: "pacman"}.get(family, "dpkg")


def _databases(tree: Tree) -> Iterator[_Database]:
    if dpkg.present(tree):
        yield _Database("dpkg", dpkg.PATH, lambda: dpkg.packages(tree))
    if rpm_path := rpm.path(tree):
        yield _Database("rpm", rpm_path, lambda: rpm.packages(tree, rpm_path))
    if apk_path := apk.path(tree):
        yield _Database("apk", apk_path, lambda: apk.packages(tree, apk_path))
    if pacman.present(tree):
        yield _Database("pacman", pacman.PATH, lambda: pacman.packages(tree))


def _read(database: _Database) -> Packages:
    installed: dict[str, Package] = {}
    broken: list[Package] = []
    try:
        for package in database.packages():
            if package.state in dpkg.WORKING:
                installed.setdefault(package.name, package)
            elif package.state not in dpkg.GONE:
                broken.append(package)
    except (DatabaseError, GuestError) as error:
        problem = f"the package database cannot be read: {error}"
        return Packages(manager=database.manager, path=database.path, installed={}, problem=problem)
    return Packages(
        manager=database.manager, path=database.path, installed=installed, broken=tuple(broken)
    )
