"""What installed packages ask of a guest on its first boot, beside our own questions."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from bootworthy.model import plugins
from bootworthy.model.rehearsal import Diagnosis, Milestone, MilestoneState, Verdict
from bootworthy.rehearsal.codes import BOOT_CODES
from bootworthy.rehearsal.ssh import Client
from bootworthy.rules.catalogue import all_rules, origins

_LIMIT = 60
"""Seconds that one question may take in the guest."""

_MOST = 64 << 10
"""Characters of an answer that are looked at."""

_SHOWN = 300


@dataclass(frozen=True, kw_only=True)
class ProvisioningCheck:
    """One question to the booted guest, which becomes a milestone of the verdict.

    ``question`` is a shell command that runs as the deployment's user, who may use ``sudo -n``;
    it must not change the guest. ``judge`` gets what it printed and says what is wrong with that,
    nothing when all is well. ``code`` and ``name`` are those of a diagnosis: an area of its own,
    like ACME-02. ``why`` says what happens on Azure because of it, ``fix`` what to do.
    """

    code: str
    name: str
    title: str
    question: str
    judge: Callable[[str], str]
    why: str
    fix: str


def added_checks() -> tuple[plugins.Added[ProvisioningCheck], ...]:
    """Every check that packages add.

    Raises:
        UsageError: ``plugin-broken``: one cannot be used.
    """
    found = tuple(plugins.added(plugins.PROVISIONING_CHECKS, ProvisioningCheck))
    names: set[str] = set()
    ours = {_area(rule.code) for rule in all_rules() if rule.code not in origins()}
    for item in found:
        area, well_formed = _area(item.what.code), plugins.CODE.fullmatch(item.what.code)
        if area in ours | set(map(_area, BOOT_CODES)) or not well_formed:
            problem = f"{item.what.code} is no code of an area of its own, like ACME-02"
            raise plugins.broken(item.origin, problem)
        if {item.what.code, item.what.name} & names:
            problem = f"there is a check {item.what.code} {item.what.name} already"
            raise plugins.broken(item.origin, problem)
        names |= {item.what.code, item.what.name}
    return found


def _area(code: str) -> str:
    return code.partition("-")[0]


def ask(client: Client, checks: tuple[plugins.Added[ProvisioningCheck], ...]) -> dict[str, str]:
    """The answers of the guest, by the checks' names; none for a question it did not answer."""
    return dict(_answers(client, checks))


def _answers(
    client: Client, checks: tuple[plugins.Added[ProvisioningCheck], ...]
) -> Iterator[tuple[str, str]]:
    for item in checks:
        command = f"timeout {_LIMIT} sh -c {shlex.quote(item.what.question)} 2>/dev/null"
        answer = client.run(command, _LIMIT + 30)
        if answer.logged_in:
            yield item.what.name, answer.output[:_MOST]


def with_checks(
    verdict: Verdict,
    checks: tuple[plugins.Added[ProvisioningCheck], ...],
    answers: Mapping[str, str],
) -> Verdict:
    """The verdict with a milestone a check, and a diagnosis for each that the guest misses."""
    judged = [_judged(item, answers) for item in checks]
    missed = (
        _diagnosis(item.what, milestone)
        for item, milestone in zip(checks, judged, strict=True)
        if milestone.state is MilestoneState.MISSED
    )
    return replace(
        verdict,
        milestones=(*verdict.milestones, *judged),
        diagnoses=(*verdict.diagnoses, *missed),
    )


def _judged(item: plugins.Added[ProvisioningCheck], answers: Mapping[str, str]) -> Milestone:
    check = item.what
    state, told = MilestoneState.NOT_ASKED, "the guest did not answer"
    if check.name in answers:
        try:
            problem = check.judge(answers[check.name])
        except Exception as error:  # noqa: BLE001 - a package's bug decides nothing about an image
            told = f"the check of {item.origin} crashed: {type(error).__name__}: {error}"
        else:
            state = MilestoneState.MISSED if problem else MilestoneState.REACHED
            told = problem or f"checked by {item.origin}"
    return Milestone(name=check.name, title=check.title, state=state, evidence=told[:_SHOWN])


def _diagnosis(check: ProvisioningCheck, milestone: Milestone) -> Diagnosis:
    return Diagnosis(
        rule=check.name,
        code=check.code,
        saw=f"{milestone.title}: {milestone.evidence}",
        where="guest",
        why=check.why,
        fix=check.fix,
    )
