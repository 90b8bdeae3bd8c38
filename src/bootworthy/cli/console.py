"""A machine's serial console in this terminal."""

from __future__ import annotations

import os
import select
import shlex
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bootworthy.rehearsal.power import Running

# Control-], which telnet and virsh console leave by.
_LEAVE = b"\x1d"
_POLL = 0.2
_PIECE = 4096


def attend(running: Running, log_in: Sequence[str]) -> None:
    """Connect terminal and machine until Control-] is typed or the machine is off.

    Every other key goes to the machine, Control-C as well. ``log_in`` is shown first.
    """
    click.echo(f"To log in once the machine is provisioned:  {shlex.join(log_in)}", err=True)
    click.echo("This is its serial console. Control-] or powering it off ends it.", err=True)
    screen = sys.stdout.fileno()
    with _raw(sys.stdin.fileno()) as keyboard:
        running.echo = lambda data: _write(screen, data)
        try:
            _carry(keyboard, running)
        finally:
            running.echo = None
    click.echo("", err=True)


def _carry(keyboard: int, running: Running) -> None:
    while running.alive:
        ready, _, _ = select.select([keyboard], [], [], _POLL)
        if not ready:
            continue
        typed = os.read(keyboard, _PIECE)
        before, leave, _ = typed.partition(_LEAVE)
        running.type(before)
        if leave or not typed:
            return


@contextmanager
def _raw(keyboard: int) -> Iterator[int]:
    """Have the terminal hand over every key as it is typed."""
    before = termios.tcgetattr(keyboard)
    tty.setraw(keyboard)
    try:
        yield keyboard
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _write(screen: int, data: bytes) -> None:
    while data:
        data = data[os.write(screen, data) :]
