"""The rule that finds something in the image is named; without one, the likeliest code."""

from __future__ import annotations

from bootworthy.model.finding import Finding, Place, Severity, by_hand
from bootworthy.rehearsal.codes import BOOT_CODES
from bootworthy.rehearsal.diagnose import diagnose
from bootworthy.rehearsal.outcome import Trouble

TROUBLE = Trouble(
    codes=("CMD-18", "BT-08", "CI-03"), saw="silence", where="serial", at=9.0, fallback="BT-09"
)


def finding(code: str) -> Finding:
    return Finding(
        rule="cloud-init-disabled",
        code=code,
        severity=Severity.ERROR,
        message="cloud-init is switched off",
        place=Place("/etc/cloud/cloud-init.disabled"),
        found="the file",
        expected="no such file",
        why="nothing provisions",
        fix=by_hand("remove the file"),
    )


def test_the_first_rule_that_finds_something_is_named() -> None:
    asked: list[str] = []

    def _ask(code: str) -> Finding | None:
        asked.append(code)
        return finding(code) if code == "CI-03" else None

    found = diagnose(TROUBLE, _ask)

    assert asked == ["CMD-18", "CI-03"]
    assert (found.code, found.confirmed, found.fix) == ("CI-03", True, "remove the file")
    assert "silence" in found.saw
    assert "cloud-init is switched off" in found.saw


def test_when_no_rule_finds_anything_the_boot_code_says_it() -> None:
    found = diagnose(TROUBLE, lambda _code: None)

    assert (found.code, found.confirmed) == ("BT-09", False)
    assert found.rule == BOOT_CODES["BT-09"].name


def test_without_a_boot_code_the_likeliest_rule_is_named() -> None:
    trouble = Trouble(codes=("PART-12", "PART-13"), saw="x", where="serial")

    assert diagnose(trouble, lambda _code: None).code == "PART-12"
