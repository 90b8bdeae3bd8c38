"""``bootworthy upload``: send an image to a page blob or into a managed disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli import judging, options
from bootworthy.cli.azure_options import (
    ACCOUNT,
    AS_JSON,
    MOVING,
    SENDING,
    SUBSCRIPTION,
    collect_seldom,
    offering_resume,
    target_from,
    transfer_options,
)
from bootworthy.cli.progress import observing_as
from bootworthy.model.errors import UsageError
from bootworthy.model.events import Note, Observer
from bootworthy.model.quantities import human_seconds, human_size, plural

if TYPE_CHECKING:
    from bootworthy.azure.capabilities import Capabilities
    from bootworthy.azure.options import TransferResult
    from bootworthy.disk.image import Image


@click.command(
    "upload",
    epilog="""\b
Examples:
  bootworthy upload web01.vhd 'https://acct.blob.core.windows.net/vhds/web01.vhd?sv=…&sig=…'
  bootworthy upload web01.vhd @sas-address.txt --verify
  bootworthy upload web01.qcow2 vhds/web01.vhd --anyway
  bootworthy upload web01.vhd --disk web01 --resource-group images --location westeurope
  bootworthy upload web01.vhd --disk web01 --resource-group images --location westeurope --resume
""",
)
@click.argument("image", metavar="IMAGE")
@click.argument("target", metavar="[TARGET]", required=False)
@ACCOUNT
@click.option("--disk", metavar="NAME", help="Make a managed disk of this name, and write into it.")
@click.option("--resource-group", metavar="NAME", help="Where the managed disk is made.")
@click.option("--location", metavar="REGION", help="Where the managed disk is made: westeurope.")
@SUBSCRIPTION
@click.option("--sku", default="Standard_LRS", show_default=True, help="The managed disk's.")
@click.option(
    "--security-type",
    type=click.Choice(["Standard", "TrustedLaunch"]),
    default="Standard",
    show_default=True,
    help="The managed disk's; TrustedLaunch needs generation 2 and signed boot loaders.",
)
@click.option("--force", is_flag=True, help="Replace the blob; forget an upload that was begun.")
@SENDING
@click.option("--md5", is_flag=True, help="Have the service check each range's MD5.")
@click.option("--all-blocks", is_flag=True, help="Send blocks too that no file system uses.")
@MOVING
@options.READING
@options.INTENT
@AS_JSON
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Send IMAGE, in any format that is read, to Azure as the fixed VHD it would become.

    TARGET is the address of a page blob (with a SAS, or for the account you are signed in to),
    CONTAINER/NAME.vhd with a connection string, @FILE to read it from a file, or @- from standard
    input. Nothing is written here but a journal; only data travels. The footer goes last: what is
    not whole is never taken for an image.
    """
    _refuse_odd_usage(given)
    collect_seldom()
    with observing_as(given) as observer, judging.opened(given, observer) as image:
        # What it can do is asked for where a machine's disk is described; that it runs, always.
        asked = given["disk"] or not given["anyway"]
        found = judging.judge(ctx, image, given, observer) if asked else None
        with offering_resume():
            result = _upload(image, found, given, observer)
    _print(result, given)


def _refuse_odd_usage(given: Mapping[str, Any]) -> None:
    if (given["target"] is None) == (given["disk"] is None):
        raise click.UsageError("give either a TARGET or --disk NAME")
    needed = ("resource_group", "location")
    missing = [f"--{name.replace('_', '-')}" for name in needed if not given[name]]
    if given["disk"] and missing:
        raise click.UsageError(f"--disk needs {' and '.join(missing)}")


def _upload(
    image: Image, found: Capabilities | None, given: Mapping[str, Any], observer: Observer
) -> TransferResult:
    _refuse_wrong_generation(image, given, observer)
    for text in image.container.notes:
        observer(Note(text))
    if given["disk"] and found is not None:
        return _to_disk(image, found, given, observer)
    from bootworthy.azure.upload import upload

    target = target_from(given["target"], given)
    return upload(image.container, target, transfer_options(given, observer))


def _refuse_wrong_generation(image: Image, given: Mapping[str, Any], observer: Observer) -> None:
    asked = options.intent_from(given).generation
    if asked is None or asked in image.generations:
        return
    text = f"the image has no boot loader for generation {int(asked)}"
    if not given["anyway"]:
        raise UsageError("azure-generation", text, hint="bootworthy check says what is missing")
    observer(Note(text))


def _to_disk(
    image: Image, found: Capabilities, given: Mapping[str, Any], observer: Observer
) -> TransferResult:
    from bootworthy.azure.compute import Compute, default_subscription
    from bootworthy.azure.managed_disk import DiskPlan, generation_of, upload_to_disk

    asked = options.intent_from(given).generation
    plan = DiskPlan(
        resource_group=given["resource_group"],
        name=given["disk"],
        location=given["location"].lower().replace(" ", ""),
        generation=generation_of(asked, found.generations, anyway=given["anyway"]),
        architecture=found.architecture,
        sku=given["sku"],
        trusted_launch=given["security_type"] == "TrustedLaunch",
    )
    subscription = given["subscription"] or default_subscription()
    with Compute(subscription, observer=observer) as compute:
        return upload_to_disk(image.container, plan, compute, transfer_options(given, observer))


def _print(result: TransferResult, given: Mapping[str, Any]) -> None:
    if given["as_json"]:
        sys.stdout.write(json.dumps({"schema_version": 1} | asdict(result), indent=2) + "\n")
        return
    words = f"{result.target}: {human_size(result.size)}, {human_size(result.moved)} sent "
    words += f"in {plural(result.requests, 'request')} and {human_seconds(result.seconds)}"
    if result.retries:
        words += f", {result.retries} again"
    if result.verified:
        words += ", read back and equal"
    click.echo(words)
