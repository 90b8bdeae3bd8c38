"""``--output FORMAT[:PATH]``: which reports a run writes, and where each goes."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bootworthy.model.errors import HostError, UsageError

if TYPE_CHECKING:
    from bootworthy.model.report import Report
    from bootworthy.report.format import Format


@dataclass(frozen=True, kw_only=True)
class Output:
    """One report to write; standard output when there is no path."""

    format: Format
    path: Path | None = None


class OutputType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """FORMAT or FORMAT:PATH."""

    name = "format[:path]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Output:
        """Find the format; what is wrong with the path is told before the run begins."""
        if isinstance(value, Output):
            return value
        from bootworthy.report.format import find_format

        name, _, path = str(value).partition(":")
        try:
            found = find_format(name)
            found.require()
        except UsageError as error:
            self.fail(f"{error.message}; {error.hint}{_vhd_hint(name)}", param, ctx)
        return Output(format=found, path=None if path in {"", "-"} else Path(path))


def _vhd_hint(name: str) -> str:
    return "; the VHD to write is named by -o" if name.endswith(".vhd") else ""


def outputs_of(given: Mapping[str, Any]) -> tuple[Output, ...]:
    """The outputs of the options; text on standard output when nothing else goes there.

    Raises:
        click.UsageError: two of them go to one place.
    """
    from bootworthy.report.format import find_format

    wanted = [*given.get("outputs", ())]
    if given.get("as_json"):
        wanted.append(Output(format=find_format("json")))
    if all(output.path for output in wanted):
        wanted.insert(0, Output(format=find_format("text")))
    places = [output.path.absolute() if output.path else None for output in wanted]
    if len(set(places)) < len(places):
        raise click.UsageError("two --output go to the same place; name another PATH for one")
    return tuple(wanted)


def stdout_is_for_people(given: Mapping[str, Any]) -> bool:
    """Whether lines for people may go to standard output beside the report."""
    return any(output.path is None and output.format.for_people for output in outputs_of(given))


def refuse_formats_without_rehearsal(given: Mapping[str, Any]) -> None:
    """Refuse formats that have no place for a verdict.

    Raises:
        click.UsageError: one of them is asked for.
    """
    from bootworthy.report.format import all_formats

    for output in outputs_of(given):
        if not output.format.shows_rehearsal:
            shown = ", ".join(item.name for item in all_formats().values() if item.shows_rehearsal)
            name = output.format.name
            raise click.UsageError(f"{name} has no place for a rehearsal; these have: {shown}")


def refuse_bad_outputs(given: Mapping[str, Any], *sources: str | None) -> None:
    """Refuse what could not be written in the end, before anything is read.

    Raises:
        click.UsageError: an output is one of ``sources``, or two go to one place.
        UsageError: its folder is missing.
        HostError: it cannot be written.
    """
    for output in outputs_of(given):
        if output.path is not None:
            _refuse_bad_path(output.path, [source for source in sources if source])


def refuse_overwriting(path: str | None, image: str | None) -> None:
    """Refuse a file to write that is the image, or cannot be written.

    Raises:
        click.UsageError: it is the image.
        UsageError: its folder is missing.
        HostError: it cannot be written.
    """
    if path is not None:
        _refuse_bad_path(Path(path), [image] if image else [])


def _refuse_bad_path(path: Path, sources: Iterable[str]) -> None:
    with suppress(OSError):
        for source in sources:
            if path.absolute() == Path(source).absolute() or path.samefile(source):
                raise click.UsageError(f"{path} would replace {source}; name another PATH")
    target = path if path.exists() else path.parent
    if not path.parent.is_dir():
        raise UsageError(
            "output-folder-missing",
            f"there is no folder {path.parent}",
            hint=f"mkdir -p {path.parent}",
        )
    if path.is_dir():
        raise UsageError("output-not-a-file", f"{path} is a folder", hint="name a file in it")
    if not os.access(target, os.W_OK):
        raise HostError(
            "output-not-writable", f"{target} cannot be written", hint="choose another place"
        )


def write_reports(report: Report, outputs: Iterable[Output], *, verbose: bool) -> None:
    """Write every output, standard output first; all are tried before an error is raised.

    Raises:
        OSError: one of them could not be written.
    """
    failed: list[OSError] = []
    for output in sorted(outputs, key=lambda output: output.path is not None):
        try:
            _write(report, output, verbose=verbose)
        except BrokenPipeError as error:
            failed.append(error)
        except OSError as error:
            where = os.fspath(output.path or "standard output")
            failed.append(OSError(error.errno, error.strerror, where))
    if failed:
        raise failed[0]


def _write(report: Report, output: Output, *, verbose: bool) -> None:
    if output.path is not None:
        write_whole(output.path, output.format.render(report))
    elif not output.format.for_people:
        _to_stdout(output.format.render(report))
    else:
        _show(report, output.format, verbose=verbose)


def _show(report: Report, form: Format, *, verbose: bool) -> None:
    import secrets

    from bootworthy.cli.terminal import print_lines
    from bootworthy.report import concise, github, text

    listed = concise.lines(report) if form.name == "concise" else text.lines(report, verbose)
    if os.environ.get("GITHUB_ACTIONS") != "true":
        print_lines(listed)
        return
    # The runner obeys each line that begins with "::", also those that an image brought along.
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    token = secrets.token_hex(16)
    _to_stdout(f"::stop-commands::{token}\n")
    print_lines(listed)
    _to_stdout(f"::{token}::\n{github.render(report)}")


def _to_stdout(text: str) -> None:
    # A name that is not UTF-8 holds lone surrogates; JSON takes this notation for them.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def write_whole(path: Path, text: str) -> None:
    """Write a text file that is there as a whole or as it was; devices and pipes directly.

    Raises:
        OSError: it cannot be written; nothing is left of the try.
    """
    data = text.encode("utf-8", "backslashreplace")
    target = Path(os.path.realpath(path))
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with target.open("wb") as stream:
            stream.write(data)
        return
    work = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with work.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        work.replace(target)
    finally:
        work.unlink(missing_ok=True)
