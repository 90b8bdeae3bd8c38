"""A directory for one rehearsal that is gone afterwards, however the rehearsal ends."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A shell waits for the end of its input, which the kernel closes with this process: a killed one
# has no other way to clear up.
_CARETAKER = ("/bin/sh", "-c", 'read -r _; exec rm -rf -- "$1"', "rehearsal")


@contextmanager
def scratch() -> Iterator[Path]:
    """A new directory below TMPDIR, for this user alone.

    Raises:
        OSError: it cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name, _caretaker(name):
        yield Path(name)


@contextmanager
def _caretaker(name: str) -> Iterator[None]:
    process = subprocess.Popen(
        [*_CARETAKER, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # Control-C in the terminal is the parent's to handle.
        start_new_session=True,
    )
    with process:
        yield
