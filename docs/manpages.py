"""Write docs/man/*.1 from the command line itself: bootworthy(1) and one page for each verb.

``python -m docs.manpages`` writes them; the wheel carries them to share/man/man1. Ours and not
click-man's, which leaves out the epilogs: the exit status and the examples stand there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bootworthy
from docs.commands import Block, Page, pages

FOLDER = Path(__file__).resolve().parent / "man"

_FILES = """\
.SH FILES
.TP
.I bootworthy.toml
Defaults of options and accepted findings: the nearest one from the working folder upwards.
.TP
.I ~/.config/bootworthy/bootworthy.toml
The same, when there is none upwards.
"""


def man_pages() -> dict[str, str]:
    """The text of every page, by the name of its file."""
    every = list(pages())
    return {f"{page.words.replace(' ', '-')}.1": _render(page, every) for page in every}


def _render(page: Page, every: list[Page]) -> str:
    return "".join(f"{line}\n" for line in _lines(page, every))


def _lines(page: Page, every: list[Page]) -> Iterator[str]:
    name = page.words.replace(" ", "-")
    title, version = escaped(name.upper()), escaped(bootworthy.__version__)
    yield '.\\" Made by `python -m docs.manpages` from the command line: edit that.'
    yield f'.TH "{title}" "1" "" "bootworthy {version}" "User Commands"'
    yield ".nh"  # a word split over two lines cannot be searched for, nor copied
    yield ".ad l"
    yield ".SH NAME"
    yield f"{escaped(name)} \\- {escaped(page.summary)}"
    yield ".SH SYNOPSIS"
    yield f"\\fB{escaped(page.words)}\\fR {escaped(page.usage)}"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(page.description)
    yield from _listed("COMMANDS", page.subcommands)
    yield from _listed("OPTIONS", page.options)
    yield from _epilog(page.epilog)
    if page.words == "bootworthy":
        yield _FILES.rstrip("\n")
    yield ".SH SEE ALSO"
    others = [other.words.replace(" ", "-") for other in every if other is not page]
    yield ",\n".join(f".BR {escaped(other)} (1)" for other in _near(name, others))


def _near(name: str, others: list[str]) -> list[str]:
    """The pages to read next: all of them from the first page, from the others their parents."""
    if name == "bootworthy":
        return others
    return [other for other in others if name.startswith(f"{other}-") or other.startswith(name)]


def _paragraphs(paragraphs: tuple[Block, ...]) -> Iterator[str]:
    for block in paragraphs:
        yield ".PP"
        yield from _text(block)


def _text(block: Block) -> Iterator[str]:
    if block.as_is:
        yield from (".nf", *map(escaped, block.text.splitlines()), ".fi")
    else:
        yield from map(escaped, block.text.splitlines())


def _listed(title: str, records: tuple[tuple[str, str], ...]) -> Iterator[str]:
    if not records:
        return
    yield f".SH {title}"
    for word, meaning in records:
        yield ".TP"
        yield f"\\fB{escaped(word)}\\fR"
        yield escaped(meaning)


def _epilog(paragraphs: tuple[Block, ...]) -> Iterator[str]:
    """A block of an epilog begins with its own title: ``Examples:``."""
    for block in paragraphs:
        title, _, rest = block.text.partition("\n")
        yield f'.SH "{escaped(title.rstrip(":").upper())}"'
        yield from _text(Block(rest, as_is=True))


def escaped(text: str) -> str:
    r"""``text`` as roff means it: minus signs to type, and no line that is taken for a request.

    groff_char(7): ``-`` is a hyphen, ``\-`` the minus of options; ``~``, ``^``, ``'`` and the grave
    accent are typeset as other characters than those one types.
    """
    text = text.replace("\\", "\\e").replace("-", "\\-")
    for plain, name in (("~", "\\(ti"), ("^", "\\(ha"), ("`", "\\(ga"), ('"', "\\(dq")):
        text = text.replace(plain, name)
    text = text.replace("…", "...").replace("'", "\\(aq")
    return f"\\&{text}" if text.startswith(".") else text


def main() -> None:
    """Write every page, and remove those of verbs that are gone."""
    FOLDER.mkdir(exist_ok=True)
    wanted = man_pages()
    for path in FOLDER.glob("*.1"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
