"""GRUB 2: grub.cfg as GRUB carries it out, and the variables its next generation is made from."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.facts.boot_loaders import bls, boot_paths, grub_menu
from bootworthy.guest.facts.boot_loaders.entries import BootEntry, BootLoader, LoaderKind
from bootworthy.guest.facts.boot_loaders.grub_menu import KernelLine, MenuItem
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

# Debian, Arch and Alpine; then Red Hat and SUSE; then Red Hat 7 and 8 with UEFI, where later
# releases have a stub that leads back to the one before.
_CONFIGURATIONS = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/efi/EFI/*/grub.cfg")
_DEFAULTS = ("/etc/default/grub", "/etc/default/grub.d/*.cfg")

# systemd's kernel-command-line(7), init(8), and friendly-recovery of Ubuntu.
_RECOVERY = frozenset(
    {
        "1",
        "S",
        "emergency",
        "recovery",
        "rescue",
        "s",
        "single",
        "systemd.unit=emergency.target",
        "systemd.unit=rescue.target",
    }
)


def read(tree: Tree) -> BootLoader | None:
    """GRUB's configuration, None when there is none.

    Of several configurations, the first with an entry is the one that counts.
    """
    paths = (path for pattern in _CONFIGURATIONS for path in tree.glob(pattern))
    found = [_configuration(tree, path) for path in paths if tree.is_file(path)]
    return next((loader for loader in found if loader.entries), found[0] if found else None)


def _configuration(tree: Tree, path: str) -> BootLoader:
    defaults = _defaults(tree)
    try:
        text = tree.text(path, limit=grub_menu.MAX_CONFIGURATION)
    except (OSError, GuestError) as error:
        return _broken(path, defaults, f"it cannot be read: {error}")
    if not text.strip():
        return _broken(path, defaults, "it is empty")
    if "\0" in text:
        return _broken(path, defaults, "it is not text")
    menu = grub_menu.build(tree, path, text)
    entries = tuple(_entries(tree, menu))
    return BootLoader(
        kind=LoaderKind.GRUB2,
        path=path,
        entries=entries,
        defaults=defaults,
        problem=_problem(menu, has_entries=bool(entries)),
    )


def _broken(path: str, defaults: dict[str, str], problem: str) -> BootLoader:
    return BootLoader(kind=LoaderKind.GRUB2, path=path, defaults=defaults, problem=problem)


def _problem(menu: grub_menu.Menu, *, has_entries: bool) -> str:
    if menu.problems:
        return "; ".join(menu.problems)
    if has_entries:
        return ""
    if menu.uses_boot_loader_specification:
        return f"it asks for the entries of {bls.DIRECTORY}, and there are none"
    return "it has no entry that starts Linux"


def _entries(tree: Tree, menu: grub_menu.Menu) -> Iterator[BootEntry]:
    default = grub_menu.chosen(menu.items, menu.default)
    for item in _flat(menu.items):
        for kernel in item.kernels:
            yield _entry(tree, item, kernel, default=item is default)


def _flat(items: list[MenuItem]) -> Iterator[MenuItem]:
    for item in items:
        yield item
        yield from _flat(item.items or [])


def _entry(tree: Tree, item: MenuItem, kernel: KernelLine, *, default: bool) -> BootEntry:
    return BootEntry(
        title=item.title,
        kernel=boot_paths.in_guest(tree, kernel.kernel),
        initrds=tuple(boot_paths.in_guest(tree, initrd) for initrd in kernel.initrds),
        arguments=kernel.arguments,
        path=kernel.path,
        line=kernel.line,
        default=default,
        recovery=_is_for_repair(item, kernel),
        release=kernel.release,
        form=kernel.form,
    )


def _is_for_repair(item: MenuItem, kernel: KernelLine) -> bool:
    marked = "-recovery-" in item.identifier or bls.is_rescue(item.identifier)
    return marked or bool(_RECOVERY & set(kernel.arguments))


def _defaults(tree: Tree) -> dict[str, str]:
    """The variables that grub-mkconfig would have, files it cannot read left out."""
    variables: dict[str, str] = {}
    for path in (path for pattern in _DEFAULTS for path in tree.glob(pattern)):
        try:
            variables = ShellFile(tree.text(path), path).evaluate(variables)
        except (OSError, GuestError):
            continue
    return variables
