"""The packages that every guest starts from, installed once by mmdebstrap and kept as one tar."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.guests.cache import cached, digest
from tests.guests.mirror import Mirror, host_mirror

EXTRAS = "var/lib/extra-packages"
"""Where the tree keeps, by recipe, the packages that only one recipe installs."""

_PACKAGES = (
    "busybox",
    "ca-certificates",
    "dbus",
    "e2fsprogs",
    "ifupdown",
    "initramfs-tools",
    "isc-dhcp-client",
    "kmod",
    "libpam-systemd",
    "linux-image-amd64",
    "netbase",
    "openssh-server",
    "sudo",
    "systemd",
    "systemd-sysv",
    "systemd-timesyncd",
    "udev",
    "zstd",
)

# The client that Debian's installer takes since 13, in place of ISC's.
PACKAGES_WITH_DHCPCD = tuple(
    "dhcpcd-base" if name == "isc-dhcp-client" else name for name in _PACKAGES
)

_EFI = ("grub-efi-amd64", "grub-efi-amd64-signed", "shim-signed")

_EXTRA_PACKAGES = {
    "bios": ("grub-pc", "open-vm-tools"),
    "uefi": (*_EFI, "qemu-guest-agent"),
    "lvm": (*_EFI, "lvm2", "xfsprogs"),
    "btrfs": (*_EFI, "btrfs-progs"),
    "dracut": (*_EFI, "dracut"),
    "sdboot": ("systemd-boot",),
}

# Nothing that a server boots with: it halves the tree and each rebuild of an initramfs.
_EXCLUDED = (
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
    "/lib/modules/*/kernel/drivers/gpu/drm/amd/*",
    "/lib/modules/*/kernel/drivers/gpu/drm/i915/*",
    "/lib/modules/*/kernel/drivers/gpu/drm/nouveau/*",
    "/lib/modules/*/kernel/drivers/gpu/drm/radeon/*",
    "/lib/modules/*/kernel/drivers/iio/*",
    "/lib/modules/*/kernel/drivers/media/*",
    "/lib/modules/*/kernel/drivers/net/wireless/*",
    "/lib/modules/*/kernel/drivers/staging/*",
    "/lib/modules/*/kernel/sound/*",
)

# locale-gen hands this to localedef, which fails without it (it is all of the folder that programs
# read); cloud-init sets a locale at the first boot.
_KEPT = ("/usr/share/locale/locale.alias",)


@dataclass(frozen=True, kw_only=True)
class Base:
    """What goes into the tree."""

    suite: str = "bookworm"
    packages: tuple[str, ...] = _PACKAGES
    extras: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(_EXTRA_PACKAGES))
    excluded: tuple[str, ...] = _EXCLUDED

    @property
    def key(self) -> str:
        """Names the tree by all that decides what is in it."""
        return digest(*self._argv(Path("base.tar"), Mirror(sources=())))

    def tar(self) -> Path:
        """The tree as a cached tar, owners and extended attributes included."""
        return cached(f"base-{self.suite}", self.key, ".tar", self._build)

    def _build(self, out: Path, _work: Path) -> None:
        mirror = host_mirror(self.suite)
        # The initramfs is made later, once, by the recipe: its hook obeys this variable.
        environment = {**os.environ, "INITRD": "No"}
        run = subprocess.run(
            self._argv(out, mirror),
            check=False,
            capture_output=True,
            text=True,
            input="".join(f"{line}\n" for line in mirror.sources),
            env=environment,
            timeout=1800,
        )
        if run.returncode:
            raise RuntimeError(f"mmdebstrap failed:\n{run.stderr[-4000:]}")

    def _argv(self, out: Path, mirror: Mirror) -> list[str]:
        return [
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            # Keep the logs: a machine that was really installed has them.
            "--skip=cleanup/reproducible",
            f"--include={','.join(self.packages)}",
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in self.excluded),
            *(f"--dpkgopt=path-include={pattern}" for pattern in _KEPT),
            *(f"--aptopt={line}" for line in mirror.options),
            *(f"--customize-hook={line}" for line in self._hooks()),
            self.suite,
            str(out),
            "-",
        ]

    def _hooks(self) -> list[str]:
        """Fetch what single recipes install later, without a network."""
        fetch = "apt-get --yes --quiet --no-install-recommends --download-only"
        hooks = []
        for recipe, packages in self.extras.items():
            archives = f"/{EXTRAS}/{recipe}"
            option = f"--option Dir::Cache::archives={archives}"
            hooks += [
                f'mkdir -p "$1{archives}/partial"',
                f'chroot "$1" {fetch} {option} install {" ".join(packages)}',
            ]
        return hooks
