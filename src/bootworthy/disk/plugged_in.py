"""Container formats that installed packages add: other people's code, which may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from bootworthy.model import plugins
from bootworthy.model.errors import BootworthyError

if TYPE_CHECKING:
    from bootworthy.disk.container import Container, Format
    from bootworthy.disk.hostfile import HostFile
    from bootworthy.disk.references import References

T = TypeVar("T")

_ANY = 1000
"""The rank of raw, which takes every file."""


def formats_of_plugins(kind: type[Format], taken: set[str]) -> Iterator[Format]:
    """Every format that packages add, none with a name in ``taken``.

    Raises:
        UsageError: ``plugin-broken``.
    """
    for item in plugins.added(plugins.CONTAINER_FORMATS, kind):
        if not item.what.name or item.what.name in taken:
            problem = f"there is an image format {item.what.name or 'without a name'} already"
            raise plugins.broken(item.origin, problem)
        if item.what.rank >= _ANY:
            raise plugins.broken(item.origin, f"its rank is not below {_ANY}, that of raw disks")
        taken.add(item.what.name)
        yield _held_to_errors(item.what, item.origin)


def _held_to_errors(form: Format, origin: str) -> Format:
    """The format with every exception that is none of ours told as the package's."""

    def detect(header: bytes, tail: bytes, size: int) -> bool:
        return _told(origin, lambda: bool(form.detect(header, tail, size)))

    def open_(file: HostFile, references: References) -> Container:
        container = _told(origin, lambda: form.open(file, references))
        container.origin = origin
        own_map, own_decode = container.map_extents, container.decode_unit
        # Of this one container: its class is the package's, and may be one of ours.
        vars(container)["map_extents"] = lambda: _told(origin, own_map)
        vars(container)["decode_unit"] = lambda extent: _told(origin, lambda: own_decode(extent))
        return container

    return replace(form, detect=detect, open=open_)


def _told(origin: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except (BootworthyError, OSError):
        raise
    except Exception as error:
        raise plugins.broken(origin, f"{type(error).__name__}: {error}") from error
