"""The provisioning DVD: a small UDF volume, as Azure puts one in the drive of a new machine."""

from __future__ import annotations

import io
from pathlib import Path

from bootworthy.rehearsal.fabric.ovf import ovf_environment
from bootworthy.rehearsal.scenario import Scenario

OVF_FILE = "ovf-env.xml"
CUSTOM_DATA_FILE = "CustomData.bin"

# ISO 9660 gives a volume name 32 characters of A-Z, 0-9 and _; UDF takes it from there.
_LABEL = "RD_RDFE_STABLE_REHEARSAL"

# ECMA-167, 2/8.3.1: the volume recognition sequence starts at byte 32768; a sector is 2048 bytes.
_SECTOR = 2048
_RECOGNITION = 16

# ECMA-167, 2/8.4.3 and ECMA-119: the descriptors pycdlib writes before the first UDF structure.
_RECOGNITION_END = 256
_UDF_MARKS = (b"BEA01", b"NSR02", b"NSR03", b"TEA01")
_ISO_MARK = b"CD001"


def make_dvd(scenario: Scenario, path: Path) -> None:
    """Write the medium for a deployment.

    Raises:
        OSError: the file cannot be written.
    """
    files = {OVF_FILE: ovf_environment(scenario)}
    if scenario.custom_data is not None:
        files[CUSTOM_DATA_FILE] = scenario.custom_data
    path.write_bytes(_only_udf(_bridge(files)))


def _bridge(files: dict[str, bytes]) -> bytearray:
    """A volume that is ISO 9660 and UDF 2.60 at once."""
    import pycdlib

    volume = pycdlib.PyCdlib()
    volume.new(interchange_level=3, udf="2.60", vol_ident=_LABEL)
    try:
        for number, (name, content) in enumerate(files.items()):
            volume.add_fp(
                io.BytesIO(content), len(content), iso_path=f"/F{number}.;1", udf_path=f"/{name}"
            )
        written = io.BytesIO()
        volume.write_fp(written)
    finally:
        volume.close()
    return bytearray(written.getbuffer())


def _only_udf(volume: bytearray) -> bytearray:
    """Take the ISO 9660 half away.

    Azure's medium is UDF alone. A guest whose kernel cannot read UDF must fail here as it does
    there, and not slip through by way of the bridge.
    """
    marks: list[bytes] = []
    for number in range(_RECOGNITION, _RECOGNITION_END):
        sector = volume[number * _SECTOR : (number + 1) * _SECTOR]
        mark = bytes(sector[1:6])
        if mark in _UDF_MARKS:
            marks.append(bytes(sector))
        if mark in (*_UDF_MARKS, _ISO_MARK):
            volume[number * _SECTOR : (number + 1) * _SECTOR] = bytes(_SECTOR)
    for number, kept in enumerate(marks, _RECOGNITION):
        volume[number * _SECTOR : (number + 1) * _SECTOR] = kept
    return volume
