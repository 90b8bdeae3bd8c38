"""Have system services start at boot."""

from __future__ import annotations

from bootworthy.guest.editors import units
from bootworthy.guest.facts.services import UnitState
from bootworthy.model.steps import EnableUnits
from bootworthy.work.target import StepFailedError, Target


def enable(step: EnableUnits, target: Target) -> None:
    """Link the units as ``systemctl enable`` would; a dry target passes over those not there yet.

    Raises:
        StepFailedError: a unit is not there, or the guest has no systemd.
    """
    services = target.guest.services
    if services.manager != "systemd":
        raise StepFailedError(f"the init system is {services.manager or 'unknown'}, not systemd")
    missing = [name for name in step.units if services.unit(name).state is UnitState.ABSENT]
    for name in step.units:
        if name not in missing and not services.unit(name).starts:
            units.enable(target.tree, name)
    if missing and not target.dry:
        raise StepFailedError(f"there is no {', '.join(missing)}")
