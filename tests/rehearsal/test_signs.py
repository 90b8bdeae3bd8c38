"""What failing boots say, and which codes explain it."""

from __future__ import annotations

import pytest

from bootworthy.model.intent import Generation
from bootworthy.rehearsal.codes import BOOT_CODES, code_of
from bootworthy.rehearsal.console import Console
from bootworthy.rehearsal.signs import SIGNS, ending, sightings

BIOS, UEFI = Generation.BIOS, Generation.UEFI


def _console(said: str) -> Console:
    console = Console()
    console.feed(said.encode(), 5.0)
    return console


@pytest.mark.parametrize(
    ("generation", "said", "code"),
    [
        (BIOS, "Boot failed\n\nNo bootable device.\n", "PART-02"),
        (UEFI, "BdsDxe: No bootable option or device was found.", "PART-04"),
        (UEFI, 'BdsDxe: loading Boot0002 "EFI Internal Shell"', "PART-04"),
        (UEFI, "Verification failed: (0x1A) Security Violation", "BT-17"),
        (BIOS, "error: no such device: 6f6e.\ngrub rescue> ", "PART-02"),
        (BIOS, "[ 2.1] Kernel panic - not syncing: VFS: Unable to mount root fs on", "INIT-07"),
        (BIOS, "[ 2.1] Kernel panic - not syncing: Attempted to kill init!", "BT-07"),
        (BIOS, "[    2.2] Run /bin/sh as init process", "CMD-16"),
        (BIOS, "ALERT!  UUID=6f6e does not exist.  Dropping to a shell!", "INIT-01"),
        (BIOS, "Begin: Running /scripts/local-block ... done.\n" * 25, "INIT-01"),
        (BIOS, "You are in emergency mode. After logging in", "PART-12"),
        (BIOS, "finished at Wed. Datasource DataSourceNone.  Up 30", "CI-04"),
        (BIOS, "finished at Wed. Datasource DataSourceNoCloud [seed].  Up 30", "CI-04"),
        (BIOS, "Fatal glibc error: CPU does not support x86-64-v3", "BT-24"),
    ],
)
def test_boots_that_end(generation: Generation, said: str, code: str) -> None:
    found = ending(sightings(_console(said), generation))

    assert found is not None
    assert found.sign.codes[0] == code
    assert found.at == 5.0


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("[ TIME ] Timed out waiting for device dev-disk-by\\x2duuid-1", "PART-12"),
        ("mount: /mnt: unknown filesystem type 'udf'.", "KERN-04"),
        ("[FAILED] Failed to start ssh.servic… - OpenBSD Secure Shell server.", "SEC-02"),
        ("[ProvisionError] Failed to generate ssh host key: ret=255, out= ssh-keygen: …", "SEC-02"),
        ("INFO Daemon Provisioning already completed, skipping.", "AGT-19"),
        ("WARNING Daemon ended with exception -- Sleep 15 seconds and restart daemon", "AGT-26"),
        ("[ 9.1] BUG: unable to handle page fault for address: ffff", "BT-07"),
        ("systemd[1]: ssh.service: Found ordering cycle on cloud-init.service/start", "BT-12"),
        ("cp: write error: No space left on device", "BT-18"),
    ],
)
def test_what_explains_and_does_not_end(said: str, code: str) -> None:
    console = _console(said)

    assert ending(sightings(console, BIOS)) is None
    assert [item.sign.codes[0] for item in sightings(console, BIOS)] == [code]


def test_an_ordinary_boot_shows_no_sign() -> None:
    console = _console(
        'BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM"\nWelcome to GRUB!\n'
        "Begin: Running /scripts/local-block ... done.\n"
        "Begin: Running /scripts/init-bottom\n"
        "Cloud-init v. 22.4.2 finished at Wed. Datasource DataSourceAzure [seed].  Up 30\n"
        "web01 login: "
    )

    assert list(sightings(console, UEFI)) == []


def test_every_code_is_a_rule_or_documented_here() -> None:
    for code in {code for sign in SIGNS for code in sign.codes} | set(BOOT_CODES):
        told = code_of(code)
        assert told.name
        assert told.why.endswith(".")
        assert told.fix
