"""Logs of a first life: text, login records and the journal."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.guests.origin import INSTALLER, INSTALLER_ID, Origin
from tests.guests.tree import put

# glibc's struct utmp on x86-64 (utmp.h): 384 bytes; lastlog.h: 292 bytes an account.
_UTMP = struct.Struct("<hxxi32s4s32s256shhiii4i20x")
_LASTLOG = struct.Struct("<i32s256s")
_BOOT_TIME = 2
_USER_PROCESS = 7
_LAST_LOGIN = 1709629905  # 2024-03-05 09:11:45 UTC
_WORKSTATION = b"10.20.30.77"

_SYSLOG = """\
Mar  5 09:02:11 {short_name} kernel: [    0.000000] DMI: {hypervisor}
Mar  5 09:02:13 {short_name} systemd[1]: Started ifup@{interface}.service - ifup for {interface}.
Mar  5 09:11:45 {short_name} sshd[612]: Accepted publickey for {user} from 10.20.30.77 port 51514
Mar  5 18:40:02 {short_name} systemd[1]: Reached target poweroff.target - System Power Off.
"""

_INSTALLER_SYSLOG = """\
Jan  9 10:15:01 syslogd started: BusyBox v1.35.0
Jan  9 10:15:02 kernel: [    0.000000] DMI: {hypervisor}
Jan  9 10:15:31 netcfg[1408]: INFO: Activating interface {interface}
Jan  9 10:24:50 finish-install: info: Running /usr/lib/finish-install.d/94random-seed
"""


def add_logs(tree: Path, origin: Origin) -> None:
    """Fill /var/log as syslog, login, the journal and Debian's installer leave it."""
    words = {
        "short_name": origin.short_name,
        "interface": origin.interface,
        "hypervisor": origin.hypervisor,
        "user": INSTALLER.name,
    }
    for name in ("syslog", "auth.log", "kern.log", "syslog.1"):
        put(tree, f"var/log/{name}", _SYSLOG.format(**words), mode=0o640, owner=(0, 4))
    _add_installer_logs(tree, words)
    _add_login_records(tree)
    _add_journal(tree, origin.machine_id)


def _add_installer_logs(tree: Path, words: dict[str, str]) -> None:
    put(tree, "var/log/installer/syslog", _INSTALLER_SYSLOG.format(**words), mode=0o600)
    put(tree, "var/log/installer/partman", "/bin/partman: /lib/partman/init.d/30parted\n")
    put(tree, "var/log/installer/status", "Package: installation-report\nVersion: 2.89\n")
    put(tree, "var/log/installer/lsb-release", 'DISTRIB_ID=Debian\nDISTRIB_RELEASE="12"\n')
    hardware = f"dmi: {words['hypervisor']}\nlspci -knn: 00:00.0 Host bridge\n"
    put(tree, "var/log/installer/hardware-summary", hardware)
    questions = "Name: passwd/username\nTemplate: passwd/username\nValue: installer\n"
    put(tree, "var/log/installer/cdebconf/questions.dat", questions, mode=0o600)


def _add_login_records(tree: Path) -> None:
    records = _login(_BOOT_TIME, b"~", b"reboot", b"6.1.0-18-amd64")
    records += _login(_USER_PROCESS, b"pts/0", INSTALLER.name.encode(), _WORKSTATION)
    utmp_group = (0, 43)
    put(tree, "var/log/wtmp", records, mode=0o664, owner=utmp_group)
    failed = _login(_USER_PROCESS, b"ssh:notty", b"admin", b"10.20.30.99")
    put(tree, "var/log/btmp", failed, mode=0o660, owner=utmp_group)
    last = _LASTLOG.pack(_LAST_LOGIN, b"pts/0", _WORKSTATION)
    lastlog = bytes(_LASTLOG.size * INSTALLER_ID) + last
    put(tree, "var/log/lastlog", lastlog, mode=0o664, owner=utmp_group)


def _login(kind: int, line: bytes, user: bytes, host: bytes) -> bytes:
    return _UTMP.pack(
        kind, 612, line, line[-4:], user, host, 0, 0, 0, _LAST_LOGIN, 0, *(0, 0, 0, 0)
    )


def _add_journal(tree: Path, machine_id: str) -> None:
    """A directory of another machine-id's journal; journald reads only the signature's shape."""
    header = b"LPKSHHRH" + bytes(4096 - 8)
    name = f"var/log/journal/{machine_id}/system.journal"
    put(tree, name, header, mode=0o640, owner=(0, 4))
