"""``bootworthy prepare``: make an image run on Azure."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli import options
from bootworthy.cli.outputs import refuse_bad_outputs, stdout_is_for_people
from bootworthy.cli.progress import observing_as
from bootworthy.cli.result import finish_report
from bootworthy.cli.selection import choice_of, without_ignored
from bootworthy.cli.terminal import print_lines
from bootworthy.model.acceptance import Choice
from bootworthy.model.events import Observer
from bootworthy.model.rehearsal import Verdict
from bootworthy.model.report import Report

if TYPE_CHECKING:
    from bootworthy.work.opening import Reading


@click.command(
    "prepare",
    epilog="""\b
Examples:
  sudo bootworthy prepare --trust-image web01.qcow2 -o web01.vhd
  bootworthy prepare disk.raw -o disk.vhd --packages ./debs --remove-users
  sudo bootworthy prepare --root /srv/rootfs
""",
)
@options.SUBJECT
@click.option("-o", "--vhd", metavar="OUT.vhd", help="The fixed VHD to write.")
@click.option("--force", is_flag=True, help="Replace OUT.vhd, when all is done.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "host", "appliance"]),
    default="auto",
    show_default=True,
    help="What edits the guest: this machine's kernel (root), or the libguestfs appliance.",
)
@click.option(
    "--trust-image",
    is_flag=True,
    help="The image is your own: this machine's kernel may mount it and run its programs.",
)
@options.READING
@options.INTENT
@options.APPLY
@options.CHOICE
@click.option(
    "--rehearse",
    "with_rehearsal",
    is_flag=True,
    help="Boot OUT.vhd against a simulated Azure then; the exit status is 1 if that fails.",
)
@click.option("--yes", is_flag=True, help="Change the running machine (/) without asking.")
@options.RESULT
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Make IMAGE run on Azure and write it as a fixed VHD.

    The image is copied once, the guest in the copy is fixed, checked again and sealed. IMAGE is
    never written; OUT.vhd appears only when it is whole. With --root a file tree, and with / this
    machine itself, is changed in place.
    """
    image, root = options.subject_of(given["image"], given["root"])
    _refuse_odd_usage(image, root, given)
    refuse_bad_outputs(given, image, given["vhd"])
    choice = choice_of(given, ctx.obj)
    with observing_as(given) as observer:
        report = _prepare(image, root, given, choice, observer)
    if stdout_is_for_people(given):
        _print_changes(report, diffs=given["verbose"] > 0)
    finish_report(
        ctx,
        without_ignored(report, ctx.obj),
        given,
        rehearse=(lambda: _rehearsed(given)) if given["with_rehearsal"] else None,
    )


def _refuse_odd_usage(image: str | None, root: str | None, given: Mapping[str, Any]) -> None:
    if image is not None and not given["vhd"]:
        raise click.UsageError("name the VHD to write: -o OUT.vhd")
    if root is not None and given["vhd"]:
        raise click.UsageError("a file tree is changed in place; -o is for images")
    if given["with_rehearsal"] and root is not None:
        raise click.UsageError("--rehearse boots a VHD, and a file tree makes none")
    if root == "/" and not given["yes"]:
        raise click.UsageError("this changes the running machine; say --yes if you mean it")


def _prepare(
    image: str | None,
    root: str | None,
    given: Mapping[str, Any],
    choice: Choice,
    observer: Observer,
) -> Report:
    from bootworthy.work.prepare import prepare, prepare_root

    shared: dict[str, Any] = {
        "intent": options.intent_from(given),
        "reading": _reading(given, observer),
        "options": options.apply_options_from(given, observer, choice),
    }
    if image is None:
        return prepare_root(root or "/", **shared)
    return prepare(image, given["vhd"], force=given["force"], **shared)


def _reading(given: Mapping[str, Any], observer: Observer) -> Reading:
    return options.reading_from(
        given, observer, engine=given["engine"], trust_image=given["trust_image"]
    )


def _print_changes(report: Report, *, diffs: bool) -> None:
    from bootworthy.report.styled import Span
    from bootworthy.report.text import change_lines

    print_lines(change_lines(report.changes, diffs=diffs))
    if report.output:
        print_lines([(Span(f"wrote {report.output}"),)])
    print_lines([()])


def _rehearsed(given: Mapping[str, Any]) -> Verdict:
    """Boot what was written and print the verdict, where it does not mix with a report."""
    from bootworthy.cli.rehearse import rehearsal_of
    from bootworthy.report import rehearsal

    with observing_as(given) as observer:
        # What was written is one disk with one Linux, and refers to no other file.
        verdict = rehearsal_of(
            given["vhd"], {**given, "allow_backing": False, "member": ""}, observer
        )
    stream = sys.stdout if stdout_is_for_people(given) else sys.stderr
    print_lines(rehearsal.lines(verdict), stream)
    return verdict
