"""Change the arguments of boot entries in the files that hold them, and what later ones get."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from bootworthy.guest.boot_loaders import grub2
from bootworthy.guest.editors import boot_entries, grub_environment, kernel_arguments
from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.facts.boot_loader import BootEntry, BootLoader, EntryFormat, LoaderKind
from bootworthy.guest.facts.boot_loaders import grub_environment as environment_facts
from bootworthy.guest.facts.boot_loaders import systemd_boot
from bootworthy.guest.tree import Tree, WritableTree

# kernel-install(8): what the entry of the next kernel gets; without the file in /etc that of /usr.
KERNEL_COMMAND_LINE = "/etc/kernel/cmdline"
_VENDOR_COMMAND_LINE = "/usr/lib/kernel/cmdline"

ENTRY_NAME = "/etc/kernel/entry-token"
"""The word that kernel-install names entries after instead of the machine id (systemd 251)."""

# What writes a menu anew after a kernel update, and the variable it takes the arguments from:
# Alpine's update-extlinux, Debian's u-boot-update, SUSE's perl-Bootloader.
_TEMPLATES = (
    ("/etc/update-extlinux.conf", "default_kernel_opts"),
    ("/etc/default/u-boot", "U_BOOT_PARAMETERS"),
    ("/etc/sysconfig/bootloader", "DEFAULT_APPEND"),
)

_CHANGES: dict[EntryFormat, Callable[..., str]] = {
    EntryFormat.BOOT_LOADER_SPECIFICATION: boot_entries.change_specification,
    EntryFormat.EXTLINUX: boot_entries.change_extlinux,
    EntryFormat.GRUB_LEGACY: boot_entries.change_grub_legacy,
}


def named_after_machine(tree: Tree, loader: BootLoader) -> BootEntry | None:
    """The entry that boots, where its name is a machine id and kernel-install is told no other."""
    if loader.kind is not LoaderKind.SYSTEMD_BOOT or tree.text_or(ENTRY_NAME).strip():
        return None
    default = (entry for entry in loader.entries if entry.default)
    return next(filter(systemd_boot.machine_in_name, default), None)


def keep_names(tree: WritableTree, loader: BootLoader) -> None:
    """Have updates replace and remove the entries that are there, whatever the machine's id is.

    Otherwise they would make others beside them, which the old ones come before for ever.
    """
    entry = named_after_machine(tree, loader)
    if entry:
        tree.write_text(ENTRY_NAME, systemd_boot.machine_in_name(entry) + "\n")


def change_templates(tree: WritableTree, *, add: Iterable[str], remove: Iterable[str]) -> None:
    """Change what the entries of later kernels will get, wherever that is written."""
    added, removed = tuple(add), tuple(remove)
    path = next(filter(tree.is_file, (KERNEL_COMMAND_LINE, _VENDOR_COMMAND_LINE)), None)
    if path:
        old = tree.text(path)
        line = old.rstrip("\n")
        new = kernel_arguments.change(line, add=added, remove=removed) + old[len(line) :]
        if new != old:
            tree.write_text(KERNEL_COMMAND_LINE, new)
    for path, variable in _TEMPLATES:
        if tree.is_file(path):
            _change_variable(tree, path, variable, added, removed)


def _change_variable(
    tree: WritableTree, path: str, variable: str, add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    parsed = ShellFile(tree.text(path), path)
    if parsed.get(variable) is None:
        return
    for token in remove:
        parsed.remove_token(variable, token)
    for token in add:
        if token not in kernel_arguments.split(parsed.get(variable) or ""):
            parsed.add_token(variable, token)
    if parsed.text != tree.text(path):
        tree.write_text(path, parsed.text)


def change_entries(
    tree: WritableTree, loader: BootLoader, *, add: Iterable[str], remove: Iterable[str]
) -> None:
    """Change every entry that boots now, in whatever file it stands, without running a program.

    A unified kernel image is left alone: its command line is part of what is signed.
    """
    added, removed = tuple(add), tuple(remove)
    files = dict.fromkeys((entry.path, entry.form) for entry in loader.entries)
    uses_environment = False
    for path, form in files:
        if form is EntryFormat.GRUB_SCRIPT:
            grub2.change_entries(tree, path, add=added, remove=removed)
        elif change := _CHANGES.get(form):
            old = tree.text(path)
            uses_environment |= boot_entries.uses_environment(old)
            new = change(old, add=added, remove=removed)
            if new != old:
                tree.write_text(path, new)
    if uses_environment:
        _change_environment(tree, posixpath.dirname(loader.path), added, removed)


def _change_environment(
    tree: WritableTree, folder: str, add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    """``kernelopts`` in grubenv, from which Red Hat 8 has the arguments of all entries."""
    path = f"{folder}/grubenv"
    text = tree.text_or(path)
    old = environment_facts.parse(text).get("kernelopts")
    if old is None:
        return
    new = kernel_arguments.change(old, add=add, remove=remove)
    if new != old:
        tree.write_text(path, grub_environment.set_variable(text, "kernelopts", new))
