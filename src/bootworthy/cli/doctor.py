"""``bootworthy doctor``: what this machine has of what the verbs need."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

import bootworthy
from bootworthy.cli.terminal import print_lines
from bootworthy.model.errors import UsageError
from bootworthy.model.quantities import human_size
from bootworthy.report.styled import Line, Span, Style

_LACKS = 4

# A guest of a few GiB, its copy and what is unpacked on the way.
_ROOM = 4 << 30


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing a verb may need: ``look`` says why it is not there, empty when it is.

    ``needed_by`` cannot do without it, unless ``instead`` names another check that passes.
    """

    name: str
    look: Callable[[], str]
    packages: dict[str, str]
    needed_by: tuple[str, ...] = ()
    instead: str = ""
    remedy: str = ""


def _program(*names: str) -> Callable[[], str]:
    def look() -> str:
        return "" if any(map(shutil.which, names)) else f"{names[0]} is not there"

    return look


def _reader() -> str:
    return "" if find_spec("dissect") else "the reader's libraries are not installed"


def _kvm() -> str:
    from bootworthy.guest import kvm

    return kvm.why_not()


def _appliance() -> str:
    from bootworthy.guest.engines.appliance import launch

    missing = launch.why_not()
    return missing.message if missing else ""


def _firmware(*, arm: bool, secure_boot: bool = False) -> str:
    """Whether a rehearsal would find firmware for a machine of that architecture."""
    from bootworthy.model.errors import HostError
    from bootworthy.model.intent import Architecture
    from bootworthy.rehearsal.firmware import find_firmware

    architecture = Architecture.ARM64 if arm else Architecture.X64
    try:
        find_firmware(architecture, secure_boot=secure_boot)
    except HostError as error:
        return error.message
    return ""


def _foreign_programs() -> str:
    """Whether `prepare` could run the programs of a guest of the other architecture here."""
    from bootworthy.guest.engines.sandbox.architecture import starts
    from bootworthy.model.intent import Architecture

    if os.geteuid():
        return "only root can try whether their programs run here"
    other = Architecture.X64 if _ARM else Architecture.ARM64
    return "" if starts(other) else "the kernel has no emulator for their programs"


def _network() -> str:
    """Make the private network of a rehearsal, and let it go."""
    from bootworthy.model.errors import HostError
    from bootworthy.rehearsal.fabric.addresses import make_nics
    from bootworthy.rehearsal.fabric.enclave import Enclave

    try:
        with Enclave(make_nics("doctor", 1)):
            return ""
    except HostError as error:
        return f"{error.message} ({error.hint})" if error.hint else error.message


def _root() -> str:
    return "" if os.geteuid() == 0 else "not root: the engine `host` mounts the image"


def _room() -> str:
    free = shutil.disk_usage(Path.cwd()).free
    return "" if free >= _ROOM else f"only {human_size(free)} free in {Path.cwd()}"


_CREDENTIALS = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
)


def _credentials() -> str:
    """Whether there are any; nobody is asked whether they still hold."""
    if any(os.environ.get(name) for name in _CREDENTIALS):
        return ""
    folder = Path(os.environ.get("AZURE_CONFIG_DIR") or Path("~/.azure").expanduser())
    cached = any(
        (folder / name).is_file() for name in ("msal_token_cache.json", "msal_token_cache.bin")
    )
    return "" if cached else "no credentials in the environment, and no login of az"


def _plugins() -> str:
    """What is wrong with an installed plugin; each kind is loaded as where it is used."""
    from bootworthy.disk.container import known_formats
    from bootworthy.rehearsal.checks import added_checks
    from bootworthy.report.format import all_formats
    from bootworthy.rules.catalogue import all_rules

    try:
        all_rules(), all_formats(), known_formats(), added_checks()
    except UsageError as error:
        return error.message
    return ""


def _clock() -> str:
    """A clock behind our own files breaks TLS and every signed address."""
    made = Path(bootworthy.__file__).stat().st_mtime
    return "" if time.time() >= made else f"{time.strftime('%F %T')}: the clock is behind"


_INSTALLERS = {"debian": "apt install", "fedora": "dnf install", "suse": "zypper install"}

_ARM = platform.machine() == "aarch64"

# The other architecture that Azure has, whose guests are emulated here.
_OTHER = "x64" if _ARM else "arm64"

# Packages by whether the machine is for arm64.
_QEMU = {
    True: {"debian": "qemu-system-arm", "fedora": "qemu-system-aarch64", "suse": "qemu-arm"},
    False: {"debian": "qemu-system-x86", "fedora": "qemu-system-x86", "suse": "qemu-x86"},
}

# Both kinds of firmware, with Microsoft's keys for Secure Boot and without, are in one package.
_OVMF = {
    True: {"debian": "qemu-efi-aarch64", "fedora": "edk2-aarch64", "suse": "qemu-uefi-aarch64"},
    False: {"debian": "ovmf", "fedora": "edk2-ovmf", "suse": "qemu-ovmf-x86_64"},
}

_USER_EMULATION = {
    "debian": "qemu-user-static",
    "fedora": "qemu-user-static",
    "suse": "qemu-linux-user",
}

CHECKS = (
    Check(
        name="reader",
        look=_reader,
        packages={},
        needed_by=("check",),
        instead="libguestfs",
        remedy="pipx install 'bootworthy[reader]'",
    ),
    Check(
        name="libguestfs",
        look=_appliance,
        needed_by=("prepare",),
        instead="root",
        packages={
            "debian": "python3-guestfs linux-image-cloud-amd64",
            "fedora": "python3-libguestfs",
        },
    ),
    Check(name="root", look=_root, packages={}, remedy="sudo, or the appliance of libguestfs"),
    Check(name="mtools", look=_program("mcopy"), packages=dict.fromkeys(_INSTALLERS, "mtools")),
    Check(
        name="QEMU",
        look=_program(f"qemu-system-{platform.machine()}", "/usr/libexec/qemu-kvm"),
        needed_by=("rehearse",),
        packages={**_QEMU[_ARM], "fedora": "qemu-kvm"},
    ),
    Check(
        name="qemu-img",
        look=_program("qemu-img"),
        needed_by=("rehearse",),
        packages={"debian": "qemu-utils", "fedora": "qemu-img", "suse": "qemu-img"},
    ),
    Check(
        name="OVMF",
        look=lambda: _firmware(arm=_ARM),
        needed_by=("rehearse",),
        packages=_OVMF[_ARM],
    ),
    Check(
        name="Secure Boot",
        look=lambda: _firmware(arm=_ARM, secure_boot=True),
        packages=_OVMF[_ARM],
    ),
    Check(
        name="TPM",
        look=_program("swtpm"),
        packages=dict.fromkeys(_INSTALLERS, "swtpm"),
        remedy="without it a machine with Trusted Launch is rehearsed without its virtual TPM",
    ),
    Check(
        name="ssh",
        look=_program("ssh"),
        needed_by=("rehearse",),
        packages={
            "debian": "openssh-client",
            "fedora": "openssh-clients",
            "suse": "openssh-clients",
        },
    ),
    Check(
        name="private net",
        look=_network,
        needed_by=("rehearse",),
        packages={},
        remedy="a rehearsal's machine must reach nobody but the simulated Azure",
    ),
    Check(
        name="KVM",
        look=_kvm,
        packages={},
        remedy="without it virtual machines are emulated, some ten times slower",
    ),
    Check(
        name=f"QEMU {_OTHER}",
        look=_program("qemu-system-x86_64" if _ARM else "qemu-system-aarch64"),
        packages=_QEMU[not _ARM],
    ),
    Check(
        name=f"UEFI {_OTHER}",
        look=lambda: _firmware(arm=not _ARM),
        packages=_OVMF[not _ARM],
    ),
    Check(name=f"runs {_OTHER}", look=_foreign_programs, packages=_USER_EMULATION),
    Check(
        name="free space", look=_room, packages={}, remedy="free some, or work in another folder"
    ),
    Check(
        name="Azure login",
        look=_credentials,
        packages={},
        needed_by=("upload", "publish"),
        remedy="az login",
    ),
    Check(
        name="plugins",
        look=_plugins,
        packages={},
        needed_by=("check", "prepare", "rehearse"),
        remedy="upgrade or uninstall that package",
    ),
    Check(
        name="clock",
        look=_clock,
        packages={},
        needed_by=("upload", "publish"),
        remedy="timedatectl set-ntp true",
    ),
)

VERBS = tuple(dict.fromkeys(verb for check in CHECKS for verb in check.needed_by))


@click.command("doctor")
@click.option("--for", "verb", type=click.Choice(VERBS), help="Fail when this verb cannot run.")
@click.pass_context
def command(ctx: click.Context, verb: str | None) -> None:
    """Say what this machine has of what bootworthy needs.

    Nothing is changed, and Azure is not contacted. With --for VERB the exit status is 4 when that
    verb lacks something it cannot do without.
    """
    found = {check.name: check.look() for check in CHECKS}
    lacking = [check for check in CHECKS if verb in check.needed_by and _lacks(check, found)]
    print_lines(_lines(found, {check.name for check in lacking}))
    ctx.exit(_LACKS if lacking else 0)


def _lacks(check: Check, found: dict[str, str]) -> bool:
    return bool(found[check.name]) and bool(found.get(check.instead, "nothing instead"))


def _lines(found: dict[str, str], lacking: set[str]) -> Iterator[Line]:
    for check in CHECKS:
        problem = found[check.name]
        mark = Span("missing " if problem else "ok      ", Style.WARNING if problem else Style.GOOD)
        if check.name in lacking:
            mark = Span("needed  ", Style.ERROR)
        yield (mark, Span(f"{check.name:<12}", Style.STRONG), Span(problem))
        if problem and (remedy := check.remedy or _install_line(check.packages)):
            yield (Span(f"{'':<20}{remedy}", Style.FAINT),)


def _install_line(packages: dict[str, str]) -> str:
    family = _family()
    known = {family: packages[family]} if family in packages else packages
    lines = [f"{_INSTALLERS[name]} {words}" for name, words in known.items()]
    return ", or ".join(lines)


def _family() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    words = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    alike = {"rhel": "fedora", "centos": "fedora", "ubuntu": "debian"}
    names = (alike.get(word, word) for word in words)
    return next((name for name in names if name in _INSTALLERS), "")
