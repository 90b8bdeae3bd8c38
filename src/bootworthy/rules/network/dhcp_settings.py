"""What rules about DHCP clients share: the lines of their configuration files."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

DHCLIENT = ("/etc/dhcp/dhclient.conf", "/etc/dhclient.conf")
DHCPCD = "/etc/dhcpcd.conf"


def lines(tree: Tree, path: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each line that says something, with its number (1-based), without ``;``."""
    try:
        text = read_configuration(tree, path) or ""
    except GuestError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].replace(";", " ").split()
        if words:
            yield number, words
