"""``bootworthy download``: fetch a page blob as a sparse file."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bootworthy.cli import options
from bootworthy.cli.azure_options import (
    ACCOUNT,
    AS_JSON,
    JOURNAL,
    MOVING,
    RESUME,
    collect_seldom,
    offering_resume,
    target_from,
    transfer_options,
)
from bootworthy.cli.progress import observing_as
from bootworthy.model.quantities import human_seconds, human_size, plural


@click.command(
    "download",
    epilog="""\b
Examples:
  bootworthy download 'https://acct.blob.core.windows.net/vhds/web01.vhd?sv=…' -o web01.vhd
  bootworthy download vhds/web01.vhd -o web01.vhd --limit-rate 20M
  bootworthy download vhds/web01.vhd -o web01.vhd --resume
""",
)
@click.argument("source", metavar="SOURCE")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file to write.",
)
@ACCOUNT
@click.option(
    "--force",
    is_flag=True,
    help="Replace FILE, when all is done; forget a download that was begun.",
)
@RESUME
@JOURNAL
@MOVING
@AS_JSON
@options.TALK
def command(**given: Any) -> None:
    """Fetch the page blob SOURCE into a sparse file.

    SOURCE is an address or CONTAINER/NAME.vhd, as for upload. Only ranges that the blob holds
    travel. FILE appears only when it is whole; until then FILE.partial holds what was fetched.
    """
    from bootworthy.azure.download import download

    collect_seldom()
    with observing_as(given) as observer:
        source = target_from(given["source"], given)
        with offering_resume(keep_force=True):
            result = download(source, given["output"], transfer_options(given, observer))
    if given["as_json"]:
        sys.stdout.write(json.dumps({"schema_version": 1} | asdict(result), indent=2) + "\n")
        return
    words = f"{given['output']}: {human_size(result.size)}, {human_size(result.moved)} fetched "
    words += f"in {plural(result.requests, 'request')} and {human_seconds(result.seconds)}"
    if result.resumed:
        words += f", {human_size(result.resumed)} had arrived before"
    click.echo(words)
