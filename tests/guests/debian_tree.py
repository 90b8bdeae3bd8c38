"""Take out of a tree what tells that it was Debian's, before another family's files go in."""

from __future__ import annotations

import shutil
from pathlib import Path


def take_debian_out(tree: Path) -> None:
    """The package database, its configuration, and what Debian's installer leaves in /."""
    for name in ("etc/apt", "etc/dpkg", "var/lib/dpkg", "var/lib/apt", "var/cache/apt", "vmlinuz"):
        path = tree / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name in ("etc/debian_version", "initrd.img", "initrd.img.old", "vmlinuz.old"):
        (tree / name).unlink(missing_ok=True)
    for path in (tree / "boot").glob("initrd.img-*"):
        path.unlink()
