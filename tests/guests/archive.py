"""Single packages of any release of Debian, downloaded by the host's apt and not installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.guests.mirror import host_mirror


def download(suite: str, packages: tuple[str, ...], work: Path) -> list[Path]:
    """The ``.deb`` files, below the empty directory ``work``; apt's own state is not touched.

    Raises:
        RuntimeError: the mirror does not have them.
    """
    mirror = host_mirror(suite)
    for name in ("lists/partial", "archives"):
        (work / name).mkdir(parents=True)
    (work / "sources.list").write_text("".join(f"{line}\n" for line in mirror.sources))
    (work / "apt.conf").write_text("".join(f"{line}\n" for line in mirror.options))
    settings = {
        "Dir::State::lists": work / "lists",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "APT::Sandbox::User": "root",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    apt = ["apt-get", "--quiet", "-c", str(work / "apt.conf"), *options]
    _run(*apt, "update", cwd=work)
    _run(*apt, "download", *packages, cwd=work / "archives")
    return sorted((work / "archives").glob("*.deb"))


def _run(*argv: str, cwd: Path) -> None:
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=600, cwd=cwd)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}:\n{done.stdout}{done.stderr}")
