"""Which runs of a disk its logical volumes are."""

from __future__ import annotations

import random

import pytest

from bootworthy.disk.lvm.volumes import LogicalVolume, NotLinearError, logical_volumes
from tests.disk.lvm.volume_groups import (
    AREA,
    EXTENT,
    HOLDER,
    group,
    physical_volume,
    reader,
    segment,
    volume,
)

MIB = 1 << 20


def found(disk: bytes | bytearray) -> tuple[LogicalVolume, ...]:
    return logical_volumes(reader(disk), [HOLDER])


def test_volumes_are_where_lvm_would_map_them() -> None:
    text = group(
        volume("root", segment(1, 0, 5, 0)),
        volume("swap_1", segment(1, 0, 2, 5)),
    )
    root, swap = found(physical_volume(text))
    assert (root.start, root.size) == (MIB, 5 * EXTENT)
    assert (swap.start, swap.size) == (MIB + 5 * EXTENT, 2 * EXTENT)
    assert root.partition == 3
    assert swap.mapped_name == "web01--vg-swap_1"


def test_segments_behind_each_other_are_one_run() -> None:
    text = group(volume("root", segment(2, 3, 2, 6), segment(1, 0, 3, 3)))
    (root,) = found(physical_volume(text))
    assert (root.start, root.size) == (MIB + 3 * EXTENT, 5 * EXTENT)


def test_a_text_that_wraps_around_its_ring() -> None:
    text = group(volume("root", segment(1, 0, 5, 0)))
    (root,) = found(physical_volume(text, place=AREA[1] - 512))
    assert root.name == "root"


@pytest.mark.parametrize(
    ("volumes", "why"),
    [
        (volume("a", segment(1, 0, 2, 0), segment(2, 2, 2, 8)), "several places"),
        (volume("a", segment(1, 0, 2, 0, "thin-pool")), "not linear"),
        (volume("a", segment(1, 0, 20, 0)), "beyond its partition"),
        (volume("a", segment(1, 0, 2, 1 << 62)), "beyond its partition"),
        (volume("a", segment(1, 0, 0, 0)), "beyond its partition"),
        (volume("a", segment(1, 0, 2, 0).replace("pv0", "pv1")), "not in the image"),
        (volume("a", segment(1, 0, 2, 0).replace("= 1\nstripes", "= 2\nstripes")), "not linear"),
        (volume("a").replace("count = 0", "count = 1"), "not those it says"),
        (volume("a/b", segment(1, 0, 2, 0)), "name"),
        (volume("..", segment(1, 0, 2, 0)), "name"),
    ],
)
def test_what_only_device_mapper_can_map(volumes: str, why: str) -> None:
    text = group(volume("root", segment(1, 0, 2, 0)), volumes)
    with pytest.raises(NotLinearError, match=why):
        found(physical_volume(text))


@pytest.mark.parametrize(
    ("volumes", "why"),
    [
        ((volume("a", segment(1, 0, 3, 0)), volume("b", segment(1, 0, 3, 2))), "overlap"),
        (tuple(volume(f"v{n}", segment(1, 0, 1, 0)) for n in range(300)), "more than 256"),
    ],
)
def test_volumes_that_no_lvm_makes(volumes: tuple[str, ...], why: str) -> None:
    with pytest.raises(NotLinearError, match=why):
        found(physical_volume(group(*volumes)))


def test_damaged_descriptions_are_not_believed() -> None:
    text = group(volume("root", segment(1, 0, 5, 0)))
    with pytest.raises(NotLinearError, match="no description"):
        found(physical_volume(text, break_text=True))
    with pytest.raises(NotLinearError, match="no description"):
        found(bytearray(HOLDER.size))


def test_no_damage_does_more_than_refuse() -> None:
    chance = random.Random(7)  # noqa: S311 - the same damage each time
    sound = physical_volume(group(volume("root", segment(1, 0, 5, 0))))
    for _ in range(300):
        disk = memoryview(bytearray(sound[: 2 * MIB]))
        for _ in range(chance.randint(1, 8)):
            disk[512 + chance.randrange(8192)] = chance.randrange(256)
        try:
            volumes = found(bytes(disk))
        except NotLinearError:
            continue
        assert all(0 < v.start < v.start + v.size <= HOLDER.size for v in volumes)
