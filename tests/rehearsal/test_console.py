"""Escape sequences go, and each line keeps the moment it came."""

from __future__ import annotations

from bootworthy.rehearsal.console import Console


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


def test_what_is_left_is_text() -> None:
    console = Console()
    for piece in (
        b"\x1b[0;1;3",
        b"[    5.1] sd 0:0:0:0\a\x08\n",
        b"caf\xc3",
        b"\xa9 \x00\x9b\xff\tend\x7f\n",
        b"\x1b" + b"x" * 80 + b"\n",
    ):
        console.feed(piece, 1.0)

    assert console.text == f"[    5.1] sd 0:0:0:0\ncaf\u00e9 \ufffd\ufffd\tend\n{'x' * 80}\n"


def test_what_systemd_shortened_is_no_riddle() -> None:
    console = Console()
    console.feed(
        b"[ TIME ] Timed out waiting for device \x1b[0;1;\xe2\x80\xa6[0m - /dev/disk/x.\r\n"
        b"[DEPEND] Dependency failed for \x1b[0;1;39msyst...[0m - UTMP...mount\r\n",
        1.0,
    )

    assert console.text == (
        "[ TIME ] Timed out waiting for device \u2026 - /dev/disk/x.\n"
        "[DEPEND] Dependency failed for syst... - UTMP...mount\n"
    )


def test_lines_are_stamped_with_the_moment_they_began() -> None:
    console = Console()
    console.feed(b"SeaBIOS\nGRUB lo", 0.5)
    console.feed(b"ading\nLinux", 2.0)

    assert console.stamped() == ("[    0.50] SeaBIOS\n[    0.50] GRUB loading\n[    2.00] Linux\n")
    assert console.last_heard == 2.0
    assert console.line_at(console.text.index("ading")) == "GRUB loading"


def test_a_guest_that_talks_without_end_fills_no_memory() -> None:
    console = Console()
    for _ in range(64):
        console.feed(b"x" * (1 << 16), 1.0)

    assert len(console.text) < 3 << 20
