"""A saved report is read again, or refused with the place that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Acceptance
from bootworthy.model.report import Report
from bootworthy.report import json as json_report
from bootworthy.report.format import all_formats
from tests.report.samples import QUIET, report


@pytest.mark.parametrize("command", ["check", "prepare"])
def test_what_was_written_is_read_as_it_was(command: str) -> None:
    before = report(command=command)

    assert json_report.parse(json_report.render(before)) == replace(before, seconds=1.94)


def test_accepted_findings_come_back_with_their_reason() -> None:
    accepted = replace(QUIET, accepted=Acceptance(by="ignore", reason="a kiosk"))
    result = replace(report().results[2], findings=(), accepted=(accepted,))
    before = replace(report(), results=(result,))

    after = json_report.parse(json_report.render(before))

    assert after.accepted == (accepted,)
    assert after.findings == ()


def test_every_format_is_made_from_the_saved_report_as_from_the_first() -> None:
    first = report(command="prepare")
    saved = json_report.parse(json_report.render(first))

    for form in all_formats().values():
        assert form.render(saved) == form.render(first), form.name


def _without_subject(data: dict[str, Any]) -> None:
    del data["subject"]


def _wrong_outcome(data: dict[str, Any]) -> None:
    data["rules"][0]["outcome"] = "maybe"


def _wrong_step(data: dict[str, Any]) -> None:
    data["rules"][1]["findings"][0]["fix"]["steps"][0]["step"] = "format-disk"


def _wrong_size(data: dict[str, Any]) -> None:
    data["image"]["container"]["virtual_size"] = "big"


def _true_is_no_line(data: dict[str, Any]) -> None:
    data["rules"][2]["findings"][0]["place"]["line"] = True


def _strange_key(data: dict[str, Any]) -> None:
    data["guest"]["shoe_size"] = 43


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (_without_subject, "report: subject is missing"),
        (_wrong_outcome, "report.rules[0].outcome: 'maybe' is none of"),
        (_wrong_step, "report.rules[1].findings[0].fix.steps[0]: unknown step 'format-disk'"),
        (_wrong_size, "report.image.container.virtual_size: 'big' is not a whole number"),
        (_true_is_no_line, "report.rules[2].findings[0].place.line: True is not a whole number"),
        (_strange_key, "report.guest: unknown key 'shoe_size'"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(
    spoil: Callable[[dict[str, Any]], None], place: str
) -> None:
    data = json.loads(json_report.render(report()))
    spoil(data)

    with pytest.raises(UsageError) as caught:
        Report.from_dict(data)

    assert caught.value.code == "data-malformed"
    assert caught.value.message.startswith(place)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\ufeff{}"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        json_report.parse(text)

    assert caught.value.code == "report-not-json"


@pytest.mark.parametrize("text", ["{}", '{"schema_version": 2}', '{"schema_version": "1"}'])
def test_another_schema_version_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        json_report.parse(text)

    assert caught.value.code == "report-version"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(report().to_dict())), _JSON)
def test_no_value_at_the_top_is_more_than_a_usage_error(key: str, value: object) -> None:
    data = report().to_dict() | {key: value}

    try:
        Report.from_dict(data)
    except UsageError as error:
        assert error.code in {"data-malformed", "report-version"}  # noqa: PT017 - most are refused
