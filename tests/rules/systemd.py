"""A systemd that boots nothing but a few units, for systemd-analyze to judge them by."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.guest.memory import File, Link, MemoryTree
from tests.rules.making import Entry

VENDOR = "/usr/lib/systemd/system"
WANTS = "/etc/systemd/system/multi-user.target.wants"

_TARGETS = {
    "sysinit": "DefaultDependencies=no\n",
    "basic": "Requires=sysinit.target\nWants=sockets.target\nAfter=sysinit.target sockets.target\n",
    "sockets": "",
    "shutdown": "DefaultDependencies=no\n",
    "network": "",
    "multi-user": "Requires=basic.target\nAfter=basic.target\n",
}

# cloud-init 22.4 of Debian: it makes SSH keys early, and mounts what it is told.
_CLOUD_INIT = """\
[Unit]
DefaultDependencies=no
Before=sshd.service sysinit.target shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
ExecStart=/usr/bin/true
"""
_SSH = "[Unit]\nAfter=network.target\n[Service]\nExecStart=/usr/bin/true\n"
_SOCKET = "[Unit]\nBefore=sockets.target\n[Socket]\nListenStream=22\n"


def problems(directory: Path, files: Mapping[str, Entry]) -> str:
    """What systemd says of a boot with these files beside cloud-init and sshd with its socket."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze to ask")
    tree = MemoryTree({**_system(), **files})
    tree.export(directory)
    for path, node in tree.snapshot().items():
        if isinstance(node, File):
            (directory / path.lstrip("/")).chmod(node.mode)
    # Programs are looked for only when their unit is named (systemd 252, verify_executables).
    services = sorted({Path(path).name for path in files if path.endswith(".service")})
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            f"--root={directory}",
            "--man=no",
            "default.target",
            *services,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stderr or ("" if done.returncode == 0 else f"status {done.returncode}")


def _system() -> dict[str, Entry]:
    files: dict[str, Entry] = {
        f"{VENDOR}/{name}.target": f"[Unit]\nDescription={name}\n{text}"
        for name, text in _TARGETS.items()
    }
    program = File("#!/bin/sh\n", mode=0o755)
    return files | {
        "/bin": Link("usr/bin"),
        "/usr/bin/true": program,
        "/usr/bin/ssh-keygen": program,
        f"{VENDOR}/default.target": Link("multi-user.target"),
        f"{VENDOR}/cloud-init.service": _CLOUD_INIT,
        f"{VENDOR}/ssh.service": _SSH,
        f"{VENDOR}/ssh.socket": _SOCKET,
        "/etc/systemd/system/sshd.service": Link(f"{VENDOR}/ssh.service"),
        "/etc/systemd/system/sockets.target.wants/ssh.socket": Link(f"{VENDOR}/ssh.socket"),
        f"{WANTS}/ssh.service": Link(f"{VENDOR}/ssh.service"),
        f"{WANTS}/cloud-init.service": Link(f"{VENDOR}/cloud-init.service"),
    }
