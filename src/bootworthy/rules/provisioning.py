"""Who provisions the guest on its first boot, and what that asks of it."""

from __future__ import annotations

from bootworthy.guest.facts.services import UnitState
from bootworthy.guest.guest import Guest

# From here on cloud-init falls back to the metadata service (article, first note).
_CLOUD_INIT_WITHOUT_UDF = (21, 2)

# cloud-init 24.3 renamed its second unit; either may be there.
CLOUD_INIT_UNITS = (
    ("cloud-init-local.service",),
    ("cloud-init.service", "cloud-init-network.service"),
    ("cloud-config.service",),
    ("cloud-final.service",),
)


def needs_udf(guest: Guest) -> bool:
    """Whether provisioning fails without UDF: the agent provisions, or cloud-init is too old."""
    cloud_init = guest.cloud_init
    if not cloud_init.installed:
        return guest.agent.installed
    return bool(cloud_init.version) and cloud_init.version < _CLOUD_INIT_WITHOUT_UDF


def cloud_init_starts(guest: Guest) -> bool:
    """Whether cloud-init is installed and nothing keeps it from starting."""
    if not guest.cloud_init.installed or guest.cloud_init.disabled_by:
        return False
    return not cloud_init_units_off(guest)


def cloud_init_units_off(guest: Guest) -> tuple[str, ...]:
    """Units of cloud-init that are there and do not start at boot."""
    if guest.services.manager != "systemd":
        return ()
    off = []
    for names in CLOUD_INIT_UNITS:
        units = [guest.services.unit(name) for name in names]
        there = [unit for unit in units if unit.state is not UnitState.ABSENT]
        if there and not any(unit.starts for unit in there):
            off.append(there[0].name)
    return tuple(off)
