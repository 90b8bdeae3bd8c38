"""The first bytes of what is no Linux file system: an encrypted volume and an NTFS one."""

from __future__ import annotations

import base64
import hashlib
import json
import struct

from tests.guests.disk import MIB, SECTOR

_LUKS2_COPY = 16 * 1024


def luks2_header(uuid: str) -> bytes:
    """Both copies of a LUKS2 header without a keyslot (LUKS2 on-disk format §2.1 and §3)."""
    area = json.dumps(
        {
            "keyslots": {},
            "tokens": {},
            "segments": {
                "0": {
                    "type": "crypt",
                    "offset": str(2 * MIB),
                    "size": "dynamic",
                    "iv_tweak": "0",
                    "encryption": "aes-xts-plain64",
                    "sector_size": 512,
                }
            },
            # libcryptsetup takes no segment without one; this one matches no key.
            "digests": {
                "0": {
                    "type": "pbkdf2",
                    "keyslots": [],
                    "segments": ["0"],
                    "hash": "sha256",
                    "iterations": 1000,
                    "salt": base64.b64encode(bytes(32)).decode(),
                    "digest": base64.b64encode(bytes(32)).decode(),
                }
            },
            "config": {
                "json_size": str(_LUKS2_COPY - 4096),
                "keyslots_size": str(2 * MIB - 2 * _LUKS2_COPY),
            },
        }
    ).encode()
    copies = ((b"LUKS\xba\xbe", 0), (b"SKUL\xba\xbe", _LUKS2_COPY))
    return b"".join(_luks2_copy(magic, offset, area, uuid) for magic, offset in copies)


def _luks2_copy(magic: bytes, offset: int, area: bytes, uuid: str) -> bytes:
    header = struct.pack(
        ">6sHQQ48s32s64s40s48sQ184s64s",
        *(magic, 2, _LUKS2_COPY, 1, b"vault", b"sha256", bytes(64)),
        *(uuid.encode(), b"", offset, b"", b""),
    )
    whole = bytearray(header.ljust(4096, b"\0") + area.ljust(_LUKS2_COPY - 4096, b"\0"))
    # The checksum covers the whole copy with its own 64 bytes, at 448, as zeros.
    whole[448 : 448 + 32] = hashlib.sha256(whole).digest()
    return bytes(whole)


def ntfs_start(size: int) -> bytes:
    """A boot sector for ``size`` bytes and four empty file records, in clusters of 4 KiB."""
    sector = bytearray(SECTOR)
    sector[0:11] = b"\xeb\x52\x90NTFS    "
    struct.pack_into("<HB", sector, 11, SECTOR, 8)
    sector[0x15] = 0xF8
    # Sectors, the first clusters of $MFT and its mirror, a record of 2**10 bytes, the serial.
    struct.pack_into("<QQQb3xb3xQ", sector, 0x28, size // SECTOR - 1, 4, 8, -10, 1, 0x1234ABCD)
    sector[0x1FE:0x200] = b"\x55\xaa"
    record = (b"FILE" + struct.pack("<HHQHHHHIIQ", 48, 3, 0, 1, 1, 56, 1, 64, 1024, 0)).ljust(
        56, b"\0"
    ) + b"\xff\xff\xff\xff"
    records = record.ljust(1024, b"\0") * 4
    return bytes(sector).ljust(4 * 4096, b"\0") + records
