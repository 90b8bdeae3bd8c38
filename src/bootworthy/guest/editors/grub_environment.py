"""Set a variable in GRUB's environment block, whose size never changes.

Source: GRUB's grub-core/lib/envblk.c and util/grub-editenv.c: 1024 bytes, padded with ``#``.
"""

from __future__ import annotations

from bootworthy.guest.facts.boot_loaders.grub_environment import SIGNATURE, parse
from bootworthy.model.errors import GuestError

_SIZE = 1024


def set_variable(text: str, name: str, value: str) -> str:
    """The block with ``name`` at ``value``, the other variables in their order.

    Raises:
        GuestError: ``grubenv-full``, when it does not fit; ``grubenv-corrupt`` when it is no block.
    """
    if not text.startswith(SIGNATURE):
        raise GuestError(
            "grubenv-corrupt",
            "grubenv is not a GRUB environment block",
            hint="have the guest's grub-editenv create it again",
        )
    variables = parse(text) | {name: value}
    body = SIGNATURE + "".join(f"{key}={_escaped(word)}\n" for key, word in variables.items())
    room = max(_SIZE, len(text.encode())) - len(body.encode())
    if room < 0:
        raise GuestError(
            "grubenv-full",
            f"{name} does not fit into GRUB's environment block",
            hint="shorten the kernel command line in grubenv by hand",
        )
    return body + "#" * room


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\\n")
