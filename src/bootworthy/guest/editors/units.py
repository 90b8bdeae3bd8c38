"""systemd units enabled and disabled by making links, as ``systemctl --root`` does it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bootworthy.guest.editors import init_scripts
from bootworthy.guest.facts.systemd_units import (
    CONFIGURED,
    LINK_DIRS,
    Install,
    UnitFile,
    Units,
    instance_of,
    is_template,
    kind_of,
)
from bootworthy.guest.tree import WritableTree
from bootworthy.model.errors import GuestError

# systemd.unit(5): a unit whose file is this one cannot be started.
_MASK = "/dev/null"


def enable(tree: WritableTree, name: str) -> tuple[str, ...]:
    """Have a unit started at boot as its [Install] section asks, unmasking it first.

    Returns the links made or removed; none when everything was there, or when the unit is static
    and only starts with others. A script of /etc/init.d gets its run level links.

    Raises:
        GuestError: ``unit-missing``, when the guest has no such unit.
    """
    unmasked = unmask(tree, name)
    return (*unmasked, *_enable(tree, name, set()))


def unmask(tree: WritableTree, name: str) -> tuple[str, ...]:
    """Remove what masks a unit below /etc or /run; returns what was removed."""
    removed: list[str] = []
    while (found := Units(tree).locate(name)) and found.mask.startswith(("/etc/", "/run/")):
        tree.remove(found.mask)
        removed.append(found.mask)
    return tuple(removed)


def mask(tree: WritableTree, name: str) -> tuple[str, ...]:
    """Keep a unit from being loaded; a script of /etc/init.d is disabled.

    Returns the links made or removed. A unit of the owner's own, a file below /etc, is disabled
    only: it stands where the mask would, as with ``systemctl mask``.
    """
    removed = disable(tree, name)
    path = posixpath.join(CONFIGURED, name)
    found = Units(tree).locate(name)
    if found is None or found.mask or tree.exists(path) or tree.is_link(path):
        return removed
    tree.symlink(_MASK, path)
    return (*removed, path)


def disable(tree: WritableTree, name: str) -> tuple[str, ...]:
    """Remove the links below /etc that start a unit, its aliases and what goes with it."""
    return _disable(tree, name, set())


def _disable(tree: WritableTree, name: str, done: set[str]) -> tuple[str, ...]:
    if name in done:
        return ()
    done.add(name)
    units = Units(tree)
    found = units.locate(name)
    if found is None:
        return init_scripts.disable(tree, name.removesuffix(".service"))
    removed = [path for path in _configured_links(tree) if _belongs(units, path, found)]
    for path in removed:
        tree.remove(path)
    for other in units.install(found).also:
        removed += _disable(tree, other, done)
    return tuple(removed)


def _enable(tree: WritableTree, name: str, done: set[str]) -> tuple[str, ...]:
    if name in done:
        return ()
    done.add(name)
    units = Units(tree)
    found = units.locate(name)
    if found is None:
        return init_scripts.enable(tree, name.removesuffix(".service"))
    if found.mask:
        raise GuestError("unit-masked", f"{found.mask} in the guest masks {name} for good")
    install = units.install(found)
    if is_template(found.name) and install.default_instance:
        return _enable(tree, instance_of(found.name, install.default_instance), done)
    made = [path for path in _links(found.name, install) if _link(tree, path, found.path)]
    for other in install.also:
        made += _enable_also(tree, other, done)
    return tuple(made)


def _enable_also(tree: WritableTree, name: str, done: set[str]) -> tuple[str, ...]:
    found = Units(tree).locate(name)
    return _enable(tree, name, done) if found and not found.mask else ()


def _links(name: str, install: Install) -> Iterator[str]:
    """The links that enabling makes (systemd's src/shared/install.c, install_info_apply)."""
    if is_template(name):
        return
    for alias in install.alias:
        if alias != name and kind_of(alias) == kind_of(name):
            yield posixpath.join(CONFIGURED, alias)
    for field, directory in LINK_DIRS.items():
        for target in getattr(install, field):
            yield posixpath.join(CONFIGURED, target + directory, name)


def _link(tree: WritableTree, path: str, target: str) -> bool:
    """Make a link where nothing is, or one that leads nowhere or to /dev/null.

    What leads to a file stays: it is the same link by another path, or an alias that another unit
    has, which systemctl does not take away either.
    """
    if tree.is_file(path):
        return False
    tree.symlink(target, path)
    return True


def _configured_links(tree: WritableTree) -> Iterator[str]:
    for name in tree.names(CONFIGURED):
        path = posixpath.join(CONFIGURED, name)
        if name.endswith(tuple(LINK_DIRS.values())):
            yield from (posixpath.join(path, entry) for entry in tree.names(path))
        elif tree.is_link(path):
            yield path


def _belongs(units: Units, path: str, found: UnitFile) -> bool:
    if posixpath.dirname(path) == CONFIGURED:
        return units.leads_to(path, found)
    name = posixpath.basename(path)
    is_instance = is_template(found.name) and units.leads_to(path, found)
    return name == found.name or is_instance
