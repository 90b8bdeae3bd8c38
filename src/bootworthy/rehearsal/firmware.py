"""UEFI firmware for QEMU, found by the descriptors that distributions install with it.

The format is QEMU's docs/interop/firmware.json; where descriptors lie and which goes first is in
its section on discovery: by file name, and one directory hides equal names of the next.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootworthy.model.errors import HostError
from bootworthy.model.intent import Architecture

_PLACES = (Path("/etc/qemu/firmware"), Path("/usr/share/qemu/firmware"))

_TARGETS = {Architecture.X64: "x86_64", Architecture.ARM64: "aarch64"}

# A descriptor is a page; anything else is none.
_LARGEST = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Firmware:
    """A firmware's code, and the variables a fresh machine starts with."""

    code: Path
    variables: Path
    needs_smm: bool = False


def find_firmware(
    architecture: Architecture, *, secure_boot: bool = False, places: Iterable[Path] = _PLACES
) -> Firmware:
    """The firmware with empty variables, or the one with Microsoft's keys for Secure Boot.

    Raises:
        HostError: ``firmware-missing``.
    """
    for descriptor in _descriptors(places):
        if found := _usable(descriptor, architecture, secure_boot=secure_boot):
            return found
    kind = "with Secure Boot and enrolled keys" if secure_boot else "without Secure Boot"
    package = "ovmf" if architecture is Architecture.X64 else "qemu-efi-aarch64"
    raise HostError(
        "firmware-missing",
        f"no UEFI firmware {kind} for {architecture} machines is installed",
        hint=f"install {package} (Debian, Ubuntu) or edk2 of your distribution",
    )


def _descriptors(places: Iterable[Path]) -> Iterator[dict[str, Any]]:
    by_name: dict[str, Path] = {}
    for place in places:
        for path in place.glob("*.json"):
            by_name.setdefault(path.name, path)
    for _, path in sorted(by_name.items()):
        if (data := _read(path)) is not None:
            yield data


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _usable(
    descriptor: dict[str, Any], architecture: Architecture, *, secure_boot: bool
) -> Firmware | None:
    try:
        features = set(descriptor["features"])
        mapping = descriptor["mapping"]
        code = Path(mapping["executable"]["filename"])
        variables = Path(mapping["nvram-template"]["filename"])
        is_raw = {mapping[part]["format"] for part in ("executable", "nvram-template")} == {"raw"}
        targets = {target["architecture"] for target in descriptor["targets"]}
    except (KeyError, TypeError):
        return None
    wanted = "enrolled-keys" in features if secure_boot else "secure-boot" not in features
    if not wanted or not is_raw or _TARGETS[architecture] not in targets:
        return None
    if "amd-sev-es" in features or not all(os.access(path, os.R_OK) for path in (code, variables)):
        return None
    return Firmware(code=code, variables=variables, needs_smm="requires-smm" in features)
