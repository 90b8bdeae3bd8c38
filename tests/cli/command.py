"""Run the command line as a user does: a process of its own, its streams apart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "bootworthy")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def code(self) -> str:
        """The code of the error it ended with; empty when it ended without one."""
        heads = [line for line in self.err.splitlines() if line.startswith("error[")]
        return heads[-1].partition("[")[2].partition("]")[0] if heads else ""

    @property
    def hint(self) -> str:
        """What it says to do about the error."""
        return "".join(line for line in self.err.splitlines() if line.startswith("  hint: "))


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what changes how results look."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**kept, "PYTHONPATH": paths, **(changes or {})}


def bootworthy(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    cwd: Path | None = None,
) -> Done:
    """Run ``bootworthy`` with these arguments, behind ``prefix`` (another program's argv)."""
    done = subprocess.run(
        [*prefix, *COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=900,
        env=environment(env),
        cwd=cwd,
    )
    return Done(status=done.returncode, out=done.stdout, err=done.stderr)
