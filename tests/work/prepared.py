"""Guests that went through ``bootworthy prepare``: made once a run and shared, read-only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bootworthy
from tests.cli.command import bootworthy as command
from tests.guests.cache import cached, digest
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build
from tests.work.packages import packages_for

_SOURCE = Path(bootworthy.__file__).parent


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A prepared guest: the fixed VHD, the report on it, and what it was made from."""

    vhd: Path
    report: dict[str, Any]
    source: Path


def prepared(guest: str, *arguments: str, engine: str = "host", agent_of: str = "") -> Prepared:
    """The guest of that name, prepared offline with these arguments more.

    ``agent_of`` is a release of Debian whose agent is offered beside the guest's own.

    The cache knows it by the guest and by every line of the program that prepares it.
    """
    recipe = RECIPES[guest]
    code = [path.read_bytes() for path in sorted(_SOURCE.rglob("*.py"))]
    key = digest(recipe.key, engine, agent_of, *arguments, *code)
    stem = f"prepared-{guest}-{engine}"
    report = Path(f"{stem}-{key}.json")

    def make(out: Path, work: Path) -> None:
        packages = packages_for(recipe, work / "packages", agent_of)
        # The name that is reported is the name of the file as long as it is made.
        options = ["--engine", engine, "--json", "--trust-image", "--fail-on", "never", *arguments]
        files: list[str | Path] = [build(recipe), "-o", work / "out.vhd", "--packages", packages]
        done = command("prepare", *options, *files)
        if done.status:
            raise RuntimeError(f"prepare ended with {done.status}:\n{done.out}\n{done.err}")
        (out.parent.parent / report).write_text(done.out)
        (work / "out.vhd").rename(out)

    vhd = cached(stem, key, ".vhd", make)
    return Prepared(
        vhd=vhd, report=json.loads((vhd.parent / report).read_text()), source=build(recipe)
    )
