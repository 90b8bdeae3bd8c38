"""Guests that the whole session shares, built once and never written to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from tests import machine
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build

REQUIRE_ALL = "BOOTWORTHY_REQUIRE_ALL"
"""Set to 1 where every layer must run: what would be skipped then fails."""

_GUEST_TOOLS = ("mmdebstrap", "mke2fs", "debugfs", "mkfs.fat", "mcopy", "sfdisk", "unshare")
_BOOT_TOOLS = ("qemu-system-x86_64",)
_BROWSER_TOOLS = ("chromium", "chromedriver")
_AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
_APPLIANCE_TOOLS = ("guestfish", "supermin")
_EMULATED = ("appliance", "boot")


@pytest.fixture(scope="session")
def bios_guest() -> Path:
    """The pristine Debian guest for BIOS; read-only."""
    return _guest("bios")


@pytest.fixture(scope="session")
def uefi_guest() -> Path:
    """The pristine Debian guest for UEFI; read-only."""
    return _guest("uefi")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a boot that fails try once more, and say so in the summary (``R``).

    Emulated, a kernel hangs now and then with "soft lockup" or "rcu: self-detected stall" in a
    driver; what is broken fails twice.
    """
    for item in items:
        if item.get_closest_marker("boot"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let one emulated machine run at a time, however many workers there are.

    A test marked ``boot(late=True)`` builds and prepares beside others: it waits when it boots.
    """
    marks = [mark for name in _EMULATED if (mark := item.get_closest_marker(name))]
    if all(mark.kwargs.get("late") for mark in marks):
        return (yield)
    with machine.turn():
        return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, loudly, what this machine cannot run; fail instead where all must run."""
    if item.get_closest_marker("guest") and os.geteuid():
        _lack("building a guest needs root: run scripts/test as root")
    if item.get_closest_marker("guest"):
        _need(_GUEST_TOOLS)
    if item.get_closest_marker("boot"):
        _need(_BOOT_TOOLS)
    if item.get_closest_marker("browser"):
        _need(_BROWSER_TOOLS)
        if not _AXE.is_file():
            _lack("tests/browser/node_modules is missing: run scripts/setup test")
    if item.get_closest_marker("appliance"):
        _need(_APPLIANCE_TOOLS)


def _guest(name: str) -> Path:
    return build(RECIPES[name])


def _need(tools: tuple[str, ...]) -> None:
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        _lack(f"missing {', '.join(missing)}: run scripts/setup test")


def _lack(reason: str) -> None:
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{REQUIRE_ALL}=1, but {reason}", pytrace=False)
    pytest.skip(f"NOT TESTED: {reason}")
