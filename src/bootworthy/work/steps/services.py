"""Have system services start at boot, or not."""

from __future__ import annotations

from bootworthy.guest.editors import init_scripts, units
from bootworthy.guest.facts.services import UnitState
from bootworthy.model.steps import DisableUnits, EnableUnits
from bootworthy.work.target import StepFailedError, Target


def enable(step: EnableUnits, target: Target) -> None:
    """Link the units as ``systemctl enable`` or rc-update would.

    A dry target passes over those that are not there yet.

    Raises:
        StepFailedError: a unit is not there, or the guest's init system is not known.
    """
    services = target.guest.services
    if not services.manager:
        raise StepFailedError("the init system is not known")
    missing = [name for name in step.units if services.unit(name).state is UnitState.ABSENT]
    for name in step.units:
        if name not in missing and not services.unit(name).starts:
            _enable(target, services.manager, name)
    if missing and not target.dry:
        raise StepFailedError(f"there is no {', '.join(missing)}")


def disable(step: DisableUnits, target: Target) -> None:
    """Mask the units, or take their scripts' links away; those that are not there stay so.

    Raises:
        StepFailedError: the guest's init system is not known.
    """
    manager = target.guest.services.manager
    if not manager:
        raise StepFailedError("the init system is not known")
    for name in step.units:
        if manager == "systemd":
            units.mask(target.tree, name)
        else:
            init_scripts.disable(target.tree, name.removesuffix(".service"))


def _enable(target: Target, manager: str, name: str) -> None:
    if manager == "systemd":
        units.enable(target.tree, name)
    else:
        init_scripts.enable(target.tree, name.removesuffix(".service"))
