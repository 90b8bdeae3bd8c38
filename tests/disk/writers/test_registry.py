from __future__ import annotations

import pytest

from bootworthy.disk.writers.registry import NAMES, writer_for
from bootworthy.model.errors import UsageError


@pytest.mark.parametrize(
    ("to", "output", "expected"),
    [
        (None, "disk.vhd", "vhd"),
        (None, "DISK.VHD", "vhd"),
        (None, "disk.raw", "raw"),
        (None, "disk.img", "raw"),
        ("vhd-dynamic", "disk.vhd", "vhd-dynamic"),
        ("raw", "disk", "raw"),
    ],
)
def test_the_format_is_named_or_meant(to: str | None, output: str, expected: str) -> None:
    assert writer_for(to, output).name == expected


@pytest.mark.parametrize("output", ["disk", "disk.vhdx", "disk.qcow2"])
def test_an_unclear_name_is_refused(output: str) -> None:
    with pytest.raises(UsageError) as caught:
        writer_for(None, output)

    assert caught.value.code == "output-format-unclear"
    assert all(name in caught.value.hint for name in NAMES)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        writer_for("vhdx", "disk.vhd")

    assert caught.value.code == "format-unknown"
