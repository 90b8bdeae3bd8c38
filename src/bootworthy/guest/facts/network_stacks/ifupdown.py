"""ifupdown, of Debian, Alpine and older Ubuntu: interfaces(5)."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator

from bootworthy.guest.editors.interfaces import InterfacesFile, Stanza
from bootworthy.guest.facts.network_stacks.interface import Interface, Method
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place

STACK = "ifupdown"
PATH = "/etc/network/interfaces"
_PROGRAMS = ("/sbin/ifup", "/usr/sbin/ifup")

# interfaces(5), "source-directory": names that run-parts(8) would take.
_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_MAX_FILES = 256

_METHODS = {"dhcp": Method.DHCP, "static": Method.STATIC, "manual": Method.MANUAL}
_METHODS_6 = {"static": Method.STATIC, "manual": Method.MANUAL}


def is_used(tree: Tree) -> bool:
    """Whether the program and its configuration are there."""
    return tree.is_file(PATH) and any(map(tree.is_file, _PROGRAMS))


def interfaces(tree: Tree) -> Iterator[Interface]:
    """Every ``iface`` stanza but the loopback's, included files where they are named.

    Raises:
        GuestError: ``guest-file-corrupt``, when ifupdown could not read a file.
    """
    files = dict(_files(tree, PATH, set()))
    started = [name for file in files.values() for name in file.started]
    awaited = [name for file in files.values() for name in file.started_at_boot]
    for path, file in files.items():
        for stanza in file.interfaces:
            yield Interface(
                name=stanza.name,
                method=_method(stanza),
                mac=_mac(stanza),
                starts=_is_among(stanza.name, started),
                awaited=_is_among(stanza.name, awaited),
                stack=STACK,
                place=Place(path, stanza.head.line),
            )


def _is_among(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _method(stanza: Stanza) -> Method:
    # A stanza of IPv6 says nothing about where the IPv4 address comes from, and Azure needs that.
    methods = _METHODS if stanza.family == "inet" else _METHODS_6
    return methods.get(stanza.method, Method.OTHER)


def _mac(stanza: Stanza) -> str:
    # ``hwaddress ether 00:..`` and ``hwaddress 00:..`` are the same; ``random`` pins nothing.
    words = [word for word in stanza.option("hwaddress").split() if word != "ether"]
    return words[0] if words and words[0] != "random" else ""


def _files(tree: Tree, path: str, seen: set[str]) -> Iterator[tuple[str, InterfacesFile]]:
    if path in seen or len(seen) >= _MAX_FILES:
        return
    seen.add(path)
    text = read_configuration(tree, path)
    if text is None:
        return
    file = InterfacesFile(text, path)
    yield path, file
    for stanza in file.stanzas:
        for included in _included(tree, stanza, posixpath.dirname(path)):
            yield from _files(tree, included, seen)


def _included(tree: Tree, stanza: Stanza, directory: str) -> Iterator[str]:
    if stanza.head.keyword in ("source", "source-directory", "source-dir"):
        for word in stanza.head.words[1:]:
            for path in tree.glob(posixpath.join(directory, word)):
                yield from _regular(tree, path)


def _regular(tree: Tree, path: str) -> Iterator[str]:
    """A file itself; of a directory the files with harmless names."""
    if tree.is_file(path):
        yield path
    for name in tree.names(path):
        child = posixpath.join(path, name)
        if _NAME.fullmatch(name) and tree.is_file(child):
            yield child
