"""The report as people read it: findings like a compiler's, then one line that sums up."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from itertools import groupby

from bootworthy.model.acceptance import NOT_SELECTED
from bootworthy.model.commands import argument, offered
from bootworthy.model.finding import Finding, Fix, Outcome, Safety, Severity
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.quantities import human_seconds, human_size, plural
from bootworthy.model.report import Report
from bootworthy.report.format import Format
from bootworthy.report.styled import Line, Span, Style, as_text

SEVERITY_STYLE = {
    Severity.ERROR: Style.ERROR,
    Severity.WARNING: Style.WARNING,
    Severity.NOTE: Style.NOTE,
}


def render(report: Report, *, verbose: bool = False) -> str:
    """The report as plain text."""
    return as_text(lines(report, verbose))


def lines(report: Report, verbose: bool = False) -> Iterator[Line]:
    """The report, line by line."""
    if report.command != "rehearse":
        yield from _about_the_image(report, verbose)
    if report.rehearsal:
        from bootworthy.report import rehearsal

        yield from ((),) if report.command != "rehearse" else ()
        yield from rehearsal.lines(report.rehearsal)


def _about_the_image(report: Report, verbose: bool) -> Iterator[Line]:
    yield from _header(report)
    for finding in report.findings:
        yield from _finding(finding, _reasons(report, finding))
        yield ()
    if verbose:
        yield from _not_checked(report)
        yield from _accepted(report)
    yield from closing_lines(report)
    yield from _advice(report)


def closing_lines(report: Report) -> Iterator[Line]:
    """What is neither a finding nor a change: what is broken, notes, and the sum."""
    yield from _unreadable(report)
    yield from _notes(report)
    yield _summary(report)


def _header(report: Report) -> Iterator[Line]:
    if report.image:
        container = report.image.container
        size = human_size(container.virtual_size)
        yield _faint(f"{container.path}: {container.format}, {size}, {_boots_as(report)}")
    if report.guest:
        guest = report.guest
        kernels = ", ".join(guest.kernels) or "no kernel"
        yield _faint(f"{guest.name} ({guest.architecture}) on {guest.root}, {kernels}")
    if report.image or report.guest:
        yield ()


def _boots_as(report: Report) -> str:
    generations = report.image.generations if report.image else ()
    words = " and ".join(f"generation {number}" for number in generations)
    return f"boots as {words}" if words else "no boot loader found"


def _reasons(report: Report, finding: Finding) -> str:
    """Why what was meant to mend the finding was not done."""
    skipped = (change for change in report.changes if change.kind is ChangeKind.SKIPPED)
    reasons = [change.detail for change in skipped if finding.code in change.rules]
    return "\n".join(dict.fromkeys(line for text in reasons for line in text.splitlines()))


def _finding(finding: Finding, reasons: str = "") -> Iterator[Line]:
    style = SEVERITY_STYLE[finding.severity]
    head = f"{finding.severity.word}[{finding.rule}]"
    yield Span(head, style), Span(f" {finding.code}: "), Span(finding.message, Style.STRONG)
    yield Span("  --> ", Style.FAINT), Span(str(finding.place))
    for place in finding.related:
        yield Span("  ::: ", Style.FAINT), Span(str(place))
    yield from _evidence("found", finding.found)
    yield from _evidence("expected", finding.expected)
    yield from _evidence("why", finding.why)
    yield from _evidence("fix", _fix(finding.fix))
    if reasons:
        yield from _evidence("not done", reasons)


def _evidence(name: str, text: str) -> Iterator[Line]:
    for number, part in enumerate(text.splitlines() or [""]):
        label = f"   = {name:<10}" if number == 0 else " " * 15
        yield Span(label, Style.FAINT), Span(part)


def _fix(fix: Fix | None) -> str:
    if fix is None:
        return "none known"
    words = [fix.safety.value]
    if fix.safety is not Safety.BY_HAND and fix.runs_guest_code:
        words.append("runs guest code")
    return f"{fix.title}  [{', '.join(words)}]"


def _not_checked(report: Report) -> Iterator[Line]:
    quiet = (Outcome.NOT_CHECKED, Outcome.NOT_APPLICABLE)
    for result in report.results:
        # Who asks for one rule knows that the others were left out.
        if result.outcome in quiet and result.reason != NOT_SELECTED:
            yield _faint(f"{result.code} {result.rule}: {result.outcome.value}: {result.reason}")


def _accepted(report: Report) -> Iterator[Line]:
    for finding in report.accepted:
        reason = finding.accepted.reason if finding.accepted else ""
        yield _faint(f"{finding.code} {finding.rule}: accepted: {finding.message}: {reason}")


def _unreadable(report: Report) -> Iterator[Line]:
    for broken in report.unreadable:
        yield Span(f"error[{broken.code}]", Style.ERROR), Span(f": {broken.message}")
        if broken.hint:
            yield Span("  hint: ", Style.FAINT), Span(broken.hint)
    for result in report.results:
        if result.outcome is Outcome.ERROR:
            yield Span("error[rule-crashed]", Style.ERROR), Span(f" {result.code}: {result.reason}")


def _notes(report: Report) -> Iterator[Line]:
    for note in report.notes:
        yield (Span("note", Style.NOTE), Span(f": {note}"))


def _summary(report: Report) -> Line:
    rules = plural(len(report.results), "rule")
    head = f"{rules} in {human_seconds(report.seconds)}: "
    counts = [_count(report, level) for level in (Severity.ERROR, Severity.WARNING, Severity.NOTE)]
    found = [span for span in counts if span.text]
    rest = ", ".join(_outcomes(report))
    spans = [Span(head)]
    for span in found or [Span("no findings", Style.GOOD)]:
        spans += [span, Span(", ")]
    return (*spans, Span(rest))


def _count(report: Report, level: Severity) -> Span:
    count = report.count_severity(level)
    text = plural(count, level.word) if count else ""
    return Span(text, SEVERITY_STYLE[level])


def _outcomes(report: Report) -> Iterator[str]:
    yield f"{report.count(Outcome.PASS)} passed"
    others = (Outcome.FIXED, Outcome.NOT_APPLICABLE, Outcome.NOT_CHECKED, Outcome.ERROR)
    for outcome in others:
        if count := report.count(outcome):
            yield f"{count} {outcome.value if outcome is not Outcome.ERROR else 'crashed'}"
    if accepted := len(report.accepted):
        yield f"{plural(accepted, 'finding')} accepted"


def _advice(report: Report) -> Iterator[Line]:
    fixable = sum(_is_fixable(finding) for finding in report.findings)
    # A partial tree is laid over a Linux that is not there to be prepared.
    if report.command == "check" and fixable and "--partial" not in report.opened_with:
        yield (Span(f"{fixable} fixable: {offered('prepare', *_to_prepare(report))}"),)


def _to_prepare(report: Report) -> tuple[str, ...]:
    if report.image is not None:
        return (*report.opened_with, argument(report.subject), "-o", "OUT.vhd")
    return ("/", "--yes") if report.subject == "/" else ("--root", report.subject)


def _is_fixable(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safety is Safety.SAFE


# More changes of one sort than this are told in one line, unless details are asked for.
_FEW = 4

_FILES = (ChangeKind.CREATED, ChangeKind.EDITED, ChangeKind.REMOVED)

# The width of the column that says what sort of change it is.
_MARGIN = 9


def change_lines(
    changes: Iterable[Change], *, diffs: bool, imagined: bool = False
) -> Iterator[Line]:
    """What was changed, or would be when the changes are only ``imagined``.

    With ``diffs`` a line for each thing and its diff below; else many files of one step and sort
    are one line.
    """
    tense = 1 if imagined else 0
    for _, group in groupby(changes, key=lambda change: (change.step, change.rules, change.kind)):
        alike = list(group)
        if len(alike) > _FEW and alike[0].kind in _FILES and not diffs:
            yield _many(alike, tense)
            continue
        for change in alike:
            yield from _change(change, tense)
            if diffs:
                yield from (_diff_line(text) for text in change.diff.splitlines())


def ignored_lines(findings: Iterable[Finding]) -> Iterator[Line]:
    """What stays as it is because somebody said so, and the reason given."""
    for finding in findings:
        reason = finding.accepted.reason if finding.accepted else ""
        yield (
            Span("ignored".ljust(_MARGIN), Style.FAINT),
            Span(f"{finding.place}: {finding.message}"),
            Span(f"  {reason}  ({finding.code})", Style.FAINT),
        )


def _many(changes: list[Change], tense: int) -> Line:
    first = changes[0]
    shared = posixpath.commonpath([change.what for change in changes])
    where = f"{plural(len(changes), 'file')} in {shared}"
    return (_mark(first, tense), Span(where), Span(_rules(first), Style.FAINT))


# What was done, and what would be.
_CHANGE_MARK = {
    ChangeKind.DISK: ("disk", "disk", Style.STRONG),
    ChangeKind.CREATED: ("created", "create", Style.ADDED),
    ChangeKind.EDITED: ("edited", "edit", Style.NOTE),
    ChangeKind.REMOVED: ("removed", "remove", Style.REMOVED),
    ChangeKind.PROGRAM: ("ran", "run", Style.STRONG),
    ChangeKind.SKIPPED: ("not done", "not done", Style.WARNING),
}


def _mark(change: Change, tense: int) -> Span:
    words = _CHANGE_MARK[change.kind]
    return Span(words[tense].ljust(_MARGIN), words[2])


def _change(change: Change, tense: int) -> Iterator[Line]:
    first, *rest = change.detail.splitlines() or [""]
    yield (
        _mark(change, tense),
        Span(change.what),
        Span(f"  {first}" if first else "", Style.FAINT),
        Span(_rules(change), Style.FAINT),
    )
    yield from ((Span(" " * (_MARGIN + 2)), Span(line, Style.FAINT)) for line in rest)


def _rules(change: Change) -> str:
    return f"  ({', '.join(change.rules)})" if change.rules else ""


def _diff_line(text: str) -> Line:
    style = {"+": Style.ADDED, "-": Style.REMOVED}.get(text[:1], Style.FAINT)
    return (Span("    "), Span(text, style))


def _faint(text: str) -> Line:
    return (Span(text, Style.FAINT),)


FORMAT = Format(
    name="text",
    summary="findings with reason and fix, for people",
    render=render,
    for_people=True,
    shows_rehearsal=True,
)
