"""A real SSH login: the system's own client, with a key made for this one rehearsal."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bootworthy.model.errors import HostError
from bootworthy.rehearsal import relay

_GUEST = "guest"

# ssh(1): "255 if an error occurred", which no command of ours ends with.
_NO_SESSION = 255


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command in the guest printed, and its status; None when no session came about."""

    status: int | None
    output: str
    complaint: str = ""

    @property
    def logged_in(self) -> bool:
        """Whether the login was accepted."""
        return self.status is not None


@dataclass(frozen=True, kw_only=True)
class SshKey:
    """A private key's file, and the line for authorized_keys."""

    path: Path
    public: str


def make_key(directory: Path) -> SshKey:
    """A key pair for one rehearsal.

    Raises:
        HostError: OpenSSH's client is not installed.
    """
    path = directory / "id"
    # The agent of old images accepts RSA alone in the provisioning document's fingerprints.
    argv = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "rehearsal", "-f"]
    try:
        subprocess.run([*argv, str(path)], check=True, capture_output=True, timeout=60)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise HostError(
            "ssh-missing",
            "the rehearsal logs in with OpenSSH's client, and ssh-keygen does not work here",
            hint="apt install openssh-client",
        ) from error
    return SshKey(path=path, public=path.with_suffix(".pub").read_text().strip())


@dataclass(frozen=True, kw_only=True)
class Client:
    """How to log in: through the gateway's socket, by key, and by password where there is one."""

    user: str
    key: SshKey
    socket: Path
    password: str | None = None

    def argv(self) -> list[str]:
        """The command line, without a command for the guest."""
        pairs = self._options().items()
        settings = [word for name, value in pairs for word in ("-o", f"{name}={value}")]
        # -F none: the user's own ssh_config has no say.
        return ["ssh", "-F", "none", "-i", str(self.key.path), *settings, f"{self.user}@{_GUEST}"]

    def short_argv(self) -> list[str]:
        """The same for people: the options are in a file beside the key (ssh_config(5))."""
        options = {
            **self._options(),
            "BatchMode": "no",
            "User": self.user,
            "IdentityFile": f'"{_literal(self.key.path)}"',
        }
        lines = [f"Host {_GUEST}", *(f"  {name} {value}" for name, value in options.items())]
        file = self.key.path.with_name("ssh_config")
        file.write_text("\n".join(lines) + "\n")
        return ["ssh", "-F", str(file), _GUEST]

    def _options(self) -> dict[str, str]:
        directory = self.key.path.parent
        proxy = [sys.executable, "-I", "-S", str(relay.__file__), str(self.socket)]
        return {
            "BatchMode": "no" if self.password else "yes",
            "ConnectTimeout": "30",
            "ControlPath": "none",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "NumberOfPasswordPrompts": "1",
            "ProxyCommand": _literal(shlex.join(proxy)),
            "ServerAliveInterval": "15",
            "ServerAliveCountMax": "8",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": f'"{_literal(directory / "known_hosts")}"',
        }

    def run(self, command: str, limit: float) -> Answer:
        """Run a shell command in the guest, for at most ``limit`` seconds."""
        try:
            done = subprocess.run(
                [*self.argv(), command],
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit,
                env=self._environment(),
            )
        except subprocess.TimeoutExpired as error:
            said = (error.stdout or b"").decode(errors="replace")
            return Answer(status=None, output=said, complaint=f"no answer within {limit:g} s")
        except FileNotFoundError as error:
            raise HostError(
                "ssh-missing", "ssh is not installed", hint="apt install openssh-client"
            ) from error
        status = None if done.returncode == _NO_SESSION else done.returncode
        return Answer(
            status=status,
            output=done.stdout.decode(errors="replace"),
            complaint=done.stderr.decode(errors="replace").strip()[-500:],
        )

    def _environment(self) -> dict[str, str]:
        """Without the user's agent; a password is asked of a program (ssh(1), SSH_ASKPASS)."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment["LC_ALL"] = "C"
        if self.password is not None:
            ask = self.key.path.parent / "askpass"
            if not ask.exists():
                ask.write_text(f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(self.password)}\n")
                ask.chmod(0o700)
            environment |= {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
        return environment


def _literal(text: object) -> str:
    """As ssh_config(5) takes it where it looks for tokens, which begin with a percent sign."""
    return str(text).replace("%", "%%")
