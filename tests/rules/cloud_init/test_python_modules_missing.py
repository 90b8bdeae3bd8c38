from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.cloud_init.python_modules_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, findings, subject

PACKAGES = "/usr/lib/python3/dist-packages"
CRYPT = "/usr/lib/python3.11/crypt.py"


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def test_all_there_passes() -> None:
    assert look({}) == ()


@pytest.mark.parametrize("name", ["requests", "yaml"])
def test_one_that_it_cannot_do_without(name: str) -> None:
    (found,) = look({f"{PACKAGES}/{name}": None})
    assert (found.severity, found.found) == (Severity.ERROR, f"no {name}")


@pytest.mark.parametrize(
    "path", [f"{PACKAGES}/passlib/__init__.py", f"{PACKAGES}/crypt_r.cpython-313.so"]
)
def test_another_module_makes_hashes(path: str) -> None:
    assert look({CRYPT: None, path: ""}) == ()


def test_none_makes_hashes() -> None:
    (found,) = look({CRYPT: None})
    assert (found.severity, found.expected) == (Severity.WARNING, "passlib")
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=("python3-passlib",)),)


def test_a_python_of_its_own_passes() -> None:
    assert look({PACKAGES: None, CRYPT: None}) == ()
