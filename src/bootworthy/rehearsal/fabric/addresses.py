"""Who has which address in the simulated Azure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

WIRE_SERVER = "168.63.129.16"
"""Wire server, DHCP server, resolver and HostGAPlugin: one virtual address of the host
(learn.microsoft.com, virtual-network/what-is-ip-address-168-63-129-16)."""

METADATA = "169.254.169.254"

HTTP_PORT = 80
HOST_PLUGIN_PORT = 32526

GATEWAY_MAC = "12:34:56:78:9a:bc"
"""What Azure's switch answers to every ARP request."""

DOMAIN = "rehearsal.ax.internal.cloudapp.net"
"""The internal name that Azure gives a virtual network has a part of its own in the first label."""

# One of the organisation's prefixes that Azure gives virtual network adapters (IEEE registry:
# 00-0D-3A, Microsoft Corp.).
_PREFIX = "00:0d:3a"


@dataclass(frozen=True, slots=True)
class Nic:
    """One network interface of the guest and the subnet it is in; nothing else is in it."""

    index: int
    mac: str

    @property
    def tap(self) -> str:
        """The other end, in the fabric's network namespace."""
        return f"tap{self.index}"

    @property
    def guest(self) -> str:
        """The guest's address: the first that Azure gives in a subnet."""
        return f"10.0.{self.index}.4"

    @property
    def gateway(self) -> str:
        """The first address of the subnet, as on Azure."""
        return f"10.0.{self.index}.1"

    @property
    def network(self) -> str:
        """The subnet's own address; it is a /24."""
        return f"10.0.{self.index}.0"

    @property
    def primary(self) -> bool:
        """Whether it is the one that gets a default route."""
        return self.index == 0


def make_nics(vm_id: str, number: int) -> tuple[Nic, ...]:
    """Interfaces whose MAC addresses follow from the machine's UUID."""
    digest = hashlib.sha256(vm_id.encode()).digest()
    return tuple(Nic(index, _mac(digest[3 * index : 3 * index + 3])) for index in range(number))


def _mac(tail: bytes) -> str:
    return ":".join((_PREFIX, *(f"{byte:02x}" for byte in tail)))
