"""Lines that keep drivers from loading become comments."""

from __future__ import annotations

import pytest

from bootworthy.guest.editors.modprobe import allow_modules
from bootworthy.guest.facts.modprobe import parse

TEXT = """\
# CIS 1.1.1
install udf /bin/true
install vfat /bin/false
blacklist hv-storvsc
alias hv_netvsc off
install usb-storage \\
  /bin/true
install hv_utils /sbin/modprobe --ignore-install hv_utils
options hv_storvsc storvsc_ringbuffer_size=131072
blacklist floppy
"""


def test_only_lines_of_the_modules_change() -> None:
    modules = ("udf", "hv_storvsc", "hv_netvsc", "usb_storage", "hv_utils")

    text = allow_modules(TEXT, modules)

    assert text == (
        TEXT.replace("install udf", "# install udf")
        .replace("blacklist hv-storvsc", "# blacklist hv-storvsc")
        .replace("alias hv_netvsc", "# alias hv_netvsc")
        .replace("install usb-storage \\\n  /bin/true", "# install usb-storage \\\n#   /bin/true")
    )
    assert allow_modules(text, modules) == text


@pytest.mark.parametrize("module", ["udf", "vfat", "hv_storvsc", "usb-storage", "floppy"])
def test_no_such_line_is_left(module: str) -> None:
    left = parse(allow_modules(TEXT, (module,)), "/f")

    name = module.replace("-", "_")
    assert not any(line.prevents_loading for line in left if line.module == name)


def test_other_modules_stay_out() -> None:
    assert allow_modules(TEXT, ("ext4",)) == TEXT
