"""Images that fail their first boot, each broken in one way, and the rule that explains it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.boot import mutations
from tests.boot.mutations import in_root


@dataclass(frozen=True, kw_only=True)
class Failure:
    """``guest`` is broken by ``mutate``; ``code`` is all that a rehearsal names.

    ``missed`` is the first milestone that it does not reach, None where that depends on the
    machine's speed.
    """

    name: str
    code: str
    missed: str | None
    mutate: Callable[[Path], None]
    guest: str = "bios"


def _failure(
    name: str, code: str, missed: str | None, *script: str, guest: str = "bios"
) -> Failure:
    """A guest that boots by BIOS, broken by lines of shell that run in its root directory."""
    return Failure(
        name=name,
        code=code,
        missed=missed,
        mutate=lambda image: in_root(image, "\n".join(script)),
        guest=guest,
    )


_GRUB = "boot/grub/grub.cfg"

# The agent alone, as `prepare --provisioning agent` configures it.
_AGENT_ONLY = """
chroot . dpkg --purge --force-depends cloud-init
rm -rf etc/cloud var/lib/cloud
sed -i 's/^Provisioning.Agent=.*/Provisioning.Agent=waagent/' etc/waagent.conf
"""

# Steps 7.2 of Microsoft's article, on lists that are indented as cloud-init has them since 23.3.
_ARTICLE_SED = r"""
sed -i 's/^ - \([a-z]\)/  - \1/' etc/cloud/cloud.cfg
sed -i '/ - mounts/d' etc/cloud/cloud.cfg
sed -i '/ - disk_setup/d' etc/cloud/cloud.cfg
sed -i '/cloud_init_modules/a\\ - mounts' etc/cloud/cloud.cfg
sed -i '/cloud_init_modules/a\\ - disk_setup' etc/cloud/cloud.cfg
"""

# Without the modules of any disk that QEMU or Azure has.
_STRIP_INITRAMFS = """
kernel=$(ls boot/vmlinuz-* | sed 's/.*vmlinuz-//')
chroot . sh -eu -c "
  unmkinitramfs /boot/initrd.img-$kernel /tmp/unpacked
  cd /tmp/unpacked
  [ ! -d main ] || cd main
  find . -name '*.ko*' | grep -E 'ata|ahci|scsi|virtio_blk|nvme|hv_storvsc' | xargs rm -f
  find . | cpio --quiet -o -H newc | gzip -1 >/boot/initrd.img-$kernel
  rm -r /tmp/unpacked
"
"""

_STATIC = """
cat >etc/network/interfaces <<END
auto lo
iface lo inet loopback
auto eth0
iface eth0 inet static
    address 192.168.7.20/24
    gateway 192.168.7.1
END
"""

# Neither the agent makes any, nor the unit that `prepare` adds.
_NO_HOST_KEYS = """
sed -i 's/^Provisioning.RegenerateSshHostKeyPair=.*/Provisioning.RegenerateSshHostKeyPair=n/' \\
  etc/waagent.conf
rm -f etc/systemd/system/ssh-host-keys.service \\
  etc/systemd/system/*.wants/ssh-host-keys.service etc/ssh/ssh_host_*
"""

_PROVISIONED_BY_NOBODY = """
sed -i 's/^Provisioning.Agent=.*/Provisioning.Agent=cloud-init/' etc/waagent.conf
"""

# Blocks too small for the first are left to the second.
_FILL = """
dd if=/dev/zero of=var/filler bs=1M status=none 2>/dev/null || :
dd if=/dev/zero of=var/filler2 bs=4k status=none 2>/dev/null || :
"""

FAILURES = (
    _failure(
        "no-serial-console",
        "CMD-02",
        "serial",
        f"sed -i 's/ console=ttyS0//; s/ earlyprintk=ttyS0//' {_GRUB}",
    ),
    _failure("initramfs-without-driver", "INIT-01", "initramfs", _STRIP_INITRAMFS),
    _failure(
        "fstab-missing-device",
        "PART-12",
        "dhcp",
        "echo 'UUID=6f6e6500-0000-4000-8000-000000000000 /srv ext4 defaults 0 2' >>etc/fstab",
    ),
    Failure(
        name="no-removable-loader",
        code="PART-04",
        missed="boot-loader",
        mutate=lambda image: mutations.remove_loader(image, mutations.ESP_OFFSET),
        guest="uefi",
    ),
    _failure(
        "udf-blacklisted",
        "KERN-04",
        "data-source",
        _AGENT_ONLY,
        "echo 'install udf /bin/true' >etc/modprobe.d/CIS.conf",
    ),
    _failure("static-network", "NET-01", "login", _STATIC),
    _failure("cloud-init-disabled", "CI-03", "data-source", "touch etc/cloud/cloud-init.disabled"),
    _failure(
        "other-data-source",
        "CI-04",
        "data-source",
        "echo 'datasource_list: [ NoCloud ]' >etc/cloud/cloud.cfg.d/95_datasource.cfg",
    ),
    _failure("modules-broken-by-the-article", "CI-07", "login", _ARTICLE_SED),
    _failure("no-host-keys", "SEC-02", None, _AGENT_ONLY, _NO_HOST_KEYS),
    _failure(
        "shell-instead-of-init",
        "CMD-16",
        "initramfs",
        f"sed -i '/^\\s*linux/s,$, init=/bin/sh,' {_GRUB}",
    ),
    _failure("no-initramfs", "KERN-19", "initramfs", f"sed -i '/^\\s*initrd/d' {_GRUB}"),
    _failure(
        "kernel-panic", "BT-07", "initramfs", "printf '#!/bin/false\\n' >usr/lib/systemd/systemd"
    ),
    _failure("waits-for-cloud-init", "AGT-09", "data-source", _AGENT_ONLY, _PROVISIONED_BY_NOBODY),
    _failure(
        "not-deprovisioned",
        "AGT-19",
        "login",
        _AGENT_ONLY,
        "echo 5c2dd4b2-7e0c-4d2b-8a55-4b8f4f0c1a11 >var/lib/waagent/provisioned",
    ),
    # Debian 11 ships such an agent; where cloud-init provisions, it does its other work.
    _failure("agent-too-old-for-python", "AGT-26", "ready", _AGENT_ONLY, guest="debian11-bios"),
    _failure("root-full", "BT-18", "data-source", _FILL),
    _failure(
        "login-refused",
        "SEC-23",
        "login",
        "echo 'AllowUsers root' >etc/ssh/sshd_config.d/50-hardening.conf",
    ),
)

BY_NAME = {failure.name: failure for failure in FAILURES}
