from __future__ import annotations

import difflib
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.editors.grub_config import change_arguments
from bootworthy.model.errors import GuestError
from tests.guest.grub_configurations import UUID, debian

CFG = "/boot/grub/grub.cfg"
ADD = ("console=tty0", "console=ttyS0,115200")
REMOVE = ("quiet", "single", "rhgb")


def change(text: str, add: tuple[str, ...] = ADD, remove: tuple[str, ...] = REMOVE) -> str:
    return change_arguments(text, CFG, add=add, remove=remove)


def changed_lines(before: str, after: str) -> list[str]:
    return [
        line
        for line in difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
        if line.startswith(("+", "-"))
    ]


def test_every_line_that_starts_linux() -> None:
    before = debian("6.1.0-56-amd64")
    linux = f"linux\t/boot/vmlinuz-6.1.0-56-amd64 root=UUID={UUID} ro"
    after = "console=tty0 console=ttyS0,115200"
    assert changed_lines(before, change(before)) == [
        f"- \t{linux}  quiet\n",
        f"+ \t{linux} {after}\n",
        f"- \t{linux}  quiet\n",
        f"+ \t{linux} {after}\n",
        f"- \t{linux} single \n",
        f"+ \t{linux} single {after} \n",
    ]


def test_twice_is_once() -> None:
    once = change(debian("6.1.0-56-amd64", "6.1.0-13-amd64"))
    assert change(once) == once


def test_nothing_to_do_changes_nothing() -> None:
    before = debian("6.1.0-56-amd64")
    assert change(before, add=(), remove=("rhgb",)) == before
    assert change(before, add=("ro",), remove=()) == before


@pytest.mark.skipif(not shutil.which("grub-script-check"), reason="GRUB is not installed")
def test_grub_reads_the_result() -> None:
    after = change(debian("6.1.0-56-amd64"), add=("a=$b;", 'dyndbg="file x +p"', "it's"))
    done = subprocess.run(
        ["grub-script-check"], input=after, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert change(after, add=("a=$b;", 'dyndbg="file x +p"', "it's")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("linux /k\n", "linux /k a=1\n"),
        ("linux /k", "linux /k a=1"),
        ("linux /k quiet\n", "linux /k a=1\n"),
        ("linux\t/k\tquiet\tro\n", "linux\t/k\tro a=1\n"),
        ("linux /k ro # quiet\n", "linux /k ro a=1 # quiet\n"),
        ("linux /k ro; initrd /i\n", "linux /k ro a=1; initrd /i\n"),
        ("linux /k $kernelopts\n", "linux /k $kernelopts a=1\n"),
        ("linux /k 'x y' \"quiet z\"\n", "linux /k 'x y' \"quiet z\" a=1\n"),
        ("linux /k ro \\\n  quiet \\\n  x\n", "linux /k ro     x a=1\n"),
        ("linux /k ro \\\n a=1\n", "linux /k ro \\\n a=1\n"),
        ("linux16 /k -- quiet\n", "linux16 /k a=1 -- quiet\n"),
        ("linuxefi /k\ninitrdefi /i quiet\n", "linuxefi /k a=1\ninitrdefi /i quiet\n"),
        ("linux16 /boot/memtest86+.bin quiet\n", "linux16 /boot/memtest86+.bin quiet\n"),
        ("echo linux /k quiet\n", "echo linux /k quiet\n"),
        ("# linux /k quiet\n", "# linux /k quiet\n"),
        (
            "if x; then linux /k; else linux16 /k quiet; fi\n",
            "if x; then linux /k a=1; else linux16 /k a=1; fi\n",
        ),
        ("function f {\nlinux /k\n}\n", "function f {\nlinux /k a=1\n}\n"),
    ],
)
def test_lines(before: str, after: str) -> None:
    assert change(before, add=("a=1",), remove=("quiet",)) == after


def test_names_remove_every_value() -> None:
    before = "linux /k console=tty0 crashkernel=auto crashkernel=1G\n"
    assert change(before, add=(), remove=("crashkernel",)) == "linux /k console=tty0\n"


def test_single_goes_where_it_is_no_repair_entry() -> None:
    before = "menuentry x {\nlinux /k single\n}\n"
    assert change(before, add=()) == "menuentry x {\nlinux /k\n}\n"


def test_a_broken_configuration_is_refused() -> None:
    with pytest.raises(GuestError) as caught:
        change("menuentry 'x {\nlinux /k\n")
    assert caught.value.code == "grub-config-corrupt"
    assert str(caught.value) == f"{CFG} is not a GRUB configuration: line 1: a quote is not closed"


@given(st.text(alphabet="ab'\"\\${};# \t\n", max_size=40))
def test_the_rest_stays_byte_for_byte(rest: str) -> None:
    before = f"echo {rest}\nmenuentry x {{\nlinux /k ro\n}}\n"
    try:
        after = change(before, add=("a=1",), remove=())
    except GuestError:
        return
    assert after.replace(" a=1", "") == before.replace(" a=1", "")
