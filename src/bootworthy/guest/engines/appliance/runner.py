"""Runs guest programs inside the appliance."""

from __future__ import annotations

import base64
import posixpath
import time
from collections.abc import Sequence

from bootworthy.guest.engines.appliance.client import ApplianceClient
from bootworthy.guest.engines.appliance.script import TIMED_OUT
from bootworthy.guest.engines.appliance.tree import Known
from bootworthy.guest.engines.base import Completed, Invocation, Runner
from bootworthy.guest.engines.capture import Output
from bootworthy.guest.engines.environment import environment_of
from bootworthy.guest.engines.sandbox.architecture import cannot_run
from bootworthy.guest.engines.sandbox.runner import checked_binds
from bootworthy.guest.engines.sandbox.traces import temporary_traces
from bootworthy.guest.tree import WritableTree
from bootworthy.model.errors import HostError
from bootworthy.model.events import Observer

# The appliance's own resolver: QEMU's user network forwards what is asked there.
_RESOLVER = "nameserver 169.254.2.3\n"

# What starting and ending a program may take besides its own time, emulated.
_GRACE = 300.0


class ApplianceRunner(Runner):
    """Runs programs of ``tree``'s guest; ``mounts`` pairs places in the appliance and the guest.

    What they print is told to the observer when they have ended.
    """

    def __init__(
        self,
        client: ApplianceClient,
        tree: WritableTree,
        mounts: Sequence[tuple[str, str]],
        known: Known,
        *,
        kernel_arguments: str,
        observer: Observer,
    ) -> None:
        self.native_speed = client.native_speed
        self._client = client
        self._tree = tree
        self._mounts = [list(pair) for pair in mounts]
        self._known = known
        self._kernel_arguments = kernel_arguments
        self._observer = observer

    def can_run(self) -> str:
        """Why programs of this guest cannot run here; the appliance is of this architecture."""
        return cannot_run(self._tree, emulators=False)

    def run(self, invocation: Invocation) -> Completed:
        """Run a program as the guest's root and wait for it and all it started.

        Raises:
            HostError: ``host-cannot-run-guest``, ``host-appliance-failed``,
                ``host-sandbox-failed`` or ``host-program-timeout``.
        """
        if reason := self.can_run():
            raise HostError(
                "host-cannot-run-guest",
                f"{invocation.argv[0]} of the guest cannot be run: {reason}",
                hint="use --engine host with qemu-user-static installed, or a host of the guest's "
                "architecture",
            )
        output = Output(posixpath.basename(invocation.argv[0]), self._observer)
        start = time.monotonic()
        code = self._run(invocation, output)
        if code == TIMED_OUT and time.monotonic() - start >= invocation.timeout:
            output.end()
            raise HostError(
                "host-program-timeout",
                f"{invocation.argv[0]} of the guest did not end within {invocation.timeout:.0f} s",
                hint="look at its output with -v; the image was left as it was then",
            )
        return Completed(argv=invocation.argv, code=code, output=output.end())

    def _run(self, invocation: Invocation, output: Output) -> int:
        resolver = _RESOLVER if invocation.network else None
        try:
            with temporary_traces(self._tree, resolver) as shown:
                (code, started, printed), _ = self._client.call(
                    "run",
                    argv=list(invocation.argv),
                    environment=environment_of(invocation),
                    network=invocation.network,
                    binds=sorted(checked_binds(invocation.mounts).items()),
                    mounts=self._mounts,
                    shown=[[file.path, file.text, file.mode] for file in shown],
                    kernel_arguments=self._kernel_arguments,
                    limit=max(int(invocation.timeout), 1),
                    timeout=invocation.timeout + _GRACE,
                )
        finally:
            self._known.forget()
        data = base64.b64decode(printed)
        if not started and code != TIMED_OUT:
            said = data.decode("utf-8", "replace").strip()[-500:]
            raise HostError(
                "host-sandbox-failed",
                f"the sandbox for {invocation.argv[0]} could not be set up: {said}",
                hint="check that the guest's own directories are what a root file system has",
            )
        output.feed(data)
        return int(code)
