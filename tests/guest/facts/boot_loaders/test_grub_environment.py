from __future__ import annotations

from bootworthy.guest.facts.boot_loaders import grub_environment


def test_variables() -> None:
    text = "# GRUB Environment Block\nsaved_entry=1>2\nempty=\nkernelopts=root=/dev/sda1 ro\n####"
    assert grub_environment.parse(text) == {
        "saved_entry": "1>2",
        "empty": "",
        "kernelopts": "root=/dev/sda1 ro",
    }


def test_escapes() -> None:
    text = "# GRUB Environment Block\na=one\\\ntwo\\\\three\nb=2\n"
    assert grub_environment.parse(text) == {"a": "one\ntwo\\three", "b": "2"}


def test_a_block_without_its_signature_is_none() -> None:
    assert grub_environment.parse("saved_entry=1\n") == {}
