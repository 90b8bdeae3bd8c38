"""Options that several verbs share, and what they make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from bootworthy.cli.event_lines import DescriptorType
from bootworthy.cli.outputs import OutputType
from bootworthy.model.events import Observer
from bootworthy.model.intent import (
    Architecture,
    Generation,
    Intent,
    OsState,
    Profile,
    Provisioning,
    ResourceSwap,
)

if TYPE_CHECKING:
    from bootworthy.model.acceptance import Choice
    from bootworthy.model.finding import Severity
    from bootworthy.work.opening import Reading
    from bootworthy.work.target import ApplyOptions

F = TypeVar("F", bound=Callable[..., Any])
Decorator: TypeAlias = Callable[[F], F]


def chain(*decorators: Decorator[Any]) -> Decorator[Any]:
    """Several options as one, in this order."""

    def apply(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


SUBJECT = chain(
    click.argument("image", required=False, metavar="IMAGE"),
    click.option("--root", metavar="DIR", help="A root file tree instead of an image."),
)

READING = chain(
    click.option(
        "--guest",
        metavar="PART",
        help="Which Linux, when the image holds several: a partition number, UUID=… or LABEL=….",
    ),
    click.option(
        "--allow-backing",
        is_flag=True,
        help="Let an image open files it names (backing, extent, parent) in its own folder.",
    ),
    click.option(
        "--member",
        default="",
        metavar="N|NAME",
        help="Which disk of an archive (OVA, OVF, tar, zip) that holds several.",
    ),
)

CONTAINER = chain(
    click.option(
        "--format",
        "source_format",
        metavar="FORMAT",
        help="Take IMAGE for this format (raw, qcow2, vhd, …) instead of looking what it is.",
    ),
    click.option(
        "--allow-backing",
        is_flag=True,
        help="Let IMAGE take data from other files in its own folder.",
    ),
    click.option(
        "--member",
        default="",
        metavar="N|NAME",
        help="Which disk of an archive (OVA, OVF, tar, zip) that holds several.",
    ),
)

INTENT = chain(
    click.option(
        "--profile",
        type=click.Choice([choice.value for choice in Profile]),
        default=Profile.AZURE.value,
        show_default=True,
        help="All rules, only what Microsoft's article says, or as certification asks.",
    ),
    click.option(
        "--generation",
        type=click.Choice(["auto", "1", "2"]),
        default="auto",
        show_default=True,
        help="Azure's machine generation: 1 boots by BIOS, 2 by UEFI.",
    ),
    click.option(
        "--specialized",
        is_flag=True,
        help="One machine moves: its identity, accounts and keys stay.",
    ),
    click.option(
        "--provisioning",
        type=click.Choice([choice.value for choice in Provisioning]),
        default=Provisioning.BOTH.value,
        show_default=True,
        help="Who provisions new machines: cloud-init, with or without the agent, or the agent.",
    ),
    click.option(
        "--resource-swap",
        type=click.Choice([choice.value for choice in ResourceSwap]),
        help="Who makes swap on Azure's temporary disk: if not said, cloud-init, or the agent "
        "where it provisions alone.",
    ),
    click.option("--keep-crashkernel", is_flag=True, help="Leave crashkernel= as it is."),
    click.option("--keep-rootdelay", is_flag=True, help="Leave rootdelay= as it is."),
    click.option("--keep-lvm", is_flag=True, help="Logical volumes on the OS disk are wanted."),
    click.option(
        "--architecture",
        type=click.Choice(["auto", *(choice.value for choice in Architecture)]),
        default="auto",
        show_default=True,
        help="The processor of the machines that the image is meant for.",
    ),
    click.option(
        "--trusted-launch", is_flag=True, help="Machines will have Secure Boot: ask for signatures."
    ),
    click.option("--nvme", is_flag=True, help="Machines will have their OS disk on NVMe."),
    click.option(
        "--remove-user",
        "remove_users",
        multiple=True,
        metavar="NAME",
        help="Delete this account and all that is its own; may be repeated.",
    ),
    click.option(
        "--remove-users",
        "remove_all_users",
        is_flag=True,
        help="Delete every account that a person could log in with.",
    ),
)

APPLY = chain(
    click.option(
        "--packages",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="Install packages from this directory instead of the guest's repositories.",
    ),
    click.option(
        "--initramfs",
        type=click.Choice(["auto", "rebuild", "append"]),
        default="auto",
        show_default=True,
        help="Have the guest rebuild its initramfs, or append the modules without running it.",
    ),
)

OUTPUT_HELP = (
    "Write the report as text, concise, json, sarif, junit, github, markdown or html, to PATH or "
    "standard output; may be repeated."
)

RESULT = chain(
    click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "note", "never"]),
        default="error",
        show_default=True,
        help="The mildest finding that makes the exit status 1.",
    ),
    click.option(
        "--output",
        "outputs",
        type=OutputType(),
        multiple=True,
        metavar="FORMAT[:PATH]",
        help=OUTPUT_HELP,
    ),
    click.option("--json", "as_json", is_flag=True, help="The same as --output json."),
)

VERDICT_OUTPUT = click.option(
    "--output",
    "outputs",
    type=OutputType(),
    multiple=True,
    metavar="FORMAT[:PATH]",
    help="Write the verdict: text, json, junit, markdown, html; may be repeated.",
)

CHOICE = chain(
    click.option(
        "--select",
        multiple=True,
        metavar="RULE",
        help="Go by these rules only: code, name or area (SWAP); may be repeated.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="RULE",
        help="Do not go by these rules; may be repeated.",
    ),
)

SELECTION = chain(
    CHOICE,
    click.option(
        "--baseline",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="Accept the findings that this file knows.",
    ),
    click.option(
        "--write-baseline",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="Write the findings down, for --baseline.",
    ),
)

TALK = chain(
    click.option(
        "--progress",
        type=click.Choice(["auto", "plain", "json", "none"]),
        default="auto",
        show_default=True,
        help="A bar on a terminal, a line every ten seconds elsewhere; JSON lines; or nothing.",
    ),
    click.option(
        "--events-fd",
        type=DescriptorType(),
        metavar="FD",
        help="Write what happens to this file descriptor as well, as JSON lines.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="No progress and no notes."),
    click.option("-v", "--verbose", count=True, help="More words; -vv adds tracebacks."),
)


def intent_from(given: Mapping[str, Any]) -> Intent:
    """The choices of the INTENT options."""
    generation, architecture = given["generation"], given["architecture"]
    return Intent(
        profile=Profile(given["profile"]),
        generation=None if generation == "auto" else Generation(int(generation)),
        architecture=None if architecture == "auto" else Architecture(architecture),
        os_state=OsState.SPECIALIZED if given["specialized"] else OsState.GENERALIZED,
        provisioning=Provisioning(given["provisioning"]),
        resource_swap=ResourceSwap(swap) if (swap := given["resource_swap"]) else None,
        keep_crashkernel=given["keep_crashkernel"],
        keep_rootdelay=given["keep_rootdelay"],
        keep_lvm=given["keep_lvm"],
        trusted_launch=given["trusted_launch"],
        nvme=given["nvme"],
        remove_users=given["remove_users"],
        remove_all_users=given["remove_all_users"],
    )


def reading_from(given: Mapping[str, Any], observer: Observer, **more: Any) -> Reading:
    """What the READING options say; ``more`` is what only some verbs have."""
    from bootworthy.work.opening import Reading

    return Reading(
        guest=given["guest"],
        allow_backing=given["allow_backing"],
        disk=given["member"],
        observer=observer,
        **more,
    )


def apply_options_from(
    given: Mapping[str, Any], observer: Observer, choice: Choice
) -> ApplyOptions:
    """The choices of the APPLY options, and of what is to be mended."""
    from bootworthy.work.target import ApplyOptions, InitramfsWay

    packages: Path | None = given["packages"]
    return ApplyOptions(
        packages=packages.absolute() if packages else None,
        initramfs=InitramfsWay(given["initramfs"]),
        observer=observer,
        choice=choice,
    )


def threshold_of(fail_on: str) -> Severity | None:
    """The severity of ``--fail-on``, None for never."""
    from bootworthy.model.finding import Severity

    return None if fail_on == "never" else Severity[fail_on.upper()]


def subject_of(image: str | None, root: str | None) -> tuple[str | None, str | None]:
    """The image or the directory a verb is about: ``/`` as an image is the running machine.

    Raises:
        click.UsageError: neither or both are given.
    """
    if (image is None) == (root is None):
        raise click.UsageError("give either an IMAGE or --root DIR")
    return (None, "/") if image == "/" else (image, root)
