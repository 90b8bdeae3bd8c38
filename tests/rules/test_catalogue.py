"""All rules as one: how they are named, what they say, and that their fixes agree."""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest

from bootworthy.disk.image import open_image
from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Finding, Outcome, Safety
from bootworthy.model.report import RuleResult
from bootworthy.model.steps import SetKernelArguments, SetKeys, UpdateInitramfs, WriteFile
from bootworthy.rules import catalogue
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.rule import Rule
from bootworthy.work.evaluate import check_rules
from bootworthy.work.merge import plan_for
from tests.rules.dirtiest import subjects

GOLDEN = Path(__file__).parents[1] / "golden" / "rules.json"
UPDATE = "BOOTWORTHY_UPDATE_GOLDEN"

# The folders of bootworthy.rules and the areas of the catalogue whose rules they hold.
AREAS = {
    "distribution": {"DIST"},
    "container": {"VHD"},
    "partition": {"PART", "VHD"},
    "kernel": {"KERN"},
    "initramfs": {"INIT", "PART"},
    "command_line": {"CMD"},
    "network": {"NET"},
    "security": {"SEC"},
    "agent": {"AGT"},
    "cloud_init": {"CI"},
    "swap": {"SWAP"},
    "cleanup": {"CLEAN"},
    "time": {"TIME"},
    "newer": {"NEW"},
}

# The statements of the article are numbered in docs/coverage.md.
STATEMENTS = range(1, 70)

# What a check does, or what should be, is no problem.
NO_PROBLEMS = {"check", "enable", "ensure", "has", "must", "set", "should", "verify"}

each_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)


def module_of(rule: Rule) -> ModuleType:
    return sys.modules[rule.check.__module__]


def is_one_sentence(text: str) -> bool:
    """One full stop, at the end; a dot inside a number or a name is none."""
    return text.endswith(".") and not re.search(r"[.!?]\s", text[:-1]) and text == text.strip()


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[RuleResult, ...], ...]:
    """What all rules find in each of the dirtiest subjects."""
    with ExitStack() as stack:
        directory = tmp_path_factory.mktemp("dirtiest")
        found = subjects(directory, lambda path: stack.enter_context(open_image(path)))
        return tuple(check_rules(all_rules(), subject) for subject in found)


@each_rule
def test_codes_and_names_are_well_formed(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{2,5}-\d\d", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert rule.code.partition("-")[0] in AREAS[rule.area]


@each_rule
def test_a_name_states_the_problem(rule: Rule) -> None:
    assert not NO_PROBLEMS & {rule.name.partition("-")[0]}


@each_rule
def test_a_rule_says_what_and_why(rule: Rule) -> None:
    assert rule.summary == inspect.getdoc(module_of(rule)).splitlines()[0]  # type: ignore[union-attr]
    assert is_one_sentence(rule.summary)
    assert is_one_sentence(rule.why)
    assert len(rule.summary) <= 95
    expected = (inspect.getdoc(rule.check) or "").splitlines()[0]
    assert is_one_sentence(expected.replace("...", ""))
    assert rule.deviation == rule.deviation.strip(". ")


@each_rule
def test_a_rule_names_its_sources(rule: Rule) -> None:
    assert rule.sources
    for source in rule.sources:
        assert source.startswith("https://") or len(source) > 5
    assert set(rule.article) <= set(STATEMENTS)
    assert rule.article or "article" not in rule.deviation


@each_rule
def test_a_rule_is_a_module_with_a_test_beside_it(rule: Rule) -> None:
    module = module_of(rule)
    assert [value for value in vars(module).values() if isinstance(value, Rule)] == [rule]
    area, name = module.__name__.split(".")[-2:]
    assert area == rule.area
    assert (Path(__file__).parent / area / f"test_{name}.py").is_file()


def test_rules_are_listed_as_a_machine_boots() -> None:
    codes = [rule.code for rule in all_rules()]

    assert len(set(codes)) == len(codes) > 90
    assert len({rule.name for rule in all_rules()}) == len(codes)
    assert codes == sorted(codes, key=lambda code: catalogue.sort_key(catalogue.find(code)))
    prefixes = list(dict.fromkeys(code.partition("-")[0] for code in codes))
    assert prefixes == catalogue._AREAS


@pytest.mark.parametrize("word", ["KERN-06", "kern-06", "udf-missing", "UDF-Missing"])
def test_a_rule_is_found_by_code_and_by_name(word: str) -> None:
    assert catalogue.find(word).code == "KERN-06"


def test_a_rule_that_is_not_there() -> None:
    with pytest.raises(UsageError) as caught:
        catalogue.find("KERN-99")
    assert caught.value.code == "rule-unknown"


def test_no_rule_crashes_on_the_dirtiest_guests(dirty: tuple[tuple[RuleResult, ...], ...]) -> None:
    crashed = [item for results in dirty for item in results if item.outcome is Outcome.ERROR]
    unread = [item for results in dirty for item in results if item.unreadable]

    assert crashed == []
    assert unread == []


def test_every_rule_finds_something_in_one_of_them(
    dirty: tuple[tuple[RuleResult, ...], ...],
) -> None:
    fired = {item.rule for results in dirty for item in results if item.findings}
    assert {rule.name for rule in all_rules()} - fired == set()


def test_findings_are_fit_for_a_report(dirty: tuple[tuple[RuleResult, ...], ...]) -> None:
    for finding in (one for results in dirty for item in results for one in item.findings):
        assert finding.message, finding
        assert finding.message[-1] not in ".!", finding
        assert finding.found, finding
        assert finding.expected, finding
        assert finding.place.path, finding
        assert finding.fix is not None, finding
        assert bool(finding.fix.steps) is (finding.fix.safety is not Safety.BY_HAND), finding


def test_all_fixes_of_a_guest_make_one_plan(dirty: tuple[tuple[RuleResult, ...], ...]) -> None:
    for results in dirty:
        findings = [one for item in results for one in item.findings]
        steps = [item.step for item in plan_for(findings).steps]

        phases = [step.phase for step in steps]
        assert phases == sorted(phases)
        written = [step.path for step in steps if isinstance(step, WriteFile)]
        keyed = [step.path for step in steps if isinstance(step, SetKeys)]
        assert len({*written, *keyed}) == len(written) + len(keyed)
        for step in steps:
            if isinstance(step, SetKernelArguments):
                assert_agrees(step)
            if isinstance(step, UpdateInitramfs):
                assert len(dict(step.files)) == len(step.files)


def assert_agrees(step: SetKernelArguments) -> None:
    """Nothing is put in that is taken out, but for consoles, which move to the end."""
    both = {
        token
        for token in step.add
        if {token, token.partition("=")[0]} & set(step.remove) and not token.startswith("console=")
    }
    assert both == set()


def test_rules_are_as_pinned(dirty: tuple[tuple[RuleResult, ...], ...]) -> None:
    """Other people's scripts and saved reports go by these."""
    every = [one for results in dirty for item in results for one in item.findings]
    found = {
        rule.code: {
            "name": rule.name,
            "severity": rule.severity.word,
            "fixes": fixes(one for one in every if one.code == rule.code),
        }
        for rule in all_rules()
    }
    if os.environ.get(UPDATE) == "1":
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(GOLDEN.read_text()), f"{UPDATE}=1 rewrites {GOLDEN.name}"


def fixes(findings: Iterable[Finding]) -> list[str]:
    """The kinds of steps that mend these, ``by hand`` where there are none."""
    kinds = set()
    for finding in findings:
        steps = finding.fix.steps if finding.fix else ()
        kinds |= {step.kind for step in steps} or {Safety.BY_HAND.value}
    return sorted(kinds)
