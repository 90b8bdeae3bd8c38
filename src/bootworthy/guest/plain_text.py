"""Text files of a guest: what is too large or not text at all is refused, once, here."""

from __future__ import annotations

from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

# No configuration file that a person or an installer writes comes near.
CONFIGURATION_LIMIT = 1 << 20


def corrupt(path: str, line: int, problem: str) -> GuestError:
    """The error for a file that is not what its name says; ``line`` is 1-based."""
    return GuestError(
        "guest-file-corrupt",
        f"{path}:{line} in the guest: {problem}",
        hint="restore that file in the guest from a backup or from its package",
    )


def require_text(text: str, path: str) -> str:
    """``text`` itself.

    Raises:
        GuestError: ``guest-file-corrupt``, when it holds a NUL byte, which no text does.
    """
    position = text.find("\0")
    if position >= 0:
        raise corrupt(path, text.count("\n", 0, position) + 1, "a NUL byte: this is not text")
    return text


def read_configuration(tree: Tree, path: str) -> str | None:
    """The text of a configuration file, None when there is no such file.

    Raises:
        GuestError: ``guest-file-corrupt`` or ``guest-file-too-large``.
    """
    try:
        text = tree.text(path, limit=CONFIGURATION_LIMIT)
    except OSError:
        return None
    return require_text(text, path)
