"""Run programs of a guest tree in private namespaces; the host sees no mount and no process."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# $1 is the tree, $2 a directory of files laid over the tree's own, the rest is the program.
# A /dev with the sticky bit would refuse "> /dev/null" (fs.protected_regular), hence its mode.
_ENTER = """
set -eu
root=$1 overrides=$2
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root/dev/disk/by-uuid" "$root/dev/shm"
(cd "$overrides" && find . -type f) | while read -r file; do
  case $file in
    ./dev/*) cp "$overrides/$file" "$root/$file" ;;
    *) mount --bind "$overrides/$file" "$root/$file" ;;
  esac
done
hostname sandbox
exec chroot "$root" "$@"
"""

_UNSHARE = (
    "unshare",
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--propagation=private",
)

_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "SYSTEMD_OFFLINE": "1",
    # No package makes an initramfs when it is installed: the recipe does, once.
    "INITRD": "No",
}


class GuestProgramError(Exception):
    """A program of the tree failed; the message carries the end of what it said."""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A tree and a scratch directory beside it."""

    tree: Path
    scratch: Path
    overrides: dict[str, str] = field(default_factory=dict)
    """Texts shown as executable files at paths of the tree, while programs run."""

    def run(self, *argv: str, typed: str = "", overrides: Mapping[str, str] | None = None) -> str:
        """Run a program as the tree's root, without a network, and return what it printed.

        Raises:
            GuestProgramError: it ended with another status than zero.
        """
        shown = self._show({**self.overrides, **(overrides or {})})
        command = [*_UNSHARE, "sh", "-c", _ENTER, "sandbox", str(self.tree), str(shown), *argv]
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=typed,
            text=True,
            env=_ENVIRONMENT,
            timeout=600,
        )
        if done.returncode:
            raise GuestProgramError(f"{argv} gave {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout

    def _show(self, overrides: Mapping[str, str]) -> Path:
        shown = self.scratch / "overrides"
        shutil.rmtree(shown, ignore_errors=True)
        shown.mkdir()
        for name, text in overrides.items():
            file = shown / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)
        return shown
