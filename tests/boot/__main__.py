"""Boot an image to its login prompt and show what it says: ``python -m tests.boot OUT.vhd``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bootworthy.disk.image import open_image
from bootworthy.model.intent import Generation
from tests.boot.harness import BootFailedError, Bus, Firmware, Machine, boot

# Emulated machines on slow hosts need minutes.
_LIMIT = 600


def main() -> int:
    """Boot the image on a throw-away overlay; 0 when it asked for a login."""
    parser = argparse.ArgumentParser(prog="python -m tests.boot", description=__doc__)
    parser.add_argument("image", type=Path, help="raw image or fixed VHD; it is not changed")
    chosen = parser.parse_args()
    with open_image(chosen.image) as image:
        uefi = Generation.UEFI in image.generations
    firmware, bus = (Firmware.UEFI, Bus.AHCI) if uefi else (Firmware.BIOS, Bus.IDE)
    try:
        with boot(Machine(image=chosen.image, firmware=firmware, bus=bus)) as machine:
            machine.wait("login:", _LIMIT)
            console = machine.console.text.rstrip().splitlines()
    except BootFailedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"    {line}\n" for line in console[-8:])
    seconds = machine.timings["login"]
    sys.stdout.write(f"asked for a login on the serial console {seconds:.0f} s after power-on\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
