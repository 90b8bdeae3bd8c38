"""An installed package, and the error for a database that does not yield any."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package; ``version`` as the database writes it."""

    name: str
    version: str
    architecture: str = ""
    state: str = "installed"


class DatabaseError(Exception):
    """The database is damaged or of a kind that is not read; the message says which."""
