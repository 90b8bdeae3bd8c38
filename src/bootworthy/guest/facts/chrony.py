"""chrony's configuration with what it includes: chrony.conf(5)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bootworthy.guest.tree import Tree

# Red Hat and SUSE, then Debian and Alpine.
_CONFIGURATIONS = ("/etc/chrony.conf", "/etc/chrony/chrony.conf")
_MAX_FILES = 100
_CLOCKS = ("/dev/ptp_hyperv", "/dev/ptp0")


@dataclass(frozen=True)
class TimeServer:
    """A ``server``, ``pool`` or ``peer`` line; ``line`` is 1-based."""

    name: str
    path: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Chrony:
    """The configuration: its main file, servers, and devices of reference clocks."""

    path: str
    servers: tuple[TimeServer, ...]
    clocks: tuple[str, ...]

    @property
    def has_hyperv_clock(self) -> bool:
        """Whether the host's clock is a reference: by its own name, or as the first PTP device."""
        return any(clock in _CLOCKS for clock in self.clocks)


def read(tree: Tree) -> Chrony | None:
    """chrony of the guest, None where it is not configured."""
    path = next(filter(tree.is_file, _CONFIGURATIONS), None)
    if path is None:
        return None
    lines = list(_lines(tree, path, set()))
    servers = [
        TimeServer(words[1], place, number)
        for words, place, number in lines
        if words[0] in ("server", "pool", "peer") and len(words) > 1
    ]
    clocks = [words[2].split(":")[0] for words, _, _ in lines if words[:2] == ["refclock", "PHC"]]
    return Chrony(path=path, servers=tuple(servers), clocks=tuple(clocks))


def _lines(tree: Tree, path: str, seen: set[str]) -> Iterator[tuple[list[str], str, int]]:
    # Each file once: files that include each other would never end.
    if path in seen or len(seen) >= _MAX_FILES:
        return
    seen.add(path)
    for number, text in enumerate(tree.text_or(path).split("\n"), 1):
        words = text.split()
        if not words or words[0][0] in "#%;!":
            continue
        if words[0] == "include" and len(words) > 1:
            included = tree.glob(words[1])
        elif words[0] in ("confdir", "sourcedir") and len(words) > 1:
            ending = "*.conf" if words[0] == "confdir" else "*.sources"
            included = [
                p for folder in words[1:] for p in tree.glob(posixpath.join(folder, ending))
            ]
        else:
            # refclock PHC needs its device; words that are missing are no clock.
            yield (words if words[0] != "refclock" or len(words) > 2 else ["#"]), path, number  # noqa: PLR2004
            continue
        for more in included[:_MAX_FILES]:
            yield from _lines(tree, more, seen)
