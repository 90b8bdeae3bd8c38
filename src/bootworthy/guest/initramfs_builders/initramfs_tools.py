"""initramfs-tools, of Debian and Ubuntu: mkinitramfs(8), initramfs.conf(5).

``mkinitramfs --with=``, which the article uses, does not exist (its getopt string is
``c:d:hkl:o:r:v``); /etc/initramfs-tools/modules is how modules are added.
"""

from __future__ import annotations

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts.kernels import Kernel, normalise
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.finding import Place

_MODULES = "/etc/initramfs-tools/modules"
_CONFIGURATION = ("/etc/initramfs-tools/initramfs.conf", "/etc/initramfs-tools/conf.d/*")

# ``dep`` takes the drivers of the machine that builds the image and leaves every other out;
# ``list`` takes only those in the modules file.
_FOREIGN_ONLY = ("dep", "list")


class InitramfsTools(InitramfsBuilder):
    """update-initramfs and its configuration below /etc/initramfs-tools."""

    name = "initramfs-tools"
    place = Place(_MODULES)

    def is_present(self, tree: Tree) -> bool:
        """Whether update-initramfs is there, and is not the one that dracut brings."""
        has_dracut = tree.is_file("/usr/bin/dracut") or tree.is_file("/usr/sbin/dracut")
        own = tree.is_file("/usr/sbin/mkinitramfs") or not has_dracut
        return own and tree.is_file("/usr/sbin/update-initramfs")

    def unlisted(self, tree: Tree, modules: tuple[str, ...]) -> tuple[str, ...]:
        """Modules that /etc/initramfs-tools/modules does not list."""
        return tuple(module for module in modules if normalise(module) not in _listed(tree))

    def narrow(self, tree: Tree) -> tuple[tuple[Place, str], ...]:
        """MODULES=dep and MODULES=list, wherever they are set."""
        return tuple(
            (Place(path), f"MODULES={parsed.get('MODULES')}")
            for path, parsed in _narrow_files(tree)
        )

    def keep_modules(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """List the modules and set MODULES=most wherever it says otherwise."""
        missing = self.unlisted(tree, modules)
        if missing:
            text = tree.text_or(_MODULES)
            gap = "" if not text or text.endswith("\n") else "\n"
            tree.write_text(_MODULES, text + gap + "".join(f"{module}\n" for module in missing))
        for path, parsed in _narrow_files(tree):
            parsed.set("MODULES", "most")
            tree.write_text(path, parsed.text)

    def rebuild(self, kernel: Kernel) -> Invocation:
        """``-u`` keeps the old image when the new one fails; ``-c`` makes the first one."""
        action = "-u" if kernel.initramfs else "-c"
        return Invocation(argv=("update-initramfs", action, "-k", kernel.release))


def _listed(tree: Tree) -> set[str]:
    lines = tree.text_or(_MODULES).splitlines()
    words = (line.split("#", 1)[0].split() for line in lines)
    return {normalise(parts[0]) for parts in words if parts}


def _narrow_files(tree: Tree) -> list[tuple[str, ShellFile]]:
    found = []
    paths = (path for pattern in _CONFIGURATION for path in tree.glob(pattern))
    for path in filter(tree.is_file, paths):
        parsed = ShellFile(tree.text(path), path)
        if parsed.get("MODULES") in _FOREIGN_ONLY:
            found.append((path, parsed))
    return found
