"""Escape sequences go, milestones are timed once, dead ends are recognised."""

from __future__ import annotations

import pytest

from tests.boot.console import Console


def test_escape_sequences_are_removed_even_when_they_arrive_in_pieces() -> None:
    console = Console()
    for piece in (
        b"\x1b",
        b"[?7l\x1b[2",
        b"J\x1b[0mSea",
        b"BIOS\r\n\x1b[01;3",
        b"2mOK\x1b(B\x1b[m",
    ):
        console.feed(piece, 1.0)
    assert console.text == "SeaBIOS\nOK"


def test_an_escape_that_never_ends_does_not_hold_the_text_back() -> None:
    console = Console()
    console.feed(b"before \x1b]0;" + b"x" * 100, 1.0)
    assert console.text.startswith("before ")


def test_milestones_keep_the_first_moment_even_across_pieces() -> None:
    console = Console()
    console.feed(b"SeaBIOS (version 1)\nGRUB loa", 0.24)
    console.feed(b"ding.\nWelcome to GRUB!\n", 1.0)
    console.feed(b"[    0.000000] Linux ver", 20.0)
    console.feed(b"sion 6.1.0-18-amd64\nSeaBIOS\n", 21.0)
    assert console.timings == {"firmware": 0.2, "boot loader": 1.0, "kernel": 21.0}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Boot failed\n\nNo bootable device.\n", "the firmware found nothing to boot"),
        ("BdsDxe: No bootable option or device was found.", "the firmware found nothing to boot"),
        ('BdsDxe: loading Boot0002 "EFI Internal Shell"', "the firmware fell into its shell"),
        ("error: file not found.\ngrub rescue> ", "GRUB found no modules"),
        ("possible commands.\ngrub> ", "GRUB found no configuration"),
        ("[ 2.1] Kernel panic - not syncing: VFS: Unable", "the kernel panicked"),
        ("Gave up waiting for root file system device.", "the initramfs found no root"),
        ("\n(initramfs) ", "the initramfs found no root"),
        ("You are in emergency mode. After", "systemd gave up in emergency mode"),
    ],
)
def test_dead_ends(said: str, reason: str) -> None:
    console = Console()
    console.feed(said.encode(), 5.0)
    assert str(console.dead_end()).startswith(reason)


def test_an_ordinary_boot_is_no_dead_end() -> None:
    console = Console()
    console.feed(
        b'BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM"\nWelcome to GRUB!\n'
        b"Loading initial ramdisk ...\nBegin: Running /scripts/init-bottom\nweb01 login: ",
        5.0,
    )
    assert console.dead_end() is None
