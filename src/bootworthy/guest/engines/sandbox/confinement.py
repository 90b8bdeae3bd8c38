"""What the sandbox is told: file systems, devices, and the program, as plain data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class BlockMount:
    """A file system mounted from a device at ``path``; an option without value has None.

    ``needed`` is False where an empty read-only directory will do when the kernel cannot mount
    it, for want of a module or of a table of characters.
    """

    path: str
    source: str
    kind: str
    options: tuple[tuple[str, str | None], ...] = ()
    needed: bool = True


@dataclass(frozen=True, kw_only=True)
class Node:
    """A block device in the sandbox's /dev and the links below /dev that lead to it."""

    name: str
    major: int
    minor: int
    links: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ShownFile:
    """A file that only the program sees, over one of the guest or in its empty /run or /tmp."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """A sandbox and what runs in it.

    The root is the directory behind the descriptor ``root``, or the first of ``mounts``.
    ``binds`` maps paths below /run/bootworthy to directories of the host. ``kernel_arguments`` is
    what /proc/cmdline says.
    """

    argv: tuple[str, ...]
    environment: dict[str, str]
    root: int | None = None
    mounts: tuple[BlockMount, ...] = ()
    nodes: tuple[Node, ...] = ()
    binds: dict[str, str] = field(default_factory=dict)
    kernel_arguments: str = "ro"
    network: bool = False
    shown: tuple[ShownFile, ...] = ()

    def to_json(self) -> bytes:
        """The confinement for the child process."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Confinement:
        """The confinement as the parent sent it."""
        plain: dict[str, Any] = json.loads(data)
        plain["argv"] = tuple(plain["argv"])
        plain["mounts"] = tuple(_block_mount(mount) for mount in plain["mounts"])
        plain["nodes"] = tuple(_node(node) for node in plain["nodes"])
        plain["shown"] = tuple(ShownFile(**shown) for shown in plain["shown"])
        return cls(**plain)


def _block_mount(plain: dict[str, Any]) -> BlockMount:
    plain["options"] = tuple((key, value) for key, value in plain["options"])
    return BlockMount(**plain)


def _node(plain: dict[str, Any]) -> Node:
    plain["links"] = tuple(plain["links"])
    return Node(**plain)
