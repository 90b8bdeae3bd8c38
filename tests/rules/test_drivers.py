from __future__ import annotations

import pytest

from bootworthy.guest.facts.kernels import Kernel
from bootworthy.rules import drivers
from tests.rules.healthy import RELEASE, healthy, kernel, without
from tests.rules.making import guest


def one(release: str = RELEASE) -> Kernel:
    """A kernel with udf built in and without vfat."""
    parts = kernel(release, loadable=without("udf", "vfat"), builtin=("kernel/fs/udf/udf",))
    (found,) = guest(parts).kernels
    return found


def test_how_a_kernel_has_drivers() -> None:
    names = ("udf", "vfat", "hv_vmbus", "hid-hyperv")

    assert drivers.present(one(), names) == ("hv_vmbus", "hid-hyperv")
    assert drivers.absent(one(), names) == ("vfat",)


def test_kernels_that_lack_some() -> None:
    kernels = guest(healthy(kernel("5.10.0-33-amd64", loadable=without("fat")))).kernels

    found = [(k.release, names) for k, names in drivers.kernels_without(kernels, ("udf", "fat"))]

    assert found == [("5.10.0-33-amd64", ("fat",))]


def test_where_a_kernel_is() -> None:
    place = drivers.place_of(one())
    assert str(place) == f"/usr/lib/modules/{RELEASE} (kernel {RELEASE})"

    (bare,) = guest({"/boot/vmlinuz-6.1.0": "kernel"}).kernels
    assert drivers.place_of(bare).path == "/boot/vmlinuz-6.1.0"


@pytest.mark.parametrize(
    ("release", "older"),
    [("3.7.10", True), ("3.8", False), ("6.1.0-28-amd64", False), ("custom", False)],
)
def test_age(release: str, older: bool) -> None:
    assert drivers.is_older(one(release), (3, 8)) is older


def test_what_every_kernel_has_built_in() -> None:
    both = (one(), *guest(healthy()).kernels)

    assert drivers.built_in_everywhere(both[:1], "udf")
    assert not drivers.built_in_everywhere(both, "udf")
    assert not drivers.built_in_everywhere((), "udf")
