"""Targets for steps: a guest in memory, and programs that print what real ones printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bootworthy.guest.engines.base import Completed, Invocation, Runner
from bootworthy.guest.recording import RecordingTree
from bootworthy.work.target import ApplyOptions, Target
from tests.guest.memory import MemoryTree
from tests.rules.making import Entry

Program = Callable[[tuple[str, ...]], tuple[int, str]]


class Recorded(Runner):
    """Answers as a program did; what was asked is kept."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.asked: list[Invocation] = []

    def run(self, invocation: Invocation) -> Completed:
        """The status and output that ``program`` gives for the arguments."""
        self.asked.append(invocation)
        code, output = self._program(invocation.argv)
        return Completed(argv=invocation.argv, code=code, output=output)


def target_of(
    files: Mapping[str, Entry],
    runner: Runner | None = None,
    options: ApplyOptions | None = None,
    *,
    esp: Mapping[str, Entry] | None = None,
) -> Target:
    """A target whose guest has these files."""
    return Target(
        tree=RecordingTree(MemoryTree(files)),
        esp=None if esp is None else RecordingTree(MemoryTree(esp)),
        runner=runner,
        options=options or ApplyOptions(),
        root="/",
        root_partition=None,
    )
