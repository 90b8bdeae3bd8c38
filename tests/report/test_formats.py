"""All formats as one: found by a scan, and safe with whatever an image holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bootworthy.cli import options
from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Finding, Outcome, Place
from bootworthy.model.report import Report, RuleResult
from bootworthy.report.format import Format, all_formats, find_format
from bootworthy.report.stages import _BOOT_LOADER_RULES, Stage, stage_of
from bootworthy.rules.catalogue import all_rules
from tests.report.samples import QUIET, report

NASTY = "\x1b]0;owned\x07\r\n::error::injected\n\x00\u202e</script><b>&\"'`|[x](http://x)\udcff"

each_format = pytest.mark.parametrize("form", all_formats().values(), ids=lambda form: form.name)


def nasty_finding() -> Finding:
    return replace(
        QUIET,
        message=NASTY,
        place=Place("/etc/" + NASTY, 3, NASTY),
        found=NASTY,
        expected=NASTY,
        related=(Place("/" + NASTY),),
    )


def nasty_report() -> Report:
    finding = nasty_finding()
    result = RuleResult(
        rule=finding.rule, code=finding.code, outcome=Outcome.FAIL, findings=(finding,)
    )
    return replace(report(command="prepare"), results=(result,), subject=NASTY, notes=(NASTY,))


def test_the_formats_are_those_the_help_names() -> None:
    assert sorted(all_formats()) == [
        "concise",
        "github",
        "html",
        "json",
        "junit",
        "markdown",
        "sarif",
        "text",
    ]
    described = options.OUTPUT_HELP
    assert all(name in described for name in all_formats())


def test_an_unknown_format_is_told_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        find_format("pdf")

    assert "sarif" in caught.value.hint


@each_format
def test_a_format_makes_one_text_that_ends_with_a_line(form: Format) -> None:
    assert form.render(report()).endswith("\n")
    assert form.summary


@each_format
def test_no_format_lets_a_control_character_of_an_image_through(form: Format) -> None:
    text = form.render(nasty_report())

    assert not {"\x1b", "\x07", "\x00", "\r"} & set(text)


@pytest.mark.parametrize("name", ["text", "concise", "github", "markdown"])
def test_a_name_cannot_reorder_text_or_begin_a_line(name: str) -> None:
    text = find_format(name).render(nasty_report())

    assert "\u202e" not in text
    assert not any(line.startswith("::error::injected") for line in text.splitlines())


def test_every_rule_has_a_stage() -> None:
    results = [
        RuleResult(rule=rule.name, code=rule.code, outcome=Outcome.PASS) for rule in all_rules()
    ]

    stages = {result.code: stage_of(result) for result in results}

    assert [code for code, stage in stages.items() if stage is Stage.OTHER] == []
    assert set(stages.values()) == set(Stage) - {Stage.OTHER}
    assert {rule.name for rule in all_rules()} >= _BOOT_LOADER_RULES
