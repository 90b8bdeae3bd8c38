"""Which findings count: ``--select``, ``--ignore``, ``[[ignore]]`` entries, ``--baseline``."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from bootworthy.cli.configuration import Configuration
from bootworthy.cli.outputs import write_whole
from bootworthy.model.acceptance import Choice, Ignore, accept, choose
from bootworthy.model.decode import mapping
from bootworthy.model.errors import UsageError
from bootworthy.model.report import Report

_VERSION = 1


def judged(report: Report, given: Mapping[str, Any], configuration: Configuration | None) -> Report:
    """The report after what the user selected, ignores and knows already.

    Raises:
        UsageError: a rule of the options or the file is not there, or the baseline is none.
    """
    entries = _entries(configuration)
    chosen = choose(report, _codes(given["select"]), _codes(given["ignore"]))
    if path := given["write_baseline"]:
        write_baseline(Path(path), accept(chosen, entries, frozenset(), _today()))
    known = read_baseline(Path(given["baseline"])) if given["baseline"] else frozenset()
    return accept(chosen, entries, known, _today())


def choice_of(given: Mapping[str, Any], configuration: Configuration | None) -> Choice:
    """What is to be mended: neither what an ``[[ignore]]`` entry accepts nor rules left out.

    Raises:
        UsageError: a rule of the options or the file is not there.
    """
    return Choice(
        select=_codes(given["select"]),
        ignore=_codes(given["ignore"]),
        entries=_entries(configuration),
        today=_today(),
    )


def without_ignored(report: Report, configuration: Configuration | None) -> Report:
    """The report with what ``[[ignore]]`` entries accept set apart.

    Raises:
        UsageError: an entry names a rule that is not there.
    """
    return accept(report, _entries(configuration), frozenset(), _today())


def _entries(configuration: Configuration | None) -> tuple[Ignore, ...]:
    from bootworthy.cli.rule_words import find_rule

    entries = configuration.ignores if configuration else ()
    for entry in entries:
        find_rule(entry.rule)
    return entries


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _codes(words: Iterable[str]) -> frozenset[str]:
    """The codes of rules named by code, name or area (``SWAP``), also several with commas."""
    from bootworthy.cli.rule_words import find_rule
    from bootworthy.rules.catalogue import all_rules

    found: set[str] = set()
    for word in (part.strip() for text in words for part in text.split(",")):
        area = word.upper() + "-"
        of_area = {rule.code for rule in all_rules() if rule.code.startswith(area)}
        found |= of_area or {find_rule(word).code}
    return frozenset(found)


def write_baseline(path: Path, report: Report) -> None:
    """Write down every finding of the report, by fingerprint."""
    known = {
        item.fingerprint: f"{item.code} {item.place}: {item.message}" for item in report.findings
    }
    data = {"schema_version": _VERSION, "findings": known}
    write_whole(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    click.echo(f"wrote {path}: {len(known)} findings", err=True)


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in a baseline.

    Raises:
        UsageError: ``baseline-malformed``.
    """
    try:
        data = mapping(json.loads(path.read_text(encoding="utf-8")), str(path))
        _require_version(data.get("schema_version"))
        return frozenset(mapping(data.get("findings"), f"{path}: findings"))
    except (ValueError, RecursionError, UsageError) as error:
        raise UsageError(
            "baseline-malformed",
            f"{path} is no baseline: {error}",
            hint="write one with --write-baseline",
        ) from error


def _require_version(version: object) -> None:
    if version != _VERSION:
        raise ValueError(f"schema_version is {version!r}, not {_VERSION}")
