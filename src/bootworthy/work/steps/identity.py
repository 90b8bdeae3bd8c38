"""Forget who the machine was: machine id and host name."""

from __future__ import annotations

from bootworthy.guest.boot_loaders import entry_files
from bootworthy.guest.editors.hosts import without_names
from bootworthy.model.steps import ResetHostName, ResetMachineId
from bootworthy.work.target import Target

_MACHINE_ID = "/etc/machine-id"
_DBUS_MACHINE_ID = "/var/lib/dbus/machine-id"
_HOST_NAME = "/etc/hostname"
_HOSTS = "/etc/hosts"


def reset_machine_id(step: ResetMachineId, target: Target) -> None:
    """An empty file, not none: systemd fills it at boot also where /etc is read-only then.

    D-Bus's own copy becomes a link to it, as Debian's dbus package makes it. Boot entries that
    are named after it keep their name.
    """
    del step
    tree = target.tree
    entry_files.keep_names(tree, target.guest.boot_loader)
    if tree.exists(_MACHINE_ID):
        tree.write(_MACHINE_ID, b"", mode=0o444)
    if tree.exists(_DBUS_MACHINE_ID) and not tree.is_link(_DBUS_MACHINE_ID):
        tree.symlink(_MACHINE_ID, _DBUS_MACHINE_ID)


def reset_host_name(step: ResetHostName, target: Target) -> None:
    """The host name becomes localhost; lines of /etc/hosts lose the old one."""
    del step
    tree = target.tree
    old = tree.text_or(_HOST_NAME).strip()
    tree.write_text(_HOST_NAME, "localhost\n")
    hosts = tree.text_or(_HOSTS)
    names = {old, old.split(".", 1)[0]} - {"", "localhost"}
    if hosts and names:
        edited = without_names(hosts, names)
        if edited != hosts:
            tree.write_text(_HOSTS, edited)
