"""What puts swap on Azure's temporary disk when cloud-init looks after that disk.

The article gives cloud-init a partition layout for the disk. cloud-init's Azure data source has a
layout of its own, and what a data source says outranks files in cloud.cfg.d (cloudinit/helpers.py,
ConfigMerger: environment, instance, data source, base), so the article's file is ignored unless
CLOUD_CFG is set, which in turn outranks every user's custom data. Here cloud-init keeps its layout
and mounts the disk, and a service makes a swap file on it at each boot: the disk is wiped whenever
a machine is deallocated.
"""

from __future__ import annotations

from bootworthy.model.steps import EnableUnits, WriteFile
from bootworthy.rules.agent.settings import RESOURCE_MOUNT, SWAP_MIB

UNIT = "azure-resource-swap.service"
SWAP_FILE = f"{RESOURCE_MOUNT}/swapfile"

MOUNT = WriteFile(
    path="/etc/cloud/cloud.cfg.d/10-azure_resource_disk.cfg",
    text=f"""\
# Azure's temporary disk; what is on it is lost when the machine is deallocated.
# Custom data may say otherwise.
mounts:
  - [ ephemeral0, {RESOURCE_MOUNT} ]
""",
)

PROGRAM = WriteFile(
    path="/usr/local/sbin/azure-resource-swap",
    mode=0o755,
    text=f"""\
#!/bin/sh
# Swap on Azure's temporary disk: {SWAP_MIB} MiB, or half of what is free when that is less.
set -eu
disk={RESOURCE_MOUNT}
file={SWAP_FILE}
if grep -q "^$file " /proc/swaps; then exit 0; fi
free=$(df --output=avail --block-size=1M "$disk" | tail -n 1)
size={SWAP_MIB}
if [ "$size" -gt $((free / 2)) ]; then size=$((free / 2)); fi
if [ "$size" -lt 64 ]; then
    echo "too little room on $disk for swap: $free MiB free"
    exit 0
fi
rm -f "$file"
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
ConditionPathIsMountPoint={RESOURCE_MOUNT}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={PROGRAM.path}
ExecStop=/sbin/swapoff {SWAP_FILE}

[Install]
WantedBy=multi-user.target
""",
)

# cloud-init still formats the disk, and the agent mounts it: two mounts would be one too many.
NO_MOUNT = WriteFile(
    path=MOUNT.path,
    text="""\
# The Azure Linux agent mounts the temporary disk and swaps on it.
mounts:
  - [ ephemeral0, null ]
""",
)

STEPS = (MOUNT, PROGRAM, SERVICE, EnableUnits(units=(UNIT,)))
