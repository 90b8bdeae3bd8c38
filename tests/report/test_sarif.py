"""SARIF is valid by the standard's own schema, and says what code scanning needs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, ValidationError

from bootworthy.model.finding import Acceptance, Outcome, Place, Severity
from bootworthy.model.report import Report, RuleResult
from bootworthy.model.rule import RuleInfo
from bootworthy.report import sarif
from tests.report.samples import INITRAMFS, QUIET, report
from tests.report.test_formats import nasty_report

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text())

ABOUT = RuleInfo(
    severity=Severity.WARNING,
    area="command_line",
    summary="The kernel hides its messages.",
    why="The serial log is all there is to read.",
    sources=("a book", "https://example.org/quiet"),
    deviation="the article also drops splash",
)


def _run(report: Report) -> dict[str, Any]:
    """The one run, after the schema had its say."""
    log = json.loads(sarif.render(report))
    Draft4Validator(SCHEMA).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def _with_about() -> Report:
    failed = RuleResult(
        rule="quiet-boot", code="CMD-07", outcome=Outcome.FAIL, findings=(QUIET,), about=ABOUT
    )
    return replace(report(), results=(failed,))


@pytest.mark.parametrize("command", ["check", "prepare"])
def test_a_report_is_valid_by_the_oasis_schema(command: str) -> None:
    run = _run(report(command=command))

    assert [item["ruleId"] for item in run["results"]] == ["INIT-01", "CMD-07", "SEC-04"]
    assert [item["level"] for item in run["results"]] == ["error", "warning", "note"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[item["ruleIndex"]]["id"] == item["ruleId"] for item in run["results"])


def test_the_schema_is_not_a_rubber_stamp() -> None:
    log = json.loads(sarif.render(report()))
    log["runs"][0]["results"][0]["level"] = "fatal"

    with pytest.raises(ValidationError):
        Draft4Validator(SCHEMA).validate(log)


def test_an_image_full_of_nasty_names_is_still_valid() -> None:
    run = _run(nasty_report())

    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("etc/%1B%5D0%3Bowned")


def test_a_rule_brings_its_help_from_the_report_alone() -> None:
    (rule,) = _run(_with_about())["tool"]["driver"]["rules"]

    assert rule["name"] == "quiet-boot"
    assert rule["shortDescription"]["text"] == ABOUT.summary
    assert rule["helpUri"] == "https://example.org/quiet"
    assert rule["defaultConfiguration"] == {"level": "warning"}
    for words in (ABOUT.summary, ABOUT.why, ABOUT.deviation, *ABOUT.sources):
        assert words in rule["help"]["text"]
        assert words in rule["help"]["markdown"]


def test_a_file_of_the_guest_and_the_image_itself_are_told_apart() -> None:
    image = replace(QUIET, place=Place("web01.qcow2", within="partition table"))
    results = [
        RuleResult(rule=f.rule, code=f.code, outcome=Outcome.FAIL, findings=(f,))
        for f in (image, INITRAMFS)
    ]
    found = _run(replace(report(), results=tuple(results)))["results"]

    places = [item["locations"][0]["physicalLocation"]["artifactLocation"] for item in found]
    assert places == [
        {"uri": "boot/initrd.img-6.1.0-13-amd64", "uriBaseId": "GUEST"},
        {"uri": "web01.qcow2"},
    ]
    assert found[0]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "etc/initramfs-tools/modules"
    )


def test_lines_fingerprints_and_fixes_are_there() -> None:
    result = _run(report())["results"][1]

    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 110}
    assert list(result["partialFingerprints"].values()) == [QUIET.fingerprint]
    assert result["message"]["text"].endswith("Fix: drop quiet.")
    assert result["properties"]["fix"]["safety"] == "safe"


def test_an_accepted_finding_is_suppressed_with_its_reason() -> None:
    accepted = replace(QUIET, accepted=Acceptance(by="ignore", reason="a kiosk"))
    result = RuleResult(
        rule="quiet-boot", code="CMD-07", outcome=Outcome.ACCEPTED, accepted=(accepted,)
    )

    (found,) = _run(replace(report(), results=(result,)))["results"]

    assert found["suppressions"] == [{"kind": "external", "justification": "a kiosk"}]


def test_what_could_not_be_judged_makes_the_run_unsuccessful() -> None:
    (invocation,) = _run(report())["invocations"]

    assert not invocation["executionSuccessful"]
    texts = [item["message"]["text"] for item in invocation["toolExecutionNotifications"]]
    assert texts == ["guest-file-corrupt: /etc/x: garbage", "VHD-08 crashed: KeyError: 'x'"]
    assert _run(_with_about())["invocations"][0]["executionSuccessful"]
