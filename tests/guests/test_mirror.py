"""The mirror comes from this machine's apt, or from the environment."""

from __future__ import annotations

import subprocess

import pytest

from tests.guests.mirror import MIRROR_VARIABLE, host_mirror


def test_the_archive_is_one_that_apt_here_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    mirror = host_mirror("bookworm")
    kind, address, suite, component = mirror.sources[0].split()
    assert (kind, suite, component) == ("deb", "bookworm", "main")
    known = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert address in known.split()


def test_the_environment_names_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "http://mirror.example.internal/debian")
    first = host_mirror("bookworm").sources[0]
    assert first == "deb http://mirror.example.internal/debian/ bookworm main"


def test_a_suite_the_mirror_lacks_has_no_updates() -> None:
    assert len(host_mirror("no-such-suite").sources) == 1
