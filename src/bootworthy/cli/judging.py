"""An image that is about to be sent: opened once, judged by the rules, and what it can do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli import options
from bootworthy.cli.terminal import print_lines
from bootworthy.model.errors import HostError, ImageError
from bootworthy.model.events import Note, Observer
from bootworthy.model.finding import Severity

if TYPE_CHECKING:
    from bootworthy.azure.capabilities import Capabilities
    from bootworthy.disk.image import Image
    from bootworthy.model.report import Report

_FINDINGS = 1
_UNREADABLE = 3


@contextmanager
def opened(given: Mapping[str, Any], observer: Observer) -> Iterator[Image]:
    """The image of a verb that has the READING options.

    Raises:
        ImageError: it cannot be read, or is a VHD whose footer is not its end.
    """
    from bootworthy.disk.image import open_image
    from bootworthy.work.footers import refuse_footer_inside

    with open_image(
        given["image"],
        allow_backing=given["allow_backing"],
        disk=given["member"],
        observer=observer,
    ) as image:
        refuse_footer_inside(image.container)
        yield image


def judge(
    ctx: click.Context, image: Image, given: Mapping[str, Any], observer: Observer
) -> Capabilities:
    """What an image can do, after the rules found no error; with some the verb ends.

    With ``anyway`` no rule is asked, and of a guest that cannot be read, what its disk shows. The
    guest is closed again: an engine does not stay while the disk is sent.

    Raises:
        ImageError: there is no guest that can be read.
        HostError: this machine lacks what reading it needs.
    """
    from bootworthy.azure.capabilities import Capabilities, capabilities_of
    from bootworthy.work.check import judged
    from bootworthy.work.opening import guest_in

    reading = options.reading_from(given, observer)
    try:
        with guest_in(image, given["image"], reading) as subject:
            if not given["anyway"]:
                _refuse_errors(ctx, judged(subject, options.intent_from(given)))
            return capabilities_of(image, subject.guest)
    except (ImageError, HostError) as error:
        if not given["anyway"]:
            raise
        observer(Note(f"it is made for x64, as its guest cannot be read: {error.message}"))
    return Capabilities(generations=image.generations)


def _refuse_errors(ctx: click.Context, report: Report) -> None:
    """With errors they are printed on stderr, and the verb ends."""
    from bootworthy.report import text

    if not report.reaches(Severity.ERROR) and not report.unreadable:
        return
    print_lines(text.lines(report), sys.stderr)
    click.echo("not sent: it would not run on Azure. --anyway sends it nevertheless", err=True)
    ctx.exit(_UNREADABLE if report.unreadable else _FINDINGS)
