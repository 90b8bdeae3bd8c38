"""``bootworthy rules``: which rules there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from bootworthy.cli.terminal import print_lines
from bootworthy.model.finding import Severity
from bootworthy.model.quantities import plural
from bootworthy.report.styled import Line, Span, Style
from bootworthy.report.text import SEVERITY_STYLE

if TYPE_CHECKING:
    from bootworthy.rules.rule import Rule


@click.command(
    "rules",
    epilog="""\b
Examples:
  bootworthy rules
  bootworthy rules swap
  bootworthy rules --severity error --format json
  bootworthy rules --plugins
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
@click.option(
    "--plugins",
    "only_plugins",
    is_flag=True,
    help="Only what installed packages add: rules, formats and checks, with the package's name.",
)
def command(words: tuple[str, ...], severity: str | None, form: str, *, only_plugins: bool) -> None:
    """List the rules whose code, name, area or summary holds every WORD.

    They are listed in the order in which a machine boots.
    """
    from bootworthy.rules.catalogue import all_rules, origins

    origin = origins()
    chosen = [
        rule
        for rule in all_rules()
        if _wanted(rule, words, severity) and (rule.code in origin or not only_plugins)
    ]
    if form == "json":
        data = [_as_data(rule) | _origin(origin.get(rule.code)) for rule in chosen]
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
        return
    print_lines(_lines(chosen, origin))
    if only_plugins:
        print_lines(_other_lines())


def _origin(name: str | None) -> dict[str, str]:
    return {"plugin": name} if name else {}


def _other_lines() -> Iterator[Line]:
    """What else plugins add; each is loaded as where it is used, so that a bad one is told."""
    from bootworthy.disk.container import Format as ContainerFormat
    from bootworthy.disk.container import known_formats
    from bootworthy.model import plugins
    from bootworthy.rehearsal.checks import added_checks
    from bootworthy.report.format import Format, all_formats

    all_formats(), known_formats()
    reports = list(plugins.added(plugins.REPORT_FORMATS, Format))
    containers = list(plugins.added(plugins.CONTAINER_FORMATS, ContainerFormat))
    checks = added_checks()
    yield from (_other("report", f"{i.what.name}  {i.what.summary}", i.origin) for i in reports)
    yield (Span(plural(len(reports), "report format")),)
    yield from (_other("image", i.what.name, i.origin) for i in containers)
    yield (Span(plural(len(containers), "container format")),)
    for item in checks:
        yield _other(item.what.code, f"{item.what.name}  {item.what.title}", item.origin)
    yield (Span(plural(len(checks), "provisioning check")),)


def _other(kind: str, what: str, origin: str) -> Line:
    return Span(f"{kind:<9}{what}"), *_from(origin)


def _wanted(rule: Rule, words: Iterable[str], severity: str | None) -> bool:
    text = f"{rule.code} {rule.name} {rule.area} {rule.summary}".casefold()
    fits = severity is None or rule.severity.word == severity
    return fits and all(word.casefold() in text for word in words)


def _lines(rules: list[Rule], origin: Mapping[str, str]) -> Iterator[Line]:
    width = max((len(rule.name) for rule in rules), default=0)
    for rule in rules:
        yield (
            Span(f"{rule.code:<9}"),
            Span(f"{rule.severity.word:<9}", SEVERITY_STYLE[rule.severity]),
            Span(f"{rule.name:<{width}}  {rule.summary}"),
            *_from(origin.get(rule.code)),
        )
    yield (Span(plural(len(rules), "rule")),)


def _from(package: str | None) -> tuple[Span, ...]:
    return (Span(f"  # {package}", Style.FAINT),) if package else ()


def _as_data(rule: Rule) -> dict[str, Any]:
    from dataclasses import asdict

    from bootworthy.rules.examples import example_of
    from bootworthy.work.evaluate import about

    data = {"code": rule.code, "name": rule.name, "expected": (rule.check.__doc__ or "").strip()}
    example = example_of(rule.code)
    shown = {"example": asdict(example)} if example else {}
    return data | asdict(about(rule)) | {"severity": rule.severity.word} | shown
