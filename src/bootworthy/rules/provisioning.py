"""Who provisions the guest on its first boot, and what that asks of it."""

from __future__ import annotations

from collections.abc import Mapping

from bootworthy.guest.facts.services import UnitState
from bootworthy.guest.guest import Guest

# From here on cloud-init falls back to the metadata service (article, first note).
_CLOUD_INIT_WITHOUT_UDF = (21, 2)

# One group a stage. cloud-init 24.3 renamed the second unit, and put before all of them one that
# does their work; older versions have no such unit.
_MAIN_UNIT = "cloud-init-main.service"
CLOUD_INIT_UNITS = (
    (_MAIN_UNIT,),
    ("cloud-init-local.service",),
    ("cloud-init.service", "cloud-init-network.service"),
    ("cloud-config.service",),
    ("cloud-final.service",),
)

# What cloud-init writes for the network when it provisions (cloudinit/distros/*, network_conf_fn,
# and cloudinit/cmd/clean.py); it writes them anew on the next machine.
CLOUD_INIT_NETWORK_FILES = (
    "/etc/netplan/50-cloud-init.yaml",
    "/etc/network/interfaces.d/50-cloud-init*",
    "/etc/NetworkManager/system-connections/cloud-init-*.nmconnection",
    "/etc/systemd/network/10-cloud-init-*.network",
)


def needs_udf(guest: Guest) -> bool:
    """Whether provisioning fails without UDF: the agent provisions, or cloud-init is too old."""
    if not cloud_init_starts(guest):
        return guest.agent.installed
    version = guest.cloud_init.version
    return bool(version) and version < _CLOUD_INIT_WITHOUT_UDF


def cloud_init_starts(guest: Guest) -> bool:
    """Whether cloud-init is installed and nothing keeps it from starting."""
    if not guest.cloud_init.installed or guest.cloud_init.disabled_by:
        return False
    return not cloud_init_units_off(guest)


def agent_provisions(guest: Guest) -> bool:
    """Whether the agent provisions by itself, as it is told to or for want of cloud-init."""
    told = (guest.agent.value("Provisioning.Agent") or "auto").lower()
    return guest.agent.installed and told in ("auto", "waagent") and not cloud_init_starts(guest)


def cloud_init_configures_network(guest: Guest) -> bool:
    """Whether cloud-init starts and writes a network configuration, which is DHCP on Azure.

    Where it does it by ifupdown, /etc/network/interfaces has to include what it writes
    (cloudinit/distros/debian.py).
    """
    if not cloud_init_starts(guest) or network_left_alone(guest):
        return False
    names = guest.cloud_init.config.get("datasource_list")
    if isinstance(names, list) and "Azure" not in names:
        return False
    text = guest.tree.text_or("/etc/network/interfaces", "interfaces.d")
    return "ifupdown" not in guest.network.stacks or "interfaces.d" in text


def network_left_alone(guest: Guest) -> bool:
    """Whether cloud-init is told ``network: {config: disabled}``."""
    network = guest.cloud_init.config.get("network")
    return isinstance(network, Mapping) and network.get("config") == "disabled"


def cloud_init_units_off(guest: Guest) -> tuple[str, ...]:
    """Units of cloud-init that do not start at boot, though this version has them."""
    if guest.services.manager != "systemd":
        return ()
    return tuple(name for names in CLOUD_INIT_UNITS if (name := _off(guest, names)))


def _off(guest: Guest, names: tuple[str, ...]) -> str:
    units = [guest.services.unit(name) for name in names]
    if any(unit.starts for unit in units):
        return ""
    there = [unit.name for unit in units if unit.state is not UnitState.ABSENT]
    if there:
        return there[0]
    return "" if names == (_MAIN_UNIT,) else names[0]
