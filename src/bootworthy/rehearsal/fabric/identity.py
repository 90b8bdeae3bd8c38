"""The names and numbers of one deployment that several services tell alike."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from bootworthy.rehearsal.fabric.addresses import Nic, make_nics
from bootworthy.rehearsal.scenario import Scenario

INCARNATION = 1
"""The goal state never changes during a rehearsal."""

# .NET's DateTime.Ticks: 100 ns since the year 1.
_YEAR_1 = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A scenario together with what Azure would have made up for it."""

    scenario: Scenario
    nics: tuple[Nic, ...]
    container_id: str
    name: str
    """The deployment's id; the first part of other names."""
    activity_id: str
    correlation_id: str
    created_ticks: int

    @classmethod
    def of(cls, scenario: Scenario, nics: int) -> Self:
        """A new deployment."""
        since = datetime.now(tz=UTC) - _YEAR_1
        return cls(
            scenario=scenario,
            nics=make_nics(scenario.vm_id, nics),
            container_id=str(uuid.uuid4()),
            name=str(uuid.uuid4()),
            activity_id=str(uuid.uuid4()),
            correlation_id=str(uuid.uuid4()),
            created_ticks=(since.days * 86400 + since.seconds) * 10**7,
        )

    @property
    def role(self) -> str:
        """The machine's name among its deployment's."""
        return f"_{self.scenario.host_name}"

    @property
    def instance_id(self) -> str:
        """What a health report must name."""
        return f"{self.name}.{self.role}"

    @property
    def config_name(self) -> str:
        """The role configuration; HostGAPlugin is asked with it."""
        return f"{self.name}.0.{self.name}.0.{self.role}.{INCARNATION}.xml"
