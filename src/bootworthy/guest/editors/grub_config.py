"""The kernel arguments in a grub.cfg that is there already, everything else byte for byte.

This is what the machine boots with next; what grub-mkconfig writes after that comes from
/etc/default/grub.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.facts.boot_loaders import grub_script
from bootworthy.guest.facts.boot_loaders.grub_script import Command, Statement
from bootworthy.model.errors import GuestError

# What makes an entry one for repair; 10_linux of Debian, Ubuntu's friendly-recovery.
_REPAIR = frozenset({"single", "recovery"})
_REPAIR_ENTRY = "-recovery-"

_PLAIN = re.compile(r"[A-Za-z0-9_.,:=/@%+-]+")
_CONTINUATION = re.compile(r"\\\n")


def change_arguments(
    text: str, path: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> str:
    """``text`` with these arguments on every line that starts Linux, in every branch and submenu.

    Tokens are added and removed as ``kernel_arguments.change`` does; an entry for repair keeps
    ``single`` and ``recovery``. Arguments that stand in a variable are not seen. ``path`` is for
    messages.

    Raises:
        GuestError: ``grub-config-corrupt``, when GRUB itself could not read the whole of it.
    """
    script = grub_script.parse(text)
    if script.problem:
        raise GuestError(
            "grub-config-corrupt",
            f"{path} is not a GRUB configuration: {script.problem}",
            hint="have the guest's grub-mkconfig write it again",
        )
    added = tuple(_quoted(token) for token in add)
    removed = tuple(remove)
    kept_for_repair = tuple(token for token in removed if token not in _REPAIR)
    pieces: list[str] = []
    done = 0
    for command, repairs in _linux_commands(script.statements):
        start, end = command.words[1].end, command.words[-1].end
        pieces.append(text[done:start])
        pieces.append(_changed(text[start:end], added, kept_for_repair if repairs else removed))
        done = end
    return "".join([*pieces, text[done:]])


def _linux_commands(
    statements: tuple[Statement, ...], *, repairs: bool = False
) -> Iterator[tuple[Command, bool]]:
    """The commands that start Linux, in the order of the text, and whether for repair."""
    for command in grub_script.commands(statements):
        if command.starts_linux:
            yield command, repairs
        if command.block:
            title_and_options = " ".join(word.raw for word in command.words)
            inner = repairs or _REPAIR_ENTRY in title_and_options
            yield from _linux_commands(command.block, repairs=inner)


def _changed(tail: str, add: tuple[str, ...], remove: tuple[str, ...]) -> str:
    """What follows the kernel's path on its line, the blank before it included."""
    # A line break in the middle would be cut from its backslash.
    flat = _CONTINUATION.sub("  ", tail)
    changed = kernel_arguments.change(flat.lstrip(" \t"), add=add, remove=remove)
    if changed == flat.lstrip(" \t"):
        return tail
    blank = flat[: len(flat) - len(flat.lstrip(" \t"))] or " "
    return blank + changed if changed else ""


def _quoted(token: str) -> str:
    """A token as GRUB reads it back, in quotes only where it needs them."""
    return token if _PLAIN.fullmatch(token) else "'" + token.replace("'", "'\\''") + "'"
