"""Carry out a plan on a target, step by step, and tell what changed."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bootworthy.model.events import Observer, StepFinished, StepStarted
from bootworthy.model.plan import Change, ChangeKind, Plan, PlannedStep
from bootworthy.model.steps import (
    AddMountOptions,
    AllowModules,
    ConfigureDhcp,
    DisableUnits,
    DropMounts,
    EmptyFiles,
    EnableUnits,
    InstallPackages,
    InstallRemovableLoader,
    LoadInitramfs,
    LockPasswords,
    RemoveAccounts,
    RemovePaths,
    ResetHostName,
    ResetMachineId,
    SetKernelArguments,
    SetKeys,
    Step,
    UpdateInitramfs,
    WriteFile,
)
from bootworthy.work.steps import (
    accounts,
    boot_files,
    files,
    identity,
    initramfs,
    initrd_lines,
    kernel_arguments,
    modules,
    mounts,
    network,
    packages,
    services,
)
from bootworthy.work.target import StepFailedError, Target

# The one place that says which function carries out which step.
_EXECUTORS: dict[type[Any], Callable[[Any, Target], None]] = {
    InstallPackages: packages.install,
    WriteFile: files.write,
    SetKeys: files.set_keys,
    RemovePaths: files.remove,
    EmptyFiles: files.empty,
    AllowModules: modules.allow,
    DropMounts: mounts.drop,
    AddMountOptions: mounts.add_options,
    ConfigureDhcp: network.configure_dhcp,
    EnableUnits: services.enable,
    DisableUnits: services.disable,
    UpdateInitramfs: initramfs.update,
    SetKernelArguments: kernel_arguments.set_arguments,
    LoadInitramfs: initrd_lines.load,
    InstallRemovableLoader: boot_files.install_removable,
    LockPasswords: accounts.lock,
    RemoveAccounts: accounts.remove,
    ResetMachineId: identity.reset_machine_id,
    ResetHostName: identity.reset_host_name,
}

# A write into the guest fails so when its own file system is full; a full host fails otherwise.
_FULL = (errno.ENOSPC, errno.EDQUOT)


def carry_out(plan: Plan, target: Target) -> tuple[Change, ...]:
    """Carry out every step; one that fails is skipped with its reason, and the rest go on.

    Raises:
        GuestError: a file of the guest is broken where it has to be edited.
        HostError: the engine failed.
    """
    return tuple(change for planned in plan.steps for change in _one(planned, target))


def _one(planned: PlannedStep, target: Target) -> Iterator[Change]:
    step = planned.step
    observer = target.options.observer
    began = _begin(observer, step)
    skipped: tuple[Change, ...] = ()
    try:
        _EXECUTORS[type(step)](step, target)
    except StepFailedError as error:
        skipped = (_skipped(step, str(error)),)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        skipped = (_skipped(step, f"{error.filename}: no space left in the guest"),)
    changes = (*target.take_changes(), *skipped)
    _end(observer, step, began, changes)
    yield from (replace(change, step=step.kind, rules=planned.rules) for change in changes)


def _skipped(step: Step, reason: str) -> Change:
    return Change(kind=ChangeKind.SKIPPED, what=describe(step), step=step.kind, detail=reason)


def _begin(observer: Observer, step: Step) -> float:
    observer(StepStarted(describe(step)))
    return time.monotonic()


def _end(observer: Observer, step: Step, began: float, changes: tuple[Change, ...]) -> None:
    skipped = [change.detail for change in changes if change.kind is ChangeKind.SKIPPED]
    detail = f"not done: {skipped[0].splitlines()[0]}" if skipped else ""
    observer(StepFinished(describe(step), time.monotonic() - began, detail))


def describe(step: Step) -> str:
    """A step in a few words, for progress and reports."""
    match step:
        case InstallPackages():
            return f"Install {', '.join(step.packages)}"
        case WriteFile() | SetKeys():
            return f"{'Write' if isinstance(step, WriteFile) else 'Edit'} {step.path}"
        case EnableUnits():
            return f"Enable {', '.join(step.units)}"
        case DisableUnits():
            return f"Disable {', '.join(step.units)}"
        case RemovePaths() | EmptyFiles():
            more = f" and {len(step.patterns) - 1} more" if len(step.patterns) > 1 else ""
            verb = "Remove" if isinstance(step, RemovePaths) else "Empty"
            return f"{verb} {step.patterns[0]}{more}"
        case LockPasswords() | RemoveAccounts():
            verb = "Lock" if isinstance(step, LockPasswords) else "Remove"
            return f"{verb} {', '.join(step.accounts)}"
        case _:
            return _TITLES.get(type(step), step.kind.replace("-", " ").capitalize())


_TITLES: dict[type[Any], str] = {
    AllowModules: "Let drivers load",
    DropMounts: "Take lines out of /etc/fstab",
    AddMountOptions: "Let the boot go on without missing disks",
    ConfigureDhcp: "Configure eth0 by DHCP",
    UpdateInitramfs: "Put Azure's drivers into the initramfs",
    SetKernelArguments: "Change the kernel command line",
    LoadInitramfs: "Have boot entries load their initramfs",
    InstallRemovableLoader: "Install the boot loader at the removable path",
    ResetMachineId: "Reset the machine id",
    ResetHostName: "Reset the host name",
}
