"""The accounts of the people who installed and ran the machine, with their keys and histories."""

from __future__ import annotations

from pathlib import Path

from tests.guests.origin import INSTALLER, INSTALLER_ID, ROOT
from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

# What Debian's installer gives the first user, as far as the groups exist.
_GROUPS = "cdrom,floppy,sudo,audio,dip,video,plugdev,users"

_ROOT_HISTORY = """\
ip addr
vi /etc/network/interfaces
systemctl restart networking
apt-get update && apt-get -y upgrade
mysql -u root -pS3cret! -e 'show databases'
poweroff
"""

_USER_HISTORY = """\
sudo -i
curl -H 'Authorization: Bearer 0123456789abcdef' https://repo.example.internal/
exit
"""


def add_accounts(sandbox: Sandbox) -> None:
    """Set root's password and add the installer's user, by the guest's own tools."""
    sandbox.run(
        "useradd",
        "--create-home",
        f"--uid={INSTALLER_ID}",
        "--user-group",
        f"--groups={_GROUPS}",
        "--shell=/bin/bash",
        "--comment=Installer,,,",
        INSTALLER.name,
    )
    typed = "".join(f"{login.name}:{login.word}\n" for login in (ROOT, INSTALLER))
    sandbox.run("chpasswd", typed=typed)
    _fill_home(sandbox.tree, "root", ROOT.public_key, _ROOT_HISTORY, 0)
    _fill_home(
        sandbox.tree, f"home/{INSTALLER.name}", INSTALLER.public_key, _USER_HISTORY, INSTALLER_ID
    )


def _fill_home(tree: Path, home: str, key: str, history: str, owner: int) -> None:
    both = (owner, owner)
    put(tree, f"{home}/.ssh/authorized_keys", f"{key}\n", mode=0o600, owner=both)
    put(tree, f"{home}/.ssh/known_hosts", f"repo.example.internal {key}\n", mode=0o644, owner=both)
    (tree / home / ".ssh").chmod(0o700)
    put(tree, f"{home}/.bash_history", history, mode=0o600, owner=both)
