"""What is asked of a program that makes initramfs images."""

from __future__ import annotations

from abc import ABC, abstractmethod

from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.finding import Place


class InitramfsBuilder(ABC):
    """One program: how to tell it which modules to keep, and how to run it."""

    name: str

    place: Place
    """Where the modules to include are listed."""

    @abstractmethod
    def is_present(self, tree: Tree) -> bool:
        """Whether the guest has this program."""

    @abstractmethod
    def keep_modules(self, tree: WritableTree, modules: tuple[str, ...]) -> None:
        """Have ``modules`` and the drivers of any machine in every image made from now on."""

    @abstractmethod
    def unlisted(self, tree: Tree, modules: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``modules`` that the configuration does not ask for."""

    @abstractmethod
    def narrow(self, tree: Tree) -> tuple[tuple[Place, str], ...]:
        """Settings that leave the drivers of other machines out: where, and what they say."""

    @abstractmethod
    def rebuild(self, kernel: Kernel) -> Invocation:
        """The program that makes the image of ``kernel`` anew."""
