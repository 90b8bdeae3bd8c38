from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from junitparser import JUnitXml

from bootworthy.model.finding import Acceptance, Outcome
from bootworthy.model.report import Report, RuleResult
from bootworthy.report import junit
from tests.report.samples import QUIET, report
from tests.report.test_formats import nasty_report


def _parsed(report: Report) -> ET.Element:
    return ET.fromstring(junit.render(report))  # noqa: S314 - we wrote it


def test_another_reader_of_junit_sees_the_same_numbers() -> None:
    read = JUnitXml.fromstring(junit.render(report()).encode())
    read.update_statistics()  # type: ignore[no-untyped-call]

    assert (read.tests, read.failures, read.errors, read.skipped) == (8, 2, 1, 2)
    written = _parsed(report())
    assert written.attrib == {
        "name": "bootworthy",
        "time": "1.940",
        "tests": "8",
        "failures": "2",
        "errors": "1",
        "skipped": "2",
    }


def test_suites_are_the_stages_of_a_boot_in_their_order() -> None:
    root = _parsed(report())

    assert [suite.get("name") for suite in root] == [
        "web01.qcow2: Container and disk",
        "web01.qcow2: Boot loader",
        "web01.qcow2: Initramfs",
        "web01.qcow2: Network and access",
    ]


def test_a_failure_tells_what_why_and_how_to_mend() -> None:
    failure = _parsed(report()).find(".//failure[@type='error']")

    assert failure is not None
    assert failure.get("message") == "hv_storvsc not in the initramfs of kernel 6.1.0-13-amd64"
    assert "why: The OS disk is never found." in (failure.text or "")
    assert "fix: put it in" in (failure.text or "")


def test_a_note_fails_nothing() -> None:
    case = _parsed(report()).find(".//testcase[@name='SEC-04 user-left']")

    assert case is not None
    assert [child.tag for child in case] == ["system-out"]


def test_what_was_accepted_is_skipped_with_its_reason() -> None:
    accepted = replace(QUIET, accepted=Acceptance(by="ignore", reason="a kiosk"))
    result = RuleResult(rule="q", code="CMD-07", outcome=Outcome.ACCEPTED, accepted=(accepted,))

    skipped = _parsed(replace(report(), results=(result,))).find(".//skipped")

    assert skipped is not None
    assert skipped.get("message") == "accepted: a kiosk"


def test_what_xml_cannot_hold_is_replaced() -> None:
    failure = _parsed(nasty_report()).find(".//failure")

    assert failure is not None
    assert "\ufffd" in (failure.get("message") or "")
    assert "</script><b>&" in (failure.get("message") or "")
