"""``bootworthy plan``: show what prepare would change."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from bootworthy.cli import options
from bootworthy.cli.progress import observing
from bootworthy.cli.selection import choice_of
from bootworthy.cli.terminal import print_lines
from bootworthy.model.finding import Finding
from bootworthy.model.plan import Preview


@click.command(
    "plan",
    epilog="""\b
Examples:
  bootworthy plan web01.qcow2
  bootworthy plan --json disk.raw
""",
)
@options.SUBJECT
@click.option(
    "--engine",
    type=click.Choice(["auto", "reader", "appliance"]),
    default="auto",
    show_default=True,
    help="How the guest is read.",
)
@options.READING
@options.INTENT
@options.APPLY
@options.CHOICE
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Show what `prepare` would change in IMAGE, and change nothing.

    Each file is shown as a diff and each program that would run in the guest by its command line.
    What a package brings is not known before it is installed: its files appear with the keys that
    would be set in them.
    """
    from bootworthy.work.plan import plan

    image, root = options.subject_of(given["image"], given["root"])
    choice = choice_of(given, ctx.obj)
    with observing("none", quiet=True, verbose=0, events_fd=given["events_fd"]) as observer:
        reading = options.reading_from(given, observer, engine=given["engine"])
        preview = plan(
            image,
            root=root,
            intent=options.intent_from(given),
            reading=reading,
            options=options.apply_options_from(given, observer, choice),
        )
    _print(preview, as_json=given["as_json"])


def _print(preview: Preview, *, as_json: bool) -> None:
    from bootworthy.report.styled import Span
    from bootworthy.report.text import change_lines, ignored_lines

    if as_json:
        data = {"schema_version": 1, "plan": preview.plan.to_dict()}
        data["changes"] = [change.to_dict() for change in preview.changes]
        data["ignored"] = [_ignored(finding) for finding in preview.accepted]
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        return
    print_lines(change_lines(preview.changes, diffs=True, imagined=True))
    print_lines(ignored_lines(preview.accepted))
    if not preview.plan.steps:
        print_lines([(Span("nothing inside the guest has to change"),)])


def _ignored(finding: Finding) -> dict[str, str]:
    reason = finding.accepted.reason if finding.accepted else ""
    return {
        "code": finding.code,
        "rule": finding.rule,
        "place": str(finding.place),
        "message": finding.message,
        "reason": reason,
    }
