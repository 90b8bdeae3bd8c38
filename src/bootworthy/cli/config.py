"""``bootworthy config``: what is configured, and where that is said."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bootworthy.cli import configuration
from bootworthy.cli.main import all_commands
from bootworthy.cli.rule_words import find_rule
from bootworthy.cli.terminal import print_lines
from bootworthy.model.errors import UsageError
from bootworthy.report.styled import Line, Span, Style


@click.group("config")
def command() -> None:
    """Show what is configured, and what could be.

    Flags win over the environment (BOOTWORTHY_FAIL_ON, BOOTWORTHY_CHECK_FAIL_ON), which wins over
    the nearest bootworthy.toml upwards of here, which wins over the user's own in
    ~/.config/bootworthy.
    """


@command.command()
@click.argument("verb", required=False)
def show(verb: str | None) -> None:
    """Show each option's default and where it comes from."""
    commands = all_commands()
    if verb is not None and verb not in commands:
        raise click.UsageError(f"there is no verb {verb!r}")
    found = configuration.load(configuration.find_file(Path.cwd()), commands)
    print_lines(_lines({verb: commands[verb]} if verb else commands, found))


def _lines(
    commands: dict[str, click.Command], found: configuration.Configuration
) -> Iterator[Line]:
    yield (Span(f"file: {found.path or 'none'}", Style.FAINT),)
    for verb, item in commands.items():
        for setting in configuration.settings_of(verb, item, found):
            style = Style.FAINT if setting.source == "default" else Style.STRONG
            value = _shown(setting)
            yield (
                Span(f"{verb}.{setting.key} = {value}"),
                Span(f"  # {setting.source}", style),
            )
    for entry in found.ignores:
        until = f" until {entry.expires}" if entry.expires else ""
        yield (Span(f"ignore {entry.rule}{until}: {entry.reason}"), Span(f"  # {found.path}"))


def _shown(setting: configuration.Setting) -> str:
    value = setting.value
    if setting.option.is_flag and setting.source == "default":
        value = value is True
    elif not isinstance(value, str | int | list | tuple):
        value = [] if setting.option.multiple else ""
    return json.dumps(value)


@command.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.pass_context
def check(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Say what is wrong with a configuration: the given files, or the one that counts here.

    The exit status is 2 for a key, a value or a rule that is not there, and 1 for an ignore entry
    that has expired.
    """
    nearest = configuration.find_file(Path.cwd())
    paths = [Path(name) for name in files] or ([nearest] if nearest else [])
    commands = all_commands()
    expired = [line for path in paths for line in _expired(configuration.load(path, commands))]
    print_lines((Span("warning", Style.WARNING), Span(f": {line}")) for line in expired)
    if not expired:
        print_lines([(Span(f"{path}: nothing wrong"),) for path in paths or ("no file",)])
    ctx.exit(1 if expired else 0)


def _expired(found: configuration.Configuration) -> Iterator[str]:
    """The entries that no longer hold; one for a rule that is not there is refused."""
    today = dt.datetime.now(dt.UTC).date()
    for entry in found.ignores:
        _require_rule(entry.rule, found)
        if entry.expires is not None and entry.expires < today:
            yield f"{found.path}: the ignore entry for {entry.rule} expired on {entry.expires}"


def _require_rule(word: str, found: configuration.Configuration) -> None:
    try:
        find_rule(word)
    except UsageError as error:
        raise UsageError(error.code, f"{found.path}: {error.message}", hint=error.hint) from error


@command.command()
def schema() -> None:
    """Print the JSON Schema of bootworthy.toml."""
    verbs = {
        verb: {key: _type(option) for key, option in configuration.keys_of(item).items()}
        for verb, item in all_commands().items()
    }
    common = {key: kind for kinds in verbs.values() for key, kind in kinds.items()}
    sections = {verb: _closed(kinds) for verb, kinds in verbs.items() if kinds}
    data = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:bootworthy:configuration:1",
        "title": configuration.FILE,
        **_closed(common | sections | {"ignore": {"type": "array", "items": _IGNORE}}),
    }
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


_IGNORE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["rule", "reason"],
    "properties": {
        "rule": {"type": "string", "description": "A code or a name."},
        "reason": {"type": "string", "minLength": 1},
        "expires": {"description": "A date; the last day on which the entry holds."},
        "path": {"type": "string", "description": "A pattern for the place of the finding."},
    },
}


def _type(option: click.Option) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": "string"}
    if option.is_flag:
        kind = {"type": "boolean"}
    elif option.count or isinstance(option.type, click.types.IntParamType):
        kind = {"type": "integer"}
    elif isinstance(option.type, click.Choice):
        kind = {"enum": list(option.type.choices)}
    if option.multiple:
        kind = {"type": "array", "items": kind}
    return kind | {"description": option.help or ""}
