"""A UNIX socket that leads to the guest, and ssh's way through it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

from bootworthy.rehearsal import relay
from bootworthy.rehearsal.gateway import gateway
from bootworthy.rehearsal.ssh import Client, SshKey, make_key


def _echo_once(server: socket.socket) -> None:
    """Answer what comes in capitals, until the other side has said all."""
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(4096):
            connection.sendall(data.upper())


def test_bytes_go_through_and_come_back(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        guest = threading.Thread(target=_echo_once, args=(server,))
        guest.start()
        with gateway(tmp_path / "ssh", lambda: socket.create_connection(address)) as path:
            done = subprocess.run(
                [sys.executable, "-I", "-S", str(relay.__file__), str(path)],
                input=b"hello guest",
                capture_output=True,
                timeout=30,
                check=True,
            )
        guest.join()

    assert done.stdout == b"HELLO GUEST"


def test_a_guest_that_is_not_there_is_a_login_that_did_not_come_about(tmp_path: Path) -> None:
    def _refuse() -> socket.socket:
        raise ConnectionRefusedError

    client = Client(user="azureuser", key=make_key(tmp_path), socket=tmp_path / "ssh")
    with gateway(client.socket, _refuse):
        answer = client.run("true", 30)

    assert not answer.logged_in
    assert answer.status is None


def test_the_users_own_settings_have_no_say(tmp_path: Path) -> None:
    key = SshKey(path=tmp_path / "id", public="ssh-rsa x")
    argv = Client(user="azureuser", key=key, socket=tmp_path / "ssh").argv()

    assert argv[:3] == ["ssh", "-F", "none"]
    assert "BatchMode=yes" in argv
