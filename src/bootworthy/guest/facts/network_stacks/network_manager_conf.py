"""NetworkManager's own configuration: NetworkManager.conf(5)."""

from __future__ import annotations

import posixpath

from bootworthy.guest.editors.ini_file import IniFile
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

_MAIN = "/etc/NetworkManager/NetworkManager.conf"

# NetworkManager.conf(5), FILE FORMAT: a file hides those of its name in the directories behind.
_DIRECTORIES = (
    "/etc/NetworkManager/conf.d",
    "/run/NetworkManager/conf.d",
    "/usr/lib/NetworkManager/conf.d",
)


def connects_unknown_cards(tree: Tree) -> bool:
    """Whether a card without a profile gets a connection by DHCP, which is the default.

    NetworkManager-config-server sets ``no-auto-default=*``, and other tools name single cards.
    """
    words = [word for path in _paths(tree) for word in _no_auto_default(tree, path)]
    return not {"*", "eth0", "interface-name:eth0", "driver:hv_netvsc"} & set(words)


def _paths(tree: Tree) -> list[str]:
    found: dict[str, str] = {}
    for directory in _DIRECTORIES:
        for path in tree.glob(posixpath.join(directory, "*.conf")):
            found.setdefault(posixpath.basename(path), path)
    return [_MAIN, *(found[name] for name in sorted(found))]


def _no_auto_default(tree: Tree, path: str) -> list[str]:
    try:
        file = IniFile(read_configuration(tree, path) or "", path, continues=False)
    except GuestError:
        return []  # NetworkManager passes over what it cannot read
    return [
        word.strip()
        for key in ("no-auto-default", "no-auto-default+")
        for value in file.values("main", key)
        for word in value.replace(";", ",").split(",")
    ]
