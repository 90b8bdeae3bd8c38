"""An example for every rule, taken from the dirtiest guests and pinned beside the rules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from bootworthy.disk.image import open_image
from bootworthy.model.finding import Finding
from bootworthy.rules import examples
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.examples import Example, example_of
from bootworthy.rules.rule import Rule
from bootworthy.rules.subject import Subject
from bootworthy.work.evaluate import check_rule
from tests.rules.dirtiest import subjects

UPDATE = "BOOTWORTHY_UPDATE_GOLDEN"

# Evidence of one line makes a better example than a page of it.
_SHORT = 100


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Example]:
    """The best example of each rule that the dirtiest guests give."""
    directory = tmp_path_factory.mktemp("examples")
    with ExitStack() as stack:
        every = subjects(directory, lambda path: stack.enter_context(open_image(path)))
        found = {rule.code: best(rule, _found(rule, every)) for rule in all_rules()}
        words = dict(pair for one in every for pair in chances(one, directory))
    return {code: written(finding, words) for code, finding in found.items()}


def _found(rule: Rule, every: Iterable[Subject]) -> list[Finding]:
    return [finding for one in every for finding in check_rule(rule, one).findings]


def best(rule: Rule, found: Iterable[Finding]) -> Finding:
    """One as severe as the rule, with something to do about it, in few words."""
    return min(
        found,
        key=lambda one: (
            one.severity is not rule.severity,
            len(one.found) > _SHORT,
            not (one.fix and one.fix.steps),
        ),
    )


def chances(one: Subject, directory: Path) -> Iterable[tuple[str, str]]:
    """What is another each time: the folder of the disks, and names that sfdisk invents."""
    yield f"{directory}/", ""
    for part in one.image.table.partitions if one.image else ():
        yield part.part_uuid, f"0a1d5a52-7a0e-4b7c-8f44-00000000000{part.number}"


def written(finding: Finding, words: dict[str, str]) -> Example:
    """The finding as an example, without what chance made of it."""

    def plain(text: str) -> str:
        for old, new in words.items():
            text = text.replace(old, new) if old else text
        return text

    return Example(
        place=plain(str(finding.place)),
        message=plain(finding.message),
        found=plain(finding.found),
        expected=plain(finding.expected),
        fix=plain(finding.fix.title if finding.fix else ""),
    )


def test_examples_are_what_is_found(made: dict[str, Example]) -> None:
    data = {code: asdict(example) for code, example in made.items()}
    if os.environ.get(UPDATE) == "1":
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        examples.PATH.write_text(text, encoding="utf-8")
    kept = json.loads(examples.PATH.read_text("utf-8"))
    assert data == kept, f"{UPDATE}=1 rewrites {examples.PATH.name}"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_every_rule_has_one(rule: Rule) -> None:
    example = example_of(rule.code)

    assert example is not None
    assert all(asdict(example).values())
    assert example.fix not in example.message


def test_rules_of_plugins_have_none() -> None:
    assert example_of("ACME-01") is None
