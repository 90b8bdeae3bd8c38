"""Write docs/reference/: commands, rules, configuration, report and errors, from the code itself.

``python -m docs.make_reference`` writes them; tests/docs fails when they are older than the code.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import click

from bootworthy.cli.configuration import PREFIX, keys_of
from bootworthy.cli.main import all_commands
from bootworthy.cli.rule_words import fixes_of
from bootworthy.model import errors
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.examples import example_of
from bootworthy.rules.rule import Rule
from docs.commands import Block, Page, pages
from docs.error_codes import Raised, raised
from docs.markdown import code, plain, table

FOLDER = Path(__file__).resolve().parent / "reference"

_MADE = "<!-- Made by `python -m docs.make_reference` from the code: edit that. -->\n"

_STATUS = {
    0: "Done, and nothing at or above `--fail-on` is left.",
    1: "Findings are left, or the file is one that Azure would refuse.",
    2: "Wrong usage: the command line or the configuration.",
    3: "The image is unreadable, corrupt or unsupported.",
    4: "This machine lacks a tool, a privilege or space; `bootworthy doctor` says which.",
    5: "Azure or the network failed; what was sent stays sent.",
    70: "A bug in bootworthy.",
    130: "Interrupted.",
}


def reference() -> dict[str, str]:
    """The text of every page, by the name of its file."""
    made = {
        "commands.md": _commands(),
        "rules.md": _rules(),
        "configuration.md": _configuration(),
        "report-json.md": _report_json(),
        "errors.md": _errors(),
    }
    return {name: "\n".join([_MADE, *lines]) for name, lines in made.items()}


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield "The same stands in `bootworthy VERB --help` and in the man pages.\n"
    for page in pages():
        yield from _command(page)


def _command(page: Page) -> Iterator[str]:
    yield f"## {page.words}\n"
    yield f"```text\n{page.words} {page.usage}\n```\n"
    yield from map(_block, page.description)
    if page.subcommands:
        yield table(("Command", ""), ((code(name), plain(text)) for name, text in page.subcommands))
    yield table(("Option", ""), ((code(word), plain(text)) for word, text in page.options))
    yield from map(_block, page.epilog)


def _block(block: Block) -> str:
    return f"```text\n{block.text}\n```\n" if block.as_is else f"{plain(block.text)}\n"


def _rules() -> Iterator[str]:
    yield f"# Rules\n\nThe {len(all_rules())} rules, in the order in which a machine boots.\n"
    for rule in all_rules():
        yield f"({rule.name})="
        yield f"## {rule.code} {rule.name}\n"
        yield f"{plain(rule.summary)} **{rule.severity.word.capitalize()}**, since {rule.since}.\n"
        yield from (f"- **{title}**: {text}" for title, text in _facts(rule) if text)
        yield ""


def _facts(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "Why", plain(rule.why)
    yield "How it is checked", plain(inspect.getdoc(rule.check) or "")
    fixes = [f"{plain(fix.title)} ({fix.safety.value})" for fix in fixes_of(rule)]
    yield "How it is mended", "; ".join(fixes) or "each finding brings its own fix"
    if example := example_of(rule.code):
        yield "Example", plain(f"{example.place}: {example.message}. Found: {example.found}")
    yield "Not as in the article", plain(rule.deviation)
    yield "Statements of the article", ", ".join(map(str, rule.article))
    yield "Sources", ", ".join(_source(source) for source in rule.sources)


def _source(source: str) -> str:
    return f"<{source}>" if source.startswith("https://") and " " not in source else plain(source)


def _configuration() -> Iterator[str]:
    yield "# Configuration\n"
    yield (
        "`bootworthy.toml` is looked for from the working folder upwards, then in "
        "`~/.config/bootworthy`. A flag wins over the environment, which wins over the file. A key "
        "at the top holds for every verb that has the option, one in the verb's own table for that "
        "verb: `[check]`. `bootworthy config show` says what holds and where that is said, "
        "`bootworthy config schema` prints the JSON Schema of the file.\n"
    )
    yield (
        f"In the environment, `{PREFIX}` and the key in capitals do the same, `-` written as `_`: "
        f"`{PREFIX}FAIL_ON`, or for one verb `{PREFIX}CHECK_FAIL_ON`.\n"
    )
    yield "## Keys\n"
    rows = sorted((key, _key(key, found)) for key, found in _keys().items())
    yield table(("Key", "Environment", "Verbs", "Meaning"), (row for _, row in rows))
    yield "## Accepted findings\n"
    yield (
        "Each `[[ignore]]` accepts findings of one rule. An entry that accepts nothing any more, "
        "or has expired, is reported.\n"
    )
    yield table(("Key", "Meaning"), _IGNORE)


_IGNORE = (
    ("`rule`", "The rule's code or name. Required."),
    ("`reason`", "Why the finding may stay. Required."),
    ("`path`", "A pattern for the place of the finding."),
    ("`expires`", "A date: the last day on which the entry holds."),
)


def _keys() -> dict[str, dict[str, click.Option]]:
    found: dict[str, dict[str, click.Option]] = {}
    for verb, command in all_commands().items():
        for key, option in keys_of(command).items():
            found.setdefault(key, {})[verb] = option
    return found


def _key(key: str, verbs: Mapping[str, click.Option]) -> tuple[str, ...]:
    meanings = dict.fromkeys(option.help or "" for option in verbs.values())
    variable = f"{PREFIX}{key.upper().replace('-', '_')}"
    return code(key), code(variable), ", ".join(verbs), " / ".join(map(plain, meanings))


def schema() -> dict[str, Any]:
    """The published schema of a report."""
    text = resources.files("bootworthy.report").joinpath("report-v1.schema.json").read_text()
    data: dict[str, Any] = json.loads(text)
    return data


def _report_json() -> Iterator[str]:
    data = schema()
    yield "# Report as JSON\n"
    yield (
        f"{plain(data['description'])} The schema itself is in the package, "
        "`bootworthy/report/report-v1.schema.json`.\n"
    )
    yield "## The report\n"
    yield table(("Key", "Type", "Meaning"), _properties(data))
    for name, part in data["$defs"].items():
        yield f"## {name}\n"
        if "properties" in part:
            yield table(("Key", "Type", "Meaning"), _properties(part))
        else:
            yield f"{_type(part)}\n"


def _properties(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, item in part["properties"].items():
        yield code(prefix + name), _type(item), plain(item.get("description", ""))
        inner = item.get("items", item) if item.get("type") == "array" else item
        if isinstance(inner, dict) and "properties" in inner:
            mark = "[]." if inner is not item else "."
            yield from _properties(inner, f"{prefix}{name}{mark}")


def _type(item: Mapping[str, Any]) -> str:
    if "$ref" in item:
        name = item["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in item:
        return " or ".join(map(_type, item["anyOf"]))
    if "enum" in item or "const" in item:
        return ", ".join(code(json.dumps(value)) for value in item.get("enum", [item.get("const")]))
    kind = item.get("type", "any")
    if kind == "array" and isinstance(item.get("items"), dict):
        return f"array of {_type(item['items'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _errors() -> Iterator[str]:
    yield "# Exit status and errors\n"
    yield "## Exit status\n"
    yield table(("Status", "Meaning"), ((str(status), text) for status, text in _STATUS.items()))
    yield "## Error codes\n"
    yield (
        "An error is one line on standard error, `error[CODE]: what happened`, and mostly a "
        "second with what to do about it. Codes are stable, the words are not; … stands for what "
        "is filled in. In Python the same error is an exception with `code`, `message`, `hint` and "
        "`exit_code`. A finding is no error.\n"
    )
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.BootworthyError):
            yield from _kind(kind, [one for one in raised() if one.kind is kind])


def _kind(kind: type[errors.BootworthyError], those: list[Raised]) -> Iterator[str]:
    if not those:
        return
    yield f"### {kind.__name__} (status {kind.exit_code})\n"
    yield f"{plain(inspect.getdoc(kind) or '')}\n"
    rows = []
    for name in dict.fromkeys(one.code for one in those):
        same = [one for one in those if one.code == name]
        said = "; ".join(dict.fromkeys(plain(one.message) for one in same))
        hints = "; ".join(dict.fromkeys(plain(one.hint) for one in same if one.hint))
        rows.append((code(name), said, hints))
    yield table(("Code", "What happened", "What to do"), rows)


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in reference().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
