"""Write files into a guest tree that lies in a directory."""

from __future__ import annotations

import os
from pathlib import Path


def put(
    tree: Path,
    name: str,
    content: str | bytes,
    *,
    mode: int = 0o644,
    owner: tuple[int, int] = (0, 0),
) -> None:
    """Write one file, its directories with it, in place of whatever had the name.

    The owner is set where this process may set it, that is, as root.
    """
    file = tree / name
    _directories(tree, file.parent, owner)
    file.unlink(missing_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    _give(file, owner)
    file.chmod(mode)


def link(tree: Path, name: str, target: str) -> None:
    """Make a symbolic link in place of whatever had the name."""
    file = tree / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.symlink_to(target)


def _directories(tree: Path, wanted: Path, owner: tuple[int, int]) -> None:
    missing = [wanted]
    while not missing[-1].exists() and missing[-1] != tree:
        missing.append(missing[-1].parent)
    for directory in reversed(missing[:-1]):
        directory.mkdir()
        _give(directory, owner)


def _give(path: Path, owner: tuple[int, int]) -> None:
    if os.geteuid() == 0:
        os.chown(path, *owner)
