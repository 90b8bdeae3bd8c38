"""The wait for a slow root disk is not set, or is set where it stalls every boot."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import drop, missing_token, violation, with_entries
from bootworthy.rules.conditions import x64
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# init of initramfs-tools (0.142 of Debian 12, 0.140 of Debian 11) before it looks for any device.
_SLEEPS = re.compile(r"^\s*sleep\s+\"?\$\{?ROOTDELAY\b", re.MULTILINE)

# scripts/local waits max(30, ROOTDELAY) seconds for the root, and no longer than it takes; what a
# script of init-premount writes into /conf/param.conf is read behind init's own sleep.
HOOK = WriteFile(
    path="/etc/initramfs-tools/scripts/init-premount/azure_rootdelay",
    mode=0o755,
    text="""\
#!/bin/sh
# Wait up to 300 seconds for a slow root disk, and no longer than it takes. On the kernel command
# line, rootdelay=300 would have this initramfs sleep that long on every boot.
if [ "${1:-}" = prereqs ]; then exit 0; fi
echo ROOTDELAY=300 >>/conf/param.conf
""",
)


def _not_kept(subject: Subject) -> str:
    return "--keep-rootdelay" if subject.intent.keep_rootdelay else ""


@rule(
    code="CMD-05",
    name="rootdelay-wrong",
    severity=Severity.NOTE,
    why="Storage can be slow to appear, and a boot that does not wait for it ends in a shell.",
    when=(_not_kept, x64, with_entries),
    article=(37,),
    sources=(sources.ARTICLE, sources.CERTIFICATION, sources.KERNEL_PARAMETERS),
    deviation="a kernel without initramfs, and the initramfs of Debian, sleep all 300 seconds on "
    "every boot: there rootdelay is taken out, and the initramfs is told another way to wait for "
    "the root that long, but only while it is not there",
)
def check(subject: Subject) -> Iterator[Violation]:
    """rootdelay= is on every entry, unless the boot of one would sleep for it."""
    guest = subject.linux
    entries = guest.boot_loader.entries
    sleepers = [entry for entry in entries if _sleeps(guest, entry)]
    if stalled := [entry for entry in sleepers if entry.values("rootdelay")]:
        yield violation(
            stalled,
            "rootdelay= stalls every boot for its whole length",
            expected="no rootdelay, here it is no upper bound",
            fix=drop("rootdelay"),
            severity=Severity.WARNING,
        )
    if not sleepers:  # an argument is set for all entries or for none
        yield from missing_token(
            subject,
            lambda entry: bool(entry.values("rootdelay")),
            "rootdelay=300",
            "the wait for the root disk is not set",
        )
    elif any(entry.initrds for entry in sleepers) and guest.tree.text_or(HOOK.path) != HOOK.text:
        yield _no_hook()


def _sleeps(guest: Guest, entry: BootEntry) -> bool:
    """Whether rootdelay= makes this entry sleep: no initramfs, or one whose init does."""
    if not entry.initrds:
        return True
    files = (path for path in entry.initrds if guest.tree.is_file(path))
    return any(_SLEEPS.search(guest.initramfs(path).small_files.get("init", "")) for path in files)


def _no_hook() -> Violation:
    return Violation(
        message="the initramfs waits 30 seconds for the root disk, not 300",
        place=Place(HOOK.path),
        found="no such file",
        expected="a wait of up to 300 seconds, which ends when the disk is there",
        fix=Fix(title=f"write {HOOK.path}", steps=(HOOK,)),
    )
