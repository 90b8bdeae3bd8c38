"""Transfers in processes that can be killed, each forked from one that has the SDK loaded.

``python -m tests.azure.killable`` reads one JSON object a line: url, journal, resume, and source of
an upload or output of a download. It answers with the process id of the transfer, and with its exit
status when it has ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

WINDOW = 128 << 10
STALL = 0.4


class Nursery:
    """The other side: starts transfers and learns how they ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, **order: Any) -> int:  # noqa: ANN401 - JSON
        """Begin a transfer; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._number()

    def wait(self) -> int:
        """How the transfer ended: 0, an exit status, or minus a signal."""
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """A process that transfers are forked from."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.azure.killable"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


def _main() -> None:
    # Loaded before the first fork, so that a transfer begins at once.
    import azure.storage.blob  # noqa: F401

    from tests.azure import sending

    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_transfer(sending, order))
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _transfer(sending: Any, order: dict[str, Any]) -> int:  # noqa: ANN401 - a module
    from bootworthy.model.errors import BootworthyError

    options = {
        "journal": Path(order["journal"]),
        "resume": order["resume"],
        "window": WINDOW,
        "timeout": STALL / 2,
        "connections": 4,
    }
    try:
        if "output" in order:
            _download(sending, order, options)
        else:
            sending.send(Path(order["source"]), order["url"], **options)
    except BootworthyError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return error.exit_code
    return 0


def _download(sending: Any, order: dict[str, Any], options: dict[str, Any]) -> None:  # noqa: ANN401
    from bootworthy.azure import download

    # So small a disk is there before the first moment at which it would be noted.
    download._CHECKPOINT = 0.0
    goal = sending.target_of(order["url"])
    download.download(goal, Path(order["output"]), replace(sending.FAST, **options))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
