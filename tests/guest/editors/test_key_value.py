"""waagent.conf is read as the agent reads it and edited without losing a byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.editors.key_value import KeyValue, KeyValueFile
from bootworthy.model.errors import GuestError, InternalError

CONF = """\
#
# Microsoft Azure Linux Agent Configuration
#

Extensions.Enabled=y
Provisioning.Agent=auto
#Provisioning.PasswordCryptId=6
ResourceDisk.SwapSizeMB=2048    ## NOTE: Set this to your desired size.
ResourceDisk.MountOptions = "None"
Provisioning.Agent=waagent
"""


def parse(text: str) -> KeyValueFile:
    return KeyValueFile(text, "/etc/waagent.conf")


def test_assignments_come_without_comments_blanks_and_quotes() -> None:
    assert parse(CONF).assignments == (
        KeyValue("Extensions.Enabled", "y", 5),
        KeyValue("Provisioning.Agent", "auto", 6),
        KeyValue("ResourceDisk.SwapSizeMB", "2048", 8),
        KeyValue("ResourceDisk.MountOptions", "None", 9),
        KeyValue("Provisioning.Agent", "waagent", 10),
    )


def test_the_last_assignment_is_in_force() -> None:
    file = parse(CONF)

    assert file.get("Provisioning.Agent") == "waagent"
    assert file.get("Provisioning.PasswordCryptId") is None


def test_only_the_value_in_force_is_changed() -> None:
    file = parse(CONF)

    file.set("Provisioning.Agent", "cloud-init")
    file.set("ResourceDisk.SwapSizeMB", "0")
    file.set("ResourceDisk.MountOptions", "nodev")

    assert file.text == CONF.replace("=waagent", "=cloud-init").replace(
        "=2048    ##", "=0    ##"
    ).replace('"None"', '"nodev"')


def test_a_new_key_goes_to_the_end() -> None:
    file = parse("A=1")

    file.set("B.C", "2")

    assert file.text == "A=1\nB.C=2\n"


def test_an_empty_file_takes_a_key() -> None:
    file = parse("")

    file.set("A", "1")

    assert file.text == "A=1\n"


def test_an_empty_value_can_be_filled() -> None:
    file = parse("A=   # nothing yet\n")

    file.set("A", "1")

    assert file.text == "A=1   # nothing yet\n"
    assert file.get("A") == "1"


def test_lines_of_windows_keep_their_ends() -> None:
    file = parse("A=1\r\nB=2\r\n")

    file.set("A", "3")
    file.set("C", "4")

    assert file.text == "A=3\r\nB=2\r\nC=4\r\n"


def test_setting_twice_changes_nothing() -> None:
    file = parse(CONF)
    file.set("Provisioning.Agent", "cloud-init")
    file.set("New.Key", "y")
    once = file.text

    file.set("Provisioning.Agent", "cloud-init")
    file.set("New.Key", "y")

    assert file.text == once


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\nB\0=2\n", 2),
        ("root:x:0:0:root:/root:/bin/bash\n", 1),
        ("\n<!DOCTYPE html>\n<meta charset='utf-8'>\n", 2),
    ],
)
def test_other_files_are_refused(text: str, line: int) -> None:
    with pytest.raises(GuestError) as raised:
        parse(text)

    assert raised.value.code == "guest-file-corrupt"
    assert f"/etc/waagent.conf:{line} " in raised.value.message


@pytest.mark.parametrize("value", ["a#b", "two\nlines", " blank", '"quoted"'])
def test_a_value_that_would_be_read_differently_is_refused(value: str) -> None:
    with pytest.raises(InternalError):
        parse("A=1\n").set("A", value)


@settings(deadline=None)
@given(st.text(alphabet='ab.=#" \t\r\n\x85', max_size=60))
def test_any_text_survives_and_takes_a_value(text: str) -> None:
    file = parse("Key=1\n" + text)
    assert file.text == "Key=1\n" + text

    file.set("Key", "value")

    assert file.get("Key") == "value"
    assert parse(file.text).get("Key") == "value"
