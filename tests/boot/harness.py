"""Boot an image in QEMU on a throw-away overlay; the image is opened read-only."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from tests import machine as machines
from tests.boot.console import Console
from tests.guests.origin import Login

LOGS = Path(__file__).resolve().parents[2] / ".cache" / "boot"
"""Where the console of a failed boot is kept."""

ACCELERATOR_VARIABLE = "BOOTWORTHY_TEST_ACCEL"
"""Set to ``tcg`` to emulate even where KVM works."""

_OVMF = Path("/usr/share/OVMF")
_MIB = 1024 * 1024
_FOOTER = 512
# linux/kvm.h: _IO(KVMIO, 0x01) and _IO(KVMIO, 0x41).
_KVM_CREATE_VM = 0xAE01
_KVM_CREATE_VCPU = 0xAE41


# No echo, no prompt, no pager: what comes back is what the command printed.
_QUIET_SHELL = (
    "stty -echo cols 1000; bind 'set enable-bracketed-paste off'; "
    "export TERM=dumb PAGER=cat SYSTEMD_PAGER=cat; PS1=; echo rea''dy"
)


class Firmware(StrEnum):
    """What starts the boot loader: Azure's generation 1 and 2."""

    BIOS = "bios"
    UEFI = "uefi"


class Bus(StrEnum):
    """How the disk is attached; a prepared guest must have the driver in its initramfs."""

    IDE = "ide"
    AHCI = "ahci"
    VIRTIO_SCSI = "virtio-scsi"
    VIRTIO_BLK = "virtio-blk"


_DISKS = {
    Bus.IDE: ("-device", "ide-hd,drive=disk,bus=ide.0"),
    Bus.AHCI: ("-device", "ich9-ahci,id=sata", "-device", "ide-hd,drive=disk,bus=sata.0"),
    Bus.VIRTIO_SCSI: ("-device", "virtio-scsi-pci,id=scsi", "-device", "scsi-hd,drive=disk"),
    Bus.VIRTIO_BLK: ("-device", "virtio-blk-pci,drive=disk"),
}


# https://www.qemu.org/docs/master/system/invocation.html: restrict=on isolates the guest. Without
# its own firmware the card is not booted from.
_CARD = (
    *("-netdev", "user,id=net,restrict=on"),
    *("-device", "virtio-net-pci,netdev=net,romfile="),
)


class BootFailedError(AssertionError):
    """The machine did not get there; the message has the reason and the end of its console."""

    def __init__(self, reason: str, console: Console) -> None:
        self.reason = reason
        tail = "\n".join(console.text.rstrip().splitlines()[-25:])
        super().__init__(f"{reason}\nreached: {console.timings}\n{tail}")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A virtual machine around one image; ``memory`` is in bytes, ``image`` raw or fixed VHD."""

    image: Path
    firmware: Firmware
    bus: Bus | None = None
    """IDE for BIOS and AHCI for UEFI when not given."""
    memory: int = 1024 * _MIB
    cpus: int = 2
    # Under emulation the plain model boots in two thirds of the time of "max".
    cpu: str = "qemu64"
    network: bool = False
    """A card whose network ends in QEMU: DHCP answers, and no packet leaves this machine."""
    path: str = ""
    """Where QEMU is looked for instead of the PATH of this process."""
    extra: tuple[str, ...] = ()
    """More arguments for QEMU."""

    def argv(self, serial: Path, variables: Path) -> list[str]:
        """QEMU's command line; ``variables`` is the machine's own copy of the NVRAM."""
        bus = self.bus or (Bus.IDE if self.firmware is Firmware.BIOS else Bus.AHCI)
        disk = (
            f"driver=raw,file.driver=file,file.filename={self.image},size={_disk_size(self.image)}"
        )
        return [
            "qemu-system-x86_64",
            *("-nodefaults", "-no-user-config", "-no-reboot"),
            # Without a display adapter GRUB hangs in the graphical terminal that Debian asks for.
            *("-display", "none", "-vga", "std", "-nic", "none"),
            *(_CARD if self.network else ()),
            *("-accel", accelerator(), "-cpu", self.cpu),
            *("-smp", str(self.cpus), "-m", str(self.memory // _MIB)),
            *("-device", "virtio-rng-pci"),
            *(
                "-chardev",
                f"socket,id=serial,path={serial},server=off",
                "-serial",
                "chardev:serial",
            ),
            *self._firmware(variables),
            *("-drive", f"{disk},if=none,id=disk,snapshot=on"),
            *_DISKS[bus],
            *self.extra,
        ]

    def _firmware(self, variables: Path) -> tuple[str, ...]:
        if self.firmware is Firmware.BIOS:
            # Without graphics SeaBIOS speaks on the serial port, and GRUB through it.
            return ("-machine", "pc,graphics=off")
        code = _OVMF / "OVMF_CODE_4M.fd"
        return (
            *("-machine", "q35"),
            *("-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}"),
            *("-drive", f"if=pflash,format=raw,unit=1,file={variables}"),
        )


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A command that ran in the machine."""

    status: int
    output: str


@dataclass
class Boot:
    """A running machine, from power-on."""

    process: subprocess.Popen[bytes]
    serial: socket.socket
    log: Path
    """What QEMU itself says."""
    powered_on: float
    console: Console = field(default_factory=Console)
    _read: int = 0

    @property
    def timings(self) -> dict[str, float]:
        """Seconds from power-on to each milestone seen so far."""
        return self.console.timings

    def wait(self, pattern: str, limit: float = 240.0) -> re.Match[str]:
        """Wait until the console shows a pattern beyond what the last wait consumed.

        Raises:
            BootFailedError: a dead end was seen, the machine stopped, or ``limit`` seconds passed.
        """
        wanted = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + limit
        while True:
            found = wanted.search(self.console.text, self._read)
            if found:
                self._read = found.end()
                return found
            reason = self.console.dead_end(self._read)
            if reason:
                self._hear_out(pattern)
                raise BootFailedError(self.console.dead_end(self._read) or reason, self.console)
            if time.monotonic() > deadline:
                raise BootFailedError(f"no {pattern!r} within {limit:g} s", self.console)
            self._listen(pattern)

    def login(self, account: Login, limit: float = 240.0) -> None:
        """Log in on the serial console once it asks."""
        self.wait(r"\blogin: ", limit)
        self.type(account.name)
        self.wait("Password: ", 60)
        self.type(account.word)
        self.wait(r"[#$] $", 60)
        self.type(_QUIET_SHELL)
        self.wait("^ready$", 30)

    def run(self, command: str, limit: float = 60.0) -> Ran:
        """Run a shell command after ``login``; returns its status and what it printed."""
        self.type(f'{{ {command}; }} 2>&1; echo "the-end:$?"')
        start = self._read
        end = self.wait(r"the-end:(\d+)$", limit)
        output = self.console.text[start : end.start()]
        return Ran(status=int(end.group(1)), output=output.strip("\n"))

    def type(self, line: str) -> None:
        """Send one line to the machine."""
        self.serial.sendall(line.encode() + b"\n")

    def _listen(self, pattern: str) -> bool:
        """Take what the machine writes; false if it wrote nothing for half a second."""
        try:
            data = self.serial.recv(65536)
        except TimeoutError:
            return False
        if not data:
            said = self.log.read_text().strip()
            raise BootFailedError(f"the machine stopped before {pattern!r}. {said}", self.console)
        self.console.feed(data, time.monotonic() - self.powered_on)
        return True

    def _hear_out(self, pattern: str) -> None:
        """Take the rest of a dead end's message: until silence, or three seconds of it."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and self._listen(pattern):
            pass


@contextmanager
def boot(machine: Machine) -> Iterator[Boot]:
    """Power the machine on once no other runs; it is gone when the block ends.

    Its image is as it was. The console of a block that ends in an error is kept below ``LOGS``.
    """
    with machines.turn(), tempfile.TemporaryDirectory(prefix="boot-") as name:
        scratch = Path(name)
        with _started(machine, scratch) as running:
            try:
                yield running
            except BaseException as error:
                error.add_note(f"console kept in {_keep_log(machine, running.console)}")
                raise


@contextmanager
def _started(machine: Machine, scratch: Path) -> Iterator[Boot]:
    variables = scratch / "variables.fd"
    if machine.firmware is Firmware.UEFI:
        shutil.copy(_OVMF / "OVMF_VARS_4M.fd", variables)
    path = scratch / "serial"
    log = scratch / "qemu.log"
    with socket.socket(socket.AF_UNIX) as listener, log.open("wb") as errors:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(0.2)
        # The overlay of snapshot=on is made in TMPDIR. A program is looked for in the PATH that
        # it is given.
        process = subprocess.Popen(
            machine.argv(path, variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={
                **os.environ,
                "TMPDIR": str(scratch),
                "PATH": machine.path or os.environ["PATH"],
            },
        )
        try:
            powered_on = time.monotonic()
            with _accept(listener, process, log) as serial:
                serial.settimeout(0.5)
                yield Boot(process, serial, log, powered_on)
        finally:
            process.kill()
            process.wait()


def _accept(listener: socket.socket, process: subprocess.Popen[bytes], log: Path) -> socket.socket:
    """The machine's serial port; fails at once when QEMU does not start."""
    for _ in range(150):
        try:
            return listener.accept()[0]
        except TimeoutError:
            if process.poll() is not None:
                break
    raise RuntimeError(f"QEMU did not start:\n{log.read_text()}")


def _keep_log(machine: Machine, console: Console) -> Path:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{machine.image.stem}-{machine.firmware}-{os.getpid()}.log"
    log.write_text(console.text)
    return log


def _disk_size(image: Path) -> int:
    """The size of the disk in an image: a fixed VHD ends in a footer that is not part of it."""
    size = image.stat().st_size
    with image.open("rb") as file:
        file.seek(max(0, size - _FOOTER))
        return size - _FOOTER if file.read(8) == b"conectix" else size


@cache
def accelerator() -> str:
    """KVM where a virtual CPU can really be made, else emulation with one thread a CPU."""
    wanted = os.environ.get(ACCELERATOR_VARIABLE, "")
    return "kvm" if wanted != "tcg" and _kvm_works() else "tcg,thread=multi"


def _kvm_works() -> bool:
    """Whether the hardware virtualises and a machine with a CPU can be made.

    A device node alone proves nothing: nested hosts without VT-x or AMD-V offer one whose
    machines never get beyond real mode.
    """
    flags = Path("/proc/cpuinfo").read_text()
    if not re.search(r"^flags\b.*\b(?:vmx|svm)\b", flags, re.MULTILINE):
        return False
    machine = -1
    try:
        with Path("/dev/kvm").open("r+b", buffering=0) as device:
            machine = fcntl.ioctl(device, _KVM_CREATE_VM, 0)
            os.close(fcntl.ioctl(machine, _KVM_CREATE_VCPU, 0))
    except OSError:
        return False
    finally:
        if machine >= 0:
            os.close(machine)
    return True
