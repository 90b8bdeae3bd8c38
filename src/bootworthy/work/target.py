"""What steps are carried out on: a guest's tree, its programs and the working disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from bootworthy.guest.engines.base import Completed, Invocation, Runner, Session
from bootworthy.guest.guest import Guest
from bootworthy.guest.overlay import OverlayTree
from bootworthy.guest.recording import FileChange, RecordingTree
from bootworthy.guest.tree import Tree, WritableTree
from bootworthy.model.acceptance import Choice
from bootworthy.model.events import Note, Observer, ignore
from bootworthy.model.plan import Change, ChangeKind


class InitramfsWay(StrEnum):
    """How an initramfs gets its modules."""

    AUTO = "auto"
    REBUILD = "rebuild"
    APPEND = "append"


@dataclass(frozen=True, kw_only=True)
class ApplyOptions:
    """How steps are carried out; ``packages`` is a directory of packages, None for the network.

    ``choice`` says which findings are to be mended.
    """

    packages: Path | None = None
    initramfs: InitramfsWay = InitramfsWay.AUTO
    observer: Observer = ignore
    choice: Choice = field(default_factory=Choice)


class StepFailedError(Exception):
    """A step could not be carried out; the run goes on, and the finding stays."""


@dataclass(kw_only=True)
class Target:
    """A guest being changed, or one that is only imagined to be (``dry``).

    ``programs`` collects what guest programs were run, or would be; ``skipped`` what could not be
    done, and why.
    """

    tree: RecordingTree
    esp: RecordingTree | None
    runner: Runner | None
    options: ApplyOptions
    root: str
    root_partition: int | None
    dry: bool = False
    programs: list[Change] = field(default_factory=list)

    @property
    def guest(self) -> Guest:
        """The guest as it is now, its facts not yet read."""
        return Guest(
            self.tree, esp_tree=self.esp, root=self.root, root_partition=self.root_partition
        )

    @property
    def runs_at_native_speed(self) -> bool:
        """Whether guest programs can run, and not under emulation."""
        return self.runner is not None and self.runner.native_speed

    def run(self, invocation: Invocation) -> Completed:
        """Run a program of the guest; a dry target writes it down and takes it as done.

        Raises:
            StepFailedError: nothing here runs programs of the guest.
            HostError: the sandbox failed, or time ran out.
        """
        if self.runner is None and not self.dry:
            raise StepFailedError("no engine here runs programs of the guest")
        line = " ".join(invocation.argv)
        self.programs.append(Change(kind=ChangeKind.PROGRAM, what=line, step=""))
        if self.dry or self.runner is None:
            return Completed(argv=invocation.argv, code=0, output="")
        return self.runner.run(invocation)

    def note(self, text: str) -> None:
        """Tell the observer."""
        self.options.observer(Note(text))

    def take_changes(self) -> Iterator[Change]:
        """What was changed since the last call: programs first, then files."""
        programs, self.programs = self.programs, []
        yield from programs
        yield from (_change(change, "") for change in self.tree.take_changes())
        if self.esp:
            yield from (_change(change, "ESP:") for change in self.esp.take_changes())


def root_partition_of(session: Session) -> int | None:
    """The number of the partition that holds the root, None for directories and volumes."""
    return session.mounts[0].file_system.partition if session.mounts else None


def guest_of(session: Session) -> Guest:
    """The guest that ``session`` reads."""
    return Guest(
        session.tree,
        esp_tree=session.esp(),
        root=session.root,
        root_partition=root_partition_of(session),
    )


def target_of(session: Session, options: ApplyOptions) -> Target:
    """A target that writes what ``session`` has open."""
    esp = session.esp()
    return Target(
        tree=RecordingTree(session.writable),
        esp=RecordingTree(esp) if isinstance(esp, WritableTree) else None,
        runner=session.runner,
        options=options,
        root=session.root,
        root_partition=root_partition_of(session),
    )


def dry_target_of(session: Session, options: ApplyOptions) -> Target:
    """A target whose writes nobody sees, over what ``session`` reads."""
    esp = session.esp()
    return Target(
        tree=_imagined(session.tree),
        esp=_imagined(esp) if esp else None,
        runner=None,
        options=options,
        root=session.root,
        root_partition=root_partition_of(session),
        dry=True,
    )


def _imagined(tree: Tree) -> RecordingTree:
    return RecordingTree(OverlayTree(tree))


def _change(change: FileChange, prefix: str) -> Change:
    return Change(
        kind=change.kind,
        what=prefix + change.path,
        step="",
        detail=change.detail,
        diff=change.diff,
    )
