"""dracut, of Red Hat, Fedora, SUSE and others: dracut(8), dracut.conf(5)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts.kernels import Kernel, normalise
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

# Read behind the vendor's 01-dist.conf and 02-generic-image.conf: drop-ins of both folders are
# sorted by name together, and one in /etc hides the vendor's of the same name (dracut.conf(5)).
DROP_IN = "/etc/dracut.conf.d/95-azure.conf"
_MAIN = "/etc/dracut.conf"
_FOLDERS = ("/usr/lib/dracut/dracut.conf.d", "/etc/dracut.conf.d")

_HEADER = "# Azure: the drivers of its disks and network, and an image that fits every machine.\n"
_WANTED = ("add_drivers", "force_drivers")
_UNWANTED = "omit_drivers"
_PROGRAMS = ("/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut")
_YES = "yes"


class Dracut(InitramfsBuilder):
    """dracut and its configuration below /etc/dracut.conf.d."""

    name = "dracut"
    place = Place(DROP_IN)

    def is_present(self, tree: Tree) -> bool:
        """Whether dracut is there."""
        return any(map(tree.is_file, _PROGRAMS))

    def unlisted(self, tree: Tree, modules: tuple[str, ...]) -> tuple[str, ...]:
        """Modules that neither add_drivers nor force_drivers names."""
        variables = _evaluate(tree)
        listed = {normalise(word) for name in _WANTED for word in variables.get(name, "").split()}
        omitted = {normalise(word) for word in variables.get(_UNWANTED, "").split()}
        return tuple(name for name in modules if normalise(name) not in listed - omitted)

    def narrow(self, tree: Tree) -> tuple[tuple[Place, str], ...]:
        """hostonly=yes, where it is set last."""
        found: tuple[tuple[Place, str], ...] = ()
        for path, parsed in _files(tree):
            lines = [item.line for item in parsed.assignments if item.name == "hostonly"]
            if lines:
                value = parsed.get("hostonly") or ""
                is_narrow = value == _YES
                found = ((Place(path, lines[-1]), f'hostonly="{value}"'),) if is_narrow else ()
        return found

    def keep_modules(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """Name the modules in a drop-in, have images for any machine, and omit none of them."""
        missing = self.unlisted(tree, modules)
        if missing or self.narrow(tree):
            parsed = ShellFile(tree.text_or(DROP_IN, _HEADER), DROP_IN)
            if parsed.get("hostonly") != "no":
                parsed.set("hostonly", "no")
            text = parsed.text
            if missing:
                # dracut.conf(5): blanks at both ends, for values are strung together.
                text += f'add_drivers+=" {" ".join(missing)} "\n'
            tree.write_text(DROP_IN, text)
        self._undo_later(tree, modules)

    def _undo_later(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """What a file of the owner's says against it, behind the drop-in or by leaving out."""
        for path, parsed in _files(tree):
            if path.startswith("/usr/"):
                continue
            before = parsed.text
            if parsed.get("hostonly") == _YES and self.narrow(tree):
                parsed.set("hostonly", "no")
            for word in (parsed.get(_UNWANTED) or "").split():
                if normalise(word) in map(normalise, modules):
                    parsed.remove_token(_UNWANTED, word)
            if parsed.text != before:
                tree.write_text(path, parsed.text)

    def rebuild(self, kernel: Kernel) -> Invocation:
        """Name kernel and image: dracut would take the kernel that runs here.

        What it knows of this machine, its root device for instance, must stay out as well
        (dracutdevs/dracut issue 942).
        """
        image = kernel.initramfs or f"/boot/initramfs-{kernel.release}.img"
        options = ("--force", "--no-hostonly", "--no-hostonly-cmdline")
        return Invocation(argv=("dracut", *options, "--kver", kernel.release, image))


def _evaluate(tree: Tree) -> dict[str, str]:
    variables: dict[str, str] = {}
    for _, parsed in _files(tree):
        variables = parsed.evaluate(variables)
    return variables


def _files(tree: Tree) -> Iterator[tuple[str, ShellFile]]:
    """The configuration in the order it is read; what no shell would read is left out."""
    by_name = {
        posixpath.basename(path): path
        for folder in _FOLDERS
        for path in tree.glob(f"{folder}/*.conf")
    }
    for path in (_MAIN, *(by_name[name] for name in sorted(by_name))):
        try:
            if tree.is_file(path):
                yield path, ShellFile(tree.text(path), path)
        except GuestError:
            continue
