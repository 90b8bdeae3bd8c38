from __future__ import annotations

from collections.abc import Mapping

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.model.steps import AllowModules, SetKernelArguments, UpdateInitramfs
from bootworthy.rules.kernel.module_disabled import check
from bootworthy.work.merge import plan_for
from tests.rules.healthy import (
    ARGUMENTS,
    GRUB_CFG,
    INITRAMFS,
    KERNEL,
    grub_cfg,
    healthy,
    initramfs,
    kernel,
    without,
)
from tests.rules.making import Entry, finding, findings, not_checked, subject

HARD = "/etc/modprobe.d/hardening.conf"
INSIDE = "etc/modprobe.d/hardening.conf"
UEFI = Intent(generation=Generation.UEFI)
HYPERV = ("hv_vmbus", "hv_storvsc", "hv_netvsc")


def look(changes: Mapping[str, Entry | None], intent: Intent = UEFI) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


@pytest.mark.parametrize(
    "text",
    [
        "blacklist pcspkr\nblacklist floppy\n",
        "install cramfs /bin/false\n",
        "# blacklist udf\n",
        "options hv_storvsc logging_level=2\n",
        "install udf /sbin/modprobe --ignore-install udf\n",
        "blacklist hyperv_fb\nblacklist hv_balloon\n",
    ],
)
def test_what_azure_does_not_need_may_be_off(text: str) -> None:
    assert look({HARD: text}) == ()


@pytest.mark.parametrize(
    ("module", "severity"),
    [
        ("hv_storvsc", Severity.ERROR),
        ("hv-vmbus", Severity.ERROR),
        ("hv_netvsc", Severity.ERROR),
        ("sd_mod", Severity.ERROR),
        ("vfat", Severity.ERROR),
        ("udf", Severity.WARNING),
        ("sr_mod", Severity.WARNING),
        ("isofs", Severity.WARNING),
        ("hv_utils", Severity.WARNING),
        ("nvme", Severity.WARNING),
        ("pci-hyperv", Severity.WARNING),
    ],
)
def test_a_driver_that_is_off(module: str, severity: Severity) -> None:
    (found,) = look({HARD: f"# CIS 1.1.1\ninstall {module} /bin/true\n"})

    name = module.replace("-", "_")
    assert found.severity is severity
    assert found.message == f"{name} is kept from loading"
    assert str(found.place) == f"{HARD}:2"
    assert found.found == f"install {name} /bin/true"
    assert found.fix is not None
    assert found.fix.steps == (AllowModules(modules=(name,)),)


def test_udf_is_needed_where_the_agent_provisions() -> None:
    (found,) = look({HARD: "blacklist udf\n", "/usr/bin/cloud-init": None})
    assert found.severity is Severity.ERROR


def test_vfat_is_not_needed_on_generation_1() -> None:
    (found,) = look({HARD: "blacklist vfat\n"}, Intent(generation=Generation.BIOS))
    assert found.severity is Severity.WARNING


def test_what_is_built_in_needs_no_loading() -> None:
    files = {
        **kernel(loadable=without("vfat"), builtin=("kernel/fs/fat/vfat",)),
        HARD: "install vfat /bin/true\n",
    }
    assert look(files) == ()

    older = kernel("5.10.0-33-amd64")
    menu = grub_cfg("6.1.0-28-amd64", "5.10.0-33-amd64")
    (found,) = look({**files, **older, GRUB_CFG: menu})
    assert found.severity is Severity.ERROR


def test_a_copy_inside_the_initramfs_counts_by_itself() -> None:
    text = "# old\nblacklist hv_storvsc\ninstall hv_vmbus /bin/false\nblacklist udf\n"
    image = initramfs(files={INSIDE: text})

    found = look({INITRAMFS: image})

    assert [item.message for item in found] == [
        "hv_storvsc is kept from loading",
        "hv_vmbus is kept from loading",
    ]
    assert {item.severity for item in found} == {Severity.ERROR}
    assert str(found[0].place) == f"{INITRAMFS}:2 ({INSIDE})"
    allowed = "# old\n# blacklist hv_storvsc\n# install hv_vmbus /bin/false\nblacklist udf\n"
    rebuild = UpdateInitramfs(modules=HYPERV, files=((INSIDE, allowed),))
    for item, module in zip(found, ("hv_storvsc", "hv_vmbus"), strict=True):
        assert item.fix is not None
        assert item.fix.steps == (AllowModules(modules=(module,)), rebuild)


def test_the_image_gets_what_a_rebuild_would_put_there() -> None:
    now = "blacklist hv_storvsc\nblacklist udf\nblacklist pcspkr\n"
    image = initramfs(files={INSIDE: "blacklist hv_storvsc\n"})

    found = look({INITRAMFS: image, HARD: now})

    (rebuild,) = (s.step for s in plan_for(found).steps if isinstance(s.step, UpdateInitramfs))
    wanted = "# blacklist hv_storvsc\n# blacklist udf\nblacklist pcspkr\n"
    assert rebuild.files == ((INSIDE, wanted),)


def test_several_images_get_one_text() -> None:
    older = "5.10.0-33-amd64"
    off = {INSIDE: "blacklist hv_storvsc\n"}
    also = {INSIDE: "blacklist hv_storvsc\nblacklist hv_vmbus\n"}
    files: dict[str, Entry | None] = {
        **kernel(older),
        f"/boot/initrd.img-{older}": initramfs(release=older, files=also),
        INITRAMFS: initramfs(files=off),
        GRUB_CFG: grub_cfg("6.1.0-28-amd64", older),
        HARD: "blacklist hv_storvsc\n",
    }

    plan = plan_for(look(files))

    (rebuild,) = (s.step for s in plan.steps if isinstance(s.step, UpdateInitramfs))
    assert rebuild.files == ((INSIDE, "# blacklist hv_storvsc\n"),)
    (allow,) = (s.step for s in plan.steps if isinstance(s.step, AllowModules))
    assert set(allow.modules) == {"hv_storvsc", "hv_vmbus"}


@pytest.mark.parametrize(
    ("token", "left", "severity"),
    [
        ("module_blacklist=hv_storvsc", (), Severity.ERROR),
        (
            "modprobe.blacklist=nouveau,hv-netvsc,floppy",
            ("modprobe.blacklist=nouveau,floppy",),
            Severity.ERROR,
        ),
        ("rd.driver.blacklist=hv_vmbus", (), Severity.ERROR),
        ("module_blacklist=udf", (), Severity.WARNING),
        ("modprobe.blacklist=udf,vfat", (), Severity.ERROR),
    ],
)
def test_the_command_line(token: str, left: tuple[str, ...], severity: Severity) -> None:
    (found,) = look({GRUB_CFG: grub_cfg(arguments=f"{ARGUMENTS} {token}")})

    assert found.severity is severity
    assert found.found == token
    assert found.place.path == GRUB_CFG
    assert len(found.related) == 2
    assert found.fix is not None
    assert found.fix.steps == (SetKernelArguments(add=left, remove=(token,)),)


@pytest.mark.parametrize(
    "token",
    ["module_blacklist=nouveau", "modprobe.blacklist=", "rd.driver.blacklist=udf", "udf", "="],
)
def test_other_arguments_pass(token: str) -> None:
    assert look({GRUB_CFG: grub_cfg(arguments=f"{ARGUMENTS} {token}")}) == ()


def test_a_file_tree_without_kernel_is_looked_at() -> None:
    files = {"/boot": None, "/usr/lib/modules": None, HARD: "blacklist hv_storvsc\n"}
    assert finding(check, subject(healthy(files))).severity is Severity.ERROR


def test_an_initramfs_that_is_none_is_another_rules() -> None:
    assert look({INITRAMFS: b"\x1f\x8b garbage"}) == ()
    assert look({KERNEL: None, INITRAMFS: None}) == ()


def test_settings_inside_that_are_no_text_are_not_edited() -> None:
    image = initramfs(files={INSIDE: "blacklist hv_vmbus\n\0\n"})
    assert INSIDE in not_checked(check, subject(healthy({INITRAMFS: image})))
