"""What installed packages add: entry points, each a thing of a kind or a module that holds some.

https://packaging.python.org/specifications/entry-points/
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Generic, TypeVar

from bootworthy.model.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

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
    if not _may_be_added(group):
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        origin = origin_of(point)
        found = list(_of_kind(_load(point, origin), kind))
        if not found:
            raise broken(origin, f"{point.value} holds no {kind.__name__}")
        for what in found:
            yield Added(what=what, origin=origin)


def _may_be_added(group: str) -> bool:
    """False where no installed package names ``group``.

    To import ``importlib.metadata`` takes a tenth of a start, and mostly there is no plugin. What
    is not in a folder, or found by other means than Python's own, is left to it to look for.
    """
    wanted = f"[{group}]".encode()
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    if finders != [PathFinder]:
        return True
    return any(wanted in text for folder in sys.path for text in _entry_points(folder, wanted))


def _entry_points(folder: str, wanted: bytes) -> Iterator[bytes]:
    """The entry points of each distribution in a folder; ``wanted`` where it is no folder."""
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208 - a Path for each name takes longer
    except FileNotFoundError:
        return
    except OSError:
        yield wanted
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            with suppress(OSError):
                yield Path(folder, name, "entry_points.txt").read_bytes()
        elif name.endswith(".egg") or name == "EGG-INFO":
            yield wanted


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
