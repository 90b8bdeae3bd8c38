from __future__ import annotations

import gzip

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.intent import Generation, Intent
from bootworthy.rules.newer.modules_unsigned import check
from tests.rules.healthy import LOADABLE, RELEASE, healthy, kernel
from tests.rules.making import findings, not_applicable, subject

TRUSTED = Intent(generation=Generation.UEFI, trusted_launch=True)
FOLDER = f"/usr/lib/modules/{RELEASE}"
SIGNED = b"\x7fELF" + bytes(100) + b"~Module signature appended~\n"


def look(path: str, content: bytes) -> tuple[Finding, ...]:
    changes = kernel(loadable=(*LOADABLE, path))
    files = healthy({**changes, f"{FOLDER}/{path}.ko": content})
    return findings(check, subject(files, intent=TRUSTED))


def test_the_kernels_own_are_its_makers_business() -> None:
    assert findings(check, subject(healthy(), intent=TRUSTED)) == ()


@pytest.mark.parametrize("content", [SIGNED, gzip.compress(SIGNED, mtime=0)], ids=["plain", "gzip"])
def test_signed_ones_pass(content: bytes) -> None:
    assert look("updates/dkms/nvidia", content) == ()


@pytest.mark.parametrize(
    "content", [b"\x7fELF", gzip.compress(b"\x7fELF", mtime=0)], ids=["plain", "gzip"]
)
@pytest.mark.parametrize("folder", ["updates/dkms", "extra", "weak-updates/hv"])
def test_others(folder: str, content: bytes) -> None:
    (found,) = look(f"{folder}/nvidia", content)

    assert found.severity is Severity.WARNING
    assert found.place.path == f"{FOLDER}/{folder}/nvidia.ko"


def test_what_cannot_be_unpacked_is_not_judged() -> None:
    assert look("extra/nvidia", gzip.compress(SIGNED)[:20]) == ()


def test_without_trusted_launch_it_does_not_matter() -> None:
    intent = Intent(generation=Generation.UEFI)
    assert (
        not_applicable(check, subject(healthy(), intent=intent)) == "--trusted-launch is not given"
    )
