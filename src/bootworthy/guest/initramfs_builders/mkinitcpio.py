"""mkinitcpio, of Arch: mkinitcpio(8), mkinitcpio.conf(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts.kernels import Kernel, normalise
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.finding import Place

_MAIN = "/etc/mkinitcpio.conf"
DROP_IN = "/etc/mkinitcpio.conf.d/zz-azure.conf"
_PROGRAM = "/usr/bin/mkinitcpio"

# The configuration is sourced by bash: HOOKS=(base udev autodetect modconf).
_ARRAY = re.compile(r"^[ \t]*(MODULES|HOOKS)(\+?)=\(([^)]*)\)", re.MULTILINE)

# The hook that keeps only the drivers of the machine at hand.
_AUTODETECT = "autodetect"

# The configuration is bash: an element that becomes empty disappears where it is not quoted.
_WITHOUT_AUTODETECT = f"HOOKS=(${{HOOKS[@]/#{_AUTODETECT}/}})"


class Mkinitcpio(InitramfsBuilder):
    """mkinitcpio and its configuration."""

    name = "mkinitcpio"
    place = Place(_MAIN)

    def is_present(self, tree: Tree) -> bool:
        """Whether mkinitcpio is there."""
        return tree.is_file(_PROGRAM)

    def unlisted(self, tree: Tree, modules: tuple[str, ...]) -> tuple[str, ...]:
        """Modules that MODULES does not name."""
        listed = {normalise(word) for word, _ in _words(tree, "MODULES")}
        return tuple(name for name in modules if normalise(name) not in listed)

    def narrow(self, tree: Tree) -> tuple[tuple[Place, str], ...]:
        """The hook autodetect, unless a later line takes it out."""
        if any(_WITHOUT_AUTODETECT in tree.text_or(path) for path in _paths(tree)):
            return ()
        places = [place for word, place in _words(tree, "HOOKS") if word == _AUTODETECT]
        return tuple((place, f"the hook {_AUTODETECT}") for place in places[-1:])

    def keep_modules(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """Name the modules and take autodetect out, in a drop-in where they are read."""
        lines = []
        if missing := self.unlisted(tree, modules):
            lines.append(f"MODULES+=({' '.join(missing)})")
        if self.narrow(tree):
            lines.append(_WITHOUT_AUTODETECT)
        if not lines:
            return
        # Since mkinitcpio 36; before it, what is sourced last is the end of the file itself.
        has_drop_ins = "mkinitcpio.conf.d" in tree.text_or(_PROGRAM)
        path = DROP_IN if has_drop_ins else _MAIN
        old = tree.text_or(path)
        gap = "" if not old or old.endswith("\n") else "\n"
        comment = "# Azure: the drivers of its disks and network, and those of any machine.\n"
        tree.write_text(path, old + gap + comment + "".join(f"{line}\n" for line in lines))

    def rebuild(self, kernel: Kernel) -> Invocation:
        """Name the kernel: mkinitcpio would take the one that runs here."""
        image = kernel.initramfs or "/boot/initramfs-linux.img"
        return Invocation(argv=("mkinitcpio", "--kernel", kernel.release, "--generate", image))


def _paths(tree: Tree) -> list[str]:
    found = [path for path in tree.glob("/etc/mkinitcpio.conf.d/*.conf") if tree.is_file(path)]
    return [*([_MAIN] if tree.is_file(_MAIN) else []), *found]


def _words(tree: Tree, name: str) -> Iterator[tuple[str, Place]]:
    """The elements of an array after all files were read, and where each stands."""
    found: list[tuple[str, Place]] = []
    for path in _paths(tree):
        text = tree.text_or(path)
        for array in _ARRAY.finditer(text):
            if array[1] != name:
                continue
            place = Place(path, text.count("\n", 0, array.start()) + 1)
            words = [(word.strip("'\""), place) for word in array[3].split()]
            found = [*found, *words] if array[2] else words
    yield from found
