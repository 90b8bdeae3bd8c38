"""What every recipe shares: the tree, its dirt, and the name of the result."""

from __future__ import annotations

import ast
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.guests.base import EXTRAS, Base
from tests.guests.cache import cached, digest
from tests.guests.dirt.accounts import add_accounts
from tests.guests.dirt.leftovers import add_leftovers
from tests.guests.dirt.logs import add_logs
from tests.guests.dirt.network import add_network
from tests.guests.disk import MIB
from tests.guests.mirror import host_mirror
from tests.guests.origin import Origin
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

ODD_SIZE = 70 * 1024
"""Bytes beyond the last whole MiB: sectors, but no size that Azure takes."""

_KEPT_PACKAGE = 300_000
"""A package of more bytes than this does not stay in apt's cache: a few are dirt enough."""

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = "tests.guests."


@dataclass(frozen=True, kw_only=True)
class Recipe(ABC):
    """A guest that can be built; subclasses say what it is and lay it out on a disk."""

    name: ClassVar[str]
    title: ClassVar[str]
    origin: ClassVar[Origin]
    root_uuid: ClassVar[str]
    root_offset: ClassVar[int]
    """Where the root file system starts, in bytes."""

    base: Base = field(default_factory=Base)
    size: int = 2560 * MIB + ODD_SIZE
    """The virtual size in bytes."""

    @property
    def key(self) -> str:
        """Names the image by its parameters and by the source that builds it."""
        parts = [path.read_bytes() for path in _sources(type(self).__module__)]
        return digest(repr(self), self.base.key, *parts)

    @abstractmethod
    def dress(self, sandbox: Sandbox) -> None:
        """Add to the tree what this recipe's firmware and disk ask for."""

    @abstractmethod
    def lay_out(self, image: Path, sandbox: Sandbox) -> None:
        """Write the disk image of the finished tree."""

    def make(self, image: Path, work: Path) -> None:
        """Build the image; ``work`` is an empty directory for the tree."""
        sandbox = Sandbox(tree=work / "tree", scratch=work)
        unpack(self.base.tar(), sandbox.tree)
        _install(sandbox, self.name)
        _undo_bootstrap(sandbox.tree, self.base.suite)
        add_accounts(sandbox)
        add_network(sandbox.tree, self.origin)
        add_logs(sandbox.tree, self.origin)
        self.dress(sandbox)
        self.lay_out(image, sandbox)

    def add_identity(self, tree: Path, *, separate_dbus_id: bool) -> None:
        """The machine's own marks; see ``add_leftovers``."""
        add_leftovers(tree, self.origin, separate_dbus_id=separate_dbus_id)


def _sources(module: str) -> list[Path]:
    """The files that decide what a recipe builds: its own, and what they import of this package."""
    found: dict[str, Path] = {}
    pending = [module]
    while pending:
        name = pending.pop()
        path = _ROOT / (name.replace(".", "/") + ".py")
        if name in found or not name.startswith(_PACKAGE) or not path.is_file():
            continue
        found[name] = path
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module:
                pending += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [found[name] for name in sorted(found)]


def build(recipe: Recipe) -> Path:
    """The recipe's image, from the cache or made now; nobody may write to it."""
    return cached(recipe.name, recipe.key, ".raw", recipe.make)


def unpack(tar: Path, tree: Path) -> None:
    """Unpack a tree that ``Base`` made."""
    tree.mkdir()
    subprocess.run(
        [
            "tar",
            f"--directory={tree}",
            "--numeric-owner",
            "--xattrs",
            "--xattrs-include=*",
            "--preserve-permissions",
            f"--file={tar}",
            "--extract",
        ],
        check=True,
        timeout=300,
    )


def _install(sandbox: Sandbox, name: str) -> None:
    """Install the recipe's own packages and leave them in apt's cache, as people do."""
    archives = sandbox.tree / "var/cache/apt/archives"
    for package in (sandbox.tree / EXTRAS / name).glob("*.deb"):
        package.rename(archives / package.name)
    subprocess.run(["rm", "-rf", str(sandbox.tree / EXTRAS)], check=True)
    put(sandbox.tree, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode=0o755)
    preseed = "grub-pc grub-pc/install_devices_empty boolean true\n"
    sandbox.run("debconf-set-selections", typed=preseed)
    names = sorted(f"/var/cache/apt/archives/{package.name}" for package in archives.glob("*.deb"))
    # Not dpkg, which does not sort them by what they need before they are unpacked.
    sandbox.run("apt-get", "--yes", "--quiet", "--no-install-recommends", "install", *names)
    (sandbox.tree / "usr/sbin/policy-rc.d").unlink()
    for package in archives.glob("*.deb"):
        if package.stat().st_size > _KEPT_PACKAGE:
            package.unlink()


def _undo_bootstrap(tree: Path, suite: str) -> None:
    """Replace what mmdebstrap configured for its own speed by what an installer writes."""
    options = tree / "etc/dpkg/dpkg.cfg.d/99mmdebstrap"
    kept = [line for line in options.read_text().splitlines() if "unsafe-io" not in line]
    options.unlink()
    _write_lines(tree, "etc/dpkg/dpkg.cfg.d/excludes", kept)
    mirror = host_mirror(suite)
    _write_lines(tree, "etc/apt/sources.list", mirror.sources)
    (tree / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    if mirror.options:
        _write_lines(tree, "etc/apt/apt.conf.d/90mirror", mirror.options)


def _write_lines(tree: Path, name: str, lines: Iterable[str]) -> None:
    put(tree, name, "".join(f"{line}\n" for line in lines))
