from __future__ import annotations

import gzip

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import UpdateInitramfs
from bootworthy.rules.initramfs.initramfs_broken import check
from tests.guest.initramfs_images import archive
from tests.rules.healthy import INITRAMFS, KERNEL, RELEASE, healthy, initramfs, kernel, without
from tests.rules.making import Entry, findings, subject


def look(content: Entry | None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({INITRAMFS: content})))


def test_a_whole_image_passes() -> None:
    assert look(initramfs()) == ()
    assert look(archive({"early/microcode": b"x"}) + initramfs()) == ()


def test_there_is_none() -> None:
    (found,) = look(None)

    assert found.severity is Severity.ERROR
    assert found.message == f"kernel {RELEASE} cannot use its initramfs: there is none"
    assert found.place.path == KERNEL
    assert found.fix is not None
    assert isinstance(found.fix.steps[0], UpdateInitramfs)


def test_a_kernel_with_its_drivers_built_in_needs_none() -> None:
    built_in = kernel(loadable=without("hv_storvsc"), builtin=("kernel/drivers/scsi/hv_storvsc",))
    files = healthy({**built_in, INITRAMFS: None})
    assert findings(check, subject(files)) == ()


@pytest.mark.parametrize(
    "content",
    [b"", bytes(4096), b"junk", initramfs()[:-20], initramfs() + b"junk", b"070701" + b"f" * 104],
)
def test_what_cannot_be_read_to_its_end(content: bytes) -> None:
    (found,) = look(content)

    assert found.severity is Severity.ERROR
    assert found.place.path == INITRAMFS
    assert found.found


def test_an_image_without_a_program_to_start() -> None:
    content = gzip.compress(archive({"sbin/init": "#!/bin/sh\n", "etc/fstab": ""}))

    (found,) = look(content)

    assert found.found == "it holds no /init"


def test_the_image_of_another_kernel() -> None:
    (found,) = look(initramfs(release="5.10.0-33-amd64"))

    assert found.found == "its modules are of kernel 5.10.0-33-amd64"
    assert found.expected == f"an initramfs with an init and modules of {RELEASE}"


def test_an_image_without_modules_is_of_no_kernel() -> None:
    assert look(initramfs(())) == ()
