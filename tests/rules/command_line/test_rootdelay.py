from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line.rootdelay import HOOK, check
from tests.rules.command_line.menus import ARM, ENTRIES, arguments_of, booting, look
from tests.rules.healthy import ARGUMENTS, GRUB_CFG, INITRAMFS, grub_cfg, healthy, initramfs
from tests.rules.making import Entry, not_applicable, subject

DELAYED = f"{ARGUMENTS} rootdelay=300"

# dracut and Red Hat's initramfs have no such line.
OTHER: dict[str, Entry | None] = {INITRAMFS: initramfs(files={"init": "#!/bin/sh\nexec udevd\n"})}


def bare(arguments: str) -> dict[str, Entry | None]:
    """A menu whose first entry starts without an initramfs."""
    line = f"\tinitrd\t{INITRAMFS}\n"
    text = grub_cfg(arguments=arguments)
    assert line in text
    return {GRUB_CFG: text.replace(line, "", 1)}


@pytest.mark.parametrize("arguments", [DELAYED, "rootdelay=10"])
def test_an_initramfs_that_waits_no_longer_than_it_takes(arguments: str) -> None:
    assert look(check, {**OTHER, **booting(arguments)}) == ()


def test_no_wait_is_a_note() -> None:
    (found,) = look(check, OTHER)

    assert found.severity is Severity.NOTE
    assert found.message == "the wait for the root disk is not set"
    assert found.expected == "rootdelay=300"
    assert arguments_of(found.fix) == SetKernelArguments(add=("rootdelay=300",))


@pytest.mark.parametrize(
    "line", ['sleep "$ROOTDELAY"', 'sleep "${ROOTDELAY}"', "\tsleep $ROOTDELAY"]
)
def test_an_initramfs_that_sleeps_for_it(line: str) -> None:
    image = initramfs(files={"init": f"#!/bin/sh\n{line}\n"})

    (found,) = look(check, {INITRAMFS: image, **booting(DELAYED)})

    assert found.severity is Severity.WARNING
    assert found.message == "rootdelay= stalls every boot for its whole length"
    assert len(found.related) == ENTRIES - 1
    assert arguments_of(found.fix) == SetKernelArguments(remove=("rootdelay",))


def test_debians_initramfs_is_told_another_way() -> None:
    assert look(check, {}) == ()

    (found,) = look(check, {HOOK.path: None})

    assert found.severity is Severity.NOTE
    assert found.message == "the initramfs waits 30 seconds for the root disk, not 300"
    assert found.fix is not None
    assert found.fix.steps == (HOOK,)


def test_that_way_is_a_script_that_its_init_runs() -> None:
    assert HOOK.mode == 0o755
    assert HOOK.text.startswith("#!/bin/sh\n")


def test_without_an_initramfs_it_stalls_the_boot() -> None:
    (found,) = look(check, {**OTHER, **bare(DELAYED)})

    assert found.severity is Severity.WARNING
    assert found.place.within == "Debian GNU/Linux"
    assert found.related == ()


def test_what_it_takes_out_it_does_not_ask_for() -> None:
    assert look(check, {**OTHER, **bare(ARGUMENTS), HOOK.path: HOOK.text}) == ()


def test_arm64_is_not_asked() -> None:
    assert not_applicable(check, subject(healthy(ARM))) == "the guest is not x64"
