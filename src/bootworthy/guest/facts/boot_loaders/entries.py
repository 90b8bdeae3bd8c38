"""What every boot loader comes down to: entries with their command lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class LoaderKind(StrEnum):
    """The boot loader whose configuration was found."""

    GRUB2 = "grub2"
    SYSTEMD_BOOT = "systemd-boot"
    EXTLINUX = "extlinux"
    GRUB_LEGACY = "grub-legacy"
    UNIFIED = "unified kernel image"
    NONE = "none"


class EntryFormat(StrEnum):
    """How the file that holds an entry's arguments is written."""

    GRUB_SCRIPT = "grub script"
    BOOT_LOADER_SPECIFICATION = "boot loader specification"
    EXTLINUX = "extlinux"
    GRUB_LEGACY = "grub legacy"
    UNIFIED = "unified kernel image"


@dataclass(frozen=True, kw_only=True)
class BootEntry:
    """One entry of the boot menu.

    ``kernel`` and ``initrds`` are paths in the guest (a separate /boot is put back in front, links
    are followed); ``path`` and ``line`` (1-based) say where the kernel line stands. ``recovery``
    marks entries for single-user repair. A menu entry that starts one of several kernels,
    depending on what is known at boot alone, gives one of these for each. ``release`` is the
    kernel's, where the entry itself says so; ``form`` is the format of ``path``.
    """

    title: str
    kernel: str
    initrds: tuple[str, ...]
    arguments: tuple[str, ...]
    path: str
    line: int
    default: bool = False
    recovery: bool = False
    release: str = ""
    form: EntryFormat = EntryFormat.GRUB_SCRIPT

    def values(self, name: str) -> tuple[str, ...]:
        """The values of every ``name=value`` token, in order."""
        head = name + "="
        return tuple(word[len(head) :] for word in self.arguments if word.startswith(head))

    def has(self, token: str) -> bool:
        """Whether the token stands on the line, whole."""
        return token in self.arguments


@dataclass(frozen=True, kw_only=True)
class BootLoader:
    """The boot loader's configuration as it is read at boot.

    ``defaults`` holds the variables that the next generated configuration will use (GRUB:
    /etc/default/grub and its drop-ins, in the order the shell would read them). ``problem`` says
    why entries are missing; those that could be read are there.
    """

    kind: LoaderKind
    path: str
    entries: tuple[BootEntry, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
