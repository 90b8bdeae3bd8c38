"""Each command that is offered works as it is printed: it is run by a shell, in another folder."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bootworthy.disk import footer
from bootworthy.disk.sizes import GIB
from bootworthy.work import edits
from tests.cli.command import bootworthy, environment
from tests.disk import sources
from tests.disk.formats.test_ova import ovf
from tests.disk.making import MIB, needs, patch, run, sparse
from tests.guests import small
from tests.work import disks, test_in_place

pytestmark = needs("qemu-img", "qemu-io", "sfdisk")

Make = Callable[[Path], None]
WITHOUT_A_COPY = ", or without a copy: "


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], None]:
    """Runs a command line as a person does who copied it; outputs are in the folder ``out``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "out").mkdir()
    program = folder / "bootworthy"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bootworthy "$@"\n')
    program.chmod(0o755)
    env = environment({"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"})

    def run_it(line: str) -> None:
        done = subprocess.run(
            ["sh", "-c", line],
            capture_output=True,
            text=True,
            check=False,
            env=env,
            cwd=tmp_path / "out",
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

    return run_it


def repairs(image: Path | str, *words: str, cwd: Path | None = None) -> list[str]:
    """What inspect offers; it offers one way, or a copy and one without."""
    done = bootworthy("inspect", "--no-guest", *words, image, cwd=cwd)
    assert done.status == 1, done.err
    (line,) = (
        line.removeprefix("  repair: ")
        for line in done.out.splitlines()
        if line.startswith("  repair: ")
    )
    return line.split(WITHOUT_A_COPY)


def refuse_unaccepted(path: Path) -> None:
    done = bootworthy("inspect", "--no-guest", path)
    assert done.status == 0, done.out


def carry_out(image: Path, shell: Callable[[str], None], *words: str) -> list[str]:
    """Run each command that inspect offers, after which Azure would take the disk."""
    offers = repairs(image, *words, cwd=image.parent / "out")
    for offer in offers:
        shell(offer)
        (made,) = (image.parent / "out").iterdir() if " -o " in offer else (image,)
        refuse_unaccepted(made)
    return offers


@pytest.mark.parametrize("kind", sorted(set(sources.EVERY) - {"vhd"}))
def test_of_every_container(tmp_path: Path, shell: Callable[[str], None], kind: str) -> None:
    offers = carry_out(sources.make(kind, tmp_path), shell, "--allow-backing")

    assert len(offers) == (2 if kind == "raw" else 1)


def test_of_a_disk_beside_a_descriptor(tmp_path: Path, shell: Callable[[str], None]) -> None:
    sources.make("vmdk-stream", tmp_path)
    (tmp_path / "vm.ovf").write_bytes(ovf("image"))

    (offer,) = carry_out(tmp_path / "vm.ovf", shell, "--allow-backing")

    assert "--allow-backing" in offer


@pytest.mark.parametrize("member", ["2", "b disk.img"])
def test_of_one_disk_of_several(tmp_path: Path, shell: Callable[[str], None], member: str) -> None:
    disk = sources.disk_at(tmp_path / "disk.raw")
    with zipfile.ZipFile(tmp_path / "disks.zip", "w") as archive:
        archive.writestr("a.img", "another disk")
        archive.write(disk, "b disk.img")

    carry_out(tmp_path / "disks.zip", shell, "--member", member)


# A footer of a type that there is none of is an error before anything is offered.
READABLE = [make for make in test_in_place.FAULTY if make is not test_in_place.wrong_type]


@pytest.mark.parametrize("make", READABLE)
def test_of_every_faulty_footer(tmp_path: Path, shell: Callable[[str], None], make: Make) -> None:
    make(tmp_path / "disk.vhd")

    carry_out(tmp_path / "disk.vhd", shell)


def test_of_a_format_that_was_named(tmp_path: Path, shell: Callable[[str], None]) -> None:
    # A guest wrote what looks like a qcow2 to its first sector.
    disk = sources.disk_at(tmp_path / "disk.raw")
    patch(disk, 0, b"QFI\xfb\0\0\0\3")

    offers = carry_out(disk, shell, "--format", "raw")

    assert all("--format raw" in offer for offer in offers)
    assert (tmp_path / "out" / "disk.vhd").stat().st_size == 25 * MIB + 512


@pytest.mark.parametrize("name", ["a b.qcow2", "$(touch x);'.qcow2", "-o.qcow2", "--help"])
def test_of_a_file_with_a_strange_name(
    tmp_path: Path, shell: Callable[[str], None], name: str
) -> None:
    disk, folder = sources.disk_at(tmp_path / "disk.raw"), tmp_path / "out"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, folder / name)

    # Named as it is, without its folder.
    (offer,) = repairs(name, "--", cwd=folder)
    shell(offer)

    (made,) = (path for path in folder.iterdir() if path.name != name)
    refuse_unaccepted(made)


def test_no_file_that_is_there_is_offered_as_output(
    tmp_path: Path, shell: Callable[[str], None]
) -> None:
    image = sources.make("qcow2", tmp_path)
    for name in ("image.vhd", "image-fixed.vhd"):
        (tmp_path / "out" / name).write_text("mine")

    (offer,) = repairs(image, cwd=tmp_path / "out")
    shell(offer)

    refuse_unaccepted(tmp_path / "out" / "image-fixed-2.vhd")
    assert (tmp_path / "out" / "image.vhd").read_text() == "mine"


def little(path: Path, *, size: int = 3 * MIB) -> Path:
    """A raw disk of a partition, too small for Azure."""
    sparse(path, size)
    run("sfdisk", "-q", "--no-reread", path, typed="label: gpt\nstart=2048, size=2048\n")
    patch(path, MIB, b"data" * 1000)
    return path


def little_vhd(path: Path) -> Path:
    little(path)
    with path.open("ab") as file:
        file.write(footer.build(3 * MIB))
    return path


def little_spoilt_vhd(path: Path) -> Path:
    little_vhd(path)
    disks.spoil_footer(path, 16, bytes(8))
    return path


def little_padded_vhd(path: Path) -> Path:
    little_vhd(path)
    with path.open("ab") as file:
        file.write(bytes(512))
    return path


def little_layers(path: Path) -> Path:
    """A small qcow2 over another, which has to be allowed."""
    raw, base = little(path.with_name("little.raw")), path.with_name("base")
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, base)
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", path)
    return path


@pytest.mark.parametrize(
    "make", [little, little_vhd, little_spoilt_vhd, little_padded_vhd, little_layers]
)
def test_of_a_disk_that_is_too_small(
    tmp_path: Path, shell: Callable[[str], None], make: Callable[[Path], Path]
) -> None:
    (offer,) = carry_out(make(tmp_path / "disk"), shell, "--allow-backing")

    made = tmp_path / ("out/disk.vhd" if " -o " in offer else "disk")
    assert made.read_bytes().count(b"conectix") == 1
    assert "--size 20M" in offer
    assert ("--allow-backing" in offer) == (make is little_layers)


def mbr(path: Path, size: int) -> Path:
    """A disk with one partition of half a GiB at its start."""
    sparse(path, size)
    patch(path, 446, b"\0\0\0\0\x83\0\0\0" + (2048).to_bytes(4, "little") + b"\0\0\x10\0")
    patch(path, 510, b"\x55\xaa")
    return path


@pytest.mark.parametrize("kind", ["raw", "vhd", "padded", "qcow2"])
def test_of_a_disk_that_is_too_large(
    tmp_path: Path, shell: Callable[[str], None], kind: str
) -> None:
    disk = image = mbr(tmp_path / "disk", 3000 * GIB)
    if kind in ("vhd", "padded"):
        with disk.open("ab") as file:
            file.write(footer.build(3000 * GIB) + bytes(512 if kind == "padded" else 0))
    if kind == "qcow2":
        image = tmp_path / "image"
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, image)

    (offer,) = carry_out(image, shell)

    assert "bootworthy resize " in offer
    assert "--shrink" in offer
    assert ("--target data-disk" in offer) == (kind == "padded")


def test_a_partition_in_the_way_is_said(tmp_path: Path, shell: Callable[[str], None]) -> None:
    disk = mbr(tmp_path / "disk", 3000 * GIB)
    patch(disk, 446 + 12, b"\xff\xff\xff\xff")

    (offer,) = repairs(disk)

    first, _, command = offer.partition(", then: ")
    assert first == "shrink the last partition"
    patch(disk, 446 + 12, b"\0\0\x10\0")
    shell(command)
    refuse_unaccepted(tmp_path / "out" / "disk.vhd")


def test_of_an_edit_that_was_interrupted(tmp_path: Path, shell: Callable[[str], None]) -> None:
    path = tmp_path / "disk.raw"
    disks.make_disk(path)
    code = (
        "import os, signal\n"
        "from bootworthy.work import edits\n"
        "edits._complete = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from bootworthy.cli.main import main; main()"
    )
    argv = [sys.executable, "-c", code, "convert", "--in-place", os.fspath(path)]
    subprocess.run(argv, check=False, env=environment(), capture_output=True)
    assert edits.journal_of(path).exists()

    carry_out(path, shell)

    assert not edits.journal_of(path).exists()


@pytest.mark.parametrize("words", [("convert", "--in-place"), ("resize", "--size", "40M")])
def test_what_takes_an_edit_back(
    tmp_path: Path, shell: Callable[[str], None], words: tuple[str, ...]
) -> None:
    path = tmp_path / "a disk.raw"
    disks.make_disk(path)
    before = path.read_bytes()

    done = bootworthy(*words, path)
    (offer,) = (line for line in done.out.splitlines() if line.startswith("undo: "))
    assert path.read_bytes() != before
    shell(offer.removeprefix("undo: "))

    assert path.read_bytes() == before


def test_what_goes_before_a_resize(tmp_path: Path, shell: Callable[[str], None]) -> None:
    path = tmp_path / "a disk.vhd"
    test_in_place.wrong_size(path)

    hint = bootworthy("resize", path, "--size", "40M").hint
    offer, _, rest = hint.removeprefix("  hint: repair it first: ").partition("; or ")
    shell(offer)

    assert rest == "write a copy: -o OUT.vhd"
    assert bootworthy("resize", path, "--size", "40M").status == 0


@pytest.mark.parametrize("make", [disks.after_footer, disks.converted_twice])
@pytest.mark.parametrize(
    "words", [("convert", "-o"), ("resize", "--size", "40M", "-o"), ("resize", "--size", "40M")]
)
def test_what_goes_before_a_footer_inside_becomes_data(
    tmp_path: Path, shell: Callable[[str], None], make: Make, words: tuple[str, ...]
) -> None:
    path, out = tmp_path / "a disk.vhd", tmp_path / "out" / "out.vhd"
    make(path)
    output = (out,) if words[-1] == "-o" else ()
    arguments: list[str | Path] = [words[0], path, *words[1:], *output]

    done = bootworthy(*arguments)

    assert (done.status, done.code) == (3, "vhd-footer-inside")
    offer, _, rest = done.hint.removeprefix("  hint: repair it first: ").partition("; or say ")
    assert not out.exists()
    option = rest.removesuffix(" to take it as it is").split()
    taken = bootworthy("convert", *option, path, "-o", tmp_path / "taken.vhd")
    assert taken.status == 0, taken.err
    assert (tmp_path / "taken.vhd").read_bytes().count(b"conectix") == 2
    shell(offer)
    assert bootworthy(*arguments).status == 0
    made = out if words[-1] == "-o" else path
    assert made.read_bytes().count(b"conectix") == 1
    refuse_unaccepted(made)


def test_what_goes_before_a_footer_inside_is_prepared(
    tmp_path: Path, shell: Callable[[str], None]
) -> None:
    path, out = small.one_linux(tmp_path / "a guest.vhd"), tmp_path / "out" / "out.vhd"
    assert bootworthy("resize", path, "--size", "20M").status == 0
    assert bootworthy("convert", "--in-place", path).status == 0
    with path.open("ab") as file:
        file.write(bytes(512))

    done = bootworthy("prepare", path, "-o", out)

    assert (done.status, done.code) == (3, "vhd-footer-inside")
    shell(done.hint.removeprefix("  hint: repair it first: "))
    refuse_unaccepted(path)


def test_a_dynamic_vhd_is_not_repaired_before_a_resize(tmp_path: Path) -> None:
    image = sources.make("vhd-dynamic", tmp_path)

    done = bootworthy("resize", image, "--size", "40M")

    assert done.hint == "  hint: write a copy: -o OUT.vhd"
    assert bootworthy("resize", image, "--size", "40M", "-o", tmp_path / "OUT.vhd").status == 0


def advice(*words: str | Path) -> list[str]:
    """What check offers at its end."""
    lines = bootworthy("check", *words).out.splitlines()
    return [line.partition(" fixable: ")[2] for line in lines if " fixable: " in line]


def test_what_prepares_a_file_tree(tmp_path: Path, shell: Callable[[str], None]) -> None:
    root = tmp_path / "a root"
    for name, content in small.linux_files().items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    (offer,) = advice("--root", root)
    shell(f"{offer} --fail-on never")

    assert (root / "etc/hostname").read_text() == "localhost\n"
    assert advice("--root", root, "--partial") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the host engine mounts")
def test_what_prepares_a_layer_over_two_linuxes(
    tmp_path: Path, shell: Callable[[str], None]
) -> None:
    small.two_linuxes(tmp_path / "base")
    top = tmp_path / "a layer"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base", "-F", "raw", top)

    (offer,) = advice(top, "--allow-backing", "--guest", "2")
    shell(f"{offer} --fail-on never --engine host --trust-image")

    assert f"--allow-backing --guest 2 '{top}'" in offer
    assert (tmp_path / "out" / "OUT.vhd").stat().st_size % MIB == 512
