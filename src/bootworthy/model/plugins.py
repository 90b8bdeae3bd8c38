"""What installed packages add: entry points, each a thing of a kind or a module that holds some.

https://packaging.python.org/specifications/entry-points/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Generic, TypeVar

from bootworthy.model.errors import UsageError

T = TypeVar("T")

RULES = "bootworthy.rules"
REPORT_FORMATS = "bootworthy.report_formats"
CONTAINER_FORMATS = "bootworthy.container_formats"
PROVISIONING_CHECKS = "bootworthy.provisioning_checks"

CODE = re.compile(r"[A-Z]+-[0-9]{2}")
"""What the code of a rule or a check looks like, as report-v1.schema.json has it."""


@dataclass(frozen=True, kw_only=True)
class Added(Generic[T]):
    """One thing that a package adds; ``origin`` is the package's name and version."""

    what: T
    origin: str


def added(group: str, kind: type[T]) -> Iterator[Added[T]]:
    """All that installed packages add to ``group``, by the names of its entry points.

    Raises:
        UsageError: ``plugin-broken``: one cannot be imported, or holds nothing of the kind.
    """
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        origin = origin_of(point)
        found = list(_of_kind(_load(point, origin), kind))
        if not found:
            raise broken(origin, f"{point.value} holds no {kind.__name__}")
        for what in found:
            yield Added(what=what, origin=origin)


def origin_of(point: EntryPoint) -> str:
    """The package that an entry point is of."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "a package without a name"


def _load(point: EntryPoint, origin: str) -> object:
    try:
        loaded: object = point.load()
    except Exception as error:
        raise broken(origin, f"{point.value}: {type(error).__name__}: {error}") from error
    return loaded


def _of_kind(loaded: object, kind: type[T]) -> Iterator[T]:
    values = vars(loaded).values() if isinstance(loaded, ModuleType) else (loaded,)
    yield from (value for value in values if isinstance(value, kind))


def broken(origin: str, problem: str) -> UsageError:
    """The error for a plugin that cannot be used."""
    return UsageError(
        "plugin-broken",
        f"the plugin {origin} cannot be used: {problem}",
        hint="upgrade or uninstall that package",
    )
