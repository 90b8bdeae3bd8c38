"""Write, set keys in, remove and empty files."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from bootworthy.guest.editors.key_value import set_keys as edit_keys
from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.tree import Kind, Status, WritableTree
from bootworthy.model.steps import EmptyFiles, RemovePaths, SetKeys, WriteFile
from bootworthy.work.target import StepFailedError, Target

# What a shell reads: a value with a blank in it has to stand in quotes.
_SOURCED = "/etc/default/"


def write(step: WriteFile, target: Target) -> None:
    """Make the file hold exactly the step's text."""
    if target.tree.text_or(step.path, "\0") == step.text:
        return
    target.tree.write_text(step.path, step.text, mode=step.mode)


def set_keys(step: SetKeys, target: Target) -> None:
    """Set keys, keeping comments and order; a dry target imagines a file that is not there yet.

    Raises:
        StepFailedError: the file is not there: its package could not be installed.
    """
    if not target.tree.is_file(step.path) and not target.dry:
        raise StepFailedError(f"{step.path} is not there")
    old = target.tree.text_or(step.path)
    edit = _assign if step.path.startswith(_SOURCED) else edit_keys
    new = edit(old, dict(step.settings), path=step.path)
    if new != old:
        target.tree.write_text(step.path, new)


def _assign(text: str, settings: Mapping[str, str], *, path: str) -> str:
    file = ShellFile(text, path)
    for name, value in settings.items():
        file.set(name, value)
    return file.text


def remove(step: RemovePaths, target: Target) -> None:
    """Remove what matches; whole directories too, links themselves and not what they lead to."""
    for pattern in step.patterns:
        for path in target.tree.glob(pattern):
            if posixpath.basename(path) not in (".", ".."):
                target.tree.remove(path)


def empty(step: EmptyFiles, target: Target) -> None:
    """Cut regular files to nothing, keeping owner and mode."""
    for pattern in step.patterns:
        for path in target.tree.glob(pattern):
            status = _status(target.tree, path)
            if status and status.kind is Kind.FILE and status.size:
                target.tree.write(path, b"")


def _status(tree: WritableTree, path: str) -> Status | None:
    try:
        return tree.link_status(path)
    except OSError:
        return None
