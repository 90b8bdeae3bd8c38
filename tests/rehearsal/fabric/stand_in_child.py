"""The process in the stand-in's namespace: it runs programs when it is told to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

from bootworthy.rehearsal.fabric import enclave_child
from bootworthy.rehearsal.fabric.addresses import Nic


def main(control: int, mac: str) -> None:
    """Serve until the parent hangs up."""
    parent = socket.socket(fileno=control)
    parent.set_inheritable(False)
    nic = Nic(0, mac)
    enclave_child._leave_the_host()
    tap = enclave_child._make_tap(nic)
    enclave_child._run_ip(["link set lo up", f"link set tap0 address {mac}", "link set tap0 up"])
    socket.send_fds(parent, [b"ready"], [tap])
    os.close(tap)
    while request := parent.recv(1 << 20):
        parent.send(json.dumps(_run(**json.loads(request))).encode())


def _run(argv: list[str], python_path: str) -> dict[str, int | str]:
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": python_path},
        check=False,
        timeout=120,
    )
    return {"status": done.returncode, "output": done.stdout.decode("utf-8", "replace")}


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
