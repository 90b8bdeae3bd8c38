"""Check, plan and apply, again and again, until nothing is left that a step can mend.

What a package brings has to be looked at before it can be configured, so steps are carried out in
stages; within a stage rules are asked anew until they ask for nothing new. An initramfs and the
boot menu are made once, in a stage of their own; cleaning comes last.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bootworthy.disk.image import Image
from bootworthy.model.intent import Intent
from bootworthy.model.plan import Change, Plan, PlannedStep
from bootworthy.model.report import RuleResult
from bootworthy.model.steps import Phase, Step
from bootworthy.rules.rule import Rule
from bootworthy.rules.subject import Subject
from bootworthy.work.carry_out import carry_out
from bootworthy.work.evaluate import check_rules
from bootworthy.work.merge import plan_for
from bootworthy.work.steps import labels
from bootworthy.work.target import Target

_STAGES = (
    (Phase.PACKAGES, Phase.CONFIGURATION, Phase.SERVICES),
    (Phase.INITRAMFS, Phase.BOOT_LOADER),
    (Phase.CLEAN_UP,),
)

# Installing brings configuration, configuration services; nothing needs a fourth look.
_MAX_ROUNDS = 4


@dataclass(kw_only=True)
class Rounds:
    """One guest being mended: what was planned and what it changed."""

    rules: tuple[Rule, ...]
    intent: Intent
    target: Target
    image: Image | None
    live: bool = False
    planned: list[PlannedStep] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    _tried: set[Step] = field(default_factory=set)

    def run(self, first: tuple[RuleResult, ...]) -> None:
        """Carry out every stage; ``first`` is what the rules said of the guest before."""
        results: tuple[RuleResult, ...] | None = first
        for phases in _STAGES:
            for _ in range(_MAX_ROUNDS if phases is _STAGES[0] else 1):
                plan = self._plan(results or self._check(), phases)
                results = None
                if not plan.steps:
                    break
                self._apply(plan)
        if not self.live:
            labels.mark(self.changes, self.target)
            self.changes += self.target.take_changes()

    def _check(self) -> tuple[RuleResult, ...]:
        subject = Subject(
            intent=self.intent, image=self.image, guest=self.target.guest, live=self.live
        )
        return self.target.options.choice.apply(check_rules(self.rules, subject))

    def _plan(self, results: tuple[RuleResult, ...], phases: tuple[Phase, ...]) -> Plan:
        """The steps of these phases that were not tried before."""
        plan = plan_for(finding for result in results for finding in result.findings)
        steps = (planned for planned in plan.steps if planned.step.phase in phases)
        return Plan(steps=tuple(planned for planned in steps if planned.step not in self._tried))

    def _apply(self, plan: Plan) -> None:
        self.planned += plan.steps
        self._tried |= {planned.step for planned in plan.steps}
        self.changes += carry_out(plan, self.target)
