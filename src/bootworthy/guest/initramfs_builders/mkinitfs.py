"""mkinitfs, of Alpine: mkinitfs(1), mkinitfs.conf."""

from __future__ import annotations

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts import kernels
from bootworthy.guest.facts.kernels import Kernel, normalise
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.finding import Place

_CONFIGURATION = "/etc/mkinitfs/mkinitfs.conf"
_FEATURE = "azure"
_MODULES = f"/etc/mkinitfs/features.d/{_FEATURE}.modules"


class Mkinitfs(InitramfsBuilder):
    """mkinitfs: features, each a list of modules by path, chosen in one variable."""

    name = "mkinitfs"
    place = Place(_CONFIGURATION)

    def is_present(self, tree: Tree) -> bool:
        """Whether mkinitfs is there."""
        return tree.is_file("/sbin/mkinitfs") or tree.is_file("/usr/sbin/mkinitfs")

    def unlisted(self, tree: Tree, modules: tuple[str, ...]) -> tuple[str, ...]:
        """Modules that no chosen feature lists by name."""
        features = _features(tree)
        texts = (tree.text_or(f"/etc/mkinitfs/features.d/{name}.modules") for name in features)
        listed = {normalise(word.rstrip("*")) for text in texts for word in text.split()}
        return tuple(name for name in modules if normalise(name) not in listed)

    def narrow(self, tree: Tree) -> tuple[tuple[Place, str], ...]:
        """Nothing: it knows no images for one machine."""
        del tree
        return ()

    def keep_modules(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """A feature of our own with the modules that no other has."""
        missing = self.unlisted(tree, modules)
        if not missing:
            return
        installed = kernels.read(tree)
        paths = installed[0].loadable if installed else {}
        lines = [
            f"{paths[normalise(name)].split('.ko', 1)[0]}.ko*\n"
            for name in missing
            if normalise(name) in paths
        ]
        tree.write_text(_MODULES, tree.text_or(_MODULES) + "".join(lines))
        parsed = ShellFile(tree.text_or(_CONFIGURATION), _CONFIGURATION)
        if _FEATURE not in _features(tree):
            parsed.add_token("features", _FEATURE)
            tree.write_text(_CONFIGURATION, parsed.text)

    def rebuild(self, kernel: Kernel) -> Invocation:
        """Name kernel and image: mkinitfs would take the kernel that runs here."""
        image = kernel.initramfs or f"/boot/initramfs-{kernel.release}"
        return Invocation(argv=("mkinitfs", "-o", image, kernel.release))


def _features(tree: Tree) -> list[str]:
    text = tree.text_or(_CONFIGURATION)
    return (ShellFile(text, _CONFIGURATION).get("features") or "").split()
