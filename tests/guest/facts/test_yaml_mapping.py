from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.facts import yaml_mapping


def test_a_mapping() -> None:
    found = yaml_mapping.parse("#cloud-config\na: 1\nb: [x, y]\nc: {d: null}\n")
    assert found.data == {"a": 1, "b": ["x", "y"], "c": {"d": None}}
    assert (found.duplicate_keys, found.problem) == ((), "")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "null\n", "\n\n"])
def test_nothing_is_an_empty_mapping(text: str) -> None:
    assert yaml_mapping.parse(text) == yaml_mapping.YamlMapping()


def test_duplicate_keys_of_the_top() -> None:
    found = yaml_mapping.parse("a: 1\nb: {c: 1, c: 2}\n'a': 2\n")
    assert found.data == {"a": 2, "b": {"c": 2}}
    assert found.duplicate_keys == ("a",)


def test_keys_that_are_no_text_are_left_out() -> None:
    assert yaml_mapping.parse("1: a\nyes: b\nc: d\n").data == {"c": "d"}


def test_the_tag_cloud_init_knows() -> None:
    assert yaml_mapping.parse("a: !!python/unicode x\n").data == {"a": "x"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n- b\n", "it holds a list, not a mapping"),
        ("just text\n", "it holds a str, not a mapping"),
        ("a: &x [*x]\n", "one of its aliases leads back to itself"),
        ("a: " + "[" * 60 + "]" * 60, "it is nested more than 40 levels deep"),
        ("a: [" + "1," * 120_000 + "]", "it has more than 50000 values"),
        ("a: " + "x" * 600_000, "it is longer than 512 KiB"),
    ],
    ids=lambda value: value[:30],
)
def test_problems(text: str, problem: str) -> None:
    found = yaml_mapping.parse(text)
    assert (found.problem, found.data) == (problem, {})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1\nb: 2\n", 2),
        ("a:\n\t- b\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: !!python/object/apply:os.system [id]\n", 1),
        ("a: *gone\n", 1),
    ],
)
def test_errors_of_the_parser_name_their_line(text: str, line: int) -> None:
    found = yaml_mapping.parse(text)
    assert found.problem.startswith("it is not YAML: ")
    assert found.problem.endswith(f" at line {line}")
    assert found.data == {}


@pytest.mark.parametrize(
    "join", ["a{n}: &a{n} [*a{m}, *a{m}]", "a{n}: &a{n} {{<<: [*a{m}, *a{m}]}}"]
)
def test_alias_bombs_are_refused(join: str) -> None:
    lines = ["a0: &a0 {k: v}"] + [join.format(n=n, m=n - 1) for n in range(1, 30)]
    found = yaml_mapping.parse("\n".join(lines))
    assert found.problem == "its aliases expand it to more than 50000 values"


@pytest.mark.parametrize(
    "text", ["a: !!int ''", "a: !!bool maybe", "a: !!timestamp x", "a: 2001-99-99", "a: !!float ''"]
)
def test_values_that_do_not_fit_their_tag(text: str) -> None:
    assert yaml_mapping.parse(text).problem.startswith("it has a value that does not fit its tag")


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#,? \n\t%@<=\udc80\0", max_size=60))
def test_never_raises(text: str) -> None:
    found = yaml_mapping.parse(text)
    assert not (found.problem and found.data)
