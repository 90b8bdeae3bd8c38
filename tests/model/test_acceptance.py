from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bootworthy.model.acceptance import Choice, Ignore, accept, choose
from bootworthy.model.finding import Acceptance, Outcome
from bootworthy.model.report import Report
from tests.report.samples import QUIET, report

TODAY = dt.date(2027, 3, 1)


def _accept(*entries: Ignore, baseline: frozenset[str] = frozenset()) -> Report:
    return accept(report(), entries, baseline, TODAY)


@pytest.mark.parametrize("word", ["CMD-07", "cmd-07", "quiet-boot"])
@pytest.mark.parametrize("path", [None, "/boot/*", "/boot/grub/grub.cfg"])
def test_an_entry_takes_its_finding_out_and_keeps_the_reason(word: str, path: str | None) -> None:
    after = _accept(Ignore(rule=word, reason="a kiosk", path=path))

    assert [finding.code for finding in after.findings] == ["INIT-01", "SEC-04"]
    assert after.accepted == (replace(QUIET, accepted=Acceptance(by="ignore", reason="a kiosk")),)
    assert after.count(Outcome.ACCEPTED) == 1
    assert after.notes == ()


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        (
            Ignore(rule="quiet-boot", reason="x", expires=dt.date(2027, 2, 28)),
            "the ignore entry for quiet-boot expired on 2027-02-28 and was not applied",
        ),
        (
            Ignore(rule="quiet-boot", reason="x", path="/etc/*"),
            "the ignore entry for quiet-boot at /etc/* fits no finding here",
        ),
        (Ignore(rule="a-b", reason="x"), "the ignore entry for a-b fits no finding here"),
    ],
)
def test_entries_that_expired_or_fit_nothing_are_told(entry: Ignore, note: str) -> None:
    after = _accept(entry)

    assert after.notes == (note,)
    assert after.findings == report().findings


def test_an_entry_holds_on_its_last_day() -> None:
    assert _accept(Ignore(rule="quiet-boot", reason="x", expires=TODAY)).accepted


def test_an_entry_for_a_rule_that_did_not_look_is_not_called_unused() -> None:
    assert _accept(Ignore(rule="VHD-07", reason="x")).notes == ()


def test_an_entry_for_what_was_mended_is_not_called_unused() -> None:
    assert _accept(Ignore(rule="VHD-05", reason="x")).notes == ()


def test_a_baseline_accepts_what_it_knows_and_nothing_else() -> None:
    after = _accept(baseline=frozenset({QUIET.fingerprint}))

    assert [finding.accepted.by for finding in after.accepted if finding.accepted] == ["baseline"]
    assert [finding.code for finding in after.findings] == ["INIT-01", "SEC-04"]


def test_only_selected_rules_are_judged_and_ignored_ones_are_not() -> None:
    assert [f.code for f in choose(report(), {"CMD-07"}, set()).findings] == ["CMD-07"]
    assert [f.code for f in choose(report(), set(), {"CMD-07"}).findings] == ["INIT-01", "SEC-04"]
    assert choose(report(), set(), set()) == report()


def test_a_choice_leaves_what_is_to_be_mended() -> None:
    entries = (
        Ignore(rule="quiet-boot", reason="a kiosk"),
        Ignore(rule="INIT-01", reason="old", expires=dt.date(2027, 2, 28)),
    )
    choice = Choice(ignore=frozenset({"SEC-04"}), entries=entries, today=TODAY)

    results = choice.apply(report().results)

    left = {one.code for item in results if item.outcome is Outcome.FAIL for one in item.findings}
    assert left == {"INIT-01"}
    assert [one.code for item in results for one in item.accepted] == ["CMD-07"]
    ignored = next(item for item in results if item.code == "SEC-04")
    assert (ignored.outcome, ignored.reason) == (Outcome.NOT_CHECKED, "ignored")


def test_a_choice_of_nothing_changes_nothing() -> None:
    assert Choice().apply(report().results) == report().results


def test_an_entry_is_not_called_unused_when_a_choice_applied_it_before() -> None:
    entry = Ignore(rule="SEC-04", reason="ours")
    before = report()
    after = replace(before, results=Choice(entries=(entry,)).apply(before.results))

    assert accept(after, (entry,), frozenset(), TODAY).notes == before.notes
