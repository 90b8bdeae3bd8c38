"""``bootworthy rules`` and ``bootworthy explain``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from bootworthy.cli.main import cli, run
from bootworthy.rules.catalogue import all_rules


def _run(*argv: str) -> Result:
    return CliRunner(env={"NO_COLOR": "1"}).invoke(cli, argv, catch_exceptions=False)


def test_every_rule_is_listed() -> None:
    lines = _run("rules").stdout.splitlines()

    assert [line.split()[0] for line in lines[:-1]] == [rule.code for rule in all_rules()]
    assert lines[-1] == f"{len(all_rules())} rules"


def test_words_and_severity_narrow_the_list() -> None:
    listed = json.loads(_run("rules", "SWAP", "--format", "json", "--severity", "warning").stdout)

    assert listed
    for item in listed:
        assert item["severity"] == "warning"
        assert "swap" in f"{item['code']} {item['name']} {item['summary']}".casefold()
        assert item["why"]
        assert item["sources"]
        assert item["example"]["found"]


def test_nothing_found_is_told() -> None:
    assert _run("rules", "nosuchword").stdout == "0 rules\n"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_every_rule_is_explained_with_all_it_has(rule: object) -> None:
    words = _run("explain", rule.code).stdout.split()  # type: ignore[attr-defined]
    text = " ".join(words)

    for part in ("summary", "why", "deviation"):
        assert " ".join(getattr(rule, part).split()) in text
    for source in rule.sources:  # type: ignore[attr-defined]
        assert " ".join(source.split()) in text
    assert "How it is checked" in text
    assert "How it is mended" in text
    assert "Example" in words


def test_an_example_shows_what_a_finding_looks_like() -> None:
    text = _run("explain", "NET-22").stdout

    assert "/etc/hostname:1: the host name of the old machine is set" in text
    assert "found     web01.example.org" in text
    assert "expected  localhost" in text


def test_what_only_a_rehearsal_finds_is_explained_too() -> None:
    told = _run("explain", "bt-12").stdout

    assert told.startswith("BT-12 unit-failed")
    assert "Mend the unit" in told
    assert _run("explain", "unit-failed").stdout == told


def test_a_name_explains_the_same_as_a_code() -> None:
    assert _run("explain", "quiet-boot").stdout == _run("explain", "cmd-07").stdout


@pytest.mark.parametrize(
    ("word", "meant"),
    [("quite-boot", "quiet-boot"), ("INIT-1", "INIT-01"), ("initramfs", "-initramfs")],
)
def test_a_near_miss_names_what_was_meant(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(lambda: cli.main(["explain", word], standalone_mode=False)) == 2

    error = capsys.readouterr().err
    assert f"there is no rule '{word}'" in error
    assert "did you mean" in error
    assert meant in error


def test_a_far_miss_names_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda: cli.main(["explain", "zzzz"], standalone_mode=False)) == 2

    assert "`bootworthy rules` lists all of them" in capsys.readouterr().err
