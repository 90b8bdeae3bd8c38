from __future__ import annotations

import json

from bootworthy.model.conversion import Conversion
from bootworthy.report import conversion
from bootworthy.report.styled import Line

RESULT = Conversion(
    command="convert",
    source="web01.qcow2",
    source_format="qcow2",
    source_size=3 << 30,
    output="web01.vhd",
    output_format="vhd",
    virtual_size=3 << 30,
    file_size=(3 << 30) + 512,
    seconds=1.5,
    data_bytes=2 << 30,
    decoded_bytes=1 << 30,
    written_bytes=1 << 30,
    method="copy_file_range",
    verified=True,
    changes=("backup GPT written at the end of the disk",),
    notes=("2 internal snapshots are ignored",),
)


def plain(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def test_text() -> None:
    assert plain(list(conversion.lines(RESULT))) == [
        "web01.vhd: vhd, 3.0 GiB (3221225472 bytes)",
        "  backup GPT written at the end of the disk",
        "note: 2 internal snapshots are ignored",
        "2.0 GiB of data, 1.0 GiB decoded, in 1.5 s, identical to the source",
    ]


def test_json() -> None:
    found = json.loads(conversion.render(RESULT))

    assert found["schema_version"] == 1
    assert found["virtual_size"] == 3 << 30
    assert found["changes"] == ["backup GPT written at the end of the disk"]
