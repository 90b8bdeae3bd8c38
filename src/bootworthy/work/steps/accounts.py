"""Lock passwords and remove accounts."""

from __future__ import annotations

from bootworthy.guest.editors import accounts as editor
from bootworthy.model.errors import UsageError
from bootworthy.model.steps import LockPasswords, RemoveAccounts
from bootworthy.work.target import StepFailedError, Target


def lock(step: LockPasswords, target: Target) -> None:
    """Make the accounts refuse every password."""
    for name in step.accounts:
        editor.lock_password(target.tree, name)


def remove(step: RemoveAccounts, target: Target) -> None:
    """Delete accounts with all that is theirs.

    Raises:
        StepFailedError: an account is not a person's, and stays.
    """
    try:
        for name in step.accounts:
            editor.remove_account(target.tree, name)
    except UsageError as error:
        raise StepFailedError(error.message) from error
