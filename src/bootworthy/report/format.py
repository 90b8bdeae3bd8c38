"""What a report format is, and which there are: a module each beside this, and those of plugins."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from bootworthy.model import plugins
from bootworthy.model.errors import UsageError
from bootworthy.model.report import Report


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way to write a report down; a module of a format has one as ``FORMAT``.

    ``for_people`` says that lines for other readers may follow it on the same stream.
    ``shows_rehearsal`` says that it has a place for what a first boot proved.
    ``require`` raises HostError when what it needs is not installed.
    """

    name: str
    summary: str
    render: Callable[[Report], str]
    for_people: bool = False
    shows_rehearsal: bool = False
    require: Callable[[], object] = lambda: None


@cache
def all_formats() -> Mapping[str, Format]:
    """Every format, by name.

    Raises:
        UsageError: ``plugin-broken``: a plugin cannot be used.
    """
    import bootworthy.report as package

    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    found = [
        module.FORMAT for module in modules if isinstance(getattr(module, "FORMAT", None), Format)
    ]
    ours = {item.name: item for item in sorted(found, key=lambda item: item.name)}
    return ours | {item.what.name: item.what for item in _plugged_in(set(ours))}


def _plugged_in(taken: set[str]) -> Iterator[plugins.Added[Format]]:
    for item in plugins.added(plugins.REPORT_FORMATS, Format):
        if item.what.name in taken:
            problem = f"there is a report format {item.what.name} already"
            raise plugins.broken(item.origin, problem)
        taken.add(item.what.name)
        yield item


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
