"""``bootworthy rules``: which rules there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli.terminal import print_lines
from bootworthy.model.finding import Severity
from bootworthy.model.quantities import plural
from bootworthy.report.text import SEVERITY_STYLE, Line, Span

if TYPE_CHECKING:
    from bootworthy.rules.rule import Rule


@click.command(
    "rules",
    epilog="""\b
Examples:
  bootworthy rules
  bootworthy rules swap
  bootworthy rules --severity error --format json
""",
)
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option(
    "--severity",
    type=click.Choice([level.word for level in Severity]),
    help="Only rules of this severity.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
def command(words: tuple[str, ...], severity: str | None, form: str) -> None:
    """List the rules whose code, name, area or summary holds every WORD.

    They are listed in the order in which a machine boots.
    """
    from bootworthy.rules.catalogue import all_rules

    chosen = [rule for rule in all_rules() if _wanted(rule, words, severity)]
    if form == "json":
        sys.stdout.write(json.dumps([_as_data(rule) for rule in chosen], indent=2) + "\n")
        return
    print_lines(_lines(chosen))


def _wanted(rule: Rule, words: Iterable[str], severity: str | None) -> bool:
    text = f"{rule.code} {rule.name} {rule.area} {rule.summary}".casefold()
    fits = severity is None or rule.severity.word == severity
    return fits and all(word.casefold() in text for word in words)


def _lines(rules: list[Rule]) -> Iterator[Line]:
    width = max((len(rule.name) for rule in rules), default=0)
    for rule in rules:
        yield (
            Span(f"{rule.code:<9}"),
            Span(f"{rule.severity.word:<9}", SEVERITY_STYLE[rule.severity]),
            Span(f"{rule.name:<{width}}  {rule.summary}"),
        )
    yield (Span(plural(len(rules), "rule")),)


def _as_data(rule: Rule) -> dict[str, Any]:
    from dataclasses import asdict

    from bootworthy.work.evaluate import about

    data = {"code": rule.code, "name": rule.name, "expected": (rule.check.__doc__ or "").strip()}
    return data | asdict(about(rule)) | {"severity": rule.severity.word}
