"""Edit fstab: lines out, options in."""

from __future__ import annotations

from bootworthy.guest.editors import fstab as editor
from bootworthy.guest.facts.fstab import PATH
from bootworthy.model.steps import AddMountOptions, DropMounts
from bootworthy.work.target import Target


def drop(step: DropMounts, target: Target) -> None:
    """Take lines out, leaving a comment with the reason."""
    _store(target, editor.drop_lines(target.tree.text(PATH), step.lines, reason=step.reason))


def add_options(step: AddMountOptions, target: Target) -> None:
    """Add options to lines."""
    _store(target, editor.add_options(target.tree.text(PATH), step.lines, step.options))


def _store(target: Target, text: str) -> None:
    if text != target.tree.text(PATH):
        target.tree.write_text(PATH, text)
