"""Command lines that are offered to people, who copy them into a shell."""

from __future__ import annotations

import shlex


def offered(verb: str, *words: str) -> str:
    """``bootworthy VERB WORDS…``, each word quoted where a shell would take it apart."""
    return shlex.join(("bootworthy", verb, *words))


def argument(path: str) -> str:
    """``path`` as an argument that cannot be taken for an option."""
    return f"./{path}" if path.startswith("-") else path
