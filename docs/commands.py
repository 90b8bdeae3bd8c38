"""The command line as data: what man pages and the reference are made from."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import click

from bootworthy.cli.main import cli

# Click's mark before a paragraph that is not to be filled.
_AS_IS = "\b"


@dataclass(frozen=True)
class Block:
    """One paragraph; ``as_is`` when its lines stay as they are written."""

    text: str
    as_is: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """One command: its words, how it is called, what it says of itself.

    ``options`` are pairs of how an option is written and what it does; ``subcommands`` pairs of a
    name and a line about it.
    """

    words: str
    usage: str
    summary: str
    description: tuple[Block, ...]
    options: tuple[tuple[str, str], ...]
    subcommands: tuple[tuple[str, str], ...]
    epilog: tuple[Block, ...]


def pages() -> Iterator[Page]:
    """The command itself, every verb, and the verbs within verbs, in the order of ``--help``."""
    yield from _pages(cli, click.Context(cli, info_name="bootworthy"))


def _pages(command: click.Command, context: click.Context) -> Iterator[Page]:
    yield _page(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _pages(inner, click.Context(inner, info_name=name, parent=context))


def _page(command: click.Command, context: click.Context) -> Page:
    description = tuple(blocks(command.help or ""))
    return Page(
        words=context.command_path,
        usage=" ".join(command.collect_usage_pieces(context)),
        summary=description[0].text.partition("\n")[0].rstrip(".") if description else "",
        description=description,
        options=tuple(_options(command, context)),
        subcommands=tuple(_subcommands(command, context)),
        epilog=tuple(blocks(command.epilog or "")),
    )


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            yield record


def _subcommands(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield name, inner.get_short_help_str(limit=200)


def blocks(text: str) -> Iterator[Block]:
    """The paragraphs of a help text."""
    for part in inspect.cleandoc(text).split("\n\n"):
        lines = part.strip("\n")
        if lines.startswith(_AS_IS):
            yield Block(lines.removeprefix(_AS_IS).strip("\n"), as_is=True)
        elif lines:
            yield Block(lines)
