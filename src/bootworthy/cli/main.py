"""The entry point: which verbs there are, and what an error looks like."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

import bootworthy
from bootworthy.cli.errors import report_error

# Verbs are imported when they are called, so that `--help` needs none of them.
_VERBS = {
    "check": "Say what would keep an image from running on Azure.",
    "inspect": "Show what is in an image, and whether Azure would take the file as it is.",
    "plan": "Show what prepare would change, and change nothing.",
    "prepare": "Make an image run on Azure: fix the guest, write the fixed VHD.",
    "rehearse": "Boot an image against a simulated Azure, and say whether it would provision.",
    "convert": "Write a disk image as the fixed VHD that Azure takes, the guest untouched.",
    "resize": "Grow a disk, or shrink it when nothing is lost.",
    "upload": "Send an image to Azure as a fixed VHD; an interrupted upload goes on.",
    "publish": "Make an image for machines of it, or a version in a gallery.",
    "download": "Fetch a page blob as a sparse fixed VHD.",
    "report": "Make any report again from a saved one.",
    "rules": "List the rules.",
    "explain": "Say why a rule exists, how it is checked and mended.",
    "config": "Show what is configured, and what could be.",
    "doctor": "Say what this machine has of what the verbs need.",
    "completion": "Print the completion script for a shell.",
}

# These say what is configured, or need nothing of it.
_UNCONFIGURED = frozenset({"completion", "config", "doctor", "explain"})

_EPILOG = """\b
Exit status:
  0    done, nothing at or above --fail-on left
  1    findings left, or a file that Azure would refuse
  2    wrong usage
  3    the image is unreadable, corrupt or unsupported
  4    this machine lacks a tool, a privilege or space
  5    Azure or the network failed; the transfer can be resumed
  70   a bug in bootworthy
  130  interrupted
"""


class _Verbs(click.Group):
    """A group whose commands live in modules of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order people use them."""
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one verb."""
        del ctx
        if cmd_name not in _VERBS:
            return None
        module = import_module(f"bootworthy.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(
    cls=_Verbs,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(bootworthy.__version__, prog_name="bootworthy")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Make any Linux disk image run on Azure.

    bootworthy audits an image, fixes the Linux inside it, writes the fixed VHD that Azure accepts
    and leaves the source as it was.
    """
    _configure(ctx)


def _configure(ctx: click.Context) -> None:
    """Have the options of the verb take their defaults from the configuration."""
    from bootworthy.cli.configuration import default_map_of, find_file, load

    verb = ctx.invoked_subcommand
    if verb is None or verb in _UNCONFIGURED:
        return
    path = find_file(Path.cwd())
    found = load(path, all_commands() if path else {})
    command = cli.get_command(ctx, verb)
    if command is not None:
        ctx.obj = found
        ctx.default_map = {verb: default_map_of(verb, command, found)}


def all_commands() -> dict[str, click.Command]:
    """Every verb that can be configured."""
    context = click.Context(cli)
    named = {verb: cli.get_command(context, verb) for verb in _VERBS if verb not in _UNCONFIGURED}
    return {verb: command for verb, command in named.items() if command is not None}


def main() -> None:
    """Run the command line and exit with its status."""
    # numpy's linear algebra, of which nothing is used, would start a thread for each processor:
    # a third of the time that importing it takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run(lambda: cli.main(prog_name="bootworthy", standalone_mode=False)))


def run(call: Callable[[], object]) -> int:
    """The exit status of ``call``, after saying on stderr what went wrong."""
    try:
        result = call()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort, which tells a bug from an error
        return report_error(error)
    return result if isinstance(result, int) else 0
