"""Record the boots of broken images: ``python -m tests.boot.record [NAME...]``, as root."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.boot import mutations
from tests.boot.failures import BY_NAME
from tests.cli.command import bootworthy
from tests.rehearsal.recording import save
from tests.work.prepared import prepared


def record(name: str) -> str:
    """Break a guest, rehearse it, keep its logs; the text that was printed."""
    failure = BY_NAME[name]
    with tempfile.TemporaryDirectory() as folder:
        guest = prepared(failure.guest, "--remove-users")
        image = mutations.copy_of(guest.vhd, Path(folder) / "out.vhd")
        failure.mutate(image)
        keep = Path(folder) / "keep"
        done = bootworthy("rehearse", "--no-second-boot", "--keep", keep, image)
        save(keep, name)
    return done.out or done.err


if __name__ == "__main__":
    for wanted in sys.argv[1:] or BY_NAME:
        sys.stdout.write(f"{wanted}\n{record(wanted)}\n")
