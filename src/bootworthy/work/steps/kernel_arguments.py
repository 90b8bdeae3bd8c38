"""Change the kernel command line: in the defaults, and in every entry that boots now."""

from __future__ import annotations

from bootworthy.guest.boot_loaders import entry_files, grub2
from bootworthy.guest.facts.boot_loader import BootLoader, EntryFormat, LoaderKind
from bootworthy.guest.guest import Guest
from bootworthy.model.steps import SetKernelArguments
from bootworthy.work.target import StepFailedError, Target


def set_arguments(step: SetKernelArguments, target: Target) -> None:
    """Edit the defaults, have the guest write its menu anew, and edit the menu where that fails.

    Raises:
        StepFailedError: no boot loader that we know is configured, or its entries are signed.
    """
    loader = target.guest.boot_loader
    if loader.kind is LoaderKind.NONE:
        raise StepFailedError("no boot loader configuration was found")
    entry_files.change_templates(target.tree, add=step.add, remove=step.remove)
    if loader.kind is LoaderKind.GRUB2:
        _change_grub(step, loader, target)
    else:
        entry_files.change_entries(target.tree, loader, add=step.add, remove=step.remove)
    if any(entry.form is EntryFormat.UNIFIED for entry in loader.entries):
        raise StepFailedError(
            "a unified kernel image holds its own command line: /etc/kernel/cmdline is changed, "
            "have the guest's kernel-install or ukify make the image again"
        )


def _change_grub(step: SetKernelArguments, loader: BootLoader, target: Target) -> None:
    grub2.change_defaults(target.tree, add=step.add, remove=step.remove)
    target.tree.watch(loader.path)
    refreshed = _refresh(step, loader, target)
    if step.variables and not refreshed:
        target.note(f"{loader.path} has {', '.join(step.variables)} when it is written anew")
    if not refreshed or target.dry or _is_elsewhere(loader) or not holds(step, target.guest):
        # A step that asks for nothing asks for what the defaults say.
        add = step.add if step.add or step.remove else grub2.command_line(target.tree)
        entry_files.change_entries(
            target.tree, target.guest.boot_loader, add=add, remove=step.remove
        )


def _refresh(step: SetKernelArguments, loader: BootLoader, target: Target) -> bool:
    """Whether the guest's own program wrote the menu anew."""
    if _is_elsewhere(loader) and not step.variables:
        return False
    program = grub2.refresh(target.tree, loader.path)
    if program is None or not (target.dry or target.runs_at_native_speed):
        return False
    before = target.guest.boot_loader
    completed = target.run(program)
    if completed.code != 0:
        target.note(
            f"{program.argv[0]} failed, the menu is edited instead: {completed.last_lines(1)}"
        )
        return False
    return target.dry or _is_whole(before, target.guest.boot_loader)


def _is_elsewhere(loader: BootLoader) -> bool:
    """Whether no entry stands in the menu itself: writing that anew changes no argument then.

    Red Hat's grub2-mkconfig leaves the files of the Boot Loader Specification as they are.
    """
    forms = {entry.form for entry in loader.entries}
    return bool(forms) and EntryFormat.GRUB_SCRIPT not in forms


def _is_whole(before: BootLoader, after: BootLoader) -> bool:
    """Whether the new menu starts all kernels of the old one, by the same root devices."""
    if after.problem:
        return False
    lost = {entry.kernel for entry in before.entries} - {entry.kernel for entry in after.entries}
    roots = {value for entry in after.entries for value in entry.values("root")}
    return not lost and not any(root.startswith(("/dev/loop", "/dev/sd")) for root in roots)


def holds(step: SetKernelArguments, guest: Guest) -> bool:
    """Whether every entry has what the step adds; recovery entries count too."""
    entries = guest.boot_loader.entries
    return bool(entries) and all(entry.has(token) for entry in entries for token in step.add)
