"""Images that are closed when a test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bootworthy.disk.image import Image, open_image
from tests.rules import disks

OpenImage = Callable[[Path], Image]


@pytest.fixture
def opened() -> Iterator[OpenImage]:
    """Opens images."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(open_image(path))


@pytest.fixture(scope="session")
def healthy_vhd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The healthy disk as a fixed VHD; read-only."""
    path = disks.vhd(tmp_path_factory.mktemp("healthy") / "healthy.vhd")
    path.chmod(0o444)
    return path


@pytest.fixture
def healthy_image(healthy_vhd: Path, opened: OpenImage) -> Image:
    """The healthy disk, open."""
    return opened(healthy_vhd)
