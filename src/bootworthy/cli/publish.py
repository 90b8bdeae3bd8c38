"""``bootworthy publish``: from a VHD to an image that machines are made from."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli import judging, options
from bootworthy.cli.azure_options import (
    AS_JSON,
    MOVING,
    SENDING,
    SUBSCRIPTION,
    collect_seldom,
    offering_resume,
    transfer_options,
)
from bootworthy.cli.progress import observing_as
from bootworthy.model.events import Observer

if TYPE_CHECKING:
    from bootworthy.azure.capabilities import Capabilities
    from bootworthy.azure.publication import Publication
    from bootworthy.azure.publish import Call, Published
    from bootworthy.disk.image import Image

_AUTO = ["auto", "yes", "no"]


@click.command(
    "publish",
    epilog="""\b
Examples:
  bootworthy publish web.vhd --resource-group images --name web --location westeurope
  bootworthy publish web.vhd --resource-group images --name web --location westeurope \\
      --gallery images --image-definition web --version 1.0.0 --region northeurope
  bootworthy publish web.vhd … --dry-run
  bootworthy publish web.vhd … --emit bicep > web.bicep
""",
)
@click.argument("image", metavar="IMAGE")
@click.option("--resource-group", required=True, metavar="NAME", help="Where everything is made.")
@click.option("--name", required=True, metavar="NAME", help="The image's name.")
@click.option("--location", required=True, metavar="REGION", help="Where it is: westeurope.")
@SUBSCRIPTION
@click.option("--gallery", metavar="NAME", help="The gallery; made when it is not there.")
@click.option("--image-definition", metavar="NAME", help="The definition in it; made likewise.")
@click.option("--version", metavar="X.Y.Z", help="The version to make.")
@click.option("--publisher", default="bootworthy", show_default=True, help="Of a new definition.")
@click.option("--offer", default="linux", show_default=True, help="Of a new definition.")
@click.option("--sku", default="", help="Of a new definition; its name when not given.")
@click.option("--region", "regions", multiple=True, help="Copy it there too; may be repeated.")
@click.option("--replicas", type=click.IntRange(1, 100), default=1, help="Copies in each region.")
@click.option(
    "--security-type",
    type=click.Choice(["auto", "Standard", "TrustedLaunchSupported", "TrustedLaunch"]),
    default="auto",
    show_default=True,
    help="auto: TrustedLaunchSupported where the image begins with shim.",
)
@click.option("--nvme-disks", type=click.Choice(_AUTO), default="auto", help="Disks on NVMe.")
@click.option(
    "--accelerated-networking", type=click.Choice(_AUTO), default="auto", help="SR-IOV networks."
)
@click.option("--keep-disk", is_flag=True, help="Leave the managed disk it is made from.")
@click.option("--dry-run", is_flag=True, help="Print every call, and make none.")
@click.option(
    "--emit",
    type=click.Choice(["bicep", "terraform", "az"]),
    help="Print a template or script that does the same with an uploaded blob; make no call.",
)
@SENDING
@click.option("--force", is_flag=True, help="Begin an upload that was begun again.")
@MOVING
@options.READING
@options.INTENT
@AS_JSON
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Make an image for machines of IMAGE: a managed image, or a version in a gallery.

    Generation, architecture, security type and features are those that the image really can have.
    Credentials are those of the environment, a workload or managed identity, or `az login`.
    """
    in_gallery = [given[name] for name in ("gallery", "image_definition", "version")]
    if any(in_gallery) and not all(in_gallery):
        raise click.UsageError("a gallery needs --gallery, --image-definition and --version")
    collect_seldom()
    with observing_as(given) as observer, judging.opened(given, observer) as image:
        _publish(image, judging.judge(ctx, image, given, observer), given, observer)


def _publish(
    source: Image, found: Capabilities, given: Mapping[str, Any], observer: Observer
) -> None:
    image = _publication(_as_wished(found, given), given)
    if given["emit"]:
        module = import_module(f"bootworthy.azure.emit.{given['emit']}")
        sys.stdout.write(module.render(image))
        return
    if given["dry_run"]:
        from bootworthy.azure.publish import calls

        size = source.virtual_size
        _print_calls(calls(image, size, keep_disk=given["keep_disk"]), given)
        return
    from bootworthy.azure.compute import Compute
    from bootworthy.azure.publish import publish

    with Compute(image.subscription, observer=observer) as compute, offering_resume():
        moving = transfer_options(given, observer)
        done = publish(source.container, image, compute, moving, keep_disk=given["keep_disk"])
    _print(done, given)


def _publication(found: Capabilities, given: Mapping[str, Any]) -> Publication:
    from bootworthy.azure.compute import default_subscription
    from bootworthy.azure.managed_disk import generation_of
    from bootworthy.azure.publication import (
        GalleryPlace,
        Publication,
        SecurityType,
        with_capabilities,
    )

    intent = options.intent_from(given)
    place = None
    if given["gallery"]:
        place = GalleryPlace(
            gallery=given["gallery"],
            definition=given["image_definition"],
            version=given["version"],
            publisher=given["publisher"],
            offer=given["offer"],
            sku=given["sku"],
            regions=tuple(dict.fromkeys((_region(given["location"]), *given["regions"]))),
            replicas=given["replicas"],
        )
    asked = given["security_type"]
    return with_capabilities(
        Publication(
            subscription=given["subscription"] or default_subscription(),
            resource_group=given["resource_group"],
            name=given["name"],
            location=_region(given["location"]),
            generation=generation_of(intent.generation, found.generations, anyway=given["anyway"]),
            architecture=found.architecture,
            os_state=intent.os_state,
            place=place,
        ),
        found,
        security_type=None if asked == "auto" else SecurityType(asked),
    )


def _region(name: str) -> str:
    """West Europe and westeurope are one."""
    return name.lower().replace(" ", "")


def _as_wished(found: Capabilities, given: Mapping[str, Any]) -> Capabilities:
    wishes = {
        "nvme": given["nvme_disks"],
        "accelerated_networking": given["accelerated_networking"],
    }
    chosen = {name: wish == "yes" for name, wish in wishes.items() if wish != "auto"}
    return replace(found, **chosen)


def _print_calls(made: Iterable[Call], given: Mapping[str, Any]) -> None:
    listed = [asdict(call) for call in made]
    if given["as_json"]:
        sys.stdout.write(json.dumps({"schema_version": 1, "calls": listed}, indent=2) + "\n")
        return
    for call in listed:
        click.echo(f"{call['method']} {call['path']}")
        if call["body"] is not None:
            for line in json.dumps(call["body"], indent=2).splitlines():
                click.echo(f"    {line}")


def _print(done: Published, given: Mapping[str, Any]) -> None:
    if given["as_json"]:
        sys.stdout.write(json.dumps({"schema_version": 1} | asdict(done), indent=2) + "\n")
        return
    click.echo(f"{done.identifier}\n\nA first machine:\n  {done.first_machine}")
