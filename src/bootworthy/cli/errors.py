"""What an error looks like: what happened, what to do, and where it happened with ``-vv``."""

from __future__ import annotations

import os
import sys
import traceback

import click

from bootworthy.model.errors import BootworthyError

_BUG = 70
_HOST = 4


def wants_traceback() -> bool:
    """Whether the command line holds ``-vv``."""
    return any(word.startswith("-vv") for word in sys.argv[1:])


def report_error(error: Exception) -> int:
    """Say it on stderr; returns the exit status."""
    if wants_traceback():
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, BootworthyError):
        _say(error.code, error.message, error.hint)
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # The reader of our output went away, as `head` does: nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _HOST
    if isinstance(error, OSError):
        _say("host-io", f"{error.strerror or error}: {error.filename or 'no file named'}", "")
        return _HOST
    _say(
        "bug",
        f"{type(error).__name__}: {error}",
        "this is a bug in bootworthy: run again with -vv and report what it prints",
    )
    return _BUG


def _say(code: str, message: str, hint: str) -> None:
    head = click.style(f"error[{code}]", fg="red", bold=True)
    click.echo(f"{head}: {message}", err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)
