"""What some tests need of the machine they run on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.guest.engines.disks import static_busybox

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
needs_busybox = pytest.mark.skipif(static_busybox() is None, reason="needs a static busybox")
needs_mtools = pytest.mark.skipif(shutil.which("mcopy") is None, reason="needs mtools")
needs_loop = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/dev/loop-control").exists(),
    reason="needs root and loop devices",
)


def loop_devices_of(path: Path) -> list[str]:
    """The loop devices that this file backs."""
    backing = Path("/sys/block").glob("loop*/loop/backing_file")
    return [file.parts[3] for file in backing if file.read_text().strip() == str(path)]
