"""A rehearsal in the formats that have a place for one."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from bootworthy.model.errors import UsageError
from bootworthy.model.rehearsal import Happening, Verdict, excerpt
from bootworthy.model.report import Report
from bootworthy.report import html, junit, markdown
from bootworthy.report import json as json_format
from bootworthy.report.format import Format, all_formats
from bootworthy.report.verdict import Mood
from bootworthy.report.verdict import verdict as judged
from tests.report.samples import report, verdict
from tests.report.test_formats import NASTY

showing = pytest.mark.parametrize(
    "form",
    [form for form in all_formats().values() if form.shows_rehearsal],
    ids=lambda form: form.name,
)


def _nasty() -> Verdict:
    whole = verdict()
    milestones = [replace(item, evidence=NASTY) for item in whole.milestones]
    return replace(
        whole,
        milestones=tuple(milestones),
        diagnoses=(replace(whole.diagnoses[0], saw=NASTY),),
        timeline=(Happening(at=1.0, source="wire", what=NASTY),),
        observations=(NASTY,),
        serial=NASTY * 3,
    )


def _clean() -> Report:
    return Report(command="prepare", version="0", subject="x", results=(), seconds=1.0)


@showing
@pytest.mark.parametrize("rehearsed", [report(command="prepare"), None], ids=["beside", "alone"])
def test_it_is_told_with_its_reason(form: Format, rehearsed: Report | None) -> None:
    whole = verdict()
    alone = Report.of_rehearsal(whole)
    text = form.render(replace(rehearsed, rehearsal=whole) if rehearsed else alone)

    assert "datasource-not-azure" in text
    assert "reported ready" in text


@showing
def test_no_control_character_of_a_guest_gets_through(form: Format) -> None:
    text = form.render(replace(report(), rehearsal=_nasty()))

    assert not {"\x1b", "\x07", "\x00", "\r"} & set(text)
    assert "</script><b>" not in text or form.name in {"json", "text"}


def test_what_was_saved_is_read_as_it_was() -> None:
    for whole in (verdict(), verdict(passed=True), _nasty()):
        both = replace(report(), rehearsal=whole)
        assert json_format.parse(json_format.render(both)).rehearsal == whole
        alone = Report.of_rehearsal(whole)
        assert json_format.parse(json_format.render(alone)) == alone


def test_the_schemas_describe_it() -> None:
    data = replace(report(), rehearsal=verdict()).to_dict()
    jsonschema.validate(json.loads(json.dumps(data)), json_format.schema())
    assert data["rehearsal"]["passed"] is False


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("machine", 3),
        ("machine", {"generation": [1]}),
        ("milestones", {}),
        ("timeline", [{"at": "soon"}]),
        ("serial", 7),
        ("tool", None),
    ],
)
def test_what_does_not_fit_is_one_clear_error(key: str, value: object) -> None:
    data = verdict().to_dict() | {key: value}
    with pytest.raises(UsageError) as caught:
        json_format.parse(json.dumps(data))

    assert caught.value.code == "data-malformed"
    assert key in caught.value.message


def test_a_failed_rehearsal_decides_and_a_good_one_is_said() -> None:
    assert judged(_clean())[0] is Mood.GOOD
    bad = replace(_clean(), rehearsal=verdict())
    assert judged(bad) == (Mood.BAD, "Not ready for Azure: its rehearsal failed")
    good = replace(_clean(), rehearsal=verdict(passed=True))
    assert judged(good) == (Mood.GOOD, "Rehearsed and ready for Azure")


def test_in_junit_each_milestone_is_a_case() -> None:
    read = JUnitXml.fromstring(junit.render(Report.of_rehearsal(verdict())).encode())
    read.update_statistics()  # type: ignore[no-untyped-call]

    assert (read.tests, read.failures, read.skipped) == (6, 2, 1)


def test_in_markdown_there_is_a_row_a_milestone() -> None:
    text = markdown.render(replace(report(), rehearsal=_nasty()))
    page = str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    assert page.count("<tr>") == 4 + 1 + 5
    assert "<b>" not in page


def test_a_long_serial_log_loses_its_middle() -> None:
    text = "".join(f"line {number}\n" for number in range(100_000))
    short = excerpt(text)

    assert len(short) < 270_000
    assert short.startswith("line 0\n")
    assert short.endswith("line 99999\n")
    assert "characters are left out" in short
    assert excerpt(short[:1000]) == short[:1000]


def test_a_page_stays_small_whatever_was_saved() -> None:
    noisy = replace(
        verdict(),
        serial="x" * 5_000_000,
        timeline=tuple(Happening(at=1.0, source="dns", what="query") for _ in range(20_000)),
    )
    page = html.render(Report.of_rehearsal(noisy))

    assert len(page) < 500_000
    assert "500 of 20000" in page
