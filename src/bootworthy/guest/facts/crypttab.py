"""Volumes that are unlocked at boot: crypttab(5)."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.guest.tree import Tree

PATH = "/etc/crypttab"

# What unlocks a volume without a person, and what lets the boot go on without the volume.
_UNLOCKS = ("tpm2-device", "fido2-device", "pkcs11-uri", "keyscript", "tang", "_netdev")
_GOES_ON = ("nofail", "noauto", "swap", "tmp")


@dataclass(frozen=True, kw_only=True)
class CryptEntry:
    """One line; ``key`` is ``none`` where a passphrase is asked for; ``line`` is 1-based."""

    line: int
    name: str
    device: str
    key: str
    options: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Whether the boot stops until a person types a passphrase."""
        names = {option.partition("=")[0] for option in self.options}
        return self.key in ("none", "-", "") and not names & {*_UNLOCKS, *_GOES_ON}


def read(tree: Tree) -> tuple[CryptEntry, ...]:
    """The entries of the guest; lines that are none are left out."""
    found = []
    for number, text in enumerate(tree.text_or(PATH).split("\n"), 1):
        words = text.split("#", 1)[0].split()
        if len(words) >= 2:  # noqa: PLR2004 - a name and a device
            key = words[2] if len(words) > 2 else "none"  # noqa: PLR2004
            options = tuple(words[3].split(",")) if len(words) > 3 else ()  # noqa: PLR2004
            name, device = words[:2]
            entry = CryptEntry(line=number, name=name, device=device, key=key, options=options)
            found.append(entry)
    return tuple(found)
