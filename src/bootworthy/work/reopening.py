"""What has to be said to open an image again as it was opened."""

from __future__ import annotations

from bootworthy.disk.container import Container


def words_to_reopen(
    container: Container,
    *,
    source_format: str | None = None,
    disk: str = "",
    guest: str | None = None,
) -> tuple[str, ...]:
    """The options for ``container``; the others are what was said when it was opened."""
    said = (("--format", source_format), ("--member", disk), ("--guest", guest))
    allowing = ("--allow-backing",) if container.other_files else ()
    return (*allowing, *(word for name, value in said if value for word in (name, value)))
