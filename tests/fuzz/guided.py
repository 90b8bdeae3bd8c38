"""Fuzzing guided by coverage, for longer runs than tests: ``scripts/fuzz``.

Each format starts from small images of its own, made by qemu-img. An image may be refused with an
ImageError and in no other way; what breaks that rule is kept in ``.cache/fuzz``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.vhdx_seals import pack, unpack

CHECKOUT = Path(__file__).resolve().parents[2]
WORK = CHECKOUT / ".cache" / "fuzz"

# qemu-img's format and options for each image to start from.
SEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "raw": (("raw",),),
    "qcow2": (
        ("qcow2", "-o", "cluster_size=512"),
        ("qcow2", "-o", "cluster_size=4k,compat=0.10"),
        ("qcow2", "-o", "cluster_size=16k,extended_l2=on"),
        ("qcow2", "-c", "-o", "cluster_size=4k"),
        ("qcow2", "-c", "-o", "cluster_size=4k,compression_type=zstd"),
    ),
    "vhd": (
        ("vpc", "-o", "subformat=fixed,force_size"),
        ("vpc", "-o", "subformat=fixed"),
        ("vpc", "-o", "subformat=dynamic"),
    ),
    "vhdx": (("vhdx", "-o", "log_size=1M,block_size=1M"), ("vhdx", "-o", "subformat=fixed")),
    "vmdk": (
        ("vmdk", "-o", "subformat=monolithicSparse"),
        ("vmdk", "-o", "subformat=streamOptimized"),
    ),
    "vdi": (("vdi",), ("vdi", "-o", "static=on")),
    "parallels": (("parallels",),),
}

# Formats whose cases are the short form of an image: how to make it, and the image of it.
SHORT: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "vhdx": (pack, unpack),
}

# Copied when no larger than this: a hostile header may claim terabytes of holes.
_COPIED = 16 << 20
_READ = 5000


def main() -> None:
    """Fuzz one format for a while, or list them."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("format", choices=sorted(SEEDS))
    parser.add_argument("--seconds", type=int, default=600, help="how long (600)")
    parser.add_argument("--runs", type=int, default=-1, help="stop after so many cases")
    given = parser.parse_args()
    corpus = WORK / given.format / "corpus"
    make_seeds(given.format, corpus)
    fuzz(given.format, corpus, seconds=given.seconds, runs=given.runs)


def make_seeds(fmt: str, corpus: Path) -> None:
    """Write the images to start from, unless they are there."""
    from tests.disk.making import MIB, patch, run, sparse

    corpus.mkdir(parents=True, exist_ok=True)
    shorten, _ = SHORT.get(fmt, (bytes, bytes))
    with tempfile.TemporaryDirectory() as folder:
        disk = sparse(Path(folder, "disk"), MIB)
        run("sfdisk", "-q", "--no-reread", disk, typed="label: gpt\nstart=64, size=64\n")
        patch(disk, 64 * 512, b"some text " * 1000)
        for number, (kind, *options) in enumerate(SEEDS[fmt]):
            target = corpus / f"seed-{number}"
            if not target.exists():
                image = Path(folder, "image")
                run("qemu-img", "convert", "-f", "raw", "-O", kind, *options, disk, image)
                target.write_bytes(shorten(image.read_bytes()))
    if fmt == "vhdx":
        (corpus / "seed-unclosed").write_bytes(shorten(unclosed()))


def unclosed() -> bytes:
    """A VHDX whose log has to be replayed, which qemu-img does not make."""
    from tests.disk.vhdxs import LOG_AT, MIB, Entry, Vhdx, changes, dirty, marked, ring

    before = Vhdx(size=2 * MIB, sectors=marked("old", (0, 9)))
    final = Vhdx(size=2 * MIB, sectors=marked("new", (1, 9, 3000))).build()
    changed = [(LOG_AT + 6 * MIB, 1 << 20), *changes(before.build(), final)]
    entries = Entry(sequence=4).build() + Entry(sequence=5, changes=changed).build()
    return dirty(before, ring((0, entries)))


def fuzz(fmt: str, corpus: Path, *, seconds: int, runs: int) -> None:
    """Mutate images until the time is over; never returns."""
    import atheris

    with atheris.instrument_imports(include=["bootworthy.disk"]):
        import bootworthy.disk.container as containers

        containers.known_formats()
    findings = WORK / fmt / "findings"
    findings.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="bootworthy-fuzz-", dir="/dev/shm"))
    flags = [f"-max_total_time={seconds}", f"-runs={runs}", "-timeout=20", "-rss_limit_mb=1024"]
    flags += [f"-artifact_prefix={findings}/", "-max_len=16777216", "-print_final_stats=1"]
    _, image_of = SHORT.get(fmt, (bytes, bytes))
    atheris.Setup(
        [sys.argv[0], *flags, os.fspath(corpus)], lambda data: one_case(place, image_of(data))
    )
    atheris.Fuzz()


def one_case(place: Path, data: bytes) -> None:
    """Open an image that holds ``data`` and do with it what the product does."""
    from bootworthy.model.errors import ImageError

    (place / "image").write_bytes(data)
    try:
        use(place / "image", place / "copy")
    except ImageError:
        return


def use(image: Path, scratch: Path) -> None:
    """Detect, open, read, take apart and copy."""
    from bootworthy.disk.anatomy import examine
    from bootworthy.disk.container import open_container
    from bootworthy.disk.copying import copy_disk
    from bootworthy.disk.image import Image

    with open_container(image) as container:
        container.info()
        examine(container.file)
        for offset in (0, 70_000, container.virtual_size - _READ):
            container.pread(max(offset, 0), _READ)
        Image(container).info()
        if container.virtual_size <= _COPIED:
            fd = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                copy_disk(container, fd)
            finally:
                os.close(fd)


if __name__ == "__main__":
    main()
