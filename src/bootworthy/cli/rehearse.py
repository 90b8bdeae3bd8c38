"""``bootworthy rehearse``: the first boot on Azure, on this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import bootworthy
from bootworthy.cli import options
from bootworthy.cli.outputs import refuse_bad_outputs, refuse_formats_without_rehearsal
from bootworthy.cli.progress import observing_as
from bootworthy.cli.result import finish_rehearsal
from bootworthy.model.events import Observer
from bootworthy.model.intent import Generation
from bootworthy.model.rehearsal import Verdict
from bootworthy.rehearsal.scenario import MAX_DATA_DISKS, MAX_NICS, Scenario

if TYPE_CHECKING:
    from bootworthy.rehearsal.controllers import Controller
    from bootworthy.rehearsal.rehearse import RehearsalOptions

_MIB = 1 << 20

# What Azure's Standard_D2s_v3 has for CPUs; memory enough for what provisioning runs.
_CPUS = 2
_MEMORY = 2048


@click.command(
    "rehearse",
    epilog="""\b
Examples:
  bootworthy rehearse web01.vhd
  bootworthy rehearse --json --keep logs web01.vhd
  bootworthy rehearse --trusted-launch --nics 2 --data-disks 2 web01.vhd
  bootworthy rehearse --interactive web01.vhd
  bootworthy rehearse --output html:web01.html --output junit:web01.xml web01.vhd

\b
Exit status:
  0    the image would provision
  1    it would not: the rule, what was seen and the fix are shown
  2    wrong usage
  3    the image is unreadable, corrupt or unsupported
  4    this machine lacks QEMU, its firmware, OpenSSH's client or a private network
""",
)
@click.argument("image", metavar="IMAGE")
@click.option(
    "--generation",
    type=click.Choice(["auto", "1", "2"]),
    default="auto",
    show_default=True,
    help="Azure's machine generation: 1 boots by BIOS, 2 by UEFI.",
)
@click.option(
    "--controller",
    type=click.Choice(["auto", "ide", "ahci", "virtio-scsi", "virtio-blk", "nvme"]),
    default="auto",
    show_default=True,
    help="What the OS disk hangs on: whatever the initramfs has a driver for, or this.",
)
@click.option("--nvme", is_flag=True, help="All disks hang on NVMe: --controller nvme.")
@click.option(
    "--trusted-launch",
    is_flag=True,
    help="Secure Boot with Microsoft's keys; generation 2.",
)
@click.option(
    "--nics",
    type=click.IntRange(1, MAX_NICS),
    metavar="N",
    help="Network interfaces.  [default: 1]",
)
@click.option(
    "--data-disks",
    type=click.IntRange(0, MAX_DATA_DISKS),
    metavar="N",
    help="Empty data disks.",
)
@click.option(
    "--scenario",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The deployment's choices, as TOML: user_name, host_name, custom_data, …",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the logs here: of the serial console, the fabric, the guest's answers and QEMU.",
)
@click.option(
    "--memory",
    type=click.IntRange(256),
    default=_MEMORY,
    show_default=True,
    metavar="MIB",
    help="The machine's memory.",
)
@click.option("--cpus", type=click.IntRange(1, 64), default=_CPUS, show_default=True)
@click.option(
    "--interactive",
    is_flag=True,
    help="Give the serial console, and a command that logs in, instead of a verdict.",
)
@click.option("--no-second-boot", is_flag=True, help="Do not restart the machine.")
@options.READING
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@options.VERDICT_OUTPUT
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Boot IMAGE against a simulated Azure and say whether it would provision.

    IMAGE is a fixed VHD or a raw disk. It is only read: what the machine writes is thrown away.
    No root is needed, and nothing that the machine sends leaves it.
    """
    _refuse_odd_usage(given)
    refuse_bad_outputs(given, given["image"])
    refuse_formats_without_rehearsal(given)
    if given["interactive"]:
        _attend(given)
        return
    with observing_as(given) as observer:
        verdict = rehearsal_of(given["image"], given, observer)
    finish_rehearsal(ctx, verdict, given)


def _refuse_odd_usage(given: Mapping[str, Any]) -> None:
    if given["nvme"] and given["controller"] not in {"auto", "nvme"}:
        raise click.UsageError(f"--nvme and --controller {given['controller']} exclude each other")
    if given["interactive"] and (given["as_json"] or given["outputs"]):
        raise click.UsageError("--interactive comes to no verdict that --json or --output writes")
    if given["interactive"] and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("--interactive is for a terminal")


def _attend(given: Mapping[str, Any]) -> None:
    """Give the machine's console to the terminal; progress would be written across it."""
    from bootworthy.cli.console import attend
    from bootworthy.model.events import ignore

    verdict = rehearsal_of(given["image"], {**given, "attend": attend}, ignore)
    seen = [item for item in verdict.timeline if item.what.startswith("health-")]
    told = [f"{item.at:6.1f} s  {item.what}" for item in seen] or ["nobody reported ready"]
    click.echo("\n".join(told), err=True)


def rehearsal_of(image: str, given: Mapping[str, Any], observer: Observer) -> Verdict:
    """Read the image, boot it, judge it; options that are not given have their defaults."""
    from bootworthy.verbs.rehearse import rehearse

    generation = given["generation"]
    reading = options.reading_from(given, observer)
    return rehearse(
        image,
        _options(given, observer),
        generation=None if generation == "auto" else Generation(int(generation)),
        controller=_controller(given),
        reading=reading,
    )


def _controller(given: Mapping[str, Any]) -> Controller | None:
    from bootworthy.rehearsal.controllers import Controller

    if given.get("nvme"):
        return Controller.NVME
    name = given.get("controller", "auto")
    return None if name == "auto" else Controller(name)


def _options(given: Mapping[str, Any], observer: Observer) -> RehearsalOptions:
    from bootworthy.rehearsal.rehearse import RehearsalOptions

    return RehearsalOptions(
        scenario=_scenario(given),
        keep=given.get("keep"),
        memory=given.get("memory", _MEMORY) * _MIB,
        cpus=given.get("cpus", _CPUS),
        second_boot=not given.get("no_second_boot", False),
        observer=observer,
        version=bootworthy.__version__,
        attend=given.get("attend"),
    )


def _scenario(given: Mapping[str, Any]) -> Scenario:
    """The scenario file, and what the command line says of the machine in its place."""
    path: Path | None = given.get("scenario")
    scenario = Scenario.load(path) if path else Scenario()
    named = {name: given.get(name) for name in ("nics", "data_disks")}
    said = {name: value for name, value in named.items() if value is not None}
    return replace(
        scenario,
        trusted_launch=given.get("trusted_launch", False) or scenario.trusted_launch,
        **said,
    )
