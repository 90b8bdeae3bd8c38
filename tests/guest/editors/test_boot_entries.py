from __future__ import annotations

import pytest

from bootworthy.guest.editors.boot_entries import (
    change_extlinux,
    change_grub_legacy,
    change_specification,
)

BLS = "title x\nlinux /k\noptions root=UUID=a ro rhgb quiet\ngrub_class y\n"


def test_the_options_line_alone_changes() -> None:
    changed = change_specification(BLS, add=("console=ttyS0",), remove=("rhgb", "quiet"))

    assert changed == "title x\nlinux /k\noptions root=UUID=a ro console=ttyS0\ngrub_class y\n"
    assert change_specification(changed, add=("console=ttyS0",), remove=("rhgb",)) == changed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux /k\noptions $kernelopts quiet\n", "linux /k\noptions $kernelopts\n"),
        ("linux /k\ninitrd /i\n", "linux /k\noptions a=1\ninitrd /i\n"),
        ("options quiet\nlinux /k\noptions b\n", "options \nlinux /k\noptions b a=1\n"),
    ],
)
def test_where_options_are_missing_many_or_elsewhere(text: str, expected: str) -> None:
    assert change_specification(text, add=("a=1",), remove=("quiet",)) == expected


def test_extlinux_keeps_everything_but_its_arguments() -> None:
    text = "LABEL a\n  LINUX /k\n  APPEND root=/dev/sda1  quiet\n\tappend x\n"

    assert change_extlinux(text, add=("console=ttyS0",), remove=("quiet",)) == (
        "LABEL a\n  LINUX /k\n  APPEND root=/dev/sda1 console=ttyS0\n\tappend x console=ttyS0\n"
    )


def test_grub_legacy_changes_kernels_and_debians_template_and_keeps_repair_entries() -> None:
    text = (
        "default=0\n# kopt=root=/dev/sda1 ro quiet\ntitle a\n\tkernel /vmlinuz ro quiet\n"
        "title b\n\tkernel = /vmlinuz single quiet\nkernel --no-mem-option /k\n"
    )

    assert change_grub_legacy(text, add=("console=ttyS0",), remove=("quiet", "single")) == (
        "default=0\n# kopt=root=/dev/sda1 ro console=ttyS0\n"
        "title a\n\tkernel /vmlinuz ro console=ttyS0\n"
        "title b\n\tkernel = /vmlinuz single console=ttyS0\n"
        "kernel --no-mem-option /k console=ttyS0\n"
    )
