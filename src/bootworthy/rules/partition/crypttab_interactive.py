"""A disk is to be unlocked by a passphrase at boot."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import crypttab
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="PART-25",
    name="passphrase-at-boot",
    severity=Severity.WARNING,
    why="The boot waits for a passphrase on a console where nobody is.",
    when=(has_guest,),
    sources=(
        "https://www.freedesktop.org/software/systemd/man/crypttab.html",
        sources.FSTAB_ERRORS,
    ),
)
def check(subject: Subject) -> Iterator[Violation]:
    """Every line of crypttab has a key file, a token, or options that let the boot go on."""
    for entry in crypttab.read(subject.linux.tree):
        if entry.asks:
            yield Violation(
                message=f"{entry.name} on {entry.device} asks for a passphrase at boot",
                place=Place(crypttab.PATH, entry.line),
                found=" ".join((entry.name, entry.device, entry.key, ",".join(entry.options))),
                expected="a key file, tpm2-device=, or nofail or noauto",
                fix=by_hand("move the data to an unencrypted volume; Azure encrypts disks itself"),
            )
