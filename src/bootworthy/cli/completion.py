"""``bootworthy completion``: the script that teaches a shell our verbs and options."""

from __future__ import annotations

import sys

import click

from bootworthy.cli.main import cli


@click.command(
    "completion",
    epilog="""\b
Examples:
  bootworthy completion bash > ~/.local/share/bash-completion/completions/bootworthy
  bootworthy completion zsh > ~/.zfunc/_bootworthy
  bootworthy completion fish > ~/.config/fish/completions/bootworthy.fish
""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    script = kind(cli, {}, "bootworthy", "_BOOTWORTHY_COMPLETE")
    # The script alone: click's source() would start the shell to ask for its version.
    sys.stdout.write(script.source_template % script.source_vars() + "\n")
