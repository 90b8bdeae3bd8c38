"""A kernel command line edited token by token, as the kernel splits it.

Blanks separate tokens except between double quotes (lib/cmdline.c, next_arg); what follows ``--``
belongs to init. Two ``console=`` tokens are two consoles, so repetitions stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

# lib/ctype.c, isspace, as far as it is ASCII.
BLANKS = frozenset(" \t\n\r\v\f")


def split(line: str) -> tuple[str, ...]:
    """The tokens of a command line, quotes kept."""
    return tuple(piece for piece in _pieces(line) if not _is_blank(piece))


def matches(token: str, wanted: str) -> bool:
    """Whether ``token`` is ``wanted``, or has the name ``wanted`` where that is a bare name.

    In names ``-`` and ``_`` are the same to the kernel (kernel/params.c, parameq).
    """
    name, equals, value = token.partition("=")
    wanted_name, wanted_equals, wanted_value = wanted.partition("=")
    if _plain(name) != _plain(wanted_name):
        return False
    return not wanted_equals or (equals == wanted_equals and value == wanted_value)


def change(line: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> str:
    """``line`` without the tokens that match ``remove`` and with those of ``add``, in order.

    A token of ``add`` goes to the end of the kernel's own tokens unless the line has it already;
    one that ``remove`` names as well is moved there. The blanks between other tokens stay.
    """
    wanted, unwanted = tuple(add), tuple(remove)
    kernel, init = _cut_at_dashes(_pieces(line))
    moved = _moved(wanted, unwanted)
    kept = [
        piece
        for piece in kernel
        if piece not in moved and not any(matches(piece, word) for word in unwanted)
    ]
    pieces = kernel if kept == kernel else _tidy(kept, ends_blank=_is_blank(kernel[-1]))
    for token in wanted:
        if token not in pieces:
            _append(pieces, token, before_more=bool(init))
    return "".join(pieces + init)


def _moved(add: tuple[str, ...], remove: tuple[str, ...]) -> tuple[str, ...]:
    # From the first token on that is taken off and put back, all go to the end together, so that
    # their order is the same however often this is done.
    first = next((i for i, token in enumerate(add) if any(matches(token, w) for w in remove)), None)
    return () if first is None else add[first:]


def _tidy(pieces: list[str], *, ends_blank: bool) -> list[str]:
    """One run of blanks where tokens between two are gone, none at an end that had none."""
    tidy: list[str] = []
    for piece in pieces:
        if not _is_blank(piece) or (tidy and not _is_blank(tidy[-1])):
            tidy.append(piece)
    if tidy and _is_blank(tidy[-1]) and not ends_blank:
        tidy.pop()
    return tidy


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _is_blank(piece: str) -> bool:
    return piece[0] in BLANKS


def _pieces(line: str) -> list[str]:
    """Tokens and the runs of blanks between them; joined they are the line."""
    quoted = False
    kinds: list[tuple[bool, str]] = []
    for char in line:
        quoted ^= char == '"'
        kinds.append((char in BLANKS and not quoted, char))
    return ["".join(char for _, char in run) for _, run in groupby(kinds, key=lambda kind: kind[0])]


def _cut_at_dashes(pieces: list[str]) -> tuple[list[str], list[str]]:
    end = pieces.index("--") if "--" in pieces else len(pieces)
    return pieces[:end], pieces[end:]


def _append(pieces: list[str], token: str, *, before_more: bool) -> None:
    trailing = pieces.pop() if pieces and _is_blank(pieces[-1]) else ""
    if pieces:
        pieces.append(" ")
    pieces.append(token)
    if trailing or before_more:
        pieces.append(trailing or " ")
