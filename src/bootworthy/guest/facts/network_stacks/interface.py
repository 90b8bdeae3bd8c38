"""A configured network interface, whichever program configures it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bootworthy.model.finding import Place


class Method(StrEnum):
    """How an interface is configured."""

    DHCP = "dhcp"
    STATIC = "static"
    MANUAL = "manual"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Interface:
    """One configured interface: ``name`` may be a pattern, ``mac`` is what pins it, if anything.

    ``starts`` tells whether it comes up at boot or when the device appears; ``awaited`` is False
    where its program only does the latter, so that services which want the network go ahead of it.
    """

    name: str
    method: Method
    mac: str
    starts: bool
    stack: str
    place: Place
    awaited: bool = True


# The driver of Azure's synthetic cards (drivers/net/hyperv/netvsc_drv.c).
AZURE_DRIVER = "hv_netvsc"
