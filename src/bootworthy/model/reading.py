"""A saved report read again: the inverse of ``Report.to_dict``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from bootworthy.model.decode import decode, malformed, mapping
from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Acceptance, Finding, Fix, Outcome, Place, Safety, Severity
from bootworthy.model.image import GuestInfo, ImageInfo
from bootworthy.model.intent import Generation
from bootworthy.model.plan import Change
from bootworthy.model.rehearsal import VERDICT_SCHEMA_VERSION, Verdict
from bootworthy.model.report import SCHEMA_VERSION, Report, RuleResult, Unreadable
from bootworthy.model.rule import RuleInfo
from bootworthy.model.steps import Step

_TOLD = frozenset({"schema_version", "tool", "passed"})

_STEPS: Mapping[str, type[Step]] = {step.kind: step for step in get_args(Step)}


def report_from(data: object) -> Report:
    """The report that ``data``, parsed JSON, describes.

    Raises:
        UsageError: ``report-version`` when another schema version wrote it, ``data-malformed`` when
            it is no report at all.
    """
    saved = mapping(data, "report")
    if "milestones" in saved:
        return Report.of_rehearsal(_verdict(saved, "verdict"))
    version = saved.get("schema_version")
    if version != SCHEMA_VERSION:
        raise UsageError(
            "report-version",
            f"this is no report of schema version {SCHEMA_VERSION} (schema_version: {version!r})",
            hint="make one with `bootworthy check --json IMAGE > saved.json`",
        )
    take = _Taker(saved, "report")
    return Report(
        command=take("command", str),
        version=_Taker(mapping(saved.get("tool"), "report.tool"), "report.tool")("version", str),
        subject=take("subject", str),
        results=tuple(_result(item, where) for item, where in take.items("rules")),
        seconds=take("seconds", float),
        engine=take("engine", str),
        image=take("image", ImageInfo | None),
        guest=take("guest", GuestInfo | None),
        changes=take("changes", tuple[Change, ...]),
        notes=take("notes", tuple[str, ...]),
        output=take("output", str | None),
        rehearsal=_verdict(saved["rehearsal"], "report.rehearsal")
        if saved.get("rehearsal")
        else None,
        opened_with=take.optional("opened_with", tuple[str, ...]) or (),
    )


def _verdict(data: object, where: str) -> Verdict:
    """What ``Verdict.to_dict`` made; ``passed`` is told anew."""
    saved = mapping(data, where)
    version = saved.get("schema_version")
    if version != VERDICT_SCHEMA_VERSION:
        raise UsageError(
            "report-version",
            f"this is no verdict of schema version {VERDICT_SCHEMA_VERSION} "
            f"(schema_version: {version!r})",
            hint="make one with `bootworthy rehearse --json IMAGE > saved.json`",
        )
    tool = _Taker(mapping(saved.get("tool"), f"{where}.tool"), f"{where}.tool")
    kept = {key: value for key, value in saved.items() if key not in _TOLD}
    machine = dict(mapping(saved.get("machine"), f"{where}.machine"))
    generations = {item.value: item.name.lower() for item in Generation}
    number = machine.get("generation")
    machine["generation"] = generations.get(number, number) if isinstance(number, int) else number
    return decode(Verdict, kept | {"machine": machine, "version": tool("version", str)}, where)


class _Taker:
    """Takes values out of one JSON object, each as what it should be."""

    def __init__(self, data: Mapping[str, object], where: str) -> None:
        self._data = data
        self._where = where

    def __call__(self, key: str, hint: Any) -> Any:  # noqa: ANN401 - the hint says which
        if key not in self._data:
            raise malformed(self._where, f"{key} is missing")
        return decode(hint, self._data[key], f"{self._where}.{key}")

    def optional(self, key: str, hint: Any) -> Any:  # noqa: ANN401 - the hint says which
        """The value, None when the key is not there: reports of older releases have fewer."""
        return self(key, hint) if self._data.get(key) is not None else None

    def items(self, key: str) -> list[tuple[Mapping[str, object], str]]:
        """The objects of a list, each with its place."""
        where = f"{self._where}.{key}"
        listed = self._data.get(key, [])
        if not isinstance(listed, list):
            raise malformed(where, "not a list")
        pairs = enumerate(listed)
        return [(mapping(item, f"{where}[{i}]"), f"{where}[{i}]") for i, item in pairs]


def _result(data: Mapping[str, object], where: str) -> RuleResult:
    take = _Taker(data, where)
    rule, code = take("rule", str), take("code", str)
    about: RuleInfo | None = take.optional("about", RuleInfo)
    return RuleResult(
        rule=rule,
        code=code,
        outcome=take("outcome", Outcome),
        reason=take("reason", str),
        findings=tuple(_finding(rule, code, item, at) for item, at in take.items("findings")),
        accepted=tuple(_finding(rule, code, item, at) for item, at in take.items("accepted")),
        unreadable=take.optional("unreadable", Unreadable),
        about=about,
    )


def _finding(rule: str, code: str, data: Mapping[str, object], where: str) -> Finding:
    take = _Taker(data, where)
    return Finding(
        rule=rule,
        code=code,
        severity=take("severity", Severity),
        message=take("message", str),
        place=take("place", Place),
        found=take("found", str),
        expected=take("expected", str),
        why=take("why", str),
        fix=_fix(data.get("fix"), f"{where}.fix"),
        related=take("related", tuple[Place, ...]),
        accepted=take.optional("accepted", Acceptance),
    )


def _fix(data: object, where: str) -> Fix | None:
    if data is None:
        return None
    take = _Taker(mapping(data, where), where)
    steps = tuple(_step(item, at) for item, at in take.items("steps"))
    return Fix(title=take("title", str), steps=steps, safety=take("safety", Safety))


def _step(data: Mapping[str, object], where: str) -> Step:
    kind = data.get("step")
    if not isinstance(kind, str) or kind not in _STEPS:
        raise malformed(where, f"unknown step {kind!r}")
    return decode(_STEPS[kind], {k: v for k, v in data.items() if k != "step"}, where)
