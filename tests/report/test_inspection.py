from __future__ import annotations

import json
from dataclasses import replace

from bootworthy.model.inspection import Inspection, Obstacle
from bootworthy.report import inspection
from tests.report.samples import GUEST, IMAGE

RESULT = Inspection(
    version="1",
    image=IMAGE,
    guest=GUEST,
    obstacles=(
        Obstacle(code="not-vhd", text="it is qcow2", repair="bootworthy convert a -o b"),
        Obstacle(code="size", text="it is odd", repair="bootworthy convert a -o b"),
    ),
    notes=("a \x1b[31mred\x1b[0m note",),
)


def text(result: Inspection) -> str:
    return "\n".join("".join(span.text for span in line) for line in inspection.lines(result))


def test_everything_is_shown() -> None:
    found = text(RESULT)

    for words in (
        "web01.qcow2",
        "21475270656 bytes (20.0 GiB)",
        "generation 2",
        "  1  at       1048576     2.0 MiB  vfat",
        "Debian GNU/Linux 12 (bookworm) (x64) on partition 2, 6.1.0-13-amd64",
        "Azure would refuse this file, for 2 reasons:",
        "not-vhd: it is qcow2",
    ):
        assert words in found
    assert found.count("repair: bootworthy convert a -o b") == 1


def test_an_accepted_file() -> None:
    found = text(replace(RESULT, obstacles=()))

    assert "Azure would take this file" in found
    assert "refuse" not in found


def test_an_image_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in text(RESULT)


def test_json() -> None:
    found = json.loads(inspection.render(RESULT))

    assert found["schema_version"] == 1
    assert found["accepted"] is False
    assert found["image"]["container"]["format"] == "qcow2"
    assert found["obstacles"][0] == {
        "code": "not-vhd",
        "text": "it is qcow2",
        "repair": "bootworthy convert a -o b",
    }
