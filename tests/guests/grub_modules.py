"""GRUB's EFI modules of a release that has ``blscfg``, which no stable Debian has."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.guests.cache import cached, digest
from tests.guests.mirror import host_mirror

# GRUB 2.14 brought the command into upstream, in the module blsuki.
SUITE = "forky"
FOLDER = "usr/lib/grub/x86_64-efi"


def modules(work: Path) -> Path:
    """A directory with the modules, unpacked below ``work``."""
    tar = cached(f"grub-modules-{SUITE}", digest(SUITE, FOLDER), ".tar", _fetch)
    subprocess.run(["tar", f"--directory={work}", f"--file={tar}", "--extract"], check=True)
    return work / FOLDER


def _fetch(out: Path, work: Path) -> None:
    mirror = host_mirror(SUITE)
    tree = work / "tree"
    argv = [
        *("mmdebstrap", "--mode=root", "--variant=extract", "--include=grub-efi-amd64-bin"),
        *(f"--aptopt={line}" for line in mirror.options),
        *(SUITE, str(tree), "-"),
    ]
    typed = "".join(f"{line}\n" for line in mirror.sources)
    done = subprocess.run(
        argv, check=False, capture_output=True, text=True, input=typed, timeout=900
    )
    if done.returncode:
        raise RuntimeError(f"mmdebstrap failed:\n{done.stderr[-4000:]}")
    subprocess.run(["tar", f"--directory={tree}", "-cf", str(out), FOLDER], check=True)
