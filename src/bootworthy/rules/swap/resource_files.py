"""What puts swap on Azure's temporary disk when cloud-init looks after that disk.

The article gives cloud-init a partition layout for the disk. cloud-init's Azure data source has a
layout of its own, and what a data source says outranks files in cloud.cfg.d (cloudinit/helpers.py,
ConfigMerger: environment, instance, data source, base), so the article's file is ignored unless
CLOUD_CFG is set, which in turn outranks every user's custom data.

Here cloud-init partitions and formats the disk in its own way, and a service mounts it and makes a
swap file on it at each boot: the disk is wiped whenever a machine is deallocated. cloud-init itself
does not mount it: ``mounts: [[ephemeral0, DIRECTORY]]`` writes a line to fstab also on the many
machine sizes without such a disk (cc_mounts.py keeps names that lead to no device), whose mount
then fails at every boot; and by its default it would hide what the image has in /mnt.
"""

from __future__ import annotations

from bootworthy.model.steps import EnableUnits, WriteFile
from bootworthy.rules.agent.settings import RESOURCE_MOUNT, SWAP_MIB

UNIT = "azure-resource-swap.service"

# Made by cloud-init's 66-azure-ephemeral.rules.
DEVICE = "/dev/disk/cloud/azure_resource-part1"

# An entry without a mount point takes the default one away (cc_mounts.py, MODULE_DESCRIPTION).
MOUNT = WriteFile(
    path="/etc/cloud/cloud.cfg.d/10-azure_resource_disk.cfg",
    text=f"""\
# cloud-init formats Azure's temporary disk and does not mount it: that is done at
# {RESOURCE_MOUNT} by the agent or by {UNIT}. Custom data may say otherwise.
mounts:
  - [ ephemeral0 ]
""",
)

PROGRAM = WriteFile(
    path="/usr/local/sbin/azure-resource-swap",
    mode=0o755,
    text=f"""\
#!/bin/sh
# Mount Azure's temporary disk, unless it is, and swap on it: {SWAP_MIB} MiB, or half of
# what is free when that is less.
set -eu
device=$(readlink -f {DEVICE})
disk=$(findmnt --noheadings --first-only --output TARGET --source "$device" || true)
if [ -z "$disk" ]; then
    disk={RESOURCE_MOUNT}
    mkdir -p "$disk"
    mount "$device" "$disk"
fi
warning=$disk/DATALOSS_WARNING_README.txt
if [ ! -e "$warning" ]; then
    echo "What is on this disk is lost when the machine is deallocated or moved." > "$warning"
fi

file=$disk/swapfile
if grep -q "^$file " /proc/swaps; then exit 0; fi
# It is still there when the machine was merely restarted.
if [ -f "$file" ] && swapon "$file" 2> /dev/null; then exit 0; fi
rm -f "$file"
free=$(($(df --output=avail --block-size=1M "$disk" | tail -n 1)))
size={SWAP_MIB}
if [ "$size" -gt $((free / 2)) ]; then size=$((free / 2)); fi
if [ "$size" -lt 64 ]; then
    echo "too little room on $disk for swap: $free MiB free"
    exit 0
fi
(umask 077; dd if=/dev/zero of="$file" bs=1M count="$size" status=none)
mkswap "$file"
swapon "$file"
""",
)

SERVICE = WriteFile(
    path=f"/etc/systemd/system/{UNIT}",
    text=f"""\
[Unit]
Description=Swap on Azure's temporary disk
After=cloud-init.service cloud-init-network.service cloud-config.service
ConditionPathExists={DEVICE}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={PROGRAM.path}

[Install]
WantedBy=multi-user.target
""",
)

STEPS = (MOUNT, PROGRAM, SERVICE, EnableUnits(units=(UNIT,)))
