"""``bootworthy check``: say what would keep an image from running on Azure."""

from __future__ import annotations

from typing import Any

import click

from bootworthy.cli import options
from bootworthy.cli.outputs import refuse_bad_outputs, refuse_overwriting
from bootworthy.cli.progress import observing_as
from bootworthy.cli.result import finish_report
from bootworthy.cli.selection import judged


@click.command(
    "check",
    epilog="""\b
Examples:
  bootworthy check web01.qcow2
  bootworthy check --json --fail-on warning disk.raw
  bootworthy check --output sarif:web01.sarif --output html:web01.html web01.qcow2
  bootworthy check --root /srv/rootfs
  bootworthy check --root mkosi.extra --partial
  sudo bootworthy check /
""",
)
@options.SUBJECT
@click.option(
    "--engine",
    type=click.Choice(["auto", "reader", "appliance"]),
    default="auto",
    show_default=True,
    help="How the guest is read: in this process, or in the libguestfs appliance.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="The tree is laid over a Linux later: judge only the files that are in it.",
)
@options.READING
@options.INTENT
@options.SELECTION
@options.RESULT
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Say what would keep IMAGE from running on Azure.

    IMAGE is a disk image in any format that is read, or / for the running machine. Nothing is
    changed, mounted or run, and no privilege is needed.
    """
    from bootworthy.work.check import check

    image, root = options.subject_of(given["image"], given["root"])
    if given["partial"] and given["root"] is None:
        raise click.UsageError("--partial is for a file tree: name it with --root")
    refuse_bad_outputs(given, image)
    refuse_overwriting(given["write_baseline"], image)
    with observing_as(given) as observer:
        reading = options.reading_from(
            given, observer, engine=given["engine"], partial=given["partial"]
        )
        report = check(image, root=root, intent=options.intent_from(given), reading=reading)
    finish_report(ctx, judged(report, given, ctx.obj), given)
