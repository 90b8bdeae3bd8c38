"""What the booted guest is asked over SSH, and how its answers are read."""

from __future__ import annotations

from collections.abc import Mapping

from bootworthy.rehearsal import hardware

MARKER = "/run/bootworthy-rehearsal"
"""The file that the custom data leaves, when the rehearsal gives its own."""

WORD = "custom-data-ran"

CUSTOM_DATA = f"#!/bin/sh\necho {WORD} >{MARKER}\n".encode()

MEDIUM_MARK = "KmsServerHostname"
"""In the copy of the medium's ovf-env.xml, and not in the one that cloud-init makes up from the
metadata service when it finds no medium (sources/helpers/azure.py, build_minimal_ovf)."""

SETTLING = 150
"""Seconds that a guest may take from the login to the end of its boot, when emulated."""

# One round trip: each login costs an emulated processor seconds. Nothing here changes the guest.
QUESTIONS = rf"""
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
exec 2>/dev/null
say() {{ printf '%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')"; }}
say state "$(timeout {SETTLING} systemctl is-system-running --wait)"
say failed "$(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1)"
say host "$(uname -n)"
say user "$(id -un)"
say sudo "$(sudo -n id -u)"
say machine_id "$(cat /etc/machine-id)"
say boot_id "$(cat /proc/sys/kernel/random/boot_id)"
for key in /etc/ssh/ssh_host_*_key.pub; do say "key:$key" "$(cut -d' ' -f1,2 "$key")"; done
say clock "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
say swap "$(sed 1d /proc/swaps)"
say medium "$(sudo -n grep -l {MEDIUM_MARK} /var/lib/waagent/ovf-env.xml)"
say custom "$(cat {MARKER})"
say instances "$(ls /var/lib/cloud/instances)"
device=$(readlink -f "$(findmnt -no SOURCE /)")
part=/sys/class/block/${{device##*/}}
say root_device "$device"
if [ -e "$part/start" ]; then
  say root_gap "$(($(cat "$part/../size") - $(cat "$part/start") - $(cat "$part/size")))"
  say root_sectors "$(cat "$part/size")"
fi
say root_size "$(df -B512 --output=size / | tail -n1)"
where() {{ findmnt -rno SOURCE,TARGET,FSTYPE "$1"; }}
say resource "$(where /mnt/resource || where /mnt)"
say resource_name "$(ls /dev/disk/cloud/azure_resource)"
{hardware.QUESTIONS}say end yes
"""


def answers_in(output: str) -> Mapping[str, str]:
    """The answers by their names; empty when the guest did not come to the end of them."""
    pairs = (line.partition("=") for line in output.splitlines() if "=" in line)
    found = {name: value.strip() for name, _, value in pairs}
    return found if found.get("end") == "yes" else {}
