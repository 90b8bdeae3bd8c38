"""waagent.conf hands provisioning to someone who does not do it."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts.agent import CONFIG
from bootworthy.guest.facts.services import UnitState
from bootworthy.guest.families.family import Need
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.model.intent import Provisioning
from bootworthy.model.steps import DisableUnits, SetKeys
from bootworthy.rules import software, sources
from bootworthy.rules.agent.settings import PROVISIONED, provisioning
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.provisioning import CLOUD_INIT_UNITS, cloud_init_starts
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "Provisioning.Agent"

# Who reports ready: CloudInitProvisionHandler waits 1800 s for cloud-init's ovf-env.xml,
# ProvisionHandler refuses to work beside cloud-init (azurelinuxagent/pa/provision/).
_BESIDE = "the agent is to provision, which it refuses to do beside cloud-init"
_NOT_INSTALLED = "the agent waits half an hour for cloud-init, which is not installed"


@rule(
    code="AGT-09",
    name="provisioning-agent-incoherent",
    severity=Severity.ERROR,
    why="Nobody reports ready, or two programs provision; Azure gives the machine up.",
    when=(with_agent,),
    article=(53, 56, 57),
    sources=(sources.ARTICLE, sources.AGENT_SOURCE),
    deviation="the article's sed does nothing when the line is missing, commented or says anything "
    "but auto; the key is set whatever was there",
)
def check(subject: Subject) -> Iterator[Violation]:
    """The value in force fits what is installed and what the image is for."""
    agent = subject.linux.agent
    value = (agent.value(_KEY) or "auto").lower()
    problem, severity = _problem(subject, value)
    if problem:
        wanted = _wanted(subject)
        setting = agent.settings.get(_KEY)
        yield Violation(
            message=problem,
            place=Place(agent.config or CONFIG, setting.line if setting else None),
            found=f"{_KEY}={setting.value}" if setting else f"no {_KEY}, which means auto",
            expected=f"{_KEY}={wanted}",
            fix=_fix(subject, value, wanted),
            severity=severity,
        )


def _wanted(subject: Subject) -> str:
    """Who should provision; cloud-init where it is, or where CI-01 can install it."""
    wanted = provisioning(subject.intent)[1]
    guest = subject.linux
    there = guest.cloud_init.installed or bool(guest.family.packages_for(Need.CLOUD_INIT))
    return "waagent" if wanted == "cloud-init" and not there else wanted


def _problem(subject: Subject, value: str) -> tuple[str, Severity | None]:
    if not subject.intent.generalized:
        return _problem_of_specialized(subject, value)
    installed = subject.linux.cloud_init.installed
    starts = cloud_init_starts(subject.linux)
    if value == "cloud-init" and not installed:
        return _NOT_INSTALLED, None
    if value == "disabled" and not starts:
        return "the agent is told not to provision, and nothing else does", None
    if _alone(subject):
        return _problem_of_the_agent_alone(value, starts=starts)
    if value == "waagent" and installed:
        # Where cloud-init is switched off, its own rules switch it on.
        return _BESIDE, None if starts else Severity.WARNING
    if value == "auto" and installed:
        return "who provisions is left to a guess at boot", Severity.NOTE
    return "", None


def _alone(subject: Subject) -> bool:
    """Whether the agent is to provision by itself; nobody provisions a specialized image."""
    return subject.intent.generalized and subject.intent.provisioning is Provisioning.AGENT


def _problem_of_the_agent_alone(value: str, *, starts: bool) -> tuple[str, Severity | None]:
    if starts:
        told = _BESIDE if value == "waagent" else "cloud-init starts, and the agent is to provision"
        return told, None if value == "waagent" else Severity.WARNING
    if value == "cloud-init":
        return "the agent waits half an hour for cloud-init, which is switched off", None
    return "", None


def _problem_of_specialized(subject: Subject, value: str) -> tuple[str, Severity | None]:
    if value == "disabled":
        return "", None
    if subject.linux.tree.exists(PROVISIONED):
        return "a specialized image is provisioned again once the agent forgets", Severity.NOTE
    return "the agent waits for provisioning that a specialized image does not get", None


def _fix(subject: Subject, value: str, wanted: str) -> Fix:
    path = subject.linux.agent.config or CONFIG
    step = SetKeys(path=path, settings=((_KEY, wanted),))
    if _alone(subject) and cloud_init_starts(subject.linux):
        return _without_cloud_init(subject, step)
    if value == wanted == "waagent":
        return by_hand("remove cloud-init: the agent is to provision")
    if value == wanted:
        return software.install(subject.linux, Need.CLOUD_INIT)
    return Fix(title=f"set {_KEY}={wanted}", steps=(step,))


def _without_cloud_init(subject: Subject, step: SetKeys) -> Fix:
    """Disabled by its marker file it would still be enabled for the agent, which asks systemctl.

    Source: azurelinuxagent/pa/provision/cloudinitdetect.py.
    """
    services = subject.linux.services
    if services.manager != "systemd":
        return by_hand("remove cloud-init: the agent is to provision")
    names = (name for stage in CLOUD_INIT_UNITS for name in stage)
    there = tuple(name for name in names if services.unit(name).state is not UnitState.ABSENT)
    title = f"keep cloud-init from starting and set {_KEY}={step.settings[0][1]}"
    return Fix(title=title, steps=(DisableUnits(units=there), step))
