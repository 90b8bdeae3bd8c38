"""Which engine opens a guest: the one asked for, or the best this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable

from bootworthy.guest import kvm
from bootworthy.guest.engines.appliance import launch
from bootworthy.guest.engines.base import DiskImage, Session
from bootworthy.guest.engines.directory import DirectorySession
from bootworthy.model.errors import GuestError, HostError, UsageError
from bootworthy.model.events import Note, Observer, ignore

ENGINES = ("auto", "reader", "appliance", "host")
"""What an engine can be asked for by."""

# What another engine may still open: LVM, RAID, and kinds that one of them does not know.
_BEYOND = frozenset({"guest-file-system-unsupported", "host-file-system-unsupported"})


def open_directory_session(
    path: str, writable: bool, *, partial: bool = False, observer: Observer = ignore
) -> DirectorySession:
    """Open the guest whose root is the directory ``path``; ``/`` is this machine.

    Raises:
        UsageError: it is not a directory.
        GuestError: there is no Linux in it, nor is it said to be ``partial``.
    """
    return DirectorySession(path, writable=writable, partial=partial, observer=observer)


def open_guest_session(
    image: DiskImage,
    *,
    engine: str = "auto",
    writable: bool = False,
    guest: str | None = None,
    trust_image: bool = False,
    observer: Observer = ignore,
) -> Session:
    """Open the guest in ``image``; to write, it has to be a raw disk, changed in place.

    ``auto`` reads without mounting (reader), or in the appliance where that is not installed. It
    writes in the appliance when that has hardware virtualization, else by this machine's kernel
    (host) when it may and the image is trusted, else in the emulated appliance. Asked to read,
    ``host`` is like ``auto``: nothing is gained by mounting.

    Raises:
        UsageError: ``engine-unknown`` or ``engine-cannot-write``.
        GuestError: there is no guest, or several, or it cannot be read.
        HostError: this machine lacks what the engine needs; ``host-no-engine`` when it has none.
    """
    choose = _to_write if writable else _to_read
    opener = choose(engine, trust_image, observer)
    return opener(image, guest, observer)


def require_writer(engine: str, *, trust_image: bool = False) -> None:
    """Find out that nothing here can change a guest before there is one to change.

    Raises:
        UsageError: ``engine-unknown`` or ``engine-cannot-write``.
        HostError: what opening a guest to write would say of this machine.
    """
    _to_write(engine, trust_image, ignore)
    if engine == "host":
        from bootworthy.guest.engines.host.session import require_root

        require_root()
    if engine == "appliance" and (missing := launch.why_not()):
        raise missing


_Opener = Callable[[DiskImage, str | None, Observer], Session]


def _to_read(engine: str, _trust_image: bool, _observer: Observer) -> _Opener:
    from bootworthy.guest.engines.reader.session import is_installed

    if engine == "appliance":
        return _appliance_to_read
    if engine in ("auto", "host") and not is_installed():
        _require_any_appliance(
            "reading an image needs the reader engine or libguestfs",
            "pip install 'bootworthy[reader]'",
        )
        return _appliance_to_read
    if engine == "reader":
        return _reader
    if engine in ("auto", "host"):
        return _or_appliance(_reader, _appliance_to_read)
    raise _unknown(engine)


def _to_write(engine: str, trust_image: bool, observer: Observer) -> _Opener:
    if engine == "appliance":
        return _appliance_to_write
    if engine == "host":
        return _host
    if engine == "reader":
        raise UsageError(
            "engine-cannot-write",
            "the reader engine only reads",
            hint="use --engine auto, appliance or host to change an image",
        )
    if engine != "auto":
        raise _unknown(engine)
    return _best_to_write(trust_image, observer)


def _best_to_write(trust_image: bool, observer: Observer) -> _Opener:
    is_root = os.geteuid() == 0
    missing = launch.why_not()
    if not missing and kvm.works():
        return _appliance_to_write
    if is_root and trust_image:
        return _or_appliance(_host, _appliance_to_write)
    allow = "give --trust-image" if is_root else "run as root with --trust-image"
    if missing:
        raise HostError(
            "host-no-engine",
            f"nothing here can change a guest: {missing.message}",
            hint=f"{missing.hint}; or {allow} to let this machine mount the image",
        )
    observer(
        Note(
            f"{kvm.why_not()}: the appliance is emulated, and rebuilding an initramfs takes some "
            f"15 minutes instead of seconds ({allow} to let this machine mount the image)"
        )
    )
    return _appliance_to_write


def _or_appliance(first: _Opener, appliance: _Opener) -> _Opener:
    """Open with ``first``, and in the appliance, if there is one, what that cannot open."""

    def opener(image: DiskImage, guest: str | None, observer: Observer) -> Session:
        try:
            return first(image, guest, observer)
        except (GuestError, HostError) as error:
            if error.code not in _BEYOND or launch.why_not():
                raise
            observer(Note(f"{error.message}: trying the appliance"))
            return appliance(image, guest, observer)

    return opener


def _require_any_appliance(what: str, otherwise: str) -> None:
    if missing := launch.why_not():
        raise HostError(
            "host-no-engine",
            f"{what}, and neither is here: {missing.message}",
            hint=f"{otherwise}, or {missing.hint}",
        )


def _unknown(engine: str) -> UsageError:
    return UsageError(
        "engine-unknown", f"there is no engine {engine!r}", hint=f"use {', '.join(ENGINES)}"
    )


def _reader(image: DiskImage, guest: str | None, observer: Observer) -> Session:
    from bootworthy.guest.engines.reader.session import ReaderSession

    return ReaderSession(image, guest=guest, observer=observer)


def _host(image: DiskImage, guest: str | None, observer: Observer) -> Session:
    from bootworthy.guest.engines.host.session import HostSession

    return HostSession(image, guest=guest, observer=observer)


def _appliance_to_read(image: DiskImage, guest: str | None, observer: Observer) -> Session:
    from bootworthy.guest.engines.appliance.session import ApplianceSession

    return ApplianceSession(image, writable=False, guest=guest, observer=observer)


def _appliance_to_write(image: DiskImage, guest: str | None, observer: Observer) -> Session:
    from bootworthy.guest.engines.appliance.session import ApplianceSession

    return ApplianceSession(image, writable=True, guest=guest, observer=observer)
