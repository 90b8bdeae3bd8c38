"""``bootworthy resize``: give a disk another size."""

from __future__ import annotations

from typing import Any

import click

from bootworthy.cli import options
from bootworthy.cli.convert import print_conversion
from bootworthy.cli.progress import observing_as


@click.command(
    "resize",
    epilog="""\b
Examples:
  bootworthy resize disk.vhd --size 30G
  bootworthy resize disk.raw --size +10G
  bootworthy resize web01.qcow2 --size 64G -o web01.vhd
  bootworthy resize disk.vhd --size 20G --shrink

\b
Exit status:
  0    the disk has the size
  2    wrong usage, or a format that has to be copied (-o)
  3    data would be lost, or the image is unreadable or too large
  4    no space or permission
  130  interrupted; the same command completes it
""",
)
@click.argument("image", metavar="IMAGE")
@click.option(
    "--size",
    required=True,
    metavar="SIZE",
    help="A whole number of MiB: 30G, 30720M, or +10G for so much more.",
)
@click.option("-o", "--output", metavar="OUT", help="Write a copy and leave IMAGE as it is.")
@click.option("--shrink", is_flag=True, help="Cut free space behind the last partition.")
@click.option(
    "--to",
    type=click.Choice(["vhd", "vhd-dynamic", "raw"]),
    help="The format of OUT; by its ending when not given.",
)
@click.option(
    "--target",
    type=click.Choice(["article", "os-disk", "data-disk"]),
    default="os-disk",
    show_default=True,
    help="What the disk is for: at most 1,023 GB, 4,095 GiB or 32 TiB.",
)
@click.option("--verify", is_flag=True, help="Read OUT again and compare it with IMAGE.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted copy of IMAGE stopped.")
@click.option("--force", is_flag=True, help="Replace OUT, when all is done.")
@options.CONTAINER
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.TALK
def command(**given: Any) -> None:
    """Make the disk in IMAGE larger, or smaller when nothing is lost.

    IMAGE, a raw disk or a fixed VHD, is changed itself unless OUT is named; what was there can be
    brought back: bootworthy convert --in-place --undo IMAGE. Partitions and file systems stay as
    they are: cloud-init grows the root at the first boot. The backup GPT moves to the new end.
    """
    from bootworthy.work.convert import ConvertOptions
    from bootworthy.work.limits import Target
    from bootworthy.work.resize import resize

    _refuse_odd_usage(given)
    with observing_as(given) as observer:
        result = resize(
            given["image"],
            given["size"],
            output=given["output"],
            shrink=given["shrink"],
            options=ConvertOptions(
                to=given["to"],
                source_format=given["source_format"],
                allow_backing=given["allow_backing"],
                disk=given["member"],
                target=Target(given["target"]),
                force=given["force"],
                verify=given["verify"],
                resume=given["resume"],
                observer=observer,
            ),
        )
    print_conversion(result, as_json=given["as_json"])


def _refuse_odd_usage(given: dict[str, Any]) -> None:
    for option in ("verify", "resume", "to", "member"):
        if given[option] and not given["output"]:
            raise click.UsageError(f"--{option} is for copies: name the file to write, -o OUT")
