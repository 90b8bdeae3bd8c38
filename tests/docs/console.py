"""The shell examples of the docs: found, and run as a reader would run them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command import Done, bootworthy

# A mark above an example: why it is not run, or how its last command ends.
_EXAMPLE = re.compile(
    r"(?:^<!-- (?:not run: (?P<why>.+?)|exit status (?P<status>\d+)) -->\n)?"
    r"^```console\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_GAP = "…"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of an example, and what the example shows of its output."""

    line: str
    shown: str


@dataclass(frozen=True, kw_only=True)
class Example:
    """One block: ``why_not`` says why it is not run; ``status`` is that of its last command."""

    commands: tuple[Command, ...]
    why_not: str = ""
    status: int = 0


def examples(text: str) -> Iterator[Example]:
    """The examples of a page, in order."""
    for found in _EXAMPLE.finditer(text):
        _, *parts = re.split(r"^\$ ", found["text"], flags=re.MULTILINE)
        yield Example(
            commands=tuple(map(_command, parts)),
            why_not=found["why"] or "",
            status=int(found["status"] or 0),
        )


def _command(part: str) -> Command:
    line, _, shown = part.partition("\n")
    return Command(line=line, shown=shown.strip("\n"))


def run(example: Example, folder: Path) -> None:
    """Run an example in ``folder``; every command but the last has to end with status 0."""
    for command in example.commands:
        done = _run(command.line, folder)
        wanted = example.status if command is example.commands[-1] else 0
        assert done.status == wanted, f"$ {command.line}\n{done.out}{done.err}"
        assert fits(command.shown, done.out), f"$ {command.line}\n{done.out}"


def _run(line: str, folder: Path) -> Done:
    words = shlex.split(line)
    assert words[0] == "bootworthy", f"only bootworthy is run; mark what else is shown: {line}"
    target = None
    if ">" in words:
        target, words = folder / words[-1], words[:-2]
    home = {"HOME": str(folder), "COLUMNS": "200"}
    done = bootworthy(*words[1:], cwd=folder, env=home)
    if target is None:
        return done
    target.write_text(done.out, encoding="utf-8")
    return Done(status=done.status, out="", err=done.err)


def fits(shown: str, out: str) -> bool:
    """Whether the output is what the example shows, … standing for anything at all.

    An example that shows nothing says nothing about the output.
    """
    if not shown:
        return True
    pattern = ".*".join(re.escape(part) for part in shown.split(_GAP))
    return re.fullmatch(pattern, out.strip("\n"), re.DOTALL) is not None
