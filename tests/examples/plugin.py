"""The example plugin, installed beside the packages of the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.command import environment

_SOURCE = Path(__file__).resolve().parents[2] / "examples" / "plugin"


def installed_plugin(directory: Path) -> dict[str, str]:
    """What the environment has to hold for commands to find it; it is installed there."""
    # From the checkout alone: nothing is looked up in a registry.
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", *words, "--target", str(directory), str(_SOURCE)]
    subprocess.run(command, check=True, capture_output=True)
    return {"PYTHONPATH": f"{directory}:{environment()['PYTHONPATH']}"}
