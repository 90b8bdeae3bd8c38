"""Who a machine was before it came here: the identity that its dirt gives away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Login:
    """An account and what opens it."""

    name: str
    word: str
    """The password, which is no secret."""
    public_key: str


ROOT = Login(
    name="root",
    word="root-of-web01",
    public_key="ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIE6Xex39SGQzCFABbCjjRUjB7Xf8fX6bTsXKR8ay4UuG ops@example.internal",
)
INSTALLER = Login(
    name="installer",
    word="installer-of-web01",
    public_key="ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIPtHOGndUQ+3fW+YuKEhfBWNSuT+Fre76gh/wa3qKjIU alice@laptop",
)
INSTALLER_ID = 1000


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The machine as its last hypervisor knew it."""

    machine_id: str
    mac: str
    interface: str
    address: str
    """In the network that is gone, with its prefix length."""
    gateway: str
    nameserver: str
    hypervisor: str
    """As the installer's logs name it."""
    initramfs_modules: tuple[str, ...]
    """What ``MODULES=dep`` found on that machine, plus the drivers of QEMU's disks."""
    short_name: str = "web01"
    domain: str = "example.internal"

    @property
    def host_name(self) -> str:
        """The fully qualified name."""
        return f"{self.short_name}.{self.domain}"
