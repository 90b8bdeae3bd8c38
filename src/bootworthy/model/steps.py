"""What a fix consists of: each step is data, so that a plan can be shown, saved and merged.

A step says *what* has to hold; how a distribution gets there is known to the guest's family and
to the executors in ``work``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum, StrEnum
from typing import Any, ClassVar, TypeAlias


class Plane(StrEnum):
    """What a step needs of the engine."""

    DISK = "disk"
    WRITE = "write"
    RUN = "run"


class Phase(IntEnum):
    """When a step is carried out: what later steps read must already be there."""

    DISK = 10
    PACKAGES = 20
    CONFIGURATION = 30
    SERVICES = 40
    INITRAMFS = 50
    BOOT_LOADER = 60
    CLEAN_UP = 70


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Common to all steps: ``kind`` names it in JSON."""

    kind: ClassVar[str]
    phase: ClassVar[Phase]
    plane: ClassVar[Plane] = Plane.WRITE

    def to_dict(self) -> dict[str, Any]:
        """The step as JSON-able data, its kind first."""
        return {"step": self.kind} | {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON data has no narrower type
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, kw_only=True)
class MakeFixedVhd(_Step):
    """Write the disk as a fixed VHD of ``size`` bytes (a whole number of MiB)."""

    kind = "make-fixed-vhd"
    phase = Phase.DISK
    plane = Plane.DISK
    size: int


@dataclass(frozen=True, kw_only=True)
class MoveBackupGpt(_Step):
    """Write the backup GPT at the end of the disk again."""

    kind = "move-backup-gpt"
    phase = Phase.DISK
    plane = Plane.DISK


@dataclass(frozen=True, kw_only=True)
class RemoveSwapPartition(_Step):
    """Erase the swap signature of partition ``number`` and give its space back."""

    kind = "remove-swap-partition"
    phase = Phase.DISK
    plane = Plane.DISK
    number: int


@dataclass(frozen=True, kw_only=True)
class InstallPackages(_Step):
    """Install packages by the names this distribution has, with what they depend on."""

    kind = "install-packages"
    phase = Phase.PACKAGES
    plane = Plane.RUN
    packages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WriteFile(_Step):
    """Make a file have exactly this text; ``mode`` holds when the file is new."""

    kind = "write-file"
    phase = Phase.CONFIGURATION
    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, kw_only=True)
class SetKeys(_Step):
    """Set ``key=value`` pairs in a configuration file, keeping its comments and order."""

    kind = "set-keys"
    phase = Phase.CONFIGURATION
    path: str
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class AllowModules(_Step):
    """Disable every modprobe.d line that keeps one of ``modules`` from loading."""

    kind = "allow-modules"
    phase = Phase.CONFIGURATION
    modules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DropMounts(_Step):
    """Take the fstab lines at these line numbers (1-based) out; ``reason`` stays as a comment."""

    kind = "drop-mounts"
    phase = Phase.CONFIGURATION
    lines: tuple[int, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class AddMountOptions(_Step):
    """Add mount options to the fstab lines at these line numbers (1-based)."""

    kind = "add-mount-options"
    phase = Phase.CONFIGURATION
    lines: tuple[int, ...]
    options: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ConfigureDhcp(_Step):
    """Let the first interface take its address by DHCP and forget static settings and MACs."""

    kind = "configure-dhcp"
    phase = Phase.CONFIGURATION
    interface: str = "eth0"


@dataclass(frozen=True, kw_only=True)
class SetKernelArguments(_Step):
    """Change the kernel command line of every boot entry and of the ones to come.

    An entry of ``add`` replaces nothing: it is put at the end unless the line has it already.
    An entry of ``remove`` is a whole token, or a name that drops every ``name=value`` token.
    ``variables`` names other settings of the boot loader's defaults that changed, for which the
    menu has to be written anew.
    """

    kind = "set-kernel-arguments"
    phase = Phase.BOOT_LOADER
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EnableUnits(_Step):
    """Start these system services at boot, unmasking them if need be."""

    kind = "enable-units"
    phase = Phase.SERVICES
    units: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DisableUnits(_Step):
    """Keep these system services from starting, whatever presets or updates say later."""

    kind = "disable-units"
    phase = Phase.SERVICES
    units: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class UpdateInitramfs(_Step):
    """Have ``modules`` in the initramfs of every bootable kernel, now and after updates.

    ``files`` are pairs of a path inside the initramfs and the text it must hold where the file is
    there: settings that the image was built with and that are wrong now.
    """

    kind = "update-initramfs"
    phase = Phase.INITRAMFS
    modules: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoadInitramfs(_Step):
    """Have every boot entry of these kernels (paths in the guest) load the kernel's initramfs."""

    kind = "load-initramfs"
    phase = Phase.BOOT_LOADER
    kernels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class InstallRemovableLoader(_Step):
    """Put the boot loader where firmware with empty variables looks: EFI/BOOT."""

    kind = "install-removable-loader"
    phase = Phase.BOOT_LOADER


@dataclass(frozen=True, kw_only=True)
class RemovePaths(_Step):
    """Delete what these patterns match; a trailing ``/*`` empties a directory and keeps it."""

    kind = "remove-paths"
    phase = Phase.CLEAN_UP
    patterns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EmptyFiles(_Step):
    """Cut the files these patterns match to zero bytes, keeping owner and mode."""

    kind = "empty-files"
    phase = Phase.CLEAN_UP
    patterns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LockPasswords(_Step):
    """Make these accounts refuse every password."""

    kind = "lock-passwords"
    phase = Phase.CLEAN_UP
    accounts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RemoveAccounts(_Step):
    """Delete accounts with home, mail, crontab, groups, subordinate ids and sudo rules."""

    kind = "remove-accounts"
    phase = Phase.CLEAN_UP
    accounts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ResetMachineId(_Step):
    """Leave the machine id to be made at the first boot."""

    kind = "reset-machine-id"
    phase = Phase.CLEAN_UP


@dataclass(frozen=True, kw_only=True)
class ResetHostName(_Step):
    """Forget the host name, in /etc/hostname and in /etc/hosts."""

    kind = "reset-host-name"
    phase = Phase.CLEAN_UP


Step: TypeAlias = (
    MakeFixedVhd
    | MoveBackupGpt
    | RemoveSwapPartition
    | InstallPackages
    | WriteFile
    | SetKeys
    | AllowModules
    | DropMounts
    | AddMountOptions
    | ConfigureDhcp
    | SetKernelArguments
    | DisableUnits
    | EnableUnits
    | UpdateInitramfs
    | LoadInitramfs
    | InstallRemovableLoader
    | RemovePaths
    | EmptyFiles
    | LockPasswords
    | RemoveAccounts
    | ResetMachineId
    | ResetHostName
)
