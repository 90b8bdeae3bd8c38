from __future__ import annotations

import doctest
import subprocess
from pathlib import Path

import pytest

from docs import generate
from tests.docs.console import Command, Example, examples, fits, run
from tests.guests import small
from tests.guests.tree import put

WRITTEN = sorted(
    path for path in generate.HERE.rglob("*.md") if "```console" in path.read_text(encoding="utf-8")
)
CASES = [pytest.param(path, id=path.relative_to(generate.HERE).as_posix()) for path in WRITTEN]
ALL = [
    (path.relative_to(generate.HERE).as_posix(), number, example)
    for path in WRITTEN
    for number, example in enumerate(examples(path.read_text(encoding="utf-8")), 1)
]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk of a few MiB with a small Debian in it, raw and in other formats."""
    raw = small.one_linux(tmp_path_factory.mktemp("disk") / "disk.raw")
    for form in ("qcow2", "vmdk"):
        command = ["qemu-img", "convert", "-O", form, str(raw), str(raw.with_suffix(f".{form}"))]
        subprocess.run(command, check=True)
    return raw


def _lay_out(disk: Path, folder: Path) -> None:
    """What the examples take for given in the folder they are run in."""
    for path in disk.parent.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "rootfs").mkdir()
    for name, content in small.linux_files().items():
        put(folder / "rootfs", name, content)


@pytest.mark.parametrize("path", CASES)
def test_the_shell_examples_of_a_page_run(path: Path, disk: Path, tmp_path: Path) -> None:
    _lay_out(disk, tmp_path)
    for example in examples(path.read_text(encoding="utf-8")):
        if not example.why_not:
            run(example, tmp_path)


@pytest.mark.parametrize(
    ("page", "number", "example"), [one for one in ALL if one[2].why_not], ids=str
)
def test_what_is_not_run_is_skipped_for_a_reason(page: str, number: int, example: Example) -> None:
    assert example.commands, f"{page}: example {number} holds no command"
    pytest.skip(f"{page}: {example.why_not}: {example.commands[0].line}")


def test_an_example_of_the_docs_is_found_whatever_it_holds() -> None:
    fences = sum(path.read_text(encoding="utf-8").count("```console") for path in WRITTEN)
    assert len(ALL) == fences
    assert sum(not example.why_not for _, _, example in ALL) > 20


def test_the_python_examples_run(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lay_out(disk, tmp_path)
    page = generate.HERE / "reference" / "python-api.md"
    monkeypatch.chdir(tmp_path)
    done = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )
    assert done.failed == 0
    assert done.attempted > 20


def test_a_wrong_status_fails(tmp_path: Path) -> None:
    wrong = Example(commands=(Command(line="bootworthy inspect missing.raw", shown=""),))
    with pytest.raises(AssertionError, match="image-not-found"):
        run(wrong, tmp_path)


def test_another_program_has_to_be_marked(tmp_path: Path) -> None:
    other = Example(commands=(Command(line="sudo bootworthy check /", shown=""),))
    with pytest.raises(AssertionError, match="only bootworthy"):
        run(other, tmp_path)


@pytest.mark.parametrize(
    ("shown", "out", "fit"),
    [
        ("", "anything\n", True),
        ("one\ntwo", "one\ntwo\n", True),
        ("one\n…\nfour", "one\ntwo\nthree\nfour\n", True),
        ("one", "one\ntwo\n", False),
        ("o.e", "one\n", False),
    ],
)
def test_shown_output_has_to_be_the_output(shown: str, out: str, *, fit: bool) -> None:
    assert fits(shown, out) is fit
