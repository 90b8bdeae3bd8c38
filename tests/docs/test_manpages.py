from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from docs import manpages
from docs.commands import Page, pages

PAGES = list(pages())
ROOT = manpages.FOLDER.parent.parent
need_man = pytest.mark.skipif(shutil.which("man") is None, reason="man is not there")


def _rendered(path: Path) -> subprocess.CompletedProcess[str]:
    environment = {"LC_ALL": "C.UTF-8", "MANWIDTH": "100", "PATH": "/usr/bin:/bin"}
    command = ["man", "--warnings", "-P", "cat", "-l", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment)


def _words(text: str) -> str:
    """The text without the man page's filling and without backspaces."""
    return " ".join(text.split())


def test_the_pages_are_what_the_command_line_says() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in manpages.FOLDER.iterdir()}
    assert there == manpages.man_pages(), "run: python -m docs.manpages"


@need_man
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.words)
def test_man_shows_all_of_a_page_without_warnings(page: Page) -> None:
    shown = _rendered(manpages.FOLDER / f"{page.words.replace(' ', '-')}.1")
    text = _words(shown.stdout)
    assert shown.stderr == ""
    for word, meaning in page.options:
        assert _words(word) in text
        assert _words(meaning.replace("…", "...")) in text
    for block in (*page.description, *page.epilog):
        assert _words(block.text.partition("\n")[2].replace("…", "...")) in text


@need_man
def test_what_roff_would_take_for_its_own_comes_out_as_it_was_typed(tmp_path: Path) -> None:
    typed = ".so /etc/passwd \\n(.f --like-this ~/x 'quoted' `code` \"said\" ^"
    path = tmp_path / "odd.1"
    path.write_text(f'.TH ODD 1 "" "" ""\n.SH NAME\n{manpages.escaped(typed)}\n')
    assert _words(typed) in _words(_rendered(path).stdout)


def test_the_wheel_carries_the_pages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if "/share/man/man1/" in name]
    assert sorted(Path(name).name for name in names) == sorted(manpages.man_pages())
