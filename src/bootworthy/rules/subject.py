"""What a rule looks at: the image, the guest inside it, and what it is meant to become."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

from bootworthy.disk.image import Image
from bootworthy.guest.guest import Guest
from bootworthy.model.errors import InternalError
from bootworthy.model.intent import Architecture, Generation, Intent


@dataclass(kw_only=True)
class Subject:
    """An image with its guest, or a guest alone (a directory, the running machine).

    ``live`` is True for the running machine, whose identity a check must not call stale. ``now``
    is the time that ages are told by.
    """

    intent: Intent = field(default_factory=Intent)
    image: Image | None = None
    guest: Guest | None = None
    live: bool = False
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))

    @property
    def disk(self) -> Image:
        """The image of a rule whose conditions say that there is one."""
        return self.image or _missing("image")

    @property
    def linux(self) -> Guest:
        """The guest of a rule whose conditions say that there is one."""
        return self.guest or _missing("guest")

    @cached_property
    def generations(self) -> frozenset[Generation]:
        """The generations the image is meant for: the user's choice, else what it can boot as."""
        if self.intent.generation is not None:
            return frozenset({self.intent.generation})
        if self.image is not None:
            return self.image.generations
        return _generations_of_tree(self.guest) if self.guest else frozenset()

    @property
    def architecture(self) -> Architecture:
        """The architecture of the guest; x64 when it cannot be told."""
        found = self.guest.architecture if self.guest else None
        return found or Architecture.X64


def _generations_of_tree(guest: Guest) -> frozenset[Generation]:
    uefi = any(guest.tree.is_dir(path) for path in ("/boot/efi/EFI", "/efi/EFI"))
    bios = any(guest.tree.is_dir(f"/boot/{name}/i386-pc") for name in ("grub", "grub2"))
    found = {Generation.UEFI: uefi, Generation.BIOS: bios}
    return frozenset(generation for generation, there in found.items() if there)


def _missing(what: str) -> NoReturn:
    raise InternalError("rule-without-condition", f"a rule asked for the {what} and there is none")
