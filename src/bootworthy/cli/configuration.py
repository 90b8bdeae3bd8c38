"""``bootworthy.toml``: defaults of options and findings to ignore; flags and environment win."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bootworthy.model.errors import UsageError

if TYPE_CHECKING:
    from bootworthy.model.acceptance import Ignore

FILE = "bootworthy.toml"
PREFIX = "BOOTWORTHY_"

# What is meant for one run alone: a file that lies in a folder must not say it.
NEVER = frozenset(
    {"yes", "force", "trust-image", "root", "vhd", "help", "write-baseline", "json", "events-fd"}
)


_PLAIN = (click.Choice, click.types.IntParamType, click.types.FloatParamType)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A configuration file, read: where it is, its options, its ignore entries."""

    path: Path | None = None
    common: Mapping[str, Any]
    verbs: Mapping[str, Mapping[str, Any]]
    ignores: tuple[Ignore, ...] = ()


def find_file(start: Path) -> Path | None:
    """The file that counts: the nearest from ``start`` upwards, else the user's own."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    folders = (start, *start.parents, Path(home, "bootworthy"))
    return next((path for folder in folders if _is_file(path := folder / FILE)), None)


def _is_file(path: Path) -> bool:
    """A folder that may not be entered holds no configuration of ours (``sudo -u`` keeps HOME)."""
    try:
        return path.is_file()
    except OSError:
        return False


def load(path: Path | None, commands: Mapping[str, click.Command]) -> Configuration:
    """Read a file; every key is checked.

    Raises:
        UsageError: ``configuration-malformed``, with the key that is wrong.
    """
    if path is None:
        return Configuration(common={}, verbs={})
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return _checked(path, data, {verb: keys_of(item) for verb, item in commands.items()})
    except (ValueError, UsageError) as error:
        raise UsageError(
            "configuration-malformed",
            f"{path}: {error}",
            hint="`bootworthy config schema` says what may stand in it",
        ) from error


def _checked(
    path: Path, data: dict[str, Any], keys: Mapping[str, Mapping[str, click.Option]]
) -> Configuration:
    from bootworthy.model.acceptance import Ignore
    from bootworthy.model.decode import decode

    ignores = decode(tuple[Ignore, ...], data.pop("ignore", []), "ignore")
    for entry in ignores:
        if not entry.reason.strip():
            raise ValueError(f"ignore: {entry.rule} has an empty reason")
    verbs = {key: value for key, value in data.items() if key in keys and isinstance(value, dict)}
    common = {key: value for key, value in data.items() if key not in verbs}
    known = {key for options in keys.values() for key in options}
    _refuse_unknown("", common, known)
    for verb, section in verbs.items():
        _refuse_unknown(f"{verb}.", section, set(keys[verb]))
        _refuse_wrong(f"{verb}.", section, keys[verb])
    for options in keys.values():
        _refuse_wrong("", common, options)
    return Configuration(path=path, common=common, verbs=verbs, ignores=ignores)


def _refuse_unknown(where: str, given: Mapping[str, Any], known: set[str]) -> None:
    for key in given:
        if key not in known:
            raise ValueError(f"unknown key {where}{key}")


def _refuse_wrong(
    where: str, given: Mapping[str, Any], options: Mapping[str, click.Option]
) -> None:
    """Refuse words and numbers that an option does not take; what else it takes, the verb says."""
    for key, option in options.items():
        if key not in given or not (option.is_flag or isinstance(option.type, _PLAIN)):
            continue
        values = given[key] if isinstance(given[key], list) else [given[key]]
        for value in values:
            try:
                option.type.convert(value, None, None)
            except click.BadParameter as error:
                raise ValueError(f"{where}{key}: {error.message}") from error


def keys_of(command: click.Command) -> dict[str, click.Option]:
    """The options of a verb that a file may set, by the word it uses for them."""
    options = (item for item in command.params if isinstance(item, click.Option))
    named = {max(option.opts, key=len).lstrip("-"): option for option in options}
    return {key: option for key, option in named.items() if key not in NEVER}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The default of one option, and where it comes from."""

    key: str
    option: click.Option
    value: Any
    source: str


def settings_of(
    verb: str, command: click.Command, configuration: Configuration
) -> Iterator[Setting]:
    """What holds for each option of a verb when no flag is given."""
    for key, option in keys_of(command).items():
        word = key.upper().replace("-", "_")
        own = f"{PREFIX}{verb.upper()}_{word}"
        section = configuration.verbs.get(verb, {})
        value, source = option.default, "default"
        if (name := next((n for n in (own, PREFIX + word) if os.environ.get(n)), None)) is not None:
            value, source = os.environ[name], f"environment {name}"
        elif key in section or key in configuration.common:
            value = section.get(key, configuration.common.get(key))
            source = f"{configuration.path}"
        yield Setting(key=key, option=option, value=_shaped(option, value), source=source)


def _shaped(option: click.Option, value: Any) -> Any:
    """A text from the environment for an option that is given several times is split at spaces."""
    return value.split() if option.multiple and isinstance(value, str) else value


def default_map_of(
    verb: str, command: click.Command, configuration: Configuration
) -> dict[str, Any]:
    """The defaults that are not click's own."""
    settings = settings_of(verb, command, configuration)
    return {str(item.option.name): item.value for item in settings if item.source != "default"}
