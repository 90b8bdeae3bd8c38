"""Have drivers inside the initramfs of every bootable kernel, and in those of later kernels."""

from __future__ import annotations

import errno
from dataclasses import replace

from bootworthy.guest.editors import initramfs as editor
from bootworthy.guest.facts import initramfs as facts
from bootworthy.guest.facts.boot_loader import EntryFormat
from bootworthy.guest.facts.kernels import Kernel, ModuleState
from bootworthy.guest.guest import Guest
from bootworthy.guest.initramfs_builders.builder import InitramfsBuilder
from bootworthy.guest.initramfs_builders.registry import builder_of
from bootworthy.model.errors import GuestError
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.work.steps import boot_copies
from bootworthy.work.target import InitramfsWay, StepFailedError, Target

# The article's suffix, with the whole name kept in front of it.
_BACKUP = ".bak"


def update(step: UpdateInitramfs, target: Target) -> None:
    """Write the builder's configuration, then mend each image that lacks something.

    The guest's own builder is asked where its programs run at native speed; what it leaves out
    (it can end well and do so), and where it cannot run, is put in without it.

    Raises:
        StepFailedError: an image could not be mended; the others are.
    """
    builder = builder_of(target.tree)
    guest = target.guest
    if builder and guest.bootable_kernels:
        builder.keep_modules(target.tree, _loadable(guest.bootable_kernels[0], step))
    failed = [
        problem
        for kernel in guest.bootable_kernels
        if _lacks(guest, kernel, step)
        if (problem := _mend(step, kernel, builder, target))
    ]
    if failed:
        raise StepFailedError("\n".join(failed))


def _loadable(kernel: Kernel, step: UpdateInitramfs) -> tuple[str, ...]:
    return tuple(name for name in step.modules if kernel.module(name) is ModuleState.LOADABLE)


def _lacks(guest: Guest, kernel: Kernel, step: UpdateInitramfs) -> str:
    """What is wrong with the initramfs of a kernel, in words; empty when nothing is."""
    if kernel.initramfs is None or not guest.tree.is_file(kernel.initramfs):
        return "there is none"
    inside = guest.initramfs(kernel.initramfs)
    if inside.problem:
        return inside.problem
    missing = [name for name in _loadable(kernel, step) if not inside.has_module(name)]
    if missing:
        return f"no {', '.join(missing)}"
    stale = [path for path, text in step.files if inside.small_files.get(path, text) != text]
    return f"{', '.join(stale)} is stale" if stale else ""


def _mend(
    step: UpdateInitramfs, kernel: Kernel, builder: InitramfsBuilder | None, target: Target
) -> str:
    """What is still wrong afterwards."""
    if _is_unified(target.guest, kernel):
        return (
            f"the initramfs of {kernel.release} is part of {kernel.initramfs}: have the guest's "
            "kernel-install or ukify make that image again"
        )
    _back_up(kernel, target)
    wants_rebuild = target.options.initramfs is InitramfsWay.REBUILD
    if builder and (wants_rebuild or _may_rebuild(target)):
        problem = _rebuild(step, kernel, builder, target)
        if not problem:
            return ""
        target.note(f"{builder.name} did not do it ({problem}); the modules are added without it")
    return _append(step, kernel, target)


def _is_unified(guest: Guest, kernel: Kernel) -> bool:
    """Whether the initramfs is a section of a signed program, to which nothing can be added."""
    return any(
        entry.form is EntryFormat.UNIFIED and entry.path == kernel.initramfs
        for entry in guest.boot_loader.entries
    )


def _may_rebuild(target: Target) -> bool:
    if target.options.initramfs is InitramfsWay.APPEND:
        return False
    return target.runs_at_native_speed or target.dry


def _back_up(kernel: Kernel, target: Target) -> None:
    """Keep the image as it was, once, if there is room for both."""
    tree = target.tree
    # A boot loader's own partition has no room to spare.
    path = kernel.copied_from or kernel.initramfs
    if path is None or not tree.is_file(path) or tree.exists(path + _BACKUP):
        return
    try:
        tree.write(
            path + _BACKUP, tree.read(path, limit=boot_copies.LIMIT), mode=tree.status(path).mode
        )
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        if tree.exists(path + _BACKUP):
            tree.remove(path + _BACKUP)
        target.note(f"no room for a backup of {path}")


def _rebuild(
    step: UpdateInitramfs, kernel: Kernel, builder: InitramfsBuilder, target: Target
) -> str:
    """Run the guest's builder and read the result again; what is wrong with it."""
    original = replace(kernel, initramfs=kernel.copied_from or kernel.initramfs)
    if original.initramfs:
        target.tree.watch(original.initramfs)
    completed = target.run(builder.rebuild(original))
    if target.dry:
        return ""
    if completed.code != 0:
        return f"exit {completed.code}: {completed.last_lines(1)}"
    try:
        boot_copies.refresh(kernel, target)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return f"no room for it at {kernel.initramfs}"
    guest = target.guest
    fresh = next((item for item in guest.kernels if item.release == kernel.release), kernel)
    return _lacks(guest, fresh, step)


def _append(step: UpdateInitramfs, kernel: Kernel, target: Target) -> str:
    """Put the modules in without running a program; what is wrong afterwards."""
    path = kernel.initramfs
    if path is None or not target.tree.is_file(path):
        return f"{kernel.release} has no initramfs to add modules to"
    data = target.tree.read(path, limit=boot_copies.LIMIT)
    image = facts.parse(data, path)
    files = {name: text for name, text in step.files if image.small_files.get(name, text) != text}
    try:
        read = editor.module_reader(target.tree, kernel)
        extended = editor.add_modules(
            data, image, kernel, _loadable(kernel, step), read, files=files
        )
    except GuestError as error:
        return error.message
    if extended.data != data:
        target.tree.write(path, extended.data)
        target.programs.append(_told(path, extended.modules))
    return _lacks(target.guest, kernel, step)


def _told(path: str, modules: tuple[str, ...]) -> Change:
    detail = f"added {', '.join(modules)}" if modules else "settings replaced"
    return Change(kind=ChangeKind.EDITED, what=path, step="", detail=detail)
