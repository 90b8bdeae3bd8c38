from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import SetKernelArguments, SetKeys, UpdateInitramfs, WriteFile
from bootworthy.rules.command_line.resume_from_swap import check
from bootworthy.work.merge import plan_for
from tests.rules.command_line.menus import arguments_of, booting, look
from tests.rules.healthy import ARGUMENTS, GRUB_CFG, INITRAMFS, healthy, initramfs
from tests.rules.making import Entry, findings, subject

SETTING = "/etc/initramfs-tools/conf.d/resume"
INSIDE = "conf/conf.d/resume"
GUESSED = "conf/conf.d/zz-resume-auto"
DEVICE = "UUID=0a1d5a52-7a0e-4b7c-8f44-5b9f0c6db005"
MODULES = ("hv_vmbus", "hv_storvsc", "hv_netvsc")


def inside(**files: str) -> dict[str, Entry | None]:
    """An initramfs with these settings."""
    named = {f"conf/conf.d/{name.replace('_', '-')}": text for name, text in files.items()}
    return {INITRAMFS: initramfs(files=named)}


@pytest.mark.parametrize("text", ["RESUME=none\n", "RESUME=auto\n", "RESUME=\n", "# nothing\n"])
def test_nothing_to_resume_from(text: str) -> None:
    assert look(check, {SETTING: text}) == ()
    assert look(check, inside(resume=text)) == ()


def test_no_setting_at_all() -> None:
    assert look(check, {SETTING: None}) == ()
    assert look(check, booting(f"{ARGUMENTS} noresume resume=none")) == ()


def test_the_command_line_names_a_device() -> None:
    token = f"resume={DEVICE}"
    (found,) = look(check, booting(f"{ARGUMENTS} {token} resume_offset=34816"))

    assert found.severity is Severity.WARNING
    assert found.message == f"{token} resume_offset=34816 waits for swap to resume from"
    assert arguments_of(found.fix) == SetKernelArguments(remove=(token, "resume_offset=34816"))


def test_the_setting_names_a_device() -> None:
    (found,) = look(check, {SETTING: f"# by the installer\nRESUME={DEVICE}\n"})

    assert found.severity is Severity.WARNING
    assert found.place.path == SETTING
    assert found.found == f"RESUME={DEVICE}"
    assert found.fix is not None
    keys = SetKeys(path=SETTING, settings=(("RESUME", "none"),))
    # What a rebuild would copy into the image.
    files = ((INSIDE, "# by the installer\nRESUME=none\n"),)
    assert found.fix.steps == (keys, UpdateInitramfs(modules=MODULES, files=files))


def test_only_the_image_names_a_device() -> None:
    (found,) = look(check, inside(resume=f"RESUME={DEVICE}\n"))

    assert str(found.place) == f"{INITRAMFS} ({INSIDE})"
    assert found.fix is not None
    assert UpdateInitramfs(modules=MODULES, files=((INSIDE, "RESUME=none\n"),)) in found.fix.steps


def test_what_was_guessed_when_the_image_was_made() -> None:
    (found,) = look(check, {SETTING: None, **inside(zz_resume_auto="RESUME=/dev/sda5\n")})

    assert found.place.within == GUESSED
    assert found.fix is not None
    write, rebuild = found.fix.steps
    assert write == WriteFile(path=SETTING, text="RESUME=none\n")
    assert isinstance(rebuild, UpdateInitramfs)
    assert dict(rebuild.files) == {GUESSED: "RESUME=none\n", INSIDE: "RESUME=none\n"}


def test_all_of_it_is_one_plan() -> None:
    changes: dict[str, Entry | None] = {
        SETTING: f"RESUME={DEVICE}\n",
        **inside(resume=f"RESUME={DEVICE}\n", zz_resume_auto=f"RESUME={DEVICE}\n"),
        **booting(f"resume={DEVICE}"),
    }

    found = look(check, changes)

    assert len(found) == 4
    kinds = [type(item.step) for item in plan_for(found).steps]
    assert kinds == [SetKeys, UpdateInitramfs, SetKernelArguments]


def broken(found: tuple[Finding, ...]) -> list[str]:
    return [item.place.path for item in found]


def test_a_guest_without_a_menu_is_looked_at() -> None:
    files = healthy({GRUB_CFG: None, SETTING: f"RESUME={DEVICE}\n"})
    assert broken(findings(check, subject(files))) == [SETTING]


def test_settings_inside_that_no_shell_reads() -> None:
    assert look(check, inside(resume="RESUME='/dev/sda5\n", other="\0")) == ()
