"""Targets in memory: steps are carried out on them without a disk or a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bootworthy.guest.engines.base import Completed, Invocation, Runner
from bootworthy.guest.recording import RecordingTree
from bootworthy.work.target import ApplyOptions, Target
from tests.guest.memory import MemoryTree, Node

Files = Mapping[str, str | bytes | Node]


@dataclass
class Programs(Runner):
    """Stands in for the guest's programs: what each does to the tree is the test's own."""

    act: Callable[[Invocation], Completed] = lambda run: Completed(argv=run.argv, code=0, output="")
    native_speed: bool = True
    runs: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, invocation: Invocation) -> Completed:
        """Note the program and do what the test says."""
        self.runs.append(invocation.argv)
        return self.act(invocation)


def target(files: Files, *, runner: Runner | None = None) -> Target:
    """A target of these files."""
    return Target(
        tree=RecordingTree(MemoryTree(files)),
        esp=None,
        runner=runner,
        options=ApplyOptions(),
        root="/",
        root_partition=None,
    )
