"""``bootworthy rehearse``: the first boot on Azure, on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import bootworthy
from bootworthy.cli import options
from bootworthy.cli.progress import observing
from bootworthy.cli.terminal import print_lines
from bootworthy.model.events import Observer
from bootworthy.model.finding import Finding
from bootworthy.model.intent import Generation
from bootworthy.model.rehearsal import Verdict

if TYPE_CHECKING:
    from bootworthy.rehearsal.controllers import Controller
    from bootworthy.rehearsal.rehearse import Options
    from bootworthy.work.opening import Opened

_FAILED = 1
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
    help="Keep the serial log, the fabric's log and QEMU's command line here.",
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
@click.option("--no-second-boot", is_flag=True, help="Do not restart the machine.")
@options.READING
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@options.TALK
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Boot IMAGE against a simulated Azure and say whether it would provision.

    IMAGE is a fixed VHD or a raw disk. It is only read: what the machine writes is thrown away.
    No root is needed, and nothing that the machine sends leaves it.
    """
    with observing(
        given["progress"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        events_fd=given["events_fd"],
    ) as observer:
        verdict = rehearsal_of(given["image"], given, observer)
    finish(verdict, as_json=given["as_json"])
    ctx.exit(0 if verdict.passed else _FAILED)


def finish(verdict: Verdict, *, as_json: bool) -> None:
    """Print the verdict."""
    from bootworthy.report import rehearsal

    if as_json:
        sys.stdout.write(rehearsal.render(verdict))
    else:
        print_lines(rehearsal.lines(verdict))
    sys.stdout.flush()


def rehearsal_of(image: str, given: Mapping[str, Any], observer: Observer) -> Verdict:
    """Read the image, boot it, judge it; options that are not given have their defaults."""
    from bootworthy.rehearsal.candidate import candidate_of
    from bootworthy.rehearsal.rehearse import rehearse
    from bootworthy.work.opening import Reading, opened

    generation = given["generation"]
    wanted = None if generation == "auto" else Generation(int(generation))
    reading = Reading(
        guest=given["guest"],
        allow_backing=given["allow_backing"],
        disk=given["member"],
        observer=observer,
    )
    with opened(image, None, reading) as subject:
        if subject.image is None:
            raise click.UsageError("only an image can be rehearsed")
        candidate = candidate_of(
            image,
            subject.image,
            subject.guest,
            generation=wanted,
            controller=_controller(given.get("controller", "auto")),
        )
        return rehearse(candidate, _asker(subject, wanted), _options(given, observer))


def _controller(name: str) -> Controller | None:
    from bootworthy.rehearsal.controllers import Controller

    return None if name == "auto" else Controller(name)


def _options(given: Mapping[str, Any], observer: Observer) -> Options:
    from bootworthy.rehearsal.rehearse import Options
    from bootworthy.rehearsal.scenario import Scenario

    path: Path | None = given.get("scenario")
    return Options(
        scenario=Scenario.load(path) if path else Scenario(),
        keep=given.get("keep"),
        memory=given.get("memory", _MEMORY) * _MIB,
        cpus=given.get("cpus", _CPUS),
        second_boot=not given.get("no_second_boot", False),
        observer=observer,
        version=bootworthy.__version__,
    )


def _asker(subject: Opened, generation: Generation | None) -> Callable[[str], Finding | None]:
    """Run one rule on the open image: it names the rule that explains a failed boot."""
    from bootworthy.model.intent import Intent
    from bootworthy.rules import catalogue
    from bootworthy.work.evaluate import check_rule

    judged = subject.subject(Intent(generation=generation))

    def ask(code: str) -> Finding | None:
        result = check_rule(catalogue.find(code), judged)
        return result.findings[0] if result.findings else None

    return ask
