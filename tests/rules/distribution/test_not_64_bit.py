from __future__ import annotations

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Intent
from bootworthy.rules.distribution.not_64_bit import check
from tests.rules.healthy import ARM64, elf, healthy
from tests.rules.making import Entry, findings, subject


def look(changes: dict[str, Entry | None], intent: Intent | None = None) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes), intent=intent))


def test_both_architectures_of_azure_pass() -> None:
    assert look({}) == ()
    assert look({"/usr/bin/dash": elf(ARM64)}) == ()


def test_32_bits_are_refused_by_certification() -> None:
    header = b"\x7fELF\x01\x01\x01".ljust(16, b"\0") + b"\x02\0\x03\0" + bytes(32)
    (found,) = look({"/usr/bin/dash": header})

    assert found.severity is Severity.WARNING
    assert found.found == "a 32-bit program for ELF machine 3"


def test_another_processor_is_an_error() -> None:
    (found,) = look({"/usr/bin/dash": elf(21)})

    assert found.severity is Severity.ERROR
    assert found.found == "a 64-bit program for ELF machine 21"


def test_a_script_says_nothing() -> None:
    assert look({"/usr/bin/dash": "#!/bin/true\n"}) == ()
