"""Units that udev has systemd start when a device appears (systemd.device(5), SYSTEMD_WANTS)."""

from __future__ import annotations

import re

from bootworthy.guest.facts import udev_rules
from bootworthy.guest.tree import Tree

_WANTS = re.compile(r'ENV\{SYSTEMD_WANTS\}\s*\+?=\s*"([^"]*)"')


def read(tree: Tree) -> frozenset[str]:
    """The names of those units, as the rules spell them."""
    lines = (line for path in udev_rules.paths(tree) for line in udev_rules.lines(tree, path))
    return frozenset(
        unit for line in lines for names in _WANTS.findall(line) for unit in names.split()
    )
