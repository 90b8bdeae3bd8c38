"""Runs guest programs in the sandbox, from outside."""

from __future__ import annotations

import json
import os
import posixpath
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bootworthy.guest.engines.base import Completed, Invocation, Runner
from bootworthy.guest.engines.capture import Output, drain
from bootworthy.guest.engines.environment import environment_of
from bootworthy.guest.engines.sandbox.architecture import cannot_run, is_foreign
from bootworthy.guest.engines.sandbox.confinement import (
    BlockMount,
    Confinement,
    Node,
    ShownFile,
)
from bootworthy.guest.engines.sandbox.traces import temporary_traces
from bootworthy.guest.tree import WritableTree
from bootworthy.model.errors import HostError, InternalError
from bootworthy.model.events import Observer

_CHILD = "bootworthy.guest.engines.sandbox.child"
_PACKAGES = Path(__file__).parents[4]
_MOUNTS = "/run/bootworthy/"
_RESOLVER = Path("/etc/resolv.conf")

# How long ending everything in the sandbox may take: the kernel writes back and unmounts.
_GRACE = 60.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where programs run: a directory's descriptor, or file systems and the nodes they are on.

    ``kernel_arguments`` is what /proc/cmdline says there.
    """

    directory: int | None = None
    mounts: tuple[BlockMount, ...] = ()
    nodes: tuple[Node, ...] = ()
    kernel_arguments: str = "ro"


@dataclass
class _Report:
    """What the child said."""

    words: dict[str, str | int] = field(default_factory=dict)
    pending: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> None:
        self.pending += data
        *lines, rest = self.pending.split(b"\n")
        self.pending = bytearray(rest)
        for line in lines:
            self.words |= json.loads(line)


class SandboxRunner(Runner):
    """Runs programs of ``tree``'s guest at ``place``; ``after`` is called behind each."""

    def __init__(
        self,
        tree: WritableTree,
        place: Place,
        observer: Observer,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self.native_speed = not is_foreign(tree)
        self._tree = tree
        self._place = place
        self._observer = observer
        self._after = after

    def can_run(self) -> str:
        """Why programs of this guest cannot run here; empty when they can."""
        if os.geteuid() != 0:
            return "running guest programs needs root"
        return cannot_run(self._tree)

    def run(self, invocation: Invocation) -> Completed:
        """Run a program as the guest's root and wait for it and all it started.

        Raises:
            HostError: ``host-cannot-run-guest``, ``host-sandbox-failed`` or
                ``host-program-timeout``.
        """
        if reason := self.can_run():
            raise HostError(
                "host-cannot-run-guest",
                f"{invocation.argv[0]} of the guest cannot be run: {reason}",
                hint="as root, with qemu-user-static installed where the guest is of another "
                "architecture; or use a host of the guest's",
            )
        resolver = _host_resolver() if invocation.network else None
        try:
            with temporary_traces(self._tree, resolver) as shown:
                return self._run_in(invocation, shown)
        finally:
            self._after()

    def _run_in(self, invocation: Invocation, shown: tuple[ShownFile, ...]) -> Completed:
        place = self._place
        confinement = Confinement(
            argv=invocation.argv,
            environment=environment_of(invocation),
            root=place.directory,
            mounts=place.mounts,
            nodes=place.nodes,
            binds=checked_binds(invocation.mounts),
            kernel_arguments=place.kernel_arguments,
            network=invocation.network,
            shown=shown,
        )
        output = Output(posixpath.basename(invocation.argv[0]), self._observer)
        report = _Report()
        with _Child(confinement) as child:
            ended = child.collect(output, report, invocation.timeout)
        return _completed(invocation, report, output.end(), ended=ended)


def checked_binds(mounts: Mapping[str, str]) -> dict[str, str]:
    """The directories to show, each below /run/bootworthy/ and on this host."""
    for path, host in mounts.items():
        if not path.startswith(_MOUNTS) or posixpath.normpath(path) != path:
            raise InternalError("mount-outside", f"{path} is not below {_MOUNTS}")
        if not Path(host).is_dir():
            raise HostError(
                "host-directory-missing",
                f"{host} is not a directory",
                hint="name a directory that exists",
            )
    return {path: os.path.realpath(host) for path, host in mounts.items()}


def _host_resolver() -> str:
    try:
        return _RESOLVER.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


class _Child:
    """The supervisor's process, and the pipes from it."""

    def __init__(self, confinement: Confinement) -> None:
        self._report, theirs = os.pipe()
        root = confinement.root
        inherited = (theirs,) if root is None else (theirs, root)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-B", "-m", _CHILD, str(os.getpid()), str(theirs)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=inherited,
                env={"PYTHONPATH": str(_PACKAGES), "PATH": os.defpath},
                cwd="/",
            )
        except BaseException:
            os.close(self._report)
            raise
        finally:
            os.close(theirs)
        self._confinement = confinement

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End everything in the sandbox and wait until it is gone."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        os.close(self._report)

    def collect(self, output: Output, report: _Report, timeout: float) -> bool:
        """Read until the sandbox is gone; False when time ran out first."""
        deadline = time.monotonic() + timeout
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise InternalError("no-pipes", "the sandbox was started without pipes")
        stdin.write(self._confinement.to_json())
        stdin.close()
        sinks: dict[int, Callable[[bytes], None]] = {
            stdout.fileno(): output.feed,
            self._report: report.feed,
        }
        if not drain(sinks, deadline):
            return False
        self._process.wait(_GRACE)
        return True


def _completed(invocation: Invocation, report: _Report, output: str, *, ended: bool) -> Completed:
    words = report.words
    name = invocation.argv[0]
    if not ended:
        raise HostError(
            "host-program-timeout",
            f"{name} of the guest did not end within {invocation.timeout:.0f} s",
            hint="look at its output with -v; the image was left as it was then",
        )
    if "missing" in words:
        # As a shell says it: 127 for what is not there, 126 for what cannot be executed.
        code = 127 if words["number"] == 2 else 126  # noqa: PLR2004 - ENOENT
        return Completed(argv=invocation.argv, code=code, output=f"{name}: {words['missing']}")
    if "code" not in words or "error" in words:
        why = words.get("error") or output.strip()[-500:] or "it was killed"
        raise HostError(
            "host-sandbox-failed",
            f"the sandbox for {name} could not be set up: {why}",
            hint="in a container, run it privileged; or use --engine appliance",
        )
    return Completed(argv=invocation.argv, code=int(words["code"]), output=output)
