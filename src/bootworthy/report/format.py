"""What a report format is, and which there are: one module each, found by looking beside this."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from bootworthy.model.errors import UsageError
from bootworthy.model.report import Report


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way to write a report down; a module of a format has one as ``FORMAT``.

    ``for_people`` says that lines for other readers may follow it on the same stream.
    ``require`` raises HostError when what it needs is not installed.
    """

    name: str
    summary: str
    render: Callable[[Report], str]
    for_people: bool = False
    require: Callable[[], object] = lambda: None


@cache
def all_formats() -> Mapping[str, Format]:
    """Every format, by name."""
    import bootworthy.report as package

    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    found = [
        module.FORMAT for module in modules if isinstance(getattr(module, "FORMAT", None), Format)
    ]
    return {item.name: item for item in sorted(found, key=lambda item: item.name)}


def find_format(name: str) -> Format:
    """The format of this name.

    Raises:
        UsageError: ``format-unknown``: there is none.
    """
    formats = all_formats()
    if name not in formats:
        raise UsageError(
            "format-unknown",
            f"there is no report format {name!r}",
            hint=f"the formats are {', '.join(formats)}",
        )
    return formats[name]
