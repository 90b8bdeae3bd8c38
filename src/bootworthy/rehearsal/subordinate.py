"""Programs that run beside a rehearsal and end with it, even when it is killed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_STOP = 10.0


@contextmanager
def subordinate(
    argv: Sequence[str], log: Path, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program whose output goes to ``log``; it is gone when the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_mortal(), *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=tuple(pass_fds),
            # Control-C in the terminal is the parent's to handle.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program that has nothing to save."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _mortal() -> list[str]:
    """Have the kernel end it when this process is killed: QEMU holds the network's devices."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
