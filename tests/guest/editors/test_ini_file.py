"""Files of sections keep their comments and order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.editors.ini_file import IniEntry, IniFile
from bootworthy.model.errors import GuestError

TEXT = """\
# top
[Match]
Name=ens3 \\
# within
  ens4

[Network]
; comment
DHCP=no
Address = 10.0.0.1/8
Address=10.0.0.2/8

[Match]
Type=ether
"""


def parse(text: str = TEXT) -> IniFile:
    return IniFile(text, "/f")


def test_entries() -> None:
    file = parse()

    assert file.sections == ("Match", "Network")
    assert file.entries[0] == IniEntry("Match", "Name", "ens3  ens4", 3, 5)
    assert file.values("Network", "Address") == ("10.0.0.1/8", "10.0.0.2/8")
    assert file.get("Match", "Type") == "ether"
    assert file.get("Match", "None", "default") == "default"
    assert file.text == TEXT


def test_keyfiles_do_not_continue_lines() -> None:
    file = IniFile("[a]\nx=1\\\ny=2\n", "/f", continues=False)

    assert (file.get("a", "x"), file.get("a", "y")) == ("1\\", "2")


def test_edits() -> None:
    file = parse()

    file.set("Match", "Name", "eth0")
    file.set("Network", "DHCP", "yes")
    file.remove("Network", "Address", "None")
    file.set("Network", "LLDP", "no")
    file.set("Link", "MTUBytes", "9000")

    assert file.text == (
        "# top\n[Match]\nName=eth0\n\n[Network]\n; comment\nDHCP=yes\nLLDP=no\n\n"
        "[Match]\nType=ether\n\n[Link]\nMTUBytes=9000\n"
    )


def test_setting_twice_changes_nothing() -> None:
    file = parse()
    file.set("Network", "Address", "1.1.1.1/8")
    once = file.text

    file.set("Network", "Address", "1.1.1.1/8")

    assert file.text == once
    assert file.values("Network", "Address") == ("1.1.1.1/8",)


def test_sections_are_removed_wherever_they_stand() -> None:
    file = parse()

    file.remove_section("Match")

    assert file.text == (
        "# top\n[Network]\n; comment\nDHCP=no\nAddress = 10.0.0.1/8\nAddress=10.0.0.2/8\n\n"
    )
    file.remove_section("None")
    assert file.sections == ("Network",)


@pytest.mark.parametrize(("text", "line"), [("key=1\n", 1), ("# x\n<html>\n", 2), ("[a]\n\0", 2)])
def test_other_files_are_corrupt(text: str, line: int) -> None:
    with pytest.raises(GuestError) as raised:
        parse(text)

    assert raised.value.message.startswith(f"/f:{line} ")


@settings(deadline=None)
@given(st.text(alphabet="ab=[]#;\\ \n", max_size=60))
def test_any_section_survives_and_takes_a_value(text: str) -> None:
    file = parse("[a]\n" + text)
    assert file.text == "[a]\n" + text

    file.set("new", "key", "value")

    assert parse(file.text).values("new", "key")[-1:] == ("value",)
