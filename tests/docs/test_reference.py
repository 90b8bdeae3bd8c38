from __future__ import annotations

import re

import click
import pytest

import bootworthy
from bootworthy.cli.configuration import keys_of
from bootworthy.cli.main import all_commands, cli
from bootworthy.rules.catalogue import all_rules
from bootworthy.rules.rule import Rule
from docs import make_reference
from docs.commands import blocks, pages
from docs.error_codes import raised
from docs.markdown import code, plain, table

EVERY = [page.words for page in pages()]


def _page(name: str) -> str:
    return (make_reference.FOLDER / name).read_text(encoding="utf-8")


def _section(text: str, title: str) -> str:
    """What stands under a heading, up to the next of its kind."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"no section {title!r}"
    return found[1]


def _first_cells(text: str) -> dict[str, str]:
    """The last cell of each row of the tables, by the code in the first."""
    rows = (line.strip("| ") for line in text.splitlines() if line.startswith("| `"))
    return {row.split("`")[1]: row.rpartition(" | ")[2].strip() for row in rows}


@pytest.mark.parametrize(("name", "text"), make_reference.reference().items())
def test_the_pages_are_what_the_code_says(name: str, text: str) -> None:
    assert _page(name) == text, "run: python -m docs.make_reference"


def _commands(command: click.Command, words: str) -> dict[str, click.Command]:
    found = {words: command}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found |= _commands(inner, f"{words} {name}")
    return found


@pytest.mark.parametrize(("words", "command"), _commands(cli, "bootworthy").items())
def test_every_command_and_option_is_documented(words: str, command: click.Command) -> None:
    section = _section(_page("commands.md"), words)
    rows = _first_cells(section)
    assert command.help
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        meanings = [text for words, text in rows.items() if set(option.opts) <= _flags(words)]
        assert [text for text in meanings if text], f"{words} {option.opts} is not documented"


def _flags(words: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", words))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_is_documented(rule: Rule) -> None:
    section = _section(_page("rules.md"), f"{rule.code} {rule.name}")
    for title in ("Why", "How it is checked", "How it is mended"):
        assert re.search(rf"^- \*\*{title}\*\*: \S", section, re.MULTILINE), title


def test_every_error_code_is_documented() -> None:
    there = _first_cells(_page("errors.md"))
    sources = make_reference.FOLDER.parent.parent.joinpath("src").rglob("*.py")
    pattern = r'\b(?:Usage|Image|Guest|Host|Transfer|Internal)Error\(\s*"([a-z0-9-]+)",'
    codes = {found for path in sources for found in re.findall(pattern, path.read_text())}
    assert len(codes) > 100
    assert codes - set(there) == set()


def test_an_error_that_is_not_of_ours_is_documented() -> None:
    assert {"host-io", "bug"} <= {one.code for one in raised()}


def test_every_exit_status_is_documented() -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|$", _page("errors.md"), re.MULTILINE)
    kinds = {one.kind.exit_code for one in raised()}
    assert {0, 1, 130} | kinds <= {int(status) for status, meaning in rows if meaning.strip()}


def test_every_configuration_key_is_documented() -> None:
    there = _first_cells(_page("configuration.md"))
    keys = {key for command in all_commands().values() for key in keys_of(command)}
    assert {key for key in keys if not there.get(key)} == set()


def test_every_key_of_a_report_is_documented() -> None:
    text = _page("report-json.md")
    schema = make_reference.schema()
    for name in schema["$defs"]:
        assert _section(text, name).strip()
    for key in schema["properties"]:
        assert key in _first_cells(_section(text, "The report"))


def test_every_public_name_is_documented() -> None:
    text = _page("python-api.md")
    documented = set(re.findall(r"^\.\. auto\w+:: bootworthy\.(\w+)$", text, re.MULTILINE))
    assert set(bootworthy.__all__) - {"__version__"} == documented


def test_a_command_within_a_command_is_found() -> None:
    assert "bootworthy config show" in EVERY


def test_a_paragraph_that_is_not_filled_keeps_its_lines() -> None:
    first, second = blocks("One\ntwo.\n\n\b\nExamples:\n  do\n")
    assert (first.as_is, second.as_is, second.text) == (False, True, "Examples:\n  do")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b <c> [d](e) *f*", "a\\_b \\<c\\> \\[d\\](e) \\*f\\*"),
        ("say `a_b | c`", "say `a_b | c`"),
        ("one ` alone_", "one \\` alone\\_"),
        ("two\nlines", "two lines"),
    ],
)
def test_plain_text_is_no_markup(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_table_holds_what_would_end_a_cell() -> None:
    assert table(("a",), [(code("x|y"),)]) == "| a |\n| --- |\n| `x\\|y` |\n"
