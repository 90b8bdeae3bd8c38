"""The boot waits for a hibernation image on swap that the machine will not have."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.editors.key_value import set_keys
from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.guest import Guest
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import SetKeys, Step, UpdateInitramfs, WriteFile
from bootworthy.rules import drivers, sources
from bootworthy.rules.command_line.entries import unwanted_tokens
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# initramfs-tools(7), resume variable. Each image has a copy, and what was found when it was made
# (hooks/resume); the last file that sets it counts (init).
_SETTING = "/etc/initramfs-tools/conf.d/resume"
_INSIDE = "conf/conf.d/"
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
    yield from unwanted_tokens(subject, _names_device, "{} waits for swap to resume from")
    guest = subject.linux
    inside = dict(_settings_inside(guest))
    fix = _fix(guest, tuple(inside))
    if value := _device(guest.tree.text_or(_SETTING), _SETTING):
        message = "the next initramfs would wait for swap to resume from"
        yield _violation(message, Place(_SETTING), value, fix)
    for name, (path, value) in inside.items():
        message = "the initramfs waits for swap to resume from"
        yield _violation(message, Place(path, within=name), value, fix)


def _violation(message: str, place: Place, value: str, fix: Fix) -> Violation:
    return Violation(
        message=message,
        place=place,
        found=f"RESUME={value}",
        expected="RESUME=none",
        fix=fix,
    )


def _fix(guest: Guest, inside: tuple[str, ...]) -> Fix:
    """Each file of the image gets what a rebuild would put there, or nothing to resume from."""
    step: Step = WriteFile(path=_SETTING, text=_NONE)
    text = _NONE
    if guest.tree.is_file(_SETTING):
        step = SetKeys(path=_SETTING, settings=(("RESUME", "none"),))
        text = set_keys(guest.tree.text(_SETTING), {"RESUME": "none"}, path=_SETTING)
    files = dict.fromkeys(inside, _NONE) | {f"{_INSIDE}resume": text}
    update = UpdateInitramfs(modules=drivers.INITRAMFS, files=tuple(files.items()))
    return Fix(title="set RESUME=none and make the initramfs again", steps=(step, update))


def _names_device(word: str) -> bool:
    return word.startswith(("resume=", "resume_offset=")) and word != "resume=none"


def _settings_inside(guest: Guest) -> Iterator[tuple[str, tuple[str, str]]]:
    """Files inside that name a device, with the oldest image they are in and the device."""
    for kernel in guest.bootable_kernels:
        files = guest.initramfs(kernel.initramfs).small_files if kernel.initramfs else {}
        for name, text in files.items():
            if name.startswith(_INSIDE) and (value := _device_inside(text, name)):
                yield name, (kernel.initramfs or "", value)


def _device_inside(text: str, name: str) -> str:
    try:
        return _device(text, name)
    except GuestError:
        return ""  # not a file that is to be edited; the image's own shell would not read it


def _device(text: str, path: str) -> str:
    """The device that a file names; empty for none, or for a guess when the image is made."""
    value = ShellFile(text, path).get("RESUME")
    return "" if value in (None, "none", "auto") else value
