from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Severity
from bootworthy.rules.initramfs.compression_unknown import check
from tests.rules.healthy import INITRAMFS, healthy, initramfs, kernel
from tests.rules.making import findings, subject


def look(compression: str, config: str) -> tuple[Finding, ...]:
    changes = {**kernel(config=config), INITRAMFS: initramfs(compression=compression)}
    return findings(check, subject(healthy(changes)))


@pytest.mark.parametrize(
    ("compression", "option"), [("gzip", "RD_GZIP"), ("zstd", "RD_ZSTD"), ("xz", "RD_XZ")]
)
def test_what_the_kernel_knows_passes(compression: str, option: str) -> None:
    assert look(compression, f"CONFIG_{option}=y\nCONFIG_RD_LZ4=y\n") == ()


def test_a_configuration_that_says_nothing_of_it_passes() -> None:
    assert look("zstd", "CONFIG_HYPERV=m\n") == ()


def test_what_it_does_not_know() -> None:
    (found,) = look("zstd", "CONFIG_RD_GZIP=y\n# CONFIG_RD_ZSTD is not set\n")

    assert (found.severity, found.place.path) == (Severity.ERROR, INITRAMFS)
    assert found.found == "zstd"
    assert "CONFIG_RD_ZSTD" in found.message
