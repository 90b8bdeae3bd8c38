"""A process killed at its first write, its second, and so on, and what comes after each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import Any

_WRITES = ("pwrite", "pwritev", "copy_file_range", "sendfile", "ftruncate", "fsync")
_NAMES = ("rename", "replace", "unlink", "open")

# More writes than any of these small runs makes: a run that never ends is a failure.
_MOST = 2000


def kill_at_each_write(action: Callable[[], object], after: Callable[[], None]) -> int:
    """Run ``action`` again and again, each time killed one write later; the number of kills.

    Every second kill leaves half of the write behind. ``after`` looks at what is left, and makes
    it ready for the next run. Call it in a process of its own: it forks.
    """
    for number in range(1, _MOST):
        if not _is_killed(action, number):
            return number - 1
        after()
    raise AssertionError("the action never ends")


def _is_killed(action: Callable[[], object], number: int) -> bool:
    child = os.fork()
    if child == 0:
        _arm(number)
        try:
            action()
        except BaseException:  # noqa: BLE001 - the parent sees the status
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def _arm(number: int) -> None:
    left = [number]

    def armed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            left[0] -= 1
            if left[0] == 0:
                if number % 2 and name == "pwrite":
                    call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2], arguments[2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return counted

    for name in (*_WRITES, *_NAMES):
        setattr(os, name, armed(name, getattr(os, name)))


def drive(call: str, *arguments: object) -> str:
    """Run ``module:function`` in a fresh interpreter that may fork; what it printed."""
    module, function = call.split(":")
    words = ", ".join(repr(os.fspath(word)) for word in arguments)  # type: ignore[call-overload]
    script = f"import {module} as driver\ndriver.{function}({words})\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout
