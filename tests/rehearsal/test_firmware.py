"""Firmware is found by its descriptor, and only the kind that was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bootworthy.model.errors import HostError
from bootworthy.model.intent import Architecture
from bootworthy.rehearsal.firmware import find_firmware


def _descriptor(place: Path, name: str, *features: str) -> None:
    files = {}
    for part in ("executable", "nvram-template"):
        file = place / f"{name}-{part}.fd"
        file.touch()
        files[part] = {"filename": str(file), "format": "raw"}
    targets = [{"architecture": "x86_64", "machines": ["pc-q35-*"]}]
    data = {"mapping": files, "targets": targets, "features": features}
    (place / f"{name}.json").write_text(json.dumps(data))


def test_empty_variables_or_enrolled_keys(tmp_path: Path) -> None:
    _descriptor(tmp_path, "40-keys", "secure-boot", "enrolled-keys", "requires-smm")
    _descriptor(tmp_path, "60-plain")
    (tmp_path / "10-garbage.json").write_text("[")
    plain = find_firmware(Architecture.X64, places=(tmp_path,))
    secure = find_firmware(Architecture.X64, secure_boot=True, places=(tmp_path,))

    assert (plain.code.name, plain.needs_smm) == ("60-plain-executable.fd", False)
    assert (secure.code.name, secure.needs_smm) == ("40-keys-executable.fd", True)


def test_no_firmware_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no UEFI firmware") as caught:
        find_firmware(Architecture.ARM64, places=(tmp_path,))
    assert caught.value.code == "firmware-missing"
