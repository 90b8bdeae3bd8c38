"""From findings to a plan: steps of the same kind become one, in the order they are carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from bootworthy.model.errors import InternalError
from bootworthy.model.finding import Finding, Safety
from bootworthy.model.plan import Plan, PlannedStep
from bootworthy.model.steps import (
    AddMountOptions,
    AllowModules,
    DisableUnits,
    DropMounts,
    EnableUnits,
    InstallPackages,
    LoadInitramfs,
    LockPasswords,
    RemoveAccounts,
    SetKernelArguments,
    SetKeys,
    Step,
    UpdateInitramfs,
    WriteFile,
)

# Steps whose tuples simply add up, whatever asked for them.
_UNITED = (
    AllowModules,
    DisableUnits,
    EnableUnits,
    InstallPackages,
    LoadInitramfs,
    LockPasswords,
    RemoveAccounts,
    SetKernelArguments,
    UpdateInitramfs,
)


def plan_for(findings: Iterable[Finding]) -> Plan:
    """The plan that mends every finding with a safe fix."""
    merged: dict[Any, PlannedStep] = {}
    for finding in findings:
        if finding.fix is None or finding.fix.safety is not Safety.SAFE:
            continue
        for step in finding.fix.steps:
            _merge(merged, step, finding.code)
    ordered = sorted(merged.values(), key=lambda planned: planned.step.phase)
    return Plan(steps=tuple(ordered))


def _merge(merged: dict[Any, PlannedStep], step: Step, code: str) -> None:
    key = _key(step)
    old = merged.get(key)
    if old is None:
        merged[key] = PlannedStep(step=step, rules=(code,))
        return
    rules = old.rules if code in old.rules else (*old.rules, code)
    merged[key] = PlannedStep(step=_together(old.step, step), rules=rules)


def _key(step: Step) -> Any:  # noqa: ANN401 - any hashable value does
    if isinstance(step, WriteFile | SetKeys):
        return type(step), step.path
    if isinstance(step, DropMounts):
        return type(step), step.reason
    if isinstance(step, AddMountOptions):
        return type(step), step.options
    return type(step) if isinstance(step, _UNITED) else step


def _together(old: Step, new: Step) -> Step:
    if old == new:
        return old
    if isinstance(old, SetKeys) and isinstance(new, SetKeys):
        return replace(old, settings=_settings(old, new))
    if isinstance(old, WriteFile):
        raise InternalError("plan-conflict", f"two rules want different contents for {old.path}")
    return _united(old, new)


def _settings(old: SetKeys, new: SetKeys) -> tuple[tuple[str, str], ...]:
    both = dict(old.settings)
    for key, value in new.settings:
        if both.setdefault(key, value) != value:
            raise InternalError(
                "plan-conflict", f"two rules want different values for {key} in {old.path}"
            )
    return tuple(both.items())


def _united(old: Step, new: Step) -> Step:
    changed = {
        field.name: _union(getattr(old, field.name), getattr(new, field.name))
        for field in fields(old)
        if isinstance(getattr(old, field.name), tuple)
    }
    union: Callable[..., Step] = replace
    return union(old, **changed)


def _union(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*old, *(item for item in new if item not in old))
