"""Nothing in the image would provision a new machine."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.model.intent import Provisioning
from bootworthy.rules import software, sources
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_OTHERS = ("azure-init.service", "afterburn-checkin.service", "ignition-firstboot-complete.service")


@rule(
    code="AGT-01",
    name="no-provisioning-agent",
    severity=Severity.ERROR,
    why="Azure waits for a guest to report ready and gives up: OSProvisioningTimedOut.",
    when=(generalized, has_guest),
    article=(30, 47),
    sources=(sources.ARTICLE, sources.PROVISIONING),
)
def check(subject: Subject) -> Iterator[Violation]:
    """cloud-init, the agent or another known provisioner is installed."""
    guest = subject.linux
    if guest.cloud_init.installed or guest.agent.installed:
        return
    if any(guest.services.unit(name).starts for name in _OTHERS):
        return
    by_agent = subject.intent.provisioning is Provisioning.AGENT
    yield Violation(
        message="nothing provisions new machines",
        place=Place("/usr/bin/cloud-init"),
        found="neither cloud-init nor the Azure Linux agent",
        expected="the agent" if by_agent else "cloud-init, with the agent for extensions",
        fix=software.install(guest, Need.AGENT if by_agent else Need.CLOUD_INIT),
    )
