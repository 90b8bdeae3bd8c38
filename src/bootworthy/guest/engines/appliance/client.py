"""The other end of the appliance's process: requests, answers, and its end."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from bootworthy.guest import kvm
from bootworthy.guest.engines.appliance import frames, launch
from bootworthy.model.errors import HostError, InternalError

_PROCESS = Path(__file__).with_name("process.py")

# Emulated and on a busy machine, starting takes a minute; everything else less.
_START_TIMEOUT = 600.0
_TIMEOUT = 900.0
_END_TIMEOUT = 300.0

# While waiting: how often to look at the host's free space, in s, and how little is none.
_LOOK_EVERY = 5.0
_NO_ROOM = 64 << 10

# Enough for dracut to unpack what it packs.
_MEMORY_MIB = 1536
_MAX_PROCESSORS = 4

# What libguestfs is told by its environment (guestfs(3)) that must not come from the user's.
_DROPPED = ("PYTHONPATH", "PYTHONHOME", "LIBGUESTFS_DEBUG", "LIBGUESTFS_TRACE")


class ApplianceClient:
    """Starts the appliance with the disk at ``path``; ``format`` is raw or qcow2, never guessed.

    ``directory`` is private to this appliance and removed with it.

    Raises:
        HostError: ``host-libguestfs-missing``, ``host-kernel-unreadable``,
            ``host-appliance-failed``.
    """

    def __init__(self, path: Path, *, format: str, network: bool, directory: Path) -> None:  # noqa: A002
        if (missing := launch.why_not()) is not None:
            raise missing
        self.native_speed = kvm.works()
        self._disk = Path(os.path.realpath(path))
        self._ended = False
        self._errors = (directory / "errors").open("w+b")
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = self._start(directory, lifeline)
        except BaseException:
            os.close(self._lifeline)
            self._errors.close()
            raise
        finally:
            os.close(lifeline)
        started = time.monotonic()
        try:
            self.call(
                "launch",
                path=str(path),
                format=format,
                network=network,
                memory=_MEMORY_MIB,
                processors=self._processors(),
                timeout=_START_TIMEOUT,
            )
        except BaseException:
            self.kill()
            raise
        self.seconds = time.monotonic() - started

    def _start(self, directory: Path, lifeline: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(launch.interpreter()), "-I", str(_PROCESS), str(directory), str(lifeline)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            pass_fds=(lifeline,),
            env=self._environment(),
            cwd="/",
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        environment = {k: v for k, v in os.environ.items() if k not in _DROPPED}
        environment |= {"LC_ALL": "C.UTF-8", "LIBGUESTFS_BACKEND": "direct"}
        if not self.native_speed:
            environment["LIBGUESTFS_BACKEND_SETTINGS"] = "force_tcg"
        return environment

    def _processors(self) -> int:
        # Emulated processors wait for each other.
        return min(os.cpu_count() or 1, _MAX_PROCESSORS) if self.native_speed else 1

    def call(
        self,
        operation: str,
        payload: bytes = b"",
        *,
        timeout: float = _TIMEOUT,
        **words: Any,  # noqa: ANN401 - JSON
    ) -> tuple[Any, bytes]:
        """Ask for an operation and wait for its answer.

        Raises:
            OSError: the call failed inside, with an error number of the appliance's kernel.
            HostError: ``host-appliance-failed``, the appliance is gone, or does not answer.
        """
        if self._ended:
            raise InternalError("appliance-ended", f"{operation} after the appliance ended")
        answer, data = self._exchange({"operation": operation, **words}, payload, timeout)
        if "error" not in answer:
            return answer["result"], data
        number, text = answer["error"]["number"], answer["error"]["text"]
        if number and operation != "launch":
            raise OSError(number, os.strerror(number), words.get("path"))
        raise self._failure(f"{operation}: {text}")

    def _exchange(
        self, words: dict[str, Any], payload: bytes, timeout: float
    ) -> tuple[dict[str, Any], bytes]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise InternalError("no-pipes", "the appliance was started without pipes")
        try:
            frames.write_frame(stdin, words, payload)
            self._wait(stdout, timeout, words["operation"])
            answer = frames.read_frame(stdout)
        except (OSError, frames.BrokenFrameError) as error:
            raise self._failure(f"it broke off: {error}") from error
        if answer is None:
            raise self._failure(f"it ended during {words['operation']}")
        return answer

    def _wait(self, stream: IO[bytes], timeout: float, operation: str) -> None:
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while not selector.select(_LOOK_EVERY):
                self._require_room()
                if time.monotonic() >= deadline:
                    self.kill()
                    raise self._failure(f"no answer to {operation} within {timeout:.0f} s")

    def _require_room(self) -> None:
        """QEMU stops the machine, and waits, when the host has no room left for a write."""
        room = os.statvfs(self._disk)
        if room.f_bavail * room.f_frsize < _NO_ROOM:
            self.kill()
            raise HostError(
                "host-no-space",
                f"{self._disk.parent} has no room left: the image could not be written",
                hint="make room, or write to another file system, and start again",
            )

    def _failure(self, what: str) -> HostError:
        said = self._last_words()
        return HostError(
            "host-appliance-failed",
            f"the libguestfs appliance failed: {what}" + (f"\n{said}" if said else ""),
            hint="try libguestfs-test-tool, which says what this machine lacks",
        )

    def _last_words(self) -> str:
        self._errors.flush()
        end = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(end - 8192, 0))
        lines = self._errors.read().decode("utf-8", "replace").splitlines()
        return "\n".join([line for line in lines if line.strip()][-5:])

    def end(self) -> None:
        """Unmount, write everything back and stop; safe to call twice.

        Raises:
            HostError: the disk could not be written; the image is not whole.
        """
        if self._ended:
            return
        try:
            self.call("end", timeout=_END_TIMEOUT)
            self._process.wait(_END_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._failure(f"it did not end: {error}") from error
        finally:
            self.kill()

    def kill(self) -> None:
        """End the appliance and its process, whatever they do; safe to call twice."""
        if self._ended:
            return
        self._ended = True
        os.close(self._lifeline)
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()
