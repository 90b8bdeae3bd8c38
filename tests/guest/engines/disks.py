"""Small real disk images with small real guests, made with the tools that installers use."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20

ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
LINUX_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"

ROOT_UUID = "11111111-2222-4333-8444-555555555555"
BOOT_UUID = "66666666-2222-4333-8444-555555555555"
ESP_ID = "A1B2-C3D4"

_APPLETS = (
    *("cat", "chmod", "cp", "dd", "df", "echo", "env", "false", "grep", "hostname", "id", "kill"),
    *("ln", "ls", "mkdir", "mknod", "mount", "mv", "ps", "readlink", "rm", "rmdir", "sh", "sleep"),
    *("stat", "sync", "test", "touch", "true", "umount", "wc"),
)

MACHINE = {
    "etc/os-release": "ID=test\nPRETTY_NAME='Test guest'\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/hostname": "guest\n",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A partition: what is in it and how large it is."""

    kind: str
    size: int
    files: Path | None = None
    uuid: str = ""
    label: str = ""
    type_id: str = LINUX_TYPE
    options: Sequence[str] = field(default=())


def write_files(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    """Make files below a directory; a name that ends with a slash is a directory."""
    for name, content in files.items():
        place = directory / name
        if name.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return directory


def static_busybox() -> str | None:
    """A busybox that runs in an empty root, if this machine has one."""
    found = shutil.which("busybox")
    if found is None:
        return None
    listed = subprocess.run(["ldd", found], capture_output=True, text=True, check=False)
    return found if "not a dynamic executable" in listed.stderr else None


def make_root(directory: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A root file system of busybox alone, with links for its programs."""
    for name in (
        "bin",
        "boot/efi",
        "dev",
        "proc",
        "root",
        "run",
        "sys",
        "tmp",
        "usr/sbin",
        "var/tmp",
    ):
        (directory / name).mkdir(parents=True)
    if busybox := static_busybox():
        shutil.copy(busybox, directory / "bin/busybox")
        for applet in _APPLETS:
            (directory / "bin" / applet).symlink_to("busybox")
    return write_files(directory, {**MACHINE, **(files or {})})


def fstab(*, boot: bool = False, esp: bool = False) -> str:
    """An fstab for the disks made here."""
    lines = [f"UUID={ROOT_UUID} / ext4 defaults 0 1"]
    if boot:
        lines.append(f"UUID={BOOT_UUID} /boot ext4 defaults 0 2")
    if esp:
        lines.append(f"UUID={ESP_ID} /boot/efi vfat umask=0077 0 1")
    return "\n".join(lines) + "\n"


def make_disk(path: Path, parts: Sequence[Part], *, label: str = "gpt") -> Path:
    """A disk with these partitions one after the other from 1 MiB on."""
    start = MIB
    script = [f"label: {label}"]
    for part in parts:
        script.append(f"start={start // 512}, size={part.size // 512}, type={part.type_id}")
        start += part.size
    with path.open("wb") as file:
        file.truncate(start + MIB)
    _run("sfdisk", "-q", str(path), text="\n".join(script))
    start = MIB
    for part in parts:
        fill(path, part, start)
        start += part.size
    return path


def fill(path: Path, part: Part, start: int = 0) -> None:
    """Make the file system of a partition."""
    {"ext4": _ext, "ext2": _ext, "ext3": _ext, "vfat": _fat, "xfs": _xfs, "btrfs": _btrfs}.get(
        part.kind, _nothing
    )(path, part, start)


def _nothing(path: Path, part: Part, start: int) -> None:
    _ = path, part, start


def _ext(path: Path, part: Part, start: int) -> None:
    names = [*(["-U", part.uuid] if part.uuid else []), *(["-L", part.label] if part.label else [])]
    source = ["-d", str(part.files)] if part.files else []
    offset = ["-E", f"offset={start}"]
    size = str(part.size // 1024)
    _run(
        "mke2fs",
        "-q",
        "-F",
        "-t",
        part.kind,
        *part.options,
        *names,
        *source,
        *offset,
        str(path),
        size,
    )


def _fat(path: Path, part: Part, start: int) -> None:
    names = [*(["-i", part.uuid.replace("-", "")] if part.uuid else [])]
    names += ["-n", part.label] if part.label else []
    sectors = [f"--offset={start // 512}", str(path), str(part.size // 1024)]
    _run("mkfs.fat", *part.options, *names, *sectors)
    if part.files:
        for entry in sorted(part.files.iterdir()):
            _run("mcopy", "-i", f"{path}@@{start}", "-s", str(entry), "::/")


def _xfs(path: Path, part: Part, start: int) -> None:
    """Needs root when there are files to put in: mkfs.xfs cannot take names with spaces."""
    names = [*(["-m", f"uuid={part.uuid}"] if part.uuid else [])]
    names += ["-L", part.label] if part.label else []

    def make(file: str) -> None:
        _run("mkfs.xfs", "-q", *part.options, *names, file)
        if part.files:
            _copy_mounted(part.files, file)

    _in_file_of_its_own(path, part, start, make)


def _copy_mounted(files: Path, file_system: str) -> None:
    place = Path(f"{file_system}.mounted")
    place.mkdir()
    _run("mount", "-o", "loop", file_system, str(place))
    try:
        _run("cp", "-a", f"{files}/.", str(place))
        # Another process's namespace may hold the mount beyond umount, and what is not written yet.
        _run("fsfreeze", "--freeze", str(place))
        _run("fsfreeze", "--unfreeze", str(place))
    finally:
        _run("umount", str(place))
    place.rmdir()


def _btrfs(path: Path, part: Part, start: int) -> None:
    names = [*(["-U", part.uuid] if part.uuid else []), *(["-L", part.label] if part.label else [])]
    source = ["--rootdir", str(part.files)] if part.files else []

    def make(file: str) -> None:
        _run("mkfs.btrfs", "-q", *part.options, *names, *source, file)

    _in_file_of_its_own(path, part, start, make)


def _in_file_of_its_own(path: Path, part: Part, start: int, make: Callable[[str], None]) -> None:
    """For tools that cannot work at an offset: made beside the disk, its data copied in."""
    alone = path.with_suffix(f".{start}")
    with alone.open("wb") as file:
        file.truncate(part.size)
    make(str(alone))
    copy_data(alone, path, start)
    alone.unlink()


def copy_data(source: Path, target: Path, start: int) -> None:
    """Copy the data of a sparse file to a place in another one."""
    with source.open("rb") as old, target.open("r+b") as new:
        end = old.seek(0, os.SEEK_END)
        at = 0
        while at < end:
            try:
                at = os.lseek(old.fileno(), at, os.SEEK_DATA)
            except OSError:
                return
            hole = os.lseek(old.fileno(), at, os.SEEK_HOLE)
            while at < hole:
                data = os.pread(old.fileno(), min(hole - at, 4 * MIB), at)
                os.pwrite(new.fileno(), data, start + at)
                at += len(data)


def _run(*argv: str, text: str = "") -> None:
    environment = {**os.environ, "MTOOLS_SKIP_CHECK": "1"}
    done = subprocess.run(
        argv, input=text, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stdout}{done.stderr}"
