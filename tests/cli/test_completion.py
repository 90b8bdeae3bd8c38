"""The completion scripts, tried in the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bootworthy.cli.main import cli

BIN = Path(sys.executable).parent


def _script(shell: str) -> str:
    result = CliRunner().invoke(cli, ["completion", shell], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def _bash(words: str, count: int) -> list[str]:
    """What bash offers for the last of ``words``."""
    script = (
        f"{_script('bash')}\nCOMP_WORDS=({words}); COMP_CWORD={count}\n"
        '_bootworthy_completion bootworthy; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, env=env
    )
    return done.stdout.split()


def test_bash_completes_verbs_and_options_and_choices() -> None:
    assert _bash("bootworthy pre", 1) == ["prepare"]
    assert "--fail-on" in _bash("bootworthy check --fa", 2)
    assert _bash("bootworthy check --fail-on w", 3) == ["warning"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_for_our_program_and_parses(shell: str) -> None:
    script = _script(shell)

    assert "_BOOTWORTHY_COMPLETE=" in script
    assert "bootworthy" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_another_shell_is_refused() -> None:
    assert CliRunner().invoke(cli, ["completion", "tcsh"]).exit_code == 2
