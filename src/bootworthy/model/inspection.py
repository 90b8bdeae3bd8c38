"""What is in an image, and what Azure would say to the file as it is, as data for reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bootworthy.model.image import GuestInfo, ImageInfo

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why Azure would not take the file: a stable word, a sentence, and the command that helps."""

    code: str
    text: str
    repair: str


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """An image taken apart; without ``obstacles`` Azure would take the file.

    That says nothing of the Linux inside: ``bootworthy check`` does.
    """

    version: str
    image: ImageInfo
    guest: GuestInfo | None = None
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether Azure would take the file."""
        return not self.obstacles

    def to_dict(self) -> dict[str, Any]:
        """The inspection as plain data, with the version of its schema."""
        return {"schema_version": SCHEMA_VERSION, "accepted": self.accepted, **asdict(self)}
