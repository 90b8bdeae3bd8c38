"""``bootworthy convert``: write a disk image as the fixed VHD that Azure takes."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli import options
from bootworthy.cli.progress import observing_as
from bootworthy.cli.terminal import print_lines
from bootworthy.model.conversion import Conversion
from bootworthy.model.events import Observer

if TYPE_CHECKING:
    from bootworthy.work.convert import ConvertOptions

_EXIT_STATUS = """\b
Exit status:
  0    the output is whole and has its name
  2    wrong usage: it exists already, is the image itself, or cannot be resumed
  3    the image is unreadable, corrupt, unsupported or too large for the target
  4    no space or permission, or the copy differs from the source (--verify)
  130  interrupted; --resume goes on
"""


@click.command(
    "convert",
    epilog=f"""\b
Examples:
  bootworthy convert web01.qcow2 -o web01.vhd
  bootworthy convert --verify --force disk.vmdk -o disk.vhd
  bootworthy convert --to vhd-dynamic disk.raw -o hyperv.vhd
  bootworthy convert --in-place disk.raw

{_EXIT_STATUS}""",
)
@click.argument("image", metavar="IMAGE")
@click.option("-o", "--output", metavar="OUT", help="The file to write: OUT.vhd or OUT.raw.")
@click.option(
    "--to",
    type=click.Choice(["vhd", "vhd-dynamic", "raw"]),
    help="The format to write; by the ending of OUT, .vhd being a fixed VHD, when not given.",
)
@click.option(
    "--target",
    type=click.Choice(["article", "os-disk", "data-disk"]),
    default="os-disk",
    show_default=True,
    help="What the disk is for: at most 1,023 GB, 4,095 GiB or 32 TiB.",
)
@click.option("--verify", is_flag=True, help="Read OUT again and compare it with IMAGE.")
@click.option(
    "--resume", is_flag=True, help="Go on where an interrupted conversion of IMAGE stopped."
)
@click.option("--force", is_flag=True, help="Replace OUT, when all is done.")
@click.option(
    "--in-place",
    is_flag=True,
    help="Make IMAGE itself, a raw disk or a faulty fixed VHD, a fixed VHD; nothing is copied.",
)
@click.option("--undo", is_flag=True, help="With --in-place: take the last such edit back.")
@options.CONTAINER
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.TALK
def command(**given: Any) -> None:
    """Write the disk in IMAGE as the fixed VHD that Azure takes.

    The size goes up to a whole MiB, never down; a GPT gets its backup at the new end. IMAGE is
    never written (but with --in-place), and OUT appears only when it is whole.
    """
    _refuse_odd_usage(given)
    with observing_as(given) as observer:
        try:
            result = _in_place(given, observer) if given["in_place"] else _copy(given, observer)
        except KeyboardInterrupt:
            _tell_how_to_go_on(given)
            raise
    print_conversion(result, as_json=given["as_json"])


def _refuse_odd_usage(given: dict[str, Any]) -> None:
    if given["in_place"] == bool(given["output"]):
        raise click.UsageError("name the file to write: -o OUT.vhd, or say --in-place")
    if given["undo"] and not given["in_place"]:
        raise click.UsageError("--undo belongs to --in-place")
    for option in ("verify", "resume", "to", "member"):
        if given["in_place"] and given[option]:
            raise click.UsageError(f"--{option} is for copies, not for --in-place")


def _copy(given: dict[str, Any], observer: Observer) -> Conversion:
    from bootworthy.work.convert import convert

    return convert(given["image"], given["output"], _options(given, observer))


def _options(given: dict[str, Any], observer: Observer) -> ConvertOptions:
    from bootworthy.work.convert import ConvertOptions
    from bootworthy.work.limits import Target

    return ConvertOptions(
        to=given["to"],
        source_format=given["source_format"],
        allow_backing=given["allow_backing"],
        disk=given["member"],
        target=Target(given["target"]),
        verify=given["verify"],
        resume=given["resume"],
        force=given["force"],
        observer=observer,
    )


def _in_place(given: dict[str, Any], observer: Observer) -> Conversion:
    from bootworthy.work.in_place import convert_in_place, undo
    from bootworthy.work.limits import Target

    if given["undo"]:
        return undo(given["image"])
    return convert_in_place(
        given["image"],
        source_format=given["source_format"],
        target=Target(given["target"]),
        observer=observer,
    )


def _tell_how_to_go_on(given: dict[str, Any]) -> None:
    words = sys.argv[1:]
    if given["in_place"]:
        click.echo("run the same command again to complete what was begun", err=True)
        return
    if "--resume" not in words:
        words.append("--resume")
    click.echo(f"to go on: bootworthy {shlex.join(words)}", err=True)


def print_conversion(result: Conversion, *, as_json: bool) -> None:
    """Print what was written or changed."""
    from bootworthy.report import conversion

    if as_json:
        sys.stdout.write(conversion.render(result))
    else:
        print_lines(conversion.lines(result))
    sys.stdout.flush()
