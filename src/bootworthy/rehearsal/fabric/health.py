"""What a guest reports to the wire server about itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self
from xml.etree import ElementTree as ET

from bootworthy.rehearsal.fabric.identity import INCARNATION, Deployment

# Health reports are a few hundred bytes and telemetry below 64 KiB
# (azurelinuxagent/common/protocol/wire.py, MAX_EVENT_BUFFER_SIZE).
_MOST = 1 << 20

_PARAMETER = re.compile(r'Name="([^"]{1,80})" Value="([^"]{0,4000})"')
_ROLE = "./Container/RoleInstanceList/Role"


class BadReportError(ValueError):
    """Not a document the wire server would take."""


def parse_xml(body: bytes) -> ET.Element:
    """A document of the guest's.

    Raises:
        BadReportError: too large, not UTF-8, not well-formed, or with a document type, which
            could define entities that grow without bound.
    """
    if len(body) > _MOST:
        raise BadReportError(f"{len(body)} bytes are too many")
    try:
        text = body.decode("utf-8-sig")
        if "<!DOCTYPE" in text:
            raise BadReportError("it has a document type")
        # As text, so that no declared encoding can hide one.
        return ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))  # noqa: S314
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise BadReportError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class HealthReport:
    """One report: the state is Ready or NotReady."""

    incarnation: str
    container_id: str
    instance_id: str
    state: str
    substatus: str
    description: str

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a report.

        Raises:
            BadReportError: it is none.
        """
        root = parse_xml(body)
        health = f"{_ROLE}/Health"
        state = root.findtext(f"{health}/State", "").strip()
        if root.tag != "Health" or not state:
            raise BadReportError("no health state in it")
        return cls(
            incarnation=root.findtext("GoalStateIncarnation", "").strip(),
            container_id=root.findtext("./Container/ContainerId", "").strip(),
            instance_id=root.findtext(f"{_ROLE}/InstanceId", "").strip(),
            state=state,
            substatus=root.findtext(f"{health}/Details/SubStatus", "").strip(),
            description=root.findtext(f"{health}/Details/Description", "").strip(),
        )

    def is_about(self, deployment: Deployment) -> bool:
        """Whether it names the goal state and the machine that it is from."""
        told = (self.incarnation, self.container_id, self.instance_id)
        return told == (str(INCARNATION), deployment.container_id, deployment.instance_id)

    def describe(self) -> str:
        """The state's reason, if one is given."""
        return ": ".join(part for part in (self.substatus, self.description) if part)


def parse_telemetry(body: bytes) -> list[str]:
    """A line for each event that an agent sends.

    Raises:
        BadReportError: it is no telemetry.
    """
    lines = []
    for event in parse_xml(body).iter("Event"):
        told = dict(_PARAMETER.findall(event.text or ""))
        words = (told.get("Operation", ""), told.get("OperationSuccess", ""), told.get("Message"))
        lines.append(" ".join(word for word in words if word))
    return lines
