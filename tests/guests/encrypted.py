"""Small disks with volumes that cryptsetup made, which nobody opens."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.guests import small
from tests.guests.disk import FIRST_EXTENT, MIB, SECTOR, make_empty, make_volume_group, partition

_START = MIB
_SIZE = 48 * MIB
_LVM_TYPE, _LINUX_TYPE = "8e", "83"
_VOLUME_SIZE = 32 * MIB
# Of small's disk with one Linux.
_BEHIND = 9 * MIB


def luks1(image: Path) -> Path:
    """One partition, LUKS1, as installers before 2019 made it."""
    return _on_partition(image, "luks1")


def luks2(image: Path) -> Path:
    """One partition, LUKS2."""
    return _on_partition(image, "luks2")


def luks_on_lvm(image: Path) -> Path:
    """A volume group whose root is LUKS2, beside swap that is not."""
    _disk(image, _LVM_TYPE)
    volumes = {"root": _VOLUME_SIZE, "swap": 8 * MIB}
    make_volume_group(image, offset=_START, size=_SIZE, group="vault", volumes=volumes)
    _format(image, _START + FIRST_EXTENT, _VOLUME_SIZE, "luks2")
    return image


def encrypted_data(image: Path) -> Path:
    """A Linux that boots without its encrypted second partition, which crypttab names."""
    files = {
        "etc/crypttab": "data PARTUUID=00051a11-02 /etc/data.key luks,nofail\n",
        "etc/data.key": "32 random bytes would stand here",
        "etc/fstab": "UUID=00000001-1111-4222-8333-444444444444 / ext4 errors=remount-ro 0 1\n"
        "/dev/mapper/data /srv ext4 nofail 0 2\n",
    }
    small.one_linux(image, files)
    with image.open("r+b") as disk:
        disk.truncate(_BEHIND + _SIZE)
    start, size = _BEHIND // SECTOR, _SIZE // SECTOR
    table = f"start={MIB // SECTOR}, size={8 * MIB // SECTOR}, type=83\n"
    head = "label: dos\nlabel-id: 0x51a11\n"
    partition(image, f"{head}{table}start={start}, size={size}, type=83\n")
    _format(image, _BEHIND, _SIZE, "luks2")
    return image


def _on_partition(image: Path, kind: str) -> Path:
    _disk(image, _LINUX_TYPE)
    _format(image, _START, _SIZE, kind)
    return image


def _disk(image: Path, kind: str) -> None:
    make_empty(image, _START + _SIZE)
    partition(image, f"label: dos\nstart={_START // SECTOR}, type={kind}\n")


def _format(image: Path, offset: int, size: int, kind: str) -> None:
    """LUKS at an offset; formatting needs no device-mapper, opening would."""
    alone = image.with_name("volume")
    make_empty(alone, size)
    # The fastest key derivation: nobody attacks it.
    cheap = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    argv = ["cryptsetup", "luksFormat", "--batch-mode", "--type", kind, *cheap, "--key-file", "-"]
    subprocess.run([*argv, str(alone)], input=b"secret", check=True, timeout=60)
    place = ("bs=1M", f"seek={offset // MIB}", "conv=sparse,notrunc", "status=none")
    subprocess.run(["dd", f"if={alone}", f"of={image}", *place], check=True, timeout=60)
    alone.unlink()
