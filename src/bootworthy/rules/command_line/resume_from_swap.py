"""The boot waits for a hibernation image on swap that the machine will not have."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys, UpdateInitramfs
from bootworthy.rules import drivers, sources
from bootworthy.rules.command_line.entries import unwanted_tokens
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# initramfs-tools(7), resume variable: its own file, and a copy inside each image.
_SETTING = "/etc/initramfs-tools/conf.d/resume"
_INSIDE = "conf/conf.d/resume"
_NONE = "RESUME=none\n"


@rule(
    code="CMD-19",
    name="resume-from-swap",
    severity=Severity.WARNING,
    why="Each boot waits half a minute or more for a swap device that is not there.",
    when=(has_guest,),
    article=(11, 51),
    sources=(sources.ARTICLE, "https://manpages.debian.org/initramfs-tools"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Neither the command line nor the initramfs names a device to resume from."""
    yield from unwanted_tokens(
        subject, _names_device, "{} waits for swap to resume from", severity=None
    )
    value = _configured(subject)
    if value not in ("", "none"):
        yield Violation(
            message="the initramfs waits for swap to resume from",
            place=Place(_SETTING, 1),
            found=f"RESUME={value}",
            expected="RESUME=none",
            fix=_FIX,
        )


_FIX = Fix(
    title="set RESUME=none and make the initramfs again",
    steps=(
        SetKeys(path=_SETTING, settings=(("RESUME", "none"),)),
        UpdateInitramfs(modules=drivers.INITRAMFS, files=((_INSIDE, _NONE),)),
    ),
)


def _names_device(word: str) -> bool:
    return word.startswith(("resume=", "resume_offset="))


def _configured(subject: Subject) -> str:
    from bootworthy.guest.editors.shell_assignments import ShellFile

    text = subject.linux.tree.text_or(_SETTING)
    return ShellFile(text, _SETTING).get("RESUME") or ""
