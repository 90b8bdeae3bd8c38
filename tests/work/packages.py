"""The .deb files that a guest lacks for Azure, with all they depend on: what --packages takes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.guests.archive import download
from tests.guests.cache import cached, digest
from tests.guests.mirror import Mirror, host_mirror
from tests.guests.recipe import Recipe, build

PACKAGES = (
    "waagent",
    "cloud-init",
    "cloud-guest-utils",
    "gdisk",
    "hyperv-daemons",
    "eject",
    "fdisk",
    "parted",
)
_STATUS = "/var/lib/dpkg/status"


def packages_for(recipe: Recipe, directory: Path, agent_of: str = "") -> Path:
    """Put the packages into ``directory``; they are downloaded once and kept in the cache.

    ``agent_of`` is a release of Debian whose agent is there as well as the guest's own.
    """
    key = digest(recipe.key, *PACKAGES)
    tar = cached(f"packages-{recipe.name}", key, ".tar", lambda out, work: _make(recipe, out, work))
    directory.mkdir(parents=True, exist_ok=True)
    _run("tar", "--extract", f"--file={tar}", f"--directory={directory}")
    if agent_of:
        newer = cached(f"agent-{agent_of}", digest(agent_of), ".tar", _agent_of(agent_of))
        _run("tar", "--extract", f"--file={newer}", f"--directory={directory}")
    return directory


def _agent_of(suite: str) -> Callable[[Path, Path], None]:
    def make(out: Path, work: Path) -> None:
        (package,) = download(suite, ("waagent",), work)
        _run("tar", "--create", f"--file={out}", f"--directory={package.parent}", package.name)

    return make


def _make(recipe: Recipe, out: Path, work: Path) -> None:
    mirror = host_mirror(recipe.base.suite)
    try:
        _download(recipe, mirror, work)
    except RuntimeError:
        # The index of an old release's updates can name files that are gone; the release itself
        # does not change any more.
        _download(recipe, Mirror(sources=mirror.sources[:1], options=mirror.options), work)
    packages = sorted(package.name for package in (work / "archives").glob("*.deb"))
    _run("tar", "--create", f"--file={out}", f"--directory={work / 'archives'}", *packages)


def _download(recipe: Recipe, mirror: Mirror, work: Path) -> None:
    """Have the host's apt choose against the guest's package database."""
    for name in ("lists", "archives"):
        shutil.rmtree(work / name, ignore_errors=True)
        (work / name / "partial").mkdir(parents=True)
    status = _status_of(recipe)
    (work / "status").write_bytes(status)
    (work / "sources.list").write_text("".join(f"{line}\n" for line in mirror.sources))
    (work / "apt.conf").write_text("".join(f"{line}\n" for line in mirror.options))
    settings = {
        "APT::Architecture": _architecture_of(status),
        "Dir::State::status": work / "status",
        "Dir::State::lists": work / "lists",
        "Dir::Cache::archives": work / "archives",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "APT::Sandbox::User": "root",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    apt = ["apt-get", "--yes", "--quiet", "-c", str(work / "apt.conf"), *options]
    _run(*apt, "update")
    _run(*apt, "--no-install-recommends", "--download-only", "install", *PACKAGES)


def _architecture_of(status: bytes) -> str:
    """Debian's name of the guest's architecture: that of the first package that has one."""
    lines = status.decode().splitlines()
    names = (line.split()[1] for line in lines if line.startswith("Architecture: "))
    return next(name for name in names if name != "all")


def _status_of(recipe: Recipe) -> bytes:
    image = f"{build(recipe)}?offset={recipe.root_offset}"
    argv = ["debugfs", "-R", f"cat {_STATUS}", image]
    return subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout


def _run(*argv: str) -> None:
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}:\n{done.stdout}{done.stderr}")
