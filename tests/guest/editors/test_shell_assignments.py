"""Shell assignments are read as a real shell reads them and edited without losing a byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.model.errors import GuestError

# As Debian's grub-pc installs it.
DEBIAN = """\
# If you change this file, run 'update-grub' afterwards to update
# /boot/grub/grub.cfg.

GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`
GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"
GRUB_CMDLINE_LINUX=""

# Uncomment to disable graphical terminal
#GRUB_TERMINAL=console
"""

JUDGED = {
    "quotes": "A='one two'\nB=\"one two\"\nC=one\\ two\nD=a'b'\"c\"d\n",
    "escapes": 'A="a\\"b\\\\c\\$d\\e"\nB=\\"x\\\'\n',
    "references": "A=1\nB=\"$A ${A}2\"\nC='$A'\nD=$A$A\nE=$NONE.\n",
    "continuation": 'A="one \\\n two"\nB=one\\\ntwo\nC=3\n',
    "export": "export A=1 B=2\nexport C\nreadonly D='x y'\n",
    "own value": 'A=1\nA="$A 2"\nA="$A 3"\n',
    "several": "A=1 B=$A; C=3 # a comment\nD=#4\nE=5#\n",
    "temporary": "A=1\nA=2 true\nB=$A\n",
    "quoted lines": "A='one\ntwo'\nB=2\n",
    "nothing": "A=\nB=''\nC=\"\"\n",
    "dollar": "A=a$\nB=\"a$ b\"\nC='$'\n",
    "joined": "A=1 && true\nB=2;C=3\n",
    "carriage return": "A=1\r\nB='2'\r\n",
}


def sourced(text: str, names: list[str], directory: Path) -> dict[str, str]:
    """What a real shell has in its variables after sourcing the text."""
    (directory / "file").write_text(text, newline="")
    script = ". ./file\n" + "".join(f"printf '%s=%s\\0' {name} \"${name}\"\n" for name in names)
    output = subprocess.run(
        ["sh", "-c", script],
        cwd=directory,
        env={"PATH": "/bin:/usr/bin"},
        capture_output=True,
        check=True,
    ).stdout
    return dict(item.split("=", 1) for item in output.decode().split("\0") if item)


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell to compare with")
@pytest.mark.parametrize("name", JUDGED)
def test_values_are_those_of_a_real_shell(name: str, tmp_path: Path) -> None:
    text = JUDGED[name]
    mine = ShellFile(text, "/f").evaluate()

    theirs = sourced(text, ["A", "B", "C", "D", "E"], tmp_path)

    assert {key: mine.get(key, "") for key in theirs} == theirs


PIECES = st.sampled_from(
    ["a", "b c", "$A", "${B}", "\\\\", "\\$", "'", '"', " ", "\\ ", "\\\n", "#", ";", "$"]
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(st.lists(PIECES, max_size=6), st.sampled_from(["", "'", '"']))
def test_generated_values_are_those_of_a_real_shell(
    tmp_path: Path, pieces: list[str], quote: str
) -> None:
    text = f"A=1\nB=2\nC={quote}{''.join(pieces)}{quote}\n"
    (tmp_path / "file").write_text(text)
    if subprocess.run(
        ["sh", "-n", "file"], cwd=tmp_path, capture_output=True, check=False
    ).returncode:
        return
    try:
        file = ShellFile(text, "/f")
    except GuestError:
        assert ";" in text or " " in text  # a second command that is no command
        return

    mine = file.evaluate()

    if not file.opaque:
        assert mine == sourced(text, ["A", "B", "C"], tmp_path)


def test_files_are_evaluated_in_sourcing_order() -> None:
    first = ShellFile('GRUB_CMDLINE_LINUX="ro"\n', "/etc/default/grub")
    second = ShellFile('GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX console=ttyS0"\n', "/d/50.cfg")

    variables = second.evaluate(first.evaluate())

    assert variables == {"GRUB_CMDLINE_LINUX": "ro console=ttyS0"}


def test_what_only_a_shell_can_tell_is_opaque() -> None:
    text = DEBIAN + (
        "if [ -f /etc/x ]; then\n  GRUB_TIMEOUT=9\nfi\n"
        "[ -d /y ] && GRUB_DEFAULT=7\n"
        "A=${B:-c}\n"
        ". /etc/os-release\n"
    )
    file = ShellFile(text, "/etc/default/grub")

    assert [(statement.line, statement.text) for statement in file.opaque] == [
        (6, "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`"),
        (12, "if [ -f /etc/x ]; then"),
        (15, "[ -d /y ] && GRUB_DEFAULT=7"),
        (16, "A=${B:-c}"),
        (17, ". /etc/os-release"),
    ]
    assert file.get("GRUB_TIMEOUT") == "5"
    assert file.get("GRUB_DEFAULT") == "0"
    assert file.get("GRUB_DISTRIBUTOR") is None
    assert file.get("A") is None


@pytest.mark.parametrize(
    "text",
    [
        "case $x in\n  a|b) A=1 ;;\n  *) A=2 ;;\nesac\nB=3\n",
        "for f in a b; do A=$f; done\nB=3\n",
        "while false\ndo\n A=1\ndone\nB=3\n",
        "f() {\n A=1\n}\nB=3\n",
        "( A=1 )\nB=3\n",
        "{ A=1; }\nB=3\n",
        "if true; then if true; then A=1; fi; else A=2; fi\nB=3\n",
        "true &&\nA=1\nB=3\n",
        "true | A=1\nB=3\n",
        "if ! false; then A=1; fi; ! true\nB=3\n",
    ],
)
def test_assignments_under_conditions_are_not_carried_out(text: str) -> None:
    file = ShellFile(text, "/f")

    assert file.evaluate() == {"B": "3"}
    assert any(a.name == "A" and a.conditional for a in file.assignments)


@pytest.mark.parametrize(
    "word", ["$\\\nA", "$A\\\nB", "$'a\\n'", '$"a"', "$1", "$(a)", "`a`", "${A:-b}"]
)
def test_values_that_shells_do_not_agree_on_are_opaque(word: str) -> None:
    file = ShellFile(f"A=1\nC={word}\n", "/f")

    assert file.get("C") is None
    assert [statement.line for statement in file.opaque] == [2]


def test_a_here_document_hides_what_follows() -> None:
    file = ShellFile("A=1\ncat <<EOF\nA='\nEOF\nA=2\n", "/f")

    assert file.evaluate() == {"A": "1"}
    assert [statement.line for statement in file.opaque] == [2]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\n", 1),
        ("# fstab\nUUID=1-2 / ext4 defaults 0 1\n", 2),
        ("<!DOCTYPE html>\n<html></html>\n", 1),
        ('{\n "a": 1\n}\n', 2),
        ("[Unit]\nDescription=x\n", 1),
        ("foo: bar\n", 1),
        ("A=1\n\x7fELF\x01\n", 2),
        ("A=1\0\n", 1),
        ("A='1\nB=2\n", 1),
        ('A=1\nB="2\n', 2),
        ("A=$(date\n", 1),
        ("A=1\nif true; then\nB=2\n", 2),
        ("A=1\nfi\n", 2),
        ("A=1\n)\n", 2),
        ("A=" + "$(" * 5000, 1),
    ],
)
def test_what_no_shell_would_read_is_corrupt(text: str, line: int) -> None:
    with pytest.raises(GuestError) as raised:
        ShellFile(text, "/etc/default/grub")

    assert raised.value.code == "guest-file-corrupt"
    assert raised.value.message.startswith(f"/etc/default/grub:{line} in the guest: ")


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("A=1\n", "2", "A=2\n"),
        ("A='x y' # why\n", "z", "A='z' # why\n"),
        ('A="x"\n', 'a "b" $c', 'A="a \\"b\\" \\$c"\n'),
        ("A=1\n", "two words", 'A="two words"\n'),
        ("A='x'\n", "it's", 'A="it\'s"\n'),
        ("A=1\nB=0\nA=2\n", "3", "A=1\nB=0\nA=3\n"),
        ("B=1", "2", 'B=1\nA="2"\n'),
        ("", "2", 'A="2"\n'),
        ("A=1\nif x; then A=2; fi\n", "3", 'A=1\nif x; then A=2; fi\nA="3"\n'),
        ('A="$A 1"\n', "2", 'A="2"\n'),
        ("A=1\nA+=2\n", "3", 'A=1\nA+=2\nA="3"\n'),
        ("A=$(date)\n", "3", "A=3\n"),
        ("export A=1 B=2; C=3\n", "4", "export A=4 B=2; C=3\n"),
    ],
)
def test_set(before: str, value: str, after: str) -> None:
    file = ShellFile(before, "/f")

    file.set("A", value)
    assert file.text == after
    assert file.get("A") == value
    file.set("A", value)

    assert file.text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('A="quiet splash"\n', 'A="splash"\n'),
        ("A='ro quiet'\n", "A='ro'\n"),
        ("A=quiet # why\n", "A= # why\n"),
        ('A="quiet quiet ro"\n', 'A="ro"\n'),
        ('A="ro quiet splash"\nA="$A quiet=1"\n', 'A="ro splash"\nA="$A"\n'),
        ('A="ro \\\n  quiet \\\n  splash"\n', 'A="ro\\\n \\\n  splash"\n'),
        ("A=ro\\ quiet\n", "A=ro\n"),
        ('if x; then\n  A="quiet ro"\nfi\n', 'if x; then\n  A="ro"\nfi\n'),
        ('A="quiet$B ro"\n', 'A="quiet$B ro"\n'),
        ("A='x=\"a quiet b\" quiet'\n", "A='x=\"a quiet b\"'\n"),
        ('A=" quiet "\n', 'A=" "\n'),
        ('B="quiet"\n', 'B="quiet"\n'),
        ('A="$(x) quiet"\n', 'A="$(x)"\n'),
    ],
)
def test_remove_token(before: str, after: str) -> None:
    file = ShellFile(before, "/f")

    file.remove_token("A", "quiet")

    assert file.text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nB=2\n", "B=2\n"),
        ("B=2\n  A='x y' # why\n", "B=2\n"),
        ("A=1; B=2\n", "A=; B=2\n"),
        ("export A=1\n", "export A=\n"),
        ("if x; then\n  A=1\nfi\n", "if x; then\n  A=\nfi\n"),
        ("A=1\nA=2", ""),
        ("A='x\ny'\nB=2\n", "B=2\n"),
        ("B=2\n", "B=2\n"),
    ],
)
def test_unset(before: str, after: str) -> None:
    file = ShellFile(before, "/f")

    file.unset("A")

    assert file.text == after
    assert not file.get("A")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('A="ro"\n', 'A="ro x=1"\n'),
        ("A='ro'\n", "A='ro x=1'\n"),
        ('A=""\n', 'A="x=1"\n'),
        ("A=ro\n", 'A="ro x=1"\n'),
        ("A=\n", 'A="x=1"\n'),
        ('A="x=1 ro"\n', 'A="x=1 ro"\n'),
        ('A="x=1"\nA="$A ro"\n', 'A="x=1"\nA="$A ro"\n'),
        ('A="x=1"\nA="ro"\n', 'A="x=1"\nA="ro x=1"\n'),
        ("B=1\n", 'B=1\nA="$A x=1"\n'),
        ("if y; then A=1; fi\n", 'if y; then A=1; fi\nA="$A x=1"\n'),
        ('A="$(y)"\n', 'A="$(y) x=1"\n'),
        ("A=ro\\ b\n", 'A=ro\\ b" x=1"\n'),
    ],
)
def test_add_token(before: str, after: str) -> None:
    file = ShellFile(before, "/f")

    file.add_token("A", "x=1")
    assert file.text == after
    file.add_token("A", "x=1")

    assert file.text == after


def test_everything_else_in_the_default_file_stays() -> None:
    file = ShellFile(DEBIAN, "/etc/default/grub")

    file.remove_token("GRUB_CMDLINE_LINUX_DEFAULT", "quiet")
    file.add_token("GRUB_CMDLINE_LINUX", "console=ttyS0")
    file.set("GRUB_TIMEOUT", "1")

    assert file.text == DEBIAN.replace('"quiet splash"', '"splash"').replace(
        'LINUX=""', 'LINUX="console=ttyS0"'
    ).replace("TIMEOUT=5", "TIMEOUT=1")


@settings(deadline=None)
@given(st.text(alphabet="A=a '\"\\$(){}`;&|#<>\n\t[ifd", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    code = ""
    try:
        file = ShellFile(text, "/f")
    except GuestError as error:
        code = error.code
    else:
        assert file.text == text
        assert all(0 <= a.start <= a.end <= len(text) for a in file.assignments)
        assert isinstance(file.opaque, tuple)

    assert code in ("", "guest-file-corrupt")
