"""One disk in every container that is read: chains, packed files and unclosed ones too."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import zstandard

from bootworthy.disk import footer
from tests.azure.disks import fixed_vhd
from tests.disk.formats.test_ova import ovf
from tests.disk.making import MIB, patch, patterned, run
from tests.disk.vhds import Vhd
from tests.disk.vhdxs import Entry, Vhdx, changes, dirty, ring, write_sparsely

SIZE = 24 * MIB + 512
_SECTOR = 512

_Make = Callable[[Path, Path], Path]


def disk_at(path: Path) -> Path:
    """A GPT disk of no whole MiB, with data, a hole of many MiB and gaps of every size."""
    patterned(path, 5 * MIB + 1536)
    with path.open("r+b") as file:
        file.truncate(SIZE)
    identity = "11111111-2222-4333-8444-555555555555"
    table = f"label: gpt\nlabel-id: {identity}\nstart=2048, size=20480, uuid={identity}\n"
    run("sfdisk", "--quiet", "--no-reread", path, typed=table)
    patch(path, 20 * MIB, b"far" * 1000 + bytes(131072) + b"x" + bytes(140000) + b"y")
    return path


def make(kind: str, folder: Path) -> Path:
    """The disk of ``disk_at``, which is at ``disk.raw``, in a container of this kind."""
    return EVERY[kind](disk_at(folder / "disk.raw"), folder)


def by_qemu_img(fmt: str, *flags: str) -> _Make:
    """The container that qemu-img makes."""

    def made(raw: Path, folder: Path) -> Path:
        run("qemu-img", "convert", "-f", "raw", "-O", fmt, *flags, raw, folder / "image")
        return folder / "image"

    return made


def layered(fmt: str) -> _Make:
    """A layer with the last two MiB of the data over one with all that is before."""

    def made(raw: Path, folder: Path) -> Path:
        below, top = folder / "below.raw", folder / "image"
        run("cp", "--sparse=always", raw, below)
        patch(below, 4 * MIB, b"old" * 100_000)
        run("qemu-img", "convert", "-f", "raw", "-O", fmt, below, folder / "below")
        below.unlink()
        run("qemu-img", "create", "-q", "-f", fmt, "-b", "below", "-F", fmt, top)
        part = folder / "part"
        part.write_bytes(raw.read_bytes()[4 * MIB : 6 * MIB])
        run("qemu-io", "-f", fmt, "-c", f"write -s {part} 4M 2M", top)
        return top

    return made


def sectors_of(raw: Path) -> dict[int, bytes]:
    """The sectors that are not zeros."""
    data = raw.read_bytes()
    found = ((at // _SECTOR, data[at : at + _SECTOR]) for at in range(0, len(data), _SECTOR))
    return {number: sector for number, sector in found if any(sector)}


def halves(raw: Path) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """What a parent holds, some of it outdated, and what its child holds."""
    held = sectors_of(raw)
    child = {number: data for number, data in held.items() if number % 5 < 2}
    parent = {n: b"old".ljust(_SECTOR) if n in child else data for n, data in held.items()}
    return parent, child


def with_footer(raw: Path, folder: Path) -> Path:
    """A fixed VHD of an odd size, as tools leave it that take a raw disk."""
    return write_sparsely(folder / "image", raw.read_bytes() + footer.build(SIZE))


def ready_vhd(raw: Path, folder: Path) -> Path:
    """A fixed VHD that Azure takes as it is."""
    return write_sparsely(folder / "image", fixed_vhd(raw))


def differencing_vhd(raw: Path, folder: Path) -> Path:
    """A VHD over another."""
    parent, child = halves(raw)
    base = Vhd(size=SIZE, sectors=parent, block_size=MIB)
    base.write(folder / "base.vhd")
    return base.over("base.vhd", sectors=child).write(folder / "image")


def differencing_vhdx(raw: Path, folder: Path) -> Path:
    """A VHDX over another."""
    parent, child = halves(raw)
    base = Vhdx(size=SIZE, sectors=parent)
    base.write(folder / "base.vhdx")
    return base.over("base.vhdx", sectors=child).write(folder / "image")


def unclosed_vhdx(raw: Path, folder: Path) -> Path:
    """A VHDX of which a block, and some data, are in the log only."""
    held = sectors_of(raw)
    after = Vhdx(size=SIZE, sectors=held, log_size=8 * MIB)
    before = Vhdx(
        size=SIZE,
        sectors={n: data for n, data in held.items() if n < 20 * MIB // _SECTOR and n % 700},
        log_size=8 * MIB,
    )
    final = after.build()
    entry = Entry(sequence=5, changes=changes(before.build(), final), last=len(final))
    return write_sparsely(folder / "image", dirty(before, ring((0, entry.build()), size=8 * MIB)))


def tar_of_unclosed(raw: Path, folder: Path) -> Path:
    """An unclosed VHDX in a tar archive, where it is read in place."""
    return packed(folder / "i.tar", {"disk": unclosed_vhdx(raw, folder).read_bytes()})


def split(raw: Path, folder: Path) -> Path:
    """A VMDK whose descriptor names other files."""
    options = "subformat=twoGbMaxExtentFlat"
    run("qemu-img", "convert", "-O", "vmdk", "-o", options, raw, folder / "image.vmdk")
    return folder / "image.vmdk"


def with_data_file(raw: Path, folder: Path) -> Path:
    """A qcow2 whose data is in another file."""
    option = f"data_file={folder / 'data'}"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", option, folder / "image", "24M")
    run("qemu-img", "resize", "-q", folder / "image", str(SIZE))
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "qcow2", raw, folder / "image")
    return folder / "image"


def ova(raw: Path, folder: Path) -> Path:
    """A virtual appliance with a stream-optimised disk."""
    by_qemu_img("vmdk", "-o", "subformat=streamOptimized")(raw, folder)
    return packed(folder / "image.ova", {"vm.ovf": ovf("d"), "d": (folder / "image").read_bytes()})


def packed(path: Path, members: dict[str, bytes]) -> Path:
    """A tar archive."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as out:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return path


def compressed(compress: Callable[[bytes], bytes], fmt: str = "raw") -> _Make:
    """The disk, or an image of it, in one compressed file."""

    def made(raw: Path, folder: Path) -> Path:
        image = by_qemu_img(fmt)(raw, folder)
        (folder / "packed").write_bytes(compress(image.read_bytes()))
        return folder / "packed"

    return made


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("disk.img", data)
    return out.getvalue()


EVERY: dict[str, _Make] = {
    "raw": lambda raw, _folder: raw,
    "qcow2": by_qemu_img("qcow2"),
    "qcow2-v2": by_qemu_img("qcow2", "-o", "compat=0.10,cluster_size=4k"),
    "qcow2-zlib": by_qemu_img("qcow2", "-c"),
    "qcow2-zstd": by_qemu_img("qcow2", "-c", "-o", "compression_type=zstd"),
    "qcow2-extended": by_qemu_img("qcow2", "-o", "extended_l2=on"),
    "qcow2-chain": layered("qcow2"),
    "qcow2-data-file": with_data_file,
    "vhd": ready_vhd,
    "vhd-odd": with_footer,
    "vhd-dynamic": by_qemu_img("vpc", "-o", "subformat=dynamic,force_size"),
    "vhd-differencing": differencing_vhd,
    "vhdx": by_qemu_img("vhdx"),
    "vhdx-fixed": by_qemu_img("vhdx", "-o", "subformat=fixed,block_size=1M"),
    "vhdx-unclosed": unclosed_vhdx,
    "vhdx-differencing": differencing_vhdx,
    "vmdk": by_qemu_img("vmdk"),
    "vmdk-stream": by_qemu_img("vmdk", "-o", "subformat=streamOptimized"),
    "vmdk-split": split,
    "vmdk-chain": layered("vmdk"),
    "vdi": by_qemu_img("vdi"),
    "vdi-fixed": by_qemu_img("vdi", "-o", "static=on"),
    "parallels": by_qemu_img("parallels"),
    "ova": ova,
    "tar": lambda raw, folder: packed(folder / "i.tar", {"disk.raw": raw.read_bytes()}),
    "tar-vhdx-unclosed": tar_of_unclosed,
    "gzip": compressed(gzip.compress),
    "bzip2": compressed(bz2.compress),
    "xz": compressed(lambda data: lzma.compress(data, preset=0)),
    "zstd": compressed(zstandard.ZstdCompressor().compress, "qcow2"),
    "zip": compressed(_zip, "vhdx"),
}
