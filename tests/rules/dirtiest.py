"""Guests in which each rule finds something: between them they spoil all there is to spoil."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from bootworthy.disk import footer
from bootworthy.disk.image import Image
from bootworthy.model.intent import Architecture, Generation, Intent, OsState, ResourceSwap
from bootworthy.rules.security import host_keys
from bootworthy.rules.subject import Subject
from bootworthy.rules.swap import resource_files
from tests.disk.making import MIB, patch
from tests.guest.engines.disks import Part
from tests.guest.memory import Dir, File, Link
from tests.rules import disks
from tests.rules.healthy import (
    ARGUMENTS,
    ARM64,
    GRUB_CFG,
    INITRAMFS,
    LOADABLE,
    RELEASE,
    ROOT_UUID,
    dpkg_status,
    efi_program,
    elf,
    grub_cfg,
    healthy,
    initramfs,
    kernel,
    unit,
    without,
)
from tests.rules.making import Entry, subject

Changes = dict[str, Entry | None]

_SWAP_FILE = bytes(4096 - 10) + b"SWAPSPACE2"

LEFT_BEHIND: Changes = {
    "/etc/hostname": "web01.example.org\n",
    "/etc/machine-id": "5a1f7c9be3d84c0f9e6b2d4a7c8e1f03\n",
    "/var/lib/dbus/machine-id": "5a1f7c9be3d84c0f9e6b2d4a7c8e1f03\n",
    "/etc/resolv.conf": "nameserver 10.20.30.2\n",
    "/etc/ssh/ssh_host_rsa_key": "key",
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n"
        "guest:x:1001:1001::/home/guest:/bin/sh\n"
    ),
    "/etc/shadow": "root:$6$a$b:19000:0:99999:7:::\nalice:$6$a$b:19000::::::\nguest::19000::::::\n",
    "/etc/passwd-": "root:x:0:0:root:/root:/bin/bash\n",
    "/root/.bash_history": "ls\n",
    "/root/.ssh/authorized_keys": "ssh-rsa AAAA root@old\n",
    "/home/alice/.bash_history": "ls\n",
    "/home/alice/.ssh/id_rsa": "key",
    "/var/lib/systemd/random-seed": "seed",
    "/var/lib/dhcp/dhclient.eth0.leases": "lease {}\n",
    "/var/log/syslog": "something happened\n",
    "/var/log/syslog.1": "something happened\n",
    "/var/log/waagent.log": "something happened\n",
    "/var/cache/apt/archives/bash_5.2-1_amd64.deb": "deb",
    "/tmp/upload.part": "x",  # noqa: S108 - the guest's
    "/var/lib/waagent/provisioned": "",
    "/var/lib/cloud/instance/obj.pkl": "x",
    "/var/lib/cloud/instances/i-1/obj.pkl": "x",
    "/etc/cloud/cloud.cfg.d/99-installer.cfg": "datasource_list: [ None ]\n",
    "/etc/default/locale": None,
    "/mnt/resource/swapfile": _SWAP_FILE,
    "/mnt/resource/data.db": "x",
    "/swapfile": _SWAP_FILE,
    "/etc/blkid.tab": "<device>/dev/sda1</device>\n",
    "/etc/adjtime": "0.5 1700000000 0\n1700000000\nUTC\n",
    "/etc/ssl/private/ssl-cert-snakeoil.key": "key",
}
"""What a machine that was in use leaves."""

_BAD_MENU = grub_cfg(
    RELEASE,
    "2.6.32-431.el6.x86_64",
    arguments="quiet splash crashkernel=auto rootdelay=300 console=tty0 single resume=/dev/sda5 "
    "cloud-init=disabled module_blacklist=nouveau,hv_storvsc",
).replace("root=UUID=", "root=/dev/vda9?", 1)

SPOILT: Changes = {
    **LEFT_BEHIND,
    "/etc/os-release": 'ID=debian\nVERSION_ID="10"\n',
    "/var/lib/dpkg/status": File(dpkg_status("bash"), mtime=1_600_000_000),
    GRUB_CFG: _BAD_MENU.replace("?", " old="),
    **kernel("2.6.32-431.el6.x86_64", loadable=("kernel/fs/btrfs/btrfs",), early=()),
    INITRAMFS: initramfs(
        ("nvme",),
        files={
            "etc/modprobe.d/hard.conf": "blacklist hv_vmbus\nblacklist hv_storvsc\n",
            "conf/conf.d/resume": "RESUME=/dev/sda5\n",
        },
    ),
    "/etc/modprobe.d/hard.conf": "install vfat /bin/true\ninstall udf /bin/true\n",
    "/etc/initramfs-tools/modules": None,
    "/etc/initramfs-tools/initramfs.conf": "MODULES=dep\n",
    "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/sda5\n",
    "/etc/default/grub.d/40-force-partuuid.cfg": "GRUB_FORCE_PARTUUID=0a1d5a52-7a0e\n",
    "/etc/default/grub.d/90-azure.cfg": 'GRUB_CMDLINE_LINUX="panic=1"\n',
    "/etc/fstab": (
        "/dev/vda3 / ext4 defaults 0 1\nLABEL=data /data ext4 defaults 0 2\n"
        "server:/export /mnt/nfs nfs defaults 0 0\n/dev/vdb1 /more\n"
        "/dev/sda4 none swap sw 0 0\n/swapfile none swap sw 0 0\n"
    ),
    "/etc/network/interfaces": (
        "auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet static\n"
        "\taddress 10.20.30.41/24\n\thwaddress ether 00:50:56:9c:3e:71\n"
    ),
    "/etc/udev/rules.d/70-persistent-net.rules": (
        'SUBSYSTEM=="net", ATTR{address}=="00:50:56:9c:3e:71", NAME="eth0"\n'
    ),
    "/etc/systemd/system/multi-user.target.wants/ssh.service": None,
    "/usr/lib/systemd/system/gdm.service": "[Service]\nExecStart=/usr/sbin/gdm\n",
    "/etc/systemd/system/display-manager.service": Link("/usr/lib/systemd/system/gdm.service"),
    "/etc/systemd/system/default.target": Link("/usr/lib/systemd/system/graphical.target"),
    "/etc/systemd/system.conf": "[Manager]\nDefaultEnvironment=CLOUD_CFG=/etc/cloud/mine.cfg\n",
    host_keys.UNIT_PATH: None,
}
"""A machine whose configuration is wrong as well."""

_PACKAGES = "/usr/lib/python3/dist-packages"

BOTCHED: Changes = {
    **SPOILT,
    "/usr/bin/python3": None,
    "/usr/bin/python3.11": None,
    f"{_PACKAGES}/azurelinuxagent/common/version.py": "AGENT_VERSION = '2.2.45'\n",
    f"{_PACKAGES}/distro": None,
    "/etc/waagent.conf": (
        "Provisioning.Agent=waagent\nResourceDisk.Format=y\nResourceDisk.EnableSwap=y\n"
        "AutoUpdate.Enabled=n\n"
    ),
    "/etc/systemd/system/multi-user.target.wants/walinuxagent.service": None,
    "/etc/systemd/system/multi-user.target.wants/hv-kvp-daemon.service": None,
    "/etc/systemd/system/cloud-init.target.wants/cloud-final.service": None,
    "/etc/cloud/cloud-init.disabled": "",
    "/etc/cloud/cloud.cfg": (
        "cloud_init_modules: [ssh, users-groups]\ncloud_config_modules: [mounts]\n"
    ),
    "/etc/cloud/cloud.cfg.d/05_logging.cfg": "output: [\n",
    "/etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [ NoCloud, Ec2 ]\n",
    "/etc/cloud/cloud.cfg.d/91-azure_datasource.cfg": (
        "datasource:\n  Azure:\n    apply_network_confg: False\n"
    ),
    resource_files.PROGRAM.path: None,
}
"""A machine on which cloud-init and the agent are set up wrongly."""

BARE: Changes = {
    **SPOILT,
    "/usr/bin/cloud-init": None,
    "/etc/cloud": None,
    "/usr/sbin/waagent": None,
    "/etc/waagent.conf": None,
    "/usr/sbin/sshd": None,
    "/usr/bin/growpart": None,
    "/usr/sbin/sgdisk": None,
    "/usr/sbin/hv_kvp_daemon": None,
    INITRAMFS: b"junk",
}
"""A machine that was never meant for a cloud."""

BESIDE: Changes = {
    "/etc/cloud/cloud.cfg.d/92-azure_network.cfg": None,
    "/usr/bin/dash": elf(ARM64),
    "/etc/default/grub.d/90-azure.cfg": 'GRUB_CMDLINE_LINUX="panic=1"\n',
}
"""What does not go with the others: Arm64, two network managers, a menu that was not refreshed."""

OLD: Changes = {
    "/etc/os-release": 'ID="centos"\nVERSION_ID="6.10"\n',
    "/usr/lib/modules": None,
    **kernel("2.6.32-431.el6.x86_64", loadable=()),
    GRUB_CFG: grub_cfg("2.6.32-431.el6.x86_64"),
    "/var/lib/dpkg/status": dpkg_status("NetworkManager"),
    **unit("sshd.service"),
}
"""A machine of release 6."""

_ENTRY = f"""\
title T
version {RELEASE}
linux /vmlinuz-{RELEASE}
initrd /gone
options root=/dev/mapper/rl-root ro fips=1 acpi=off libata.atapi_enabled=0
"""

MIGRATED: Changes = {
    "/etc/os-release": 'ID="rocky"\nVERSION_ID="9.4"\n',
    "/var/lib/dpkg/status": dpkg_status("open-vm-tools", "google-guest-agent"),
    "/usr/sbin/update-initramfs": None,
    "/usr/bin/dracut": "#!/bin/bash\n",
    "/etc/dracut.conf": 'hostonly="yes"\n',
    **kernel(RELEASE, loadable=without("mana")),
    INITRAMFS: initramfs(),
    GRUB_CFG: "blscfg\n",
    f"/boot/loader/entries/m-{RELEASE}.conf": _ENTRY,
    "/etc/kernel/cmdline": "root=/dev/mapper/rl-root ro rhgb quiet\n",
    "/etc/default/grub": "GRUB_TIMEOUT=-1\n",
    "/etc/fstab": (
        "/dev/mapper/rl-root / ext4 defaults 0 1\n"
        "UUID=b /boot ext4 defaults 0 2\nUUID=v /var ext4 noexec 0 2\n"
        "/dev/disk/cloud/azure_resource-part1 /mnt auto defaults,nofail,comment=cloudconfig 0 2\n"
    ),
    "/etc/crypttab": "data UUID=1 none luks\n",
    "/etc/lvm/devices/system.devices": "VERSION=1.1.2\n",
    "/etc/chef/client.pem": "x",
    "/var/lib/chrony/drift": "x",
    "/var/lib/sss/db/cache.ldb": "x",
    "/etc/yum.repos.d/satellite.repo": "baseurl=https://10.2.3.4/pulp\n",
    **unit("initial-setup.service"),
    **unit("corosync.service"),
    "/usr/lib/systemd/system/serial-getty@.service": (
        "[Service]\nExecStart=-/sbin/agetty %I\n[Install]\nWantedBy=getty.target\n"
    ),
    "/etc/systemd/system/serial-getty@ttyS0.service": Link("/dev/null"),
    "/etc/sysconfig/network/dhcp": 'DHCLIENT_SET_HOSTNAME="yes"\n',
    "/etc/sudoers.d/suse": "Defaults targetpw\n",
    "/etc/ssh": Dir(0o777),
    "/usr/bin/bash": None,
    "/etc/environment": "http_proxy=http://10.0.0.1:3128\n",
    "/etc/network/interfaces": None,
    **unit("NetworkManager.service"),
    "/usr/lib/NetworkManager/conf.d/00-server.conf": "[main]\nno-auto-default=*\n",
    "/usr/sbin/dhclient": None,
    "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\n",
    "/etc/ssh/sshd_config.d/50-hardening.conf": "AllowGroups cluster-users\n",
    "/usr/bin/sudo": None,
    "/etc/sudoers": File("root ALL=(ALL:ALL) ALL\n", mode=0o666),
    "/etc/waagent.conf": (
        "Provisioning.Agent=cloud-init\nExtensions.Enabled=n\nHttpProxy.Host=10.0.0.1\n"
    ),
    "/etc/cloud/cloud.cfg.d/10-keys.cfg": "ssh_genkeytypes: [ed25519]\n",
    "/etc/chrony.conf": "server 10.0.0.1\n",
    **unit("sshd.service"),
    **unit("chronyd.service"),
    **unit("systemd-timesyncd.service"),
    "/var/lib/NetworkManager/secret_key": "key",
    "/var/crash/vmcore": "x",
    "/var/mail/alice": "x",
    "/etc/pki/consumer/cert.pem": "x",
    "/root/anaconda-ks.cfg": "x",
    "/var/lib/hyperv/.kvp_pool_0": "x",
    "/etc/iscsi/initiatorname.iscsi": "x",
    "/var/lib/kubelet/pki/kubelet.crt": "x",
}
"""A machine with entries in files of their own, moved from a cluster with a network of its own."""

_AWS, _UEK = "6.8.0-1018-aws", "2.6.39-400.215.10.el6uek.x86_64"

ODD_KERNELS: Changes = {
    **kernel(_AWS, config="CONFIG_SERIAL_8250=m\n"),
    **kernel(_UEK),
    GRUB_CFG: grub_cfg(_AWS, _UEK).replace(f"\tinitrd\t/boot/initrd.img-{_AWS}\n", ""),
}
"""Kernels for other platforms, one of which gets no initramfs."""

OTHER: Changes = {
    "/etc/waagent.conf": None,
    "/usr/bin/dash": elf(21),
    "/usr/lib/udev/rules.d/66-azure-storage.rules": None,
    "/usr/lib/python3.11/crypt.py": None,
    "/etc/cloud/cloud-init.disabled": "",
    f"{_PACKAGES}/azurelinuxagent/common/osutil/default.py": "buff.tostring()\n",
    f"/usr/lib/modules/{RELEASE}/modules.dep": None,
    "/etc/ssh/sshd_config": "Port 22\n",
    "/etc/NetworkManager/conf.d/x.conf": "[main]\nno-auto-default=*\n",
    **unit("NetworkManager.service"),
}
"""A machine for another processor, without an index of its modules."""

_SELINUX = "/etc/selinux/targeted/contexts/files/file_contexts"

ODD: Changes = {
    **kernel(
        loadable=(*LOADABLE, "extra/nvidia"), config="CONFIG_SERIAL_8250=y\nCONFIG_RD_ZSTD=y\n"
    ),
    GRUB_CFG: grub_cfg(
        arguments=f"{ARGUMENTS} rd.lvm.lv=rl/root rootflags=subvol=@old selinux=0 "
        "netroot=iscsi:10.0.0.5::::iqn.2001-04.com.example:root ignition.platform.id=qemu"
    ),
    INITRAMFS: initramfs(files={"lib/dracut/build-parameter.txt": ""}),
    "/etc/fstab": (
        f"UUID={ROOT_UUID} / btrfs ro,subvol=@new 0 0\n"
        "/dev/mapper/rl-usr /usr ext4 defaults 0 2\n"
        "UUID=1-2 /data vfat nofail,x-systemd.requires=gone.service 0 0\n"
    ),
    "/etc/sysconfig/kernel": "UPDATEDEFAULT=no\nDEFAULTKERNEL=kernel-core\n",
    "/usr/lib/udev/rules.d/80-azure-disk.rules": "",
    "/etc/default/grub": "GRUB_TIMEOUT=5\nGRUB_TERMINAL=gfxterm\n",
    "/etc/selinux/config": "SELINUX=permissive\nSELINUXTYPE=targeted\n",
    _SELINUX: "/.* system_u:object_r:default_t:s0\n",
    "/etc/sysconfig/network-scripts/ifup": "",
    "/etc/sysconfig/network": "NETWORKING=no\n",
    "/etc/dhcp/dhclient.conf": "timeout 60;\n",
    "/etc/hosts.deny": "ALL: ALL\n",
    "/etc/network/interfaces": (
        "auto lo eth1\niface lo inet loopback\nallow-hotplug eth0\niface eth0 inet dhcp\n"
        "iface eth1 inet dhcp\n"
    ),
    "/var/lib/dpkg/status": dpkg_status("omi"),
    "/usr/bin/openssl": None,
    **unit("azure-init.service"),
    "/etc/cloud/cloud.cfg.d/20-name.cfg": "preserve_hostname: true\n",
    "/etc/cloud/ds-identify.cfg": "datasource: Ec2\n",
    "/etc/growroot-disabled": "",
    "/usr/lib/python3/dist-packages/requests": None,
    "/usr/lib/systemd/system/sshd-keygen@.service": "[Service]\nExecStart=/bin/true\n",
    "/etc/sysctl.d/10-memory.conf": "vm.swappiness = 0\n",
}
"""A machine from a network boot farm, with settings that few have."""

OpenImage = Callable[[Path], Image]

_ALL_USERS = Intent(remove_all_users=True)


def subjects(directory: Path, opened: OpenImage) -> list[Subject]:
    """All of them, on disks that are no better."""
    by_agent = Intent(resource_swap=ResourceSwap.AGENT, remove_users=("alice",))
    moved = Intent(os_state=OsState.SPECIALIZED, generation=Generation.BIOS)
    gpt, mbr, odd, vhd = (opened(path) for path in _disks(directory))
    return [
        _on(gpt, BOTCHED, _ALL_USERS),
        _on(gpt, BOTCHED, by_agent),
        _on(vhd, BARE, Intent(generation=Generation.UEFI)),
        _on(mbr, SPOILT, moved),
        _on(mbr, {}, moved),
        subject(healthy(BESIDE)),
        subject(healthy(OLD)),
        subject(healthy({**LEFT_BEHIND, "/boot": None})),
        subject(
            healthy(MIGRATED),
            esp={"/EFI/BOOT/BOOTX64.EFI": efi_program()},
            intent=Intent(
                generation=Generation.UEFI,
                architecture=Architecture.ARM64,
                trusted_launch=True,
                nvme=True,
            ),
        ),
        subject(healthy(OTHER)),
        subject(healthy(ODD_KERNELS)),
        subject(healthy(kernel(loadable=without("pci-hyperv"))), intent=Intent(nvme=True)),
        _on(odd, {}, Intent(generation=Generation.BIOS)),
        subject(
            healthy(ODD),
            esp={
                "/EFI/BOOT/BOOTX64.EFI": efi_program(0x8664, b".vendor_cert") + b"iPXE initialising"
            },
            intent=Intent(generation=Generation.UEFI, trusted_launch=True),
        ),
    ]


def _on(image: Image, changes: Changes, intent: Intent) -> Subject:
    esp: dict[str, Entry] = {"/EFI/debian/grubx64.efi": efi_program()}
    files = healthy(changes)
    return subject(files, image=image, esp=esp, intent=intent, root_partition=disks.ROOT_NUMBER)


def _disks(directory: Path) -> tuple[Path, ...]:
    """A GPT that was grown, MBRs without a boot loader and with a long one, a footer that lies."""
    home = Part(kind="ext4", size=2 * MIB)
    volume = Part(kind="none", size=MIB)
    windows = Part(kind="none", size=MIB, type_id="DE94BBA4-06D1-4D40-A16A-BFD50179D6AC")
    parts = (*disks.PARTS, disks.SWAP, home, volume, volume, windows)
    gpt = disks.disk(directory / "my disk", parts)
    disks.make_swap(gpt, 24 * MIB, 2 * MIB)
    patch(gpt, 6 * MIB + 1024 + 0x3A, b"\0\0")
    patch(gpt, 6 * MIB + 1024 + 0xC, bytes(4))
    disks.make_physical_volume(gpt, 28 * MIB)
    disks.make_raid_member(gpt, 29 * MIB)
    patch(gpt, 29 * MIB + 92, b"\2")
    with gpt.open("ab") as file:
        file.write(bytes(MIB + 512))
    mbr = disks.mbr_disk(directory / "mbr", grub=0)
    odd = disks.mbr_disk(directory / "odd")
    # GRUB's list of blocks, and a partition that begins where they did in the days of cylinders.
    patch(odd, 1024 - 12, struct.pack("<QHH", 2, 200, 0x820))
    patch(odd, 446 + 8, struct.pack("<I", 63))
    return gpt, mbr, odd, _false_vhd(directory / "my disk.vhd")


def _false_vhd(path: Path) -> Path:
    small = (Part(kind="none", size=4 * MIB),)
    disks.vhd(path, small, grub=0)
    whole = bytearray(path.read_bytes()[-512:])
    whole[28:32] = b"vpc "
    whole[84] = 1
    whole[64:68] = footer.checksum_of(bytes(whole)).to_bytes(4, "big")
    patch(path, path.stat().st_size - 512, bytes(whole))
    return path
