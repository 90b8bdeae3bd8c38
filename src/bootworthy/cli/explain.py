"""``bootworthy explain``: what a rule is about, why, and how it is mended."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from bootworthy.cli.terminal import print_lines
from bootworthy.model.finding import Fix
from bootworthy.report.styled import Line, Span, Style
from bootworthy.rules.rule import Rule

if TYPE_CHECKING:
    from bootworthy.rehearsal.codes import Code
    from bootworthy.rules.examples import Example

_WIDTH = 96
_BOOTED = "`bootworthy rehearse` boots the image and names it when no rule explains what it saw."
_VARIES = "each finding brings its own fix: `bootworthy check IMAGE` names it, `plan` shows it"


@click.command(
    "explain",
    epilog="""\b
Examples:
  bootworthy explain INIT-01
  bootworthy explain quiet-boot
  bootworthy explain BT-12
""",
)
@click.argument("rule", metavar="RULE")
def command(rule: str) -> None:
    """Say why RULE exists, how it is checked and how it is mended.

    RULE is a code or a name, as reports and rehearsals print them.
    """
    from bootworthy.cli.rule_words import find_rule
    from bootworthy.rehearsal.codes import find_boot_code

    boot_code = find_boot_code(rule)
    print_lines(_lines(find_rule(rule)) if boot_code is None else _boot_code_lines(boot_code))


def _boot_code_lines(code: Code) -> Iterator[Line]:
    yield (Span(f"{code.code} {code.name}", Style.STRONG), Span("  [rehearsal]"))
    yield from _section("Why", code.why)
    yield from _section("How it is checked", _BOOTED)
    yield from _section("How it is mended", f"{code.fix[0].upper()}{code.fix[1:]}.")


def _lines(rule: Rule) -> Iterator[Line]:
    from bootworthy.cli.rule_words import fixes_of
    from bootworthy.rules.examples import example_of

    yield (Span(f"{rule.code} {rule.name}", Style.STRONG), Span(f"  [{rule.severity.word}]"))
    yield from _paragraph(rule.summary)
    yield from _section("Why", rule.why)
    yield from _section("How it is checked", inspect.getdoc(rule.check) or "")
    yield from _section("How it is mended", *([_told(fix) for fix in fixes_of(rule)] or [_VARIES]))
    if example := example_of(rule.code):
        yield from _section("Example", *_lines_of(example))
    if rule.deviation:
        yield from _section("Not as in Microsoft's article", rule.deviation)
    if rule.article:
        numbers = ", ".join(map(str, rule.article))
        yield from _section("Statements of the article", numbers)
    yield from _section("Sources", *rule.sources)


def _lines_of(example: Example) -> Iterator[str]:
    yield f"{example.place}: {example.message}"
    yield f"found     {example.found}"
    yield f"expected  {example.expected}"
    yield f"fix       {example.fix}"


def _told(fix: Fix) -> str:
    guest_code = ", runs guest code" if fix.runs_guest_code else ""
    return f"{fix.title} [{fix.safety.value}{guest_code}]"


def _section(title: str, *texts: str) -> Iterator[Line]:
    if not any(texts):
        return
    yield ()
    yield (Span(title, Style.STRONG),)
    for text in texts:
        yield from _paragraph(text)


def _paragraph(text: str) -> Iterator[Line]:
    for part in text.splitlines():
        for line in textwrap.wrap(part, _WIDTH, break_long_words=False, break_on_hyphens=False):
            yield (Span(f"  {line}"),)
