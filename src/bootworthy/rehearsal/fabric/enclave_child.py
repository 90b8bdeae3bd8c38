"""The process in the fabric's network namespace: it makes sockets there and hands them out.

Started by ``enclave`` with the number of a socket to its parent, the parent's idea of the
interfaces, and nothing else of it. Sockets and tap devices belong to the namespace they were made
in whoever holds them, so every service can live in the parent, and QEMU outside as well. The
namespace ends with the last descriptor: there is nothing to clean up, even after a kill.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

from bootworthy.guest.engines import syscalls
from bootworthy.rehearsal.fabric import addresses

# include/uapi/linux/sched.h
_CLONE_NEWUSER = 0x10000000

# include/uapi/linux/if_tun.h
_TUNSETIFF = 0x400454CA
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000

# include/linux/socket.h, include/uapi/linux/if_packet.h, if_ether.h
_SOL_PACKET = 263
_PACKET_IGNORE_OUTGOING = 23
_ETH_P_ALL = 3

_BACKLOG = 64

# Where iproute2 is on distributions that keep it out of users' PATH.
_SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"


class _RefusedError(Exception):
    """This machine does not allow it: a stable word for what, and why."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why


def main(arguments: list[str]) -> int:
    """Build the network, hand it over, then make a socket whenever the parent asks for one."""
    parent = socket.socket(fileno=int(arguments[0]))
    parent.set_inheritable(False)
    nics = tuple(addresses.Nic(index, mac) for index, mac in enumerate(arguments[1:]))
    try:
        _leave_the_host()
        taps = [_make_tap(nic) for nic in nics]
        _configure(nics)
        names, descriptors = _make_sockets(nics)
    except _RefusedError as error:
        parent.send(json.dumps({"refused": error.what, "why": error.why}).encode())
        return 1
    handed = [*taps, *descriptors]
    ready = {"names": [*(nic.tap for nic in nics), *names]}
    socket.send_fds(parent, [json.dumps(ready).encode()], handed)
    for descriptor in handed:
        os.close(descriptor)
    _serve(parent)
    return 0


def _serve(parent: socket.socket) -> None:
    """Each message asks for one TCP socket; the end of the parent is the end of messages."""
    while parent.recv(16):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
            socket.send_fds(parent, [b"1"], [made.fileno()])


def _leave_the_host() -> None:
    """Enter a network namespace of our own: by privilege, or else by a user namespace."""
    try:
        if os.geteuid() == 0:
            try:
                syscalls.unshare(syscalls.CLONE_NEWNET)
            except PermissionError:
                # Root of a container that was given no privilege over its network.
                _become_root_of_a_user_namespace()
        else:
            _become_root_of_a_user_namespace()
    except OSError as error:
        raise _RefusedError("namespace", error.strerror or str(error)) from error


def _become_root_of_a_user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(_CLONE_NEWUSER | syscalls.CLONE_NEWNET)
    # Programs that we start keep the namespace's privileges only as its user 0; without
    # "deny" an unprivileged process may not map a group (user_namespaces(7)).
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"0 {user} 1"),
        ("gid_map", f"0 {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(content, encoding="ascii")


def _make_tap(nic: addresses.Nic) -> int:
    """A tap device; without IFF_VNET_HDR, so that every checksum in it is a real one."""
    try:
        tap = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        request = struct.pack("16sH22x", nic.tap.encode(), _IFF_TAP | _IFF_NO_PI)
        fcntl.ioctl(tap, _TUNSETIFF, request)
    except OSError as error:
        raise _RefusedError("tap", f"/dev/net/tun: {error.strerror}") from error
    return tap


def _configure(nics: tuple[addresses.Nic, ...]) -> None:
    """Give the fabric its addresses."""
    lines = [
        "link set lo up",
        f"address add {addresses.WIRE_SERVER}/32 dev lo",
        f"address add {addresses.METADATA}/32 dev lo",
    ]
    for nic in nics:
        lines += [
            f"link set {nic.tap} address {addresses.GATEWAY_MAC}",
            # No IPv6 of our own: Azure's subnets have none unless one asks for it.
            f"link set {nic.tap} addrgenmode none",
            f"address add {nic.gateway}/24 dev {nic.tap}",
            f"link set {nic.tap} up",
        ]
    # Whatever else the guest calls is answered here, by a refusal: it fails at once, as behind a
    # closed network security group it would only after minutes. In the main table, where the
    # guest's own subnets come first.
    lines.append("route add local default dev lo table main")
    _run_ip(lines)


def _run_ip(lines: list[str]) -> None:
    program = shutil.which("ip", path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}")
    if program is None:
        raise _RefusedError("iproute2", "the program `ip` is missing")
    done = subprocess.run(
        [program, "-batch", "-"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise _RefusedError("network", done.stderr.strip() or f"ip ended with {done.returncode}")


def _make_sockets(nics: tuple[addresses.Nic, ...]) -> tuple[list[str], list[int]]:
    """Every socket that the services listen on, by name."""
    made = {
        "wire": _listen(addresses.WIRE_SERVER, addresses.HTTP_PORT),
        "host-plugin": _listen(addresses.WIRE_SERVER, addresses.HOST_PLUGIN_PORT),
        "metadata": _listen(addresses.METADATA, addresses.HTTP_PORT),
        "dns": _bind(addresses.WIRE_SERVER, 53),
    }
    for nic in nics:
        made[f"dhcp{nic.index}"] = _dhcp(nic)
        made[f"frames{nic.index}"] = _frames(nic)
    return list(made), [each.detach() for each in made.values()]


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(_BACKLOG)
    return listener


def _bind(address: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind((address, port))
    return bound


def _dhcp(nic: addresses.Nic) -> socket.socket:
    """A socket for one interface, that may answer from the wire server's address."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, nic.tap.encode())
    bound.bind(("", 67))
    return bound


def _frames(nic: addresses.Nic) -> socket.socket:
    """All that the guest sends on one interface, and nothing of what it is sent."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    raw.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    raw.bind((nic.tap, _ETH_P_ALL))
    return raw


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
