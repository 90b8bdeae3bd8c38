"""Change the kernel command line: in the defaults, and in every entry that boots now."""

from __future__ import annotations

from bootworthy.guest.boot_loaders import grub2
from bootworthy.guest.facts.boot_loader import BootLoader, LoaderKind
from bootworthy.guest.guest import Guest
from bootworthy.model.steps import SetKernelArguments
from bootworthy.work.target import StepFailedError, Target


def set_arguments(step: SetKernelArguments, target: Target) -> None:
    """Edit the defaults, have the guest write its menu anew, and edit the menu where that fails.

    Raises:
        StepFailedError: no boot loader that we know is configured.
    """
    loader = target.guest.boot_loader
    if loader.kind is not LoaderKind.GRUB2:
        raise StepFailedError("no GRUB 2 configuration was found")
    grub2.change_defaults(target.tree, add=step.add, remove=step.remove)
    target.tree.watch(loader.path)
    refreshed = _refresh(loader, target)
    if not refreshed or target.dry or not holds(step, target.guest):
        # A step that asks for nothing asks for what the defaults say.
        add = step.add if step.add or step.remove else grub2.command_line(target.tree)
        grub2.change_entries(target.tree, loader.path, add=add, remove=step.remove)


def _refresh(loader: BootLoader, target: Target) -> bool:
    """Whether the guest's own program wrote the menu anew."""
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
