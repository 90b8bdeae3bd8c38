"""The process that holds the libguestfs appliance, under the distribution's own Python.

It is run by path and imports nothing but the standard library, guestfs and its neighbours. Each
request names an operation; each answer holds its result, or an error number and text. When the
parent dies, the appliance is ended and the process with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
import tarfile
import tempfile
import threading
from pathlib import Path
from typing import IO, Any

import guestfs

sys.path.insert(0, str(Path(__file__).resolve().parent))

import frames  # type: ignore[import-not-found] # a neighbour, found by path
import script  # type: ignore[import-not-found]

# libguestfs's protocol takes messages of less than 4 MiB (lib/guestfs_protocol.x).
_CHUNK = 2 << 20

# Its errors end with strerror's words.
_NUMBERS = {os.strerror(number): number for number in range(1, 134)}

_XATTR_ERRORS = ("Operation not supported", "not supported")

# What the appliance may take to end when asked nicely, in seconds.
_PATIENCE = 20

Answer = tuple[Any, bytes]


class Appliance:
    """The operations, each a method that takes the request's words and payload."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._g = guestfs.GuestFS(python_return_dict=True)
        self._mounted: list[str] = []
        self._pid = 0

    def launch(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Start the appliance with one disk, whose format is never guessed."""
        g = self._g
        g.set_tmpdir(self._directory)
        g.set_memsize(words["memory"])
        g.set_smp(words["processors"])
        g.set_network(words["network"])
        g.add_drive_opts(
            words["path"], format=words["format"], cachemode="unsafe", discard="besteffort"
        )
        g.launch()
        self._pid = g.get_pid()
        # Each file system gets a directory of its own below this.
        self._shell("mount -t tmpfs -o mode=0755 none /sysroot")
        return None, b""

    def _shell(self, command: str) -> str:
        return str(self._g.debug("sh", [command]))

    def volumes(self, _words: dict[str, Any], _payload: bytes) -> Answer:
        """Logical volumes and RAID arrays, with what is on them."""
        devices = [*self._g.lvs(), *self._g.list_md_devices()]
        return [self._volume(device) for device in devices], b""

    def _volume(self, device: str) -> dict[str, Any]:
        g = self._g
        return {
            "device": device,
            "kind": g.vfs_type(device),
            "uuid": g.vfs_uuid(device),
            "label": g.vfs_label(device),
            "size": g.blockdev_getsize64(device),
        }

    def mount(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Mount a device on a new directory of the root."""
        self._g.mkdir(words["at"])
        self._g.mount_options(words["options"], words["device"], words["at"])
        self._mounted.append(words["at"])
        return None, b""

    def lstat(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Status of one path."""
        return _status(self._g.lstatns(words["path"])), b""

    def names(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Names in a directory and their status, null where it cannot be asked for."""
        found = self._list(words["path"])
        plain = [name for name in found if _is_utf8(name)]
        statuses: dict[str, list[int]] = {}
        for start in range(0, len(plain), 1000):
            some = plain[start : start + 1000]
            for number, status in enumerate(self._g.lstatnslist(words["path"], some)):
                if status["st_ino"] != -1:
                    statuses[some[number]] = _status(status)
        return [[name, statuses.get(name)] for name in found], b""

    def _list(self, path: str) -> list[str]:
        # ls0 is the only call that gives names as bytes.
        with tempfile.NamedTemporaryFile(dir=self._directory) as file:
            self._g.ls0(path, file.name)
            names = file.read().split(b"\0")
        return [name.decode("utf-8", "surrogateescape") for name in names if name]

    def readlink(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Target of a link."""
        return self._g.readlink(words["path"]), b""

    def pread(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Bytes of a file; the calls that read whole files take a second each."""
        left, offset, parts = words["size"], words["offset"], []
        while left > 0:
            part = self._g.pread(words["path"], min(left, _CHUNK), offset)
            if not part:
                break
            parts.append(part)
            left -= len(part)
            offset += len(part)
        return None, b"".join(parts)

    def write(self, words: dict[str, Any], payload: bytes) -> Answer:
        """Replace a file through a new one beside it, with what the old one had."""
        path, temporary = words["path"], words["temporary"]
        try:
            self._put(temporary, payload)
            self._dress(path, temporary, words["mode"], words["plain"])
            self._g.rename(temporary, path)
        except BaseException:
            self._g.rm_f(temporary)
            raise
        return None, b""

    def _put(self, path: str, data: bytes) -> None:
        if len(data) <= _CHUNK:
            self._g.write(path, data)
            return
        with tempfile.NamedTemporaryFile(dir=self._directory) as file:
            file.write(data)
            file.flush()
            self._g.upload(file.name, path)

    def _dress(self, old: str, new: str, mode: int, plain: bool) -> None:
        if plain:  # a file system without owners and modes
            return
        owner, group, permissions = 0, 0, mode
        if self._g.exists(old):
            before = self._g.lstatns(old)
            owner, group = before["st_uid"], before["st_gid"]
            permissions = stat.S_IMODE(before["st_mode"])
        # Changing the owner drops capabilities and set-user-id bits.
        self._g.lchown(owner, group, new)
        if self._g.exists(old):
            self._copy_attributes(old, new)
        self._g.chmod(permissions, new)

    def _copy_attributes(self, old: str, new: str) -> None:
        try:
            self._g.copy_attributes(old, new, xattributes=True)
        except RuntimeError as error:
            if not str(error).endswith(_XATTR_ERRORS):
                raise

    def mkdir(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Make a directory, whatever the umask."""
        self._g.mkdir_mode(words["path"], words["mode"])
        if not words["plain"]:
            self._g.chmod(words["mode"], words["path"])
        return None, b""

    def symlink(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Make a link."""
        self._g.ln_s(words["target"], words["path"])
        return None, b""

    def unlink(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Remove a file or link."""
        self._g.rm(words["path"])
        return None, b""

    def rmdir(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Remove an empty directory."""
        self._g.rmdir(words["path"])
        return None, b""

    def chmod(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Set permission bits."""
        self._g.chmod(words["mode"], words["path"])
        return None, b""

    def chown(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Set an owner, of a link itself too."""
        self._g.lchown(words["uid"], words["gid"], words["path"])
        return None, b""

    def run(self, words: dict[str, Any], _payload: bytes) -> Answer:
        """Run a program in the guest's root; its exit code, whether it started, its output."""
        root = words["mounts"][0][0]
        self._shell(script.open_temporary(root))
        try:
            for path, host in words["binds"]:
                self._copy_in(host, f"{root}{path}")
            code, *started = self._shell(script.run(words)).split()
            output = self._shell(script.OUTPUT)
        finally:
            self._shell(script.close_temporary(root))
        return [int(code), bool(started), output], b""

    def _copy_in(self, host: str, path: str) -> None:
        self._g.mkdir_p(path)
        with tempfile.NamedTemporaryFile(dir=self._directory, suffix=".tar") as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                archive.add(host, arcname=".")
            file.flush()
            self._g.tar_in(file.name, path)

    def trim(self, _words: dict[str, Any], _payload: bytes) -> Answer:
        """Give free space back, where the file system can."""
        for path in self._mounted:
            try:
                self._g.fstrim(path)
            except RuntimeError:
                continue
        return None, b""

    def sync(self, _words: dict[str, Any], _payload: bytes) -> Answer:
        """Write everything to the disk."""
        self._g.sync()
        return None, b""

    def end(self, _words: dict[str, Any], _payload: bytes) -> Answer:
        """Unmount and stop; a disk that could not be written to is an error here."""
        self._g.umount_all()
        self._g.shutdown()
        return None, b""

    def close(self) -> None:
        """Remove the appliance and its files."""
        self._g.close()

    def kill(self) -> None:
        """End the machine at once, so that the call that waits for it returns.

        Not by a call of its own: that would wait for the other one.
        """
        if self._pid:
            try:
                os.kill(self._pid, signal.SIGKILL)
            except ProcessLookupError:
                return


OPERATIONS = frozenset(
    (
        *("launch", "volumes", "mount", "lstat", "names", "readlink", "pread", "write", "mkdir"),
        *("symlink", "unlink", "rmdir", "chmod", "chown", "run", "trim", "sync", "end"),
    )
)


def _status(found: dict[str, int]) -> list[int]:
    return [found[f"st_{name}"] for name in ("mode", "uid", "gid", "size", "mtime_sec")]


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _error(error: BaseException) -> dict[str, Any]:
    if isinstance(error, UnicodeError):
        return {"number": 84, "text": "a name that is not UTF-8"}  # EILSEQ
    text = str(error)
    number = next((n for words, n in _NUMBERS.items() if text.endswith(": " + words)), 0)
    return {"number": number, "text": text}


def serve(appliance: Appliance, requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are none."""
    while (frame := frames.read_frame(requests)) is not None:
        words, payload = frame
        operation = words["operation"]
        if operation not in OPERATIONS:
            raise frames.BrokenFrameError(f"no operation {operation!r}")
        try:
            result, data = getattr(appliance, operation)(words, payload)
        except (RuntimeError, UnicodeError, OSError) as error:
            frames.write_frame(answers, {"error": _error(error)})
        else:
            frames.write_frame(answers, {"result": result}, data)
        if operation == "end":
            return


def _end_with_parent(appliance: Appliance, lifeline: int) -> None:
    """Wait for the parent's end of the pipe to close, then let nothing go on for long.

    When this process ends, libguestfs's own watcher ends a machine that is still starting.
    """
    os.read(lifeline, 1)
    appliance.kill()
    threading.Event().wait(_PATIENCE)
    os._exit(1)


def main(arguments: list[str]) -> None:
    """Serve the parent: its pipes are standard input and output, and one to see it end.

    The directory goes with the appliance, as a parent that was killed cannot remove it.
    """
    directory, lifeline = arguments[0], int(arguments[1])
    os.set_inheritable(lifeline, False)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that libguestfs prints may get between the frames
    appliance = Appliance(directory)
    watcher = threading.Thread(target=_end_with_parent, args=(appliance, lifeline), daemon=True)
    watcher.start()
    try:
        serve(appliance, sys.stdin.buffer, answers)
    finally:
        appliance.close()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
