from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, ValidationError

from bootworthy.model.report import Report
from bootworthy.report import json as json_report
from tests.report.samples import report


def _validate(data: object) -> None:
    schema = json_report.schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(data)


@pytest.mark.parametrize("command", ["check", "prepare"])
def test_what_is_written_is_what_the_schema_describes(command: str) -> None:
    data = json.loads(json_report.render(report(command=command)))

    _validate(data)
    assert data["schema_version"] == 1
    assert data["summary"] == {
        "rules": 8,
        "pass": 1,
        "fail": 3,
        "fixed": 1,
        "not_applicable": 1,
        "not_checked": 1,
        "accepted": 0,
        "error": 1,
        "notes": 1,
        "warnings": 1,
        "errors": 1,
    }
    assert data["unreadable"][0]["code"] == "guest-file-corrupt"
    assert data["rules"][1]["findings"][0]["fix"]["steps"] == [
        {"step": "update-initramfs", "modules": ["hv_storvsc"], "files": []}
    ]


def test_a_directory_has_no_image() -> None:
    empty = Report(
        command="check", version="1", subject="/x", results=(), seconds=0, engine="directory"
    )

    data = json.loads(json_report.render(empty))

    _validate(data)
    assert data["image"] is None


def test_the_schema_is_not_a_rubber_stamp() -> None:
    data = json.loads(json_report.render(report()))
    data["rules"][0]["outcome"] = "maybe"

    with pytest.raises(ValidationError):
        _validate(data)


def test_fingerprints_do_not_depend_on_line_numbers() -> None:
    finding = report().findings[1]
    moved = replace(finding, place=replace(finding.place, line=9))
    other = replace(finding, found="something else")

    assert finding.fingerprint == moved.fingerprint
    assert finding.fingerprint != other.fingerprint
