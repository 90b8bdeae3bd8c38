"""Build one guest for a person: ``python -m tests.guests bios out.raw``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build


def main() -> int:
    """Parse the command line and build; the exit status is argparse's."""
    parser = argparse.ArgumentParser(prog="python -m tests.guests", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the guests and stop")
    parser.add_argument("guest", nargs="?", choices=sorted(RECIPES))
    parser.add_argument("image", nargs="?", type=Path, help="raw image to write (sparse)")
    chosen = parser.parse_args()
    if chosen.list:
        sys.stdout.writelines(f"{name:13} {recipe.title}\n" for name, recipe in RECIPES.items())
        return 0
    if chosen.guest is None or chosen.image is None:
        parser.error("name a guest and the image to write, or use --list")
    if os.geteuid():
        parser.error("building a guest needs root")
    built = build(RECIPES[chosen.guest])
    copy = ["cp", "--sparse=always", "--reflink=auto", "--no-preserve=mode"]
    subprocess.run([*copy, "--", str(built), str(chosen.image)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
