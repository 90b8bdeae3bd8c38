"""``bootworthy inspect``: what is in an image, and whether Azure would take the file."""

from __future__ import annotations

import sys
from typing import Any

import click

from bootworthy.cli import options
from bootworthy.cli.progress import observing_as
from bootworthy.cli.terminal import print_lines

_REFUSED = 1


@click.command(
    "inspect",
    epilog="""\b
Examples:
  bootworthy inspect disk.vhd
  bootworthy inspect --json web01.qcow2

\b
Exit status:
  0    Azure would take the file as it is
  1    Azure would refuse it: the reasons and the repair are shown
  2    wrong usage
  3    the image is unreadable, corrupt or unsupported
""",
)
@click.argument("image", metavar="IMAGE")
@click.option("--no-guest", is_flag=True, help="Do not look for the Linux inside.")
@options.CONTAINER
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Show what IMAGE is made of, and whether Azure would take the file as it is.

    Container, partitions, file systems, machine generation and the Linux inside; then everything
    that Azure would hold against the file, with the command that repairs it. Nothing is changed.
    """
    from bootworthy.report import inspection
    from bootworthy.work.inspect import inspect_image

    with observing_as(given) as observer:
        result = inspect_image(
            given["image"],
            allow_backing=given["allow_backing"],
            source_format=given["source_format"],
            disk=given["member"],
            guest=not given["no_guest"],
            observer=observer,
        )
    if given["as_json"]:
        sys.stdout.write(inspection.render(result))
    else:
        print_lines(inspection.lines(result))
    sys.stdout.flush()
    ctx.exit(0 if result.accepted else _REFUSED)
