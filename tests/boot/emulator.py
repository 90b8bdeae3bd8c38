"""A QEMU that Linux 6.12 does not crash on when it emulates: Debian 12's own is too old for it.

Under QEMU 7.2 without KVM, Debian 13's kernel panics at random. Debian's backports have a newer
one, which is unpacked beside the guests and never installed: nothing else here sees it.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from tests.guests.archive import download
from tests.guests.cache import cached, digest

# The first stable release of Debian with Linux 6.12 boots it under 10.0, its own.
_OLDEST = (10,)
_SUITE = "bookworm-backports"
_PACKAGES = ("qemu-system-x86", "qemu-system-common", "qemu-system-data", "seabios")
_PROGRAM = "qemu-system-x86_64"


def path_with_newer_qemu(directory: Path) -> str:
    """A PATH in which QEMU is new enough for Linux 6.12; ``directory`` is for what it lacks."""
    path = os.environ["PATH"]
    if _version() >= _OLDEST or platform.freedesktop_os_release()["VERSION_CODENAME"] != "bookworm":
        return path
    tar = cached(f"qemu-{_SUITE}", digest(_SUITE, *_PACKAGES), ".tar", _fetch)
    root = directory / "qemu"
    root.mkdir()
    subprocess.run(["tar", f"--directory={root}", f"--file={tar}", "--extract"], check=True)
    program = directory / "bin" / _PROGRAM
    program.parent.mkdir()
    shared = f"-L {root}/usr/share/qemu -L {root}/usr/share/seabios -L /usr/share/seabios"
    program.write_text(f'#!/bin/sh\nexec {root}/usr/bin/{_PROGRAM} {shared} "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{path}"


def _version() -> tuple[int, ...]:
    if not shutil.which(_PROGRAM):
        return ()
    said = subprocess.run([_PROGRAM, "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"version (\d+)\.(\d+)", said.stdout)
    return tuple(map(int, found.groups())) if found else ()


def _fetch(out: Path, work: Path) -> None:
    root = work / "root"
    for package in download(_SUITE, _PACKAGES, work):
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
    subprocess.run(["tar", f"--directory={root}", "--create", f"--file={out}", "usr"], check=True)
