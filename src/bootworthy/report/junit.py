"""JUnit XML, which every CI server shows: a test suite a stage of the boot, a test case a rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from bootworthy.model.finding import Finding, Outcome, Severity
from bootworthy.model.rehearsal import MilestoneState, Verdict
from bootworthy.model.report import Report, RuleResult
from bootworthy.report.format import Format
from bootworthy.report.stages import Stage, stage_of

# What XML 1.0 cannot hold, not even as a reference (and a carriage return, which it changes): https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_SKIPPED = (Outcome.NOT_APPLICABLE, Outcome.NOT_CHECKED, Outcome.ACCEPTED)


def render(report: Report) -> str:
    """The report as one XML document."""
    root = Element("testsuites", name="bootworthy", time=f"{report.seconds:.3f}")
    order = list(Stage)
    ordered = sorted(report.results, key=lambda result: order.index(stage_of(result)))
    for stage, results in groupby(ordered, key=stage_of):
        _suite(root, report, stage, list(results))
    if report.rehearsal:
        _rehearsal(root, report.subject, report.rehearsal)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: Element, report: Report, stage: Stage, results: list[RuleResult]) -> None:
    suite = SubElement(root, "testsuite", name=_clean(f"{report.subject}: {stage.value}"))
    for result in results:
        case = SubElement(
            suite,
            "testcase",
            classname=f"bootworthy.{stage.name.lower()}",
            name=_clean(f"{result.code} {result.rule}"),
        )
        _outcome(case, result)
    _count(suite)


def _rehearsal(root: Element, subject: str, verdict: Verdict) -> None:
    """A test case a milestone, and one a reason why the boot failed."""
    suite = SubElement(root, "testsuite", name=_clean(f"{subject}: Rehearsal"))
    for item in verdict.milestones:
        case = _rehearsal_case(suite, item.title)
        if item.state is MilestoneState.MISSED:
            SubElement(case, "failure", type="missed", message=_clean(item.evidence))
        elif item.state is MilestoneState.NOT_ASKED:
            SubElement(case, "skipped", message=_clean(item.evidence))
    for why in verdict.diagnoses:
        failure = SubElement(_rehearsal_case(suite, f"{why.code} {why.rule}"), "failure")
        failure.set("type", "diagnosis")
        failure.set("message", _clean(why.why))
        failure.text = _clean(f"saw ({why.where}): {why.saw}\nfix: {why.fix}")
    _count(suite)


def _rehearsal_case(suite: Element, name: str) -> Element:
    return SubElement(suite, "testcase", classname="bootworthy.rehearsal", name=_clean(name))


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _outcome(case: Element, result: RuleResult) -> None:
    if result.outcome is Outcome.FAIL:
        _failed(case, result)
    elif result.outcome is Outcome.ERROR:
        SubElement(case, "error", type="rule-crashed", message=_clean(result.reason))
    elif result.outcome in _SKIPPED:
        reason = result.reason or "; ".join(_reasons(result.accepted))
        SubElement(case, "skipped", message=_clean(f"{result.outcome.value}: {reason}"))


def _failed(case: Element, result: RuleResult) -> None:
    """A note is advice: it is told and fails nothing."""
    worst = max(result.findings, key=lambda finding: finding.severity)
    text = _clean("\n\n".join(_told(finding) for finding in result.findings))
    if worst.severity is Severity.NOTE:
        SubElement(case, "system-out").text = text
        return
    failure = SubElement(case, "failure", type=worst.severity.word, message=_clean(worst.message))
    failure.text = text


def _told(finding: Finding) -> str:
    fix = finding.fix.title if finding.fix else "none known"
    return (
        f"{finding.severity.word}: {finding.message}\nat: {finding.place}\n"
        f"found: {finding.found}\nexpected: {finding.expected}\nwhy: {finding.why}\nfix: {fix}"
    )


def _reasons(findings: Iterable[Finding]) -> list[str]:
    return [finding.accepted.reason for finding in findings if finding.accepted]


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


FORMAT = Format(
    name="junit", summary="JUnit XML, for CI servers", render=render, shows_rehearsal=True
)
