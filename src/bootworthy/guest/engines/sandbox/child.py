"""The process that becomes the sandbox: private namespaces, a world of its own, one program.

Started by ``runner`` with a Confinement on standard input and the number of a pipe to report to.
The supervisor leaves the host's namespaces; its child is process 1 of the new ones, builds the
world and starts the program. When any of them dies, the kernel ends everything inside.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from types import FrameType
from typing import NoReturn

from bootworthy.guest.engines import syscalls
from bootworthy.guest.engines.sandbox import program, world
from bootworthy.guest.engines.sandbox.confinement import Confinement

_PRIVATE = (
    syscalls.CLONE_NEWNS | syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWPID
)


class Report:
    """Tells the parent how it goes: one JSON object a line."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_inheritable(fd, False)

    def send(self, **words: str | int) -> None:
        """Send one line; a parent that is gone does not mind."""
        try:
            os.write(self._fd, json.dumps(words).encode() + b"\n")
        except BrokenPipeError:
            os._exit(1)


def main(arguments: list[str]) -> int:
    """Supervise: leave the namespaces, start process 1, and end it when told to."""
    parent, report = int(arguments[0]), Report(int(arguments[1]))
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    confinement = Confinement.from_json(sys.stdin.buffer.read())
    watched, _held = os.pipe()
    try:
        # A descriptor of a directory can only be cloned in the namespace it was opened in.
        root = world.clone_root(confinement)
        no_network = 0 if confinement.network else syscalls.CLONE_NEWNET
        syscalls.unshare(_PRIVATE | no_network)
    except OSError as error:
        report.send(error=f"no private namespaces: {error.strerror}", number=error.errno or 0)
        return 1
    first = os.fork()
    if first == 0:
        os.close(_held)
        _first_process(confinement, root, report, watched)
    signal.signal(signal.SIGTERM, _killer_of(first))
    os.waitpid(first, 0)
    return 0


def _killer_of(pid: int) -> signal._HANDLER:
    def kill(_number: int, _frame: FrameType | None) -> None:
        os.kill(pid, signal.SIGKILL)

    return kill


def _first_process(
    confinement: Confinement, root: int | None, report: Report, watched: int
) -> NoReturn:
    """Process 1: build the world, start the program, collect what dies."""
    try:
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        # The supervisor may have died before that: its end of the pipe tells.
        if select.select([watched], [], [], 0)[0]:
            os._exit(1)
        socket.sethostname("localhost")
        world.build(confinement, root)
        report.send(started=1)
        _reap(_start(confinement, report), report)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        report.send(error=f"{where}{error.strerror or error}", number=error.errno or 0)
    except BaseException as error:  # noqa: BLE001 - nothing else would tell of it
        report.send(error=f"{type(error).__name__}: {error}")
    finally:
        os._exit(1)


def _start(confinement: Confinement, report: Report) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        program.become(confinement.argv, confinement.environment)
    except OSError as error:
        report.send(missing=error.strerror or "", number=error.errno or 0)
    except BaseException as error:  # noqa: BLE001 - nothing else would tell of it
        report.send(error=f"{type(error).__name__}: {error}")
    finally:
        os._exit(127)


def _reap(main_pid: int, report: Report) -> NoReturn:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == main_pid:
            report.send(code=_shell_code(os.waitstatus_to_exitcode(status)))
            os._exit(0)


def _shell_code(code: int) -> int:
    # As shells say it: 128 and the number of the signal.
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
