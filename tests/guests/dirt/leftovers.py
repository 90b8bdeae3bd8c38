"""State that names one machine, and what lies about in temporary directories."""

from __future__ import annotations

from pathlib import Path

from tests.guests.origin import INSTALLER_ID, Origin
from tests.guests.tree import link, put


def add_leftovers(tree: Path, origin: Origin, *, separate_dbus_id: bool) -> None:
    """The machine-id, the random seed, and forgotten files.

    ``separate_dbus_id`` gives D-Bus its own copy of the machine-id, as old installs have it,
    where newer ones have a symbolic link.
    """
    put(tree, "etc/machine-id", f"{origin.machine_id}\n", mode=0o444)
    if separate_dbus_id:
        put(tree, "var/lib/dbus/machine-id", f"{origin.machine_id}\n")
    else:
        link(tree, "var/lib/dbus/machine-id", "/etc/machine-id")
    put(tree, "var/lib/systemd/random-seed", bytes(range(256)) * 2, mode=0o600)
    put(tree, "var/lib/systemd/timesync/clock", "")
    put(tree, "tmp/upload.part", "left by a browser\n", owner=(INSTALLER_ID, INSTALLER_ID))
    put(tree, "var/tmp/dump.sql", "INSERT INTO customers VALUES (1);\n", mode=0o600)
    put(tree, "root/notes.txt", "static address: see the rack plan of the old data centre\n")
    put(tree, "var/backups/shadow.bak", (tree / "etc/shadow").read_bytes(), mode=0o600)
