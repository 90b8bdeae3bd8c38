"""An inspection as people read it, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bootworthy.model.image import FileSystem, ImageInfo, Partition
from bootworthy.model.inspection import Inspection
from bootworthy.model.quantities import human_size, plural
from bootworthy.report.styled import Line, Span, Style


def render(result: Inspection) -> str:
    """The inspection as one JSON document, with a newline at its end."""
    return json.dumps(result.to_dict(), indent=2, ensure_ascii=False) + "\n"


def lines(result: Inspection) -> Iterator[Line]:
    """The inspection, line by line."""
    yield from _container(result.image)
    yield from _partitions(result.image)
    if result.guest:
        guest = result.guest
        kernels = ", ".join(guest.kernels) or "no kernel"
        yield _row("Linux", f"{guest.name} ({guest.architecture}) on {guest.root}, {kernels}")
    for note in result.notes:
        yield Span("note", Style.NOTE), Span(f": {_printable(note)}")
    yield ()
    yield from _verdict(result)


def _container(image: ImageInfo) -> Iterator[Line]:
    container = image.container
    yield (Span(container.path, Style.STRONG),)
    yield _row("format", container.format)
    size = f"{container.virtual_size} bytes ({human_size(container.virtual_size)})"
    yield _row("disk", size)
    yield _row("file", f"{container.file_size} bytes")
    for name, value in container.details:
        if name != "note":
            yield _row(name, value)
    generations = " and ".join(f"generation {number}" for number in image.generations)
    yield _row("boots as", generations or "nothing: no boot loader found")


def _partitions(image: ImageInfo) -> Iterator[Line]:
    words = {"gpt": "GPT", "mbr": "MBR", "none": "none"}
    yield _row("table", words[image.table.value])
    systems = {system.partition: system for system in image.file_systems}
    for part in image.partitions:
        yield _row("", _partition(part, systems.get(part.number)))
    if not image.partitions and 0 in systems:
        yield _row("", f"whole disk: {_system(systems[0])}")


def _partition(part: Partition, system: FileSystem | None) -> str:
    text = f"{part.number:>3}  at {part.start:>13}  {human_size(part.size):>10}"
    if system is not None and system.kind:
        text += f"  {_system(system)}"
    return text + (f"  {part.name!r}" if part.name else "")


def _system(system: FileSystem) -> str:
    words = [system.kind]
    if system.label:
        words.append(f"LABEL={system.label!r}")
    if not system.clean:
        words.append("not unmounted cleanly")
    return " ".join(words)


def _row(name: str, value: str) -> Line:
    return Span(f"  {name:<13} ", Style.FAINT), Span(_printable(value))


def _printable(text: str) -> str:
    """Text from an image without what would steer a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _verdict(result: Inspection) -> Iterator[Line]:
    if result.accepted:
        text = "Azure would take this file; bootworthy check says whether it would run there"
        yield (Span(text, Style.GOOD),)
        return
    count = plural(len(result.obstacles), "reason")
    yield (Span(f"Azure would refuse this file, for {count}:", Style.ERROR),)
    for obstacle in result.obstacles:
        yield Span(f"  {obstacle.code}", Style.ERROR), Span(f": {_printable(obstacle.text)}")
    for repair in dict.fromkeys(obstacle.repair for obstacle in result.obstacles):
        yield Span("  repair: ", Style.NOTE), Span(repair)
