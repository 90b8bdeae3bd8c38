from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.facts.boot_loaders import grub_script
from bootworthy.guest.facts.boot_loaders.grub_script import Command, Part, PartKind


def only(text: str) -> Command:
    (statement,) = grub_script.parse(text).statements
    assert isinstance(statement, Command)
    return statement


def test_words_know_their_place() -> None:
    text = "\n  linux  /vmlinuz 'a b'\"c\"\\ d # comment\n"
    words = only(text).words
    assert [word.raw for word in words] == ["linux", "/vmlinuz", "'a b'\"c\"\\ d"]
    assert [text[word.start : word.end] for word in words] == [word.raw for word in words]
    assert [word.line for word in words] == [2, 2, 2]


def test_parts_of_a_word() -> None:
    (_, word) = only('echo a\\$b\'$c\\\'"d\\"${e}\\f$1"$g${h}$').words
    assert word.parts == (
        Part(PartKind.TEXT, "a"),
        Part(PartKind.QUOTED_TEXT, "$"),
        Part(PartKind.TEXT, "b"),
        Part(PartKind.QUOTED_TEXT, "$c\\"),
        Part(PartKind.QUOTED_TEXT, "d"),
        Part(PartKind.QUOTED_TEXT, '"'),
        Part(PartKind.QUOTED_TEXT, ""),
        Part(PartKind.QUOTED_VARIABLE, "e"),
        Part(PartKind.QUOTED_TEXT, "\\f"),
        Part(PartKind.QUOTED_VARIABLE, "1"),
        Part(PartKind.QUOTED_TEXT, ""),
        Part(PartKind.VARIABLE, "g"),
        Part(PartKind.VARIABLE, "h"),
        Part(PartKind.TEXT, "$"),
    )


def test_a_line_goes_on_behind_a_backslash() -> None:
    assert [word.raw for word in only("linux /k \\\n  quiet\n").words] == ["linux", "/k", "quiet"]
    assert [word.line for word in only("linux /k \\\n  quiet\n").words] == [1, 1, 2]


def test_hashes_inside_words_are_no_comments() -> None:
    assert [word.raw for word in only("echo a#b '#c' #d").words] == ["echo", "a#b", "'#c'"]


def test_commands_in_every_branch() -> None:
    script = grub_script.parse(
        "if a; then b; elif c; then d; else e; fi\n"
        "while f; do g; done; until h; do i; done\n"
        "for x in 1 2; do j; done\n"
        "function k { l; }\n"
        "menuentry m { n }\n"
    )
    names = [command.words[0].raw for command in grub_script.commands(script.statements)]
    assert names == ["a", "b", "c", "d", "e", "g", "i", "j", "l", "menuentry"]
    assert script.problem == ""


def test_keywords_as_arguments() -> None:
    assert [word.raw for word in only("echo if then fi done").words] == [
        "echo",
        "if",
        "then",
        "fi",
        "done",
    ]


def test_what_starts_linux() -> None:
    assert only("linux /vmlinuz").starts_linux
    assert only("linuxefi ($root)/vmlinuz").starts_linux
    assert not only("linux").starts_linux
    assert not only("linux16 /boot/memtest86+x64.bin").starts_linux
    assert not only("initrd /vmlinuz").starts_linux


@given(st.text(alphabet="ab'\"\\${}[];#&|<> \t\nif then fi", max_size=80))
def test_words_are_where_they_say(text: str) -> None:
    script = grub_script.parse(text)
    for command in grub_script.commands(script.statements):
        for word in command.words:
            assert text[word.start : word.end] == word.raw
            assert text[: word.start].count("\n") + 1 == word.line


def test_long_input_is_read() -> None:
    assert (
        grub_script.parse("echo " + "a" * 500_000 + "'").problem == "line 1: a quote is not closed"
    )
    assert grub_script.parse("a\n" * 100_000).problem == ""
    assert grub_script.parse("echo " + '"\\' * 100_000).problem == "line 1: a quote is not closed"
