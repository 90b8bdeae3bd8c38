"""The guest of an image put together: its root found, the other file systems where they belong."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.guest.engines.base import Mount
from bootworthy.guest.layout import (
    OpenFileSystem,
    Volumes,
    describe,
    find_root,
    plan_mounts,
    subvolume_of,
)
from bootworthy.guest.mounted import compose
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import BootworthyError
from bootworthy.model.events import Note, Observer


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """A guest's composed tree, what is mounted where, its root in words, and its ESP."""

    tree: Tree
    mounts: tuple[Mount, ...]
    root: str
    esp: Tree | None


def assemble(
    volumes: Volumes, open_fs: OpenFileSystem, selector: str | None, observer: Observer
) -> Assembled:
    """Find the root of the image and mount on it what its fstab says.

    A mount point that does not exist is left out with a note, and so is a file system that
    cannot be opened when fstab says that the guest boots without it.

    Raises:
        GuestError: there is no root, or several, or a file system is corrupt.
        HostError: this machine lacks what is needed to open a file system.
    """
    root = find_root(volumes, open_fs, selector)
    planned = plan_mounts(root, volumes)
    mounts = [
        Mount(
            path="/",
            file_system=root.file_system,
            options=_root_options(planned[0], root.subvolume),
        )
    ]
    trees: dict[str, Tree] = {}
    tree = root.tree
    for mount in planned[1:]:
        point = _mount_point(tree, mount.path)
        if point is None:
            observer(Note(f"{mount.path} is in the guest's fstab and not in its root"))
        elif opened := _open(mount, open_fs, observer):
            trees[point] = opened
            mounts.append(Mount(path=point, file_system=mount.file_system, options=mount.options))
            tree = compose(root.tree, trees)
    esp = _esp(volumes, open_fs, observer)
    return Assembled(tree=tree, mounts=tuple(mounts), root=str(root), esp=esp)


def _root_options(mount: Mount, subvolume: str) -> tuple[str, ...]:
    """The options of fstab, with the subvolume that was found to hold the root."""
    others = tuple(word for word in mount.options if not word.startswith(("subvol=", "subvolid=")))
    return (*others, f"subvol={subvolume}") if subvolume else others


def _mount_point(tree: Tree, path: str) -> str | None:
    try:
        return tree.resolve(path) if tree.is_dir(path) else None
    except OSError:
        return None


def _open(mount: Mount, open_fs: OpenFileSystem, observer: Observer) -> Tree | None:
    try:
        return open_fs(mount.file_system, subvolume_of(mount.options))
    except BootworthyError as error:
        if not {"nofail", "noauto"} & set(mount.options):
            raise
        observer(Note(f"{mount.path} is not looked at: {error.message}"))
        return None


def _esp(volumes: Volumes, open_fs: OpenFileSystem, observer: Observer) -> Tree | None:
    file_system = volumes.esp()
    if file_system is None:
        return None
    try:
        return open_fs(file_system)
    except BootworthyError as error:
        observer(Note(f"{describe(file_system)} is not looked at: {error.message}"))
        return None
