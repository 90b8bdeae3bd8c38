"""mkinitrd of SUSE before release 12: mkinitrd(8), INITRD_MODULES in /etc/sysconfig/kernel."""

from __future__ import annotations

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts.kernels import Kernel, normalise
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.finding import Place

_CONFIGURATION = "/etc/sysconfig/kernel"
_VARIABLE = "INITRD_MODULES"


class Mkinitrd(InitramfsBuilder):
    """mkinitrd, whose images hold what one variable names."""

    name = "mkinitrd"
    place = Place(_CONFIGURATION)

    def is_present(self, tree: Tree) -> bool:
        """Whether it is there with its variable; later releases have a wrapper around dracut."""
        return tree.is_file("/sbin/mkinitrd") and _VARIABLE in tree.text_or(_CONFIGURATION)

    def unlisted(self, tree: Tree, modules: tuple[str, ...]) -> tuple[str, ...]:
        """Modules that INITRD_MODULES does not name."""
        parsed = ShellFile(tree.text_or(_CONFIGURATION), _CONFIGURATION)
        listed = {normalise(word) for word in (parsed.get(_VARIABLE) or "").split()}
        return tuple(name for name in modules if normalise(name) not in listed)

    def narrow(self, tree: Tree) -> tuple[tuple[Place, str], ...]:
        """Nothing beyond the variable decides."""
        del tree
        return ()

    def keep_modules(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """Name the modules in the variable."""
        missing = self.unlisted(tree, modules)
        if missing:
            parsed = ShellFile(tree.text(_CONFIGURATION), _CONFIGURATION)
            for name in missing:
                parsed.add_token(_VARIABLE, name)
            tree.write_text(_CONFIGURATION, parsed.text)

    def rebuild(self, kernel: Kernel) -> Invocation:
        """Name kernel and image by their files in /boot."""
        image = (kernel.initramfs or f"/boot/initrd-{kernel.release}").removeprefix("/boot/")
        name = (kernel.image or f"/boot/vmlinuz-{kernel.release}").removeprefix("/boot/")
        return Invocation(argv=("mkinitrd", "-k", name, "-i", image))
