"""The index files that modprobe looks modules up in, cut down to some of a kernel's modules.

depmod(8) makes them from the modules themselves; here the guest's own text files are the source,
so that no program has to read modules that may be hostile. The binary form is a radix tree that
kmod's tools/depmod.c (index_write) writes and libkmod/libkmod-index.c reads.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

# libkmod/libkmod-index.c: INDEX_MAGIC, INDEX_VERSION, and the flags of a node's offset.
_HEADER = struct.pack(">II", 0xB007F457, 0x00020001)
_HAS_PREFIX = 0x80000000
_HAS_VALUES = 0x40000000
_HAS_CHILDREN = 0x20000000

# modprobe looks up no longer names (PATH_MAX).
_MAX_KEY = 4096

DEPENDENCIES = "modules.dep"
ALIASES = "modules.alias"
SYMBOLS = "modules.symbols"
SOFT_DEPENDENCIES = "modules.softdep"
WEAK_DEPENDENCIES = "modules.weakdep"
DEVICE_NAMES = "modules.devname"


def index_files(
    paths: Mapping[str, str], needs: Mapping[str, tuple[str, ...]], source: Callable[[str], str]
) -> dict[str, bytes]:
    """The files that depmod would make of these modules, by name.

    ``paths`` maps module names to their files, in the order of the kernel's modules.dep; ``needs``
    a module to those it depends on. ``source`` gives the text of the whole kernel's file of a
    name, empty where it has none.
    """
    dependencies = {name: _dependency_line(name, paths, needs) for name in paths}
    aliases = list(_lines_about(paths, source(ALIASES), column=-1))
    symbols = list(_lines_about(paths, source(SYMBOLS), column=-1))
    soft = _lines_about(paths, source(SOFT_DEPENDENCIES), column=1)
    weak = _text(_lines_about(paths, source(WEAK_DEPENDENCIES), column=1))
    files = {
        DEPENDENCIES: _text(dependencies.values()),
        f"{DEPENDENCIES}.bin": _dependency_index(dependencies),
        ALIASES: _text(aliases),
        f"{ALIASES}.bin": _alias_index(paths, aliases),
        SYMBOLS: _text(symbols),
        f"{SYMBOLS}.bin": _alias_index(paths, symbols),
        SOFT_DEPENDENCIES: _text(soft),
        DEVICE_NAMES: _text(_lines_about(paths, source(DEVICE_NAMES), column=0)),
    }
    # Only depmod of kmod 33 and later writes this one.
    return files | ({WEAK_DEPENDENCIES: weak} if weak else {})


def _dependency_line(
    name: str, paths: Mapping[str, str], needs: Mapping[str, tuple[str, ...]]
) -> str:
    needed = [paths[other] for other in needs.get(name, ()) if other in paths]
    return " ".join([f"{paths[name]}:", *needed])


def _lines_about(names: Collection[str], text: str, *, column: int) -> Iterator[str]:
    """The lines whose word in this column is one of the modules."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and not line.startswith("#") and words[column] in names:
            yield line


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _dependency_index(lines: Mapping[str, str]) -> bytes:
    return binary_index((name, order, lines[name]) for order, name in enumerate(lines))


def _alias_index(names: Iterable[str], lines: Iterable[str]) -> bytes:
    order = {name: position for position, name in enumerate(names)}
    words = (line.split() for line in lines)
    pairs = ((normalise_alias(" ".join(parts[1:-1])), parts[-1]) for parts in words)
    return binary_index((key, order[module], module) for key, module in pairs if key is not None)


def normalise_alias(pattern: str) -> str | None:
    """An alias as modprobe compares it: ``-`` as ``_`` outside of brackets (alias_normalize).

    None when a bracket lacks its partner.
    """
    outside, *pieces = pattern.split("[")
    if "]" in outside:
        return None
    found = [outside.replace("-", "_")]
    for piece in pieces:
        inside, bracket, after = piece.partition("]")
        if not bracket or "]" in after:
            return None
        found.append(f"[{inside}]{after.replace('-', '_')}")
    return "".join(found)


@dataclass(slots=True)
class _Node:
    """A branch of the tree: what its keys have in common, and where they part."""

    prefix: bytes = b""
    values: list[tuple[int, bytes]] = field(default_factory=list)
    children: dict[int, _Node] = field(default_factory=dict)
    reference: int = 0


def binary_index(entries: Iterable[tuple[str, int, str]]) -> bytes:
    """The binary index of ``(key, priority, value)``; keys that are not ASCII are left out.

    Of several values of a key, the one with the lowest priority comes first, and of equal ones
    the one given last.
    """
    found: dict[bytes, list[tuple[int, bytes]]] = {}
    for key, priority, value in entries:
        if key.isascii() and len(key) < _MAX_KEY:
            text = value.encode("utf-8", "surrogateescape")
            found.setdefault(key.encode(), []).insert(0, (priority, text))
    root = _tree({key: sorted(found[key], key=lambda value: value[0]) for key in sorted(found)})
    return _written(root)


def _tree(values: Mapping[bytes, list[tuple[int, bytes]]]) -> _Node:
    """The radix tree of sorted keys."""
    root = _Node()
    pending = [(root, list(values), 0)]
    while pending:
        node, keys, depth = pending.pop()
        if not keys:
            continue
        if node is not root:  # which depmod leaves without a prefix
            node.prefix = _common(keys[0][depth:], keys[-1][depth:])
        depth += len(node.prefix)
        if len(keys[0]) == depth:
            node.values = values[keys[0]]
            keys = keys[1:]
        for byte, group in _grouped(keys, depth):
            node.children[byte] = _Node()
            pending.append((node.children[byte], group, depth + 1))
    return root


def _common(first: bytes, last: bytes) -> bytes:
    """What two keys, and so all keys sorted between them, begin with."""
    pairs = enumerate(zip(first, last, strict=False))
    length = next((place for place, (one, other) in pairs if one != other), None)
    return first[: min(len(first), len(last)) if length is None else length]


def _grouped(keys: list[bytes], depth: int) -> Iterator[tuple[int, list[bytes]]]:
    groups: dict[int, list[bytes]] = {}
    for key in keys:
        groups.setdefault(key[depth], []).append(key)
    yield from groups.items()


def _written(root: _Node) -> bytes:
    """The file: every node stands behind its children, whose offsets it holds."""
    parents_first: list[_Node] = []
    pending = [root]
    while pending:
        node = pending.pop()
        parents_first.append(node)
        pending += node.children.values()
    file = bytearray(_HEADER + bytes(4))
    for node in reversed(parents_first):
        _write_node(node, file)
    file[len(_HEADER) : len(_HEADER) + 4] = struct.pack(">I", root.reference)
    return bytes(file)


def _write_node(node: _Node, file: bytearray) -> None:
    node.reference = len(file)
    if node.prefix:
        node.reference |= _HAS_PREFIX
        file += node.prefix + b"\0"
    if node.children:
        node.reference |= _HAS_CHILDREN
        first, last = min(node.children), max(node.children)
        file += bytes((first, last))
        for byte in range(first, last + 1):
            child = node.children.get(byte)
            file += struct.pack(">I", child.reference if child else 0)
    if node.values:
        node.reference |= _HAS_VALUES
        file += struct.pack(">I", len(node.values))
        for priority, value in node.values:
            file += struct.pack(">I", priority) + value + b"\0"
