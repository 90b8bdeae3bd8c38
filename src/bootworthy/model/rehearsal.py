"""What a rehearsal proved: milestones with their times and evidence, and why a boot failed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bootworthy.model.intent import Generation

VERDICT_SCHEMA_VERSION = 1

SERIAL_LIMIT = 256 << 10
"""How many characters of a serial log a verdict keeps: several boots say less."""


class MilestoneState(StrEnum):
    """What became of one milestone."""

    REACHED = "reached"
    MISSED = "missed"
    NOT_ASKED = "not asked"
    """Nothing could show it, or the machine never came so far."""


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """One thing a first boot on Azure has to come to.

    ``at`` is in seconds since power-on, None where the moment is not known. ``evidence`` is what
    showed it, or why it was not asked.
    """

    name: str
    title: str
    state: MilestoneState
    at: float | None = None
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """One reason why the boot fails, by the rule that explains it.

    ``saw`` is the evidence, word for word, ``where`` its place: the serial console, the fabric or
    the guest. ``confirmed`` tells that the rule itself, asked about the image, found the same.
    """

    rule: str
    code: str
    saw: str
    where: str
    why: str
    fix: str
    at: float | None = None
    confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """The machine that was booted; ``memory`` is in bytes."""

    generation: Generation
    architecture: str
    accelerator: str
    controller: str
    memory: int
    cpus: int
    secure_boot: bool = False


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One line of the timeline; ``at`` is in seconds since power-on."""

    at: float
    source: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the image would provision on Azure, and what shows it.

    ``seconds`` is the wall time of the whole rehearsal. ``observations`` tell what is worth
    knowing and decides nothing, such as the addresses a guest tried to reach. ``kept`` names the
    directory with the logs, when they were kept. ``serial`` is what the machine said on its serial
    port, each line with its time, the middle of a long one left out.
    """

    subject: str
    version: str
    machine: Rehearsed
    milestones: tuple[Milestone, ...]
    diagnoses: tuple[Diagnosis, ...]
    timeline: tuple[Happening, ...]
    seconds: float
    observations: tuple[str, ...] = ()
    kept: str | None = None
    serial: str = ""

    @property
    def passed(self) -> bool:
        """Whether every milestone that could be asked for was reached, and nothing spoke against.

        A boot of which nothing was seen has not passed.
        """
        states = {milestone.state for milestone in self.milestones}
        clean = MilestoneState.MISSED not in states and not self.diagnoses
        return clean and MilestoneState.REACHED in states

    def milestone(self, name: str) -> Milestone | None:
        """The milestone of that name."""
        return next((item for item in self.milestones if item.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-able data; ``report/verdict-v1.schema.json`` describes it."""
        return {
            "schema_version": VERDICT_SCHEMA_VERSION,
            "tool": {"name": "bootworthy", "version": self.version},
            "subject": self.subject,
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
            "machine": asdict(self.machine),
            "milestones": [asdict(item) for item in self.milestones],
            "diagnoses": [asdict(item) for item in self.diagnoses],
            "timeline": [asdict(item) for item in self.timeline],
            "observations": list(self.observations),
            "kept": self.kept,
            "serial": self.serial,
        }


def excerpt(serial: str, limit: int = SERIAL_LIMIT) -> str:
    """A serial log of at most about ``limit`` characters: its beginning, and more of its end."""
    if len(serial) <= limit:
        return serial
    begin, end = serial[: limit // 4], serial[-(limit - limit // 4) :]
    left_out = len(serial) - len(begin) - len(end)
    return f"{begin}\n… {left_out} characters are left out …\n{end}"
