"""booster, of Arch: its manual, docs/manpage.md of github.com/anatol/booster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bootworthy.guest.editors.yaml_scalars import set_scalars
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts import kernels, yaml_mapping
from bootworthy.guest.facts.kernels import Kernel, normalise
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.finding import Place

_CONFIGURATION = "/etc/booster.yaml"
_PROGRAM = "/usr/bin/booster"
_IMAGES = "/boot/booster-*.img"

# Arch installs one builder with its base system; booster may have been put beside it.
_OTHER = "/usr/bin/mkinitcpio"

_MODULES, _FORCED = "modules", "modules_force_load"

# Without it the image holds the modules that the machine at hand has loaded.
_UNIVERSAL = "universal"


class Booster(InitramfsBuilder):
    """booster and its one file of settings."""

    name = "booster"
    place = Place(_CONFIGURATION)

    def is_present(self, tree: Tree) -> bool:
        """Whether booster is there, and made an image where another builder could have."""
        return tree.is_file(_PROGRAM) and (not tree.is_file(_OTHER) or bool(tree.glob(_IMAGES)))

    def unlisted(self, tree: Tree, modules: tuple[str, ...]) -> tuple[str, ...]:
        """Modules that no list names, or that one takes out again."""
        settings = _settings(tree)
        words = [*_words(settings, _MODULES), *_words(settings, _FORCED)]
        folders = any(word.endswith("/") for word in words)
        paths = _paths(tree) if folders else {}
        return tuple(name for name in modules if not _is_listed(normalise(name), words, paths))

    def narrow(self, tree: Tree) -> tuple[tuple[Place, str], ...]:
        """An image of this machine's modules, which is what booster makes unless it is told."""
        settings = _settings(tree)
        if settings.get(_UNIVERSAL) is True:
            return ()
        word = "universal: false" if _UNIVERSAL in settings else "universal is not set"
        return ((self.place, word),)

    def keep_modules(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """Name the modules behind all others, for the last word on one counts."""
        missing = self.unlisted(tree, modules)
        if not missing and not self.narrow(tree):
            return
        wanted: dict[str, str | bool] = {_UNIVERSAL: True}
        if missing:
            wanted[_MODULES] = ",".join((*_words(_settings(tree), _MODULES), *missing))
        text = tree.text_or(_CONFIGURATION)
        tree.write_text(_CONFIGURATION, set_scalars(text, wanted, path=_CONFIGURATION))

    def rebuild(self, kernel: Kernel) -> Invocation:
        """Name the kernel: booster would take the one that runs here."""
        image = kernel.initramfs or _image_of(kernel)
        options = ("--force", "--universal", "--kernel-version", kernel.release)
        return Invocation(argv=("booster", "build", *options, image))


def _image_of(kernel: Kernel) -> str:
    """What regenerate_images calls it: vmlinuz-linux has booster-linux.img."""
    name = (kernel.image or f"vmlinuz-{kernel.release}").rpartition("/")[2]
    return f"/boot/booster-{name.removeprefix('vmlinuz-')}.img"


def _settings(tree: Tree) -> Mapping[str, Any]:
    return yaml_mapping.parse(tree.text_or(_CONFIGURATION)).data


def _words(settings: Mapping[str, Any], name: str) -> Iterator[str]:
    """The elements of a list that is written with commas (generator/config.go, parseCommaList)."""
    value = settings.get(name)
    yield from filter(None, map(str.strip, value.split(",") if isinstance(value, str) else ()))


def _is_listed(name: str, words: list[str], paths: Mapping[str, str]) -> bool:
    """Each element adds modules or, with a minus, takes them out (kmod.go, activateModules)."""
    listed = False
    for word in words:
        pattern = word.removeprefix("-")
        in_folder = pattern.endswith("/") and paths.get(name, "").startswith(pattern)
        if pattern == "*" or in_folder or normalise(pattern) == name:
            listed = pattern == word
    return listed


def _paths(tree: Tree) -> Mapping[str, str]:
    """Where the newest kernel has its modules."""
    installed = kernels.read(tree)
    return installed[0].loadable if installed else {}
