"""Have what was written labelled for SELinux at the next boot."""

from __future__ import annotations

from collections.abc import Iterable

from bootworthy.guest.facts import selinux
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.work.target import Target

# What leaves files without a label: new ones, and what a program of the guest wrote outside of
# its own policy. A file that is replaced keeps the label it had.
_UNLABELLED = (ChangeKind.CREATED, ChangeKind.PROGRAM)


def mark(changes: Iterable[Change], target: Target) -> None:
    """Leave the mark that has the guest label all its files, where something lacks its label."""
    if not any(change.kind in _UNLABELLED for change in changes):
        return
    tree = target.tree
    if selinux.read(tree).is_on and not tree.exists(selinux.RELABEL_MARK):
        tree.write_text(selinux.RELABEL_MARK, "-F\n", mode=0o600)
