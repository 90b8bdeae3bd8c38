"""Rules judge what is inside a unified kernel image: its command line and its initramfs."""

from __future__ import annotations

import pytest

from bootworthy.rules.catalogue import all_rules
from bootworthy.work.evaluate import check_rules
from tests.guest.unified_images import unified_image
from tests.rules.healthy import ARGUMENTS, GRUB_CFG, RELEASE, ROOT_UUID, healthy, initramfs
from tests.rules.making import subject

PLACE = "/boot/efi/EFI/Linux/debian.efi"


def look(*, options: str = ARGUMENTS, inside: bytes | None = None) -> dict[str, str]:
    """Where each rule finds something in a guest that starts from one."""
    image = unified_image(
        osrel=b"NAME=Debian\n",
        uname=RELEASE.encode(),
        cmdline=f"root=UUID={ROOT_UUID} ro {options}".encode(),
        linux=b"kernel",
        initrd=initramfs() if inside is None else inside,
    )
    guest = subject(healthy({GRUB_CFG: None, PLACE: image}))
    found = (one for item in check_rules(all_rules(), guest) for one in item.findings)
    return {one.code: one.place.path for one in found}


def test_one_that_suits_azure_passes() -> None:
    assert look() == {}


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ("console=tty1 earlyprintk=ttyS0 net.ifnames=0", {"CMD-02"}),
        (f"{ARGUMENTS} quiet resume=/dev/sda5", {"CMD-07", "CMD-19"}),
    ],
)
def test_its_command_line_is_judged(options: str, codes: set[str]) -> None:
    assert look(options=options) == dict.fromkeys(codes, PLACE)


def test_its_initramfs_is_judged_and_not_the_one_in_boot() -> None:
    assert look(inside=initramfs(("ext4", "nvme"))) == {"INIT-01": PLACE}
    assert look(inside=b"no archive")["INIT-07"] == PLACE
