"""OVA and OVF: the disk is mapped where it lies, and compared with the manifest."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.copying import copy_disk
from bootworthy.disk.ova import archive
from bootworthy.disk.unpack import watched
from bootworthy.model.errors import ImageError
from bootworthy.model.events import BytesMoved, Event, StepFinished, StepStarted
from tests.disk.making import MIB, open_descriptors, opened, patterned, run

SIZE = 3 * MIB + 512


def ovf(*names: str, attributes: str = "", prolog: str = "") -> bytes:
    """A descriptor with a disk in each file, a blank disk and an installation medium."""
    files = "".join(
        f'<File ovf:href="{name}" ovf:id="file{number}" {attributes}/>'
        for number, name in enumerate(names)
    )
    disks = "".join(
        f'<Disk ovf:diskId="disk{number}" ovf:fileRef="file{number}" ovf:capacity="8"/>'
        for number, _ in enumerate(names)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>{prolog}
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <References>{files}<File ovf:href="cd.iso" ovf:id="cd"/></References>
  <DiskSection><Info>disks</Info>{disks}<Disk ovf:diskId="blank" ovf:capacity="8"/></DiskSection>
</Envelope>""".encode()


def manifest(members: dict[str, bytes], algorithm: str = "SHA256") -> bytes:
    return "".join(
        f"{algorithm}({name})= {hashlib.new(algorithm.lower(), data).hexdigest()}\n"
        for name, data in members.items()
    ).encode()


def pack(path: Path, members: dict[str, bytes], *, fmt: int = tarfile.USTAR_FORMAT) -> Path:
    with tarfile.open(path, "w", format=fmt) as out:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def disk(tmp_path: Path) -> bytes:
    """The bytes of the disk that all packages hold."""
    return patterned(tmp_path / "disk", SIZE)


@pytest.fixture
def package(tmp_path: Path, disk: bytes) -> dict[str, bytes]:
    """The members of an OVA, but for its manifest."""
    assert disk
    image = tmp_path / "stream.vmdk"
    options = "subformat=streamOptimized"
    run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", options, tmp_path / "disk", image)
    return {"vm.ovf": ovf("vm-disk1.vmdk"), "vm-disk1.vmdk": image.read_bytes()}


def refusal(path: Path, *, allow_backing: bool = False, disk: str = "") -> ImageError:
    """The error that opening gives; no descriptor is left open."""
    before = open_descriptors()
    with pytest.raises(ImageError) as caught:
        open_container(path, allow_backing=allow_backing, disk=disk)
    assert open_descriptors() == before
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
def test_the_disk_of_an_ova_is_read_in_place(
    tmp_path: Path, disk: bytes, package: dict[str, bytes], algorithm: str
) -> None:
    image = pack(tmp_path / "vm.ova", {**package, "vm.mf": manifest(package, algorithm)})
    before = open_descriptors()

    with open_container(image) as container:
        assert container.pread(0, SIZE + 5) == disk
        assert container.pread(MIB - 7, 99_999) == disk[MIB - 7 : MIB - 7 + 99_999]
        assert [file.path for file in container.files()] == [str(image)]
        assert container.notes == ()
        assert container.info().format == "vmdk in OVA"
        with opened(tmp_path / "copy", 0o102) as fd:
            copy_disk(container, fd)
    assert (tmp_path / "copy").read_bytes() == disk
    assert open_descriptors() == before


@pytest.mark.parametrize("name", ["vm.ovf", "vm-disk1.vmdk"])
def test_a_member_that_is_not_what_the_manifest_says_is_refused(
    tmp_path: Path, package: dict[str, bytes], name: str
) -> None:
    digests = manifest(package)
    changed = {**package, name: package[name] + b"\n"}

    error = refusal(pack(tmp_path / "vm.ova", {**changed, "vm.mf": digests}))

    assert error.code == "image-manifest-mismatch"
    assert name in error.message


@pytest.mark.parametrize("packing", ["OVA", "OVF"])
def test_comparing_says_how_far_it_is(
    tmp_path: Path, package: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, packing: str
) -> None:
    monkeypatch.setattr(watched, "_PAUSE", 0)
    members = {**package, "vm.mf": manifest(package)}
    ova = packing == "OVA"
    image = pack(tmp_path / "vm.ova", members) if ova else beside(tmp_path, members)
    seen: list[Event] = []

    open_container(image, allow_backing=True, observer=seen.append).close()

    size = len(package["vm-disk1.vmdk"])
    title = "Check the disk's digest"
    assert seen[0] == StepStarted(title)
    assert isinstance(seen[-1], StepFinished)
    moved = [event for event in seen if isinstance(event, BytesMoved)]
    assert {(event.title, event.total) for event in moved} == {(title, size)}
    steps = [MIB * number for number in range(1, size // MIB + 1)]
    assert [event.done for event in moved] == [*steps, size, size]


def test_a_disk_that_is_not_compared_is_no_step(tmp_path: Path, package: dict[str, bytes]) -> None:
    seen: list[Event] = []
    texts = b"", b"MD5(vm-disk1.vmdk)= 00\n", manifest({"vm.ovf": package["vm.ovf"]})
    for text in texts:
        image = pack(tmp_path / "vm.ova", {**package, "vm.mf": text})
        open_container(image, observer=seen.append).close()

    assert seen == []


def test_what_cannot_be_compared_is_noted(tmp_path: Path, package: dict[str, bytes]) -> None:
    image = pack(tmp_path / "vm.ova", package)
    with open_container(image) as container:
        assert "no manifest" in container.notes[0]
    pack(image, {**package, "vm.mf": b"MD5(vm.ovf)= 00\n"})
    with open_container(image) as container:
        assert "uses md5" in container.notes[0]
        assert "does not mention 'vm-disk1.vmdk'" in container.notes[1]
    pack(image, {**package, "vm.mf": b"nonsense\n"})
    assert "malformed" in refusal(image).message


@pytest.mark.parametrize("fmt", ["raw", "qcow2", "vmdk", "vdi"])
def test_any_format_may_be_in_an_archive(tmp_path: Path, disk: bytes, fmt: str) -> None:
    run("qemu-img", "convert", "-f", "raw", "-O", fmt, tmp_path / "disk", tmp_path / "image")
    members = {"readme": b"text", "disk.img": (tmp_path / "image").read_bytes()}

    with open_container(pack(tmp_path / "disk.tar", members)) as container:
        assert container.pread(0, SIZE) == disk
        assert dict(container.details())["packing"] == "tar"
        assert container.innermost.format == fmt


def test_an_archive_may_be_compressed_or_its_disk(tmp_path: Path, disk: bytes) -> None:
    pack(tmp_path / "disk.tar", {"disk.raw": disk})
    (tmp_path / "disk.tar.gz").write_bytes(gzip.compress((tmp_path / "disk.tar").read_bytes()))
    packed = gzip.compress(disk)
    pack(tmp_path / "vm.ova", {"vm.ovf": ovf("disk.gz"), "disk.gz": packed})

    for name, words in (("disk.tar.gz", "raw in tar in gzip"), ("vm.ova", "raw in gzip in OVA")):
        with open_container(tmp_path / name) as container:
            assert container.info().format == words
            assert container.pread(0, SIZE) == disk
    (tmp_path / "again.gz").write_bytes(gzip.compress((tmp_path / "vm.ova").read_bytes()))
    assert "inside a compressed file" in refusal(tmp_path / "again.gz").message


@pytest.mark.parametrize("fmt", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names(tmp_path: Path, disk: bytes, fmt: int) -> None:
    name = "größe/" + "n" * 200 + ".vmdk"
    image = pack(tmp_path / "disk.tar", {name: disk}, fmt=fmt)

    with open_container(image) as container:
        assert container.files()[0].path == str(image)
        assert container.pread(0, SIZE) == disk


def test_several_disks_are_not_chosen_from(tmp_path: Path, disk: bytes) -> None:
    members = {"vm.ovf": ovf("a.vmdk", "b.vmdk"), "a.vmdk": disk, "b.vmdk": b"data" * 512}
    image = pack(tmp_path / "vm.ova", members)

    error = refusal(image)

    assert error.code == "image-ambiguous"
    assert "'a.vmdk', 'b.vmdk'" in error.message
    with open_container(image, disk="b.vmdk") as container:
        assert container.pread(0, 4096) == b"data" * 512
        assert container.member == "b.vmdk"
    for number, name in (("1", "a.vmdk"), ("2", "b.vmdk")):
        with open_container(image, disk=number) as container:
            assert dict(container.details())["member"] == name
    for wrong in ("c.vmdk", "0", "3", "9" * 5000, "٢x"):
        assert refusal(image, disk=wrong).code == "image-not-found"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"name": "/etc/passwd"}, "image-archive-unsafe", "/etc/passwd"),
        ({"name": "a/../../b"}, "image-archive-unsafe", ".."),
        ({"type": tarfile.SYMTYPE, "linkname": "x"}, "image-archive-unsafe", "link"),
        ({"type": tarfile.LNKTYPE, "linkname": "x"}, "image-archive-unsafe", "link"),
        ({"type": tarfile.BLKTYPE}, "image-archive-unsafe", "device"),
        ({"type": tarfile.GNUTYPE_SPARSE}, "image-format-unsupported", "sparse"),
        ({"size": 1 << 40}, "image-truncated", "tar member"),
        ({"size": (1 << 62)}, "image-truncated", "tar member"),
        ({"name": "disk.raw"}, "image-corrupt", "two members"),
    ],
)
def test_archives_that_lie(
    tmp_path: Path, change: dict[str, str | int | bytes], code: str, words: str
) -> None:
    image = pack(tmp_path / "disk.tar", {"disk.raw": b"disk" * 512})
    info = tarfile.TarInfo("second")
    for key, value in change.items():
        setattr(info, key, value)
    data = image.read_bytes()[: 512 + 2048] + info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    image.write_bytes(data)

    error = refusal(image)

    assert error.code == code
    assert words in error.message


@pytest.mark.parametrize("value", ["9" * 30, "-1", "99999999999"])
def test_pax_sizes_that_lie(tmp_path: Path, value: str) -> None:
    info = tarfile.TarInfo("disk.raw")
    info.pax_headers = {"size": value}
    (tmp_path / "disk.tar").write_bytes(info.tobuf(tarfile.PAX_FORMAT) + bytes(1024))

    assert refusal(tmp_path / "disk.tar").code in ("image-corrupt", "image-truncated")


def test_an_archive_of_thousands_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_MAX_MEMBERS", 100)
    image = pack(tmp_path / "disk.tar", {f"member{number}": b"" for number in range(101)})

    assert refusal(image).code == "image-too-complex"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ovf("disk.vmdk", prolog=BOMB), "document type"),
        (ovf("disk.vmdk", prolog='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "document type"),
        (ovf("disk.vmdk")[:-20], "no XML"),
        (ovf("other.vmdk"), "not in the archive"),
        (ovf("../disk.vmdk"), "not in the archive"),
        (ovf("disk.vmdk", attributes='ovf:chunkSize="9"'), "in chunks"),
        (ovf(), "describes no disk"),
        (ovf("disk.vmdk").replace(b'fileRef="file0"', b'fileRef="file9"'), "names no file"),
        (b"<Envelope ovf>" + b"<a>" * (2 * MIB), "is none"),
    ],
)
def test_descriptors_that_lie(tmp_path: Path, text: bytes, words: str) -> None:
    image = pack(tmp_path / "vm.ova", {"vm.ovf": text, "disk.vmdk": b"disk" * 512})

    assert words in refusal(image).message


def beside(directory: Path, members: dict[str, bytes]) -> Path:
    """Write a package as files; its descriptor."""
    for name, data in members.items():
        (directory / name).write_bytes(data)
    return directory / "vm.ovf"


def test_a_descriptor_alone_refers_to_files_beside_it(
    tmp_path: Path, disk: bytes, package: dict[str, bytes]
) -> None:
    image = beside(tmp_path, {**package, "vm.mf": manifest(package)})

    error = refusal(image)
    assert (error.code, error.hint) == ("image-refers-outside", "pass --allow-backing")
    with open_container(image, allow_backing=True) as container:
        assert container.pread(0, SIZE) == disk
        assert container.notes == ()
        assert dict(container.details())["packing"] == "OVF"
    (tmp_path / "vm.mf").unlink()
    with open_container(image, allow_backing=True) as container:
        assert "no manifest" in container.notes[0]


def test_a_disk_beside_a_descriptor_is_compared_too(
    tmp_path: Path, package: dict[str, bytes]
) -> None:
    image = beside(tmp_path, {**package, "vm.mf": manifest({**package, "vm-disk1.vmdk": b""})})

    assert refusal(image, allow_backing=True).code == "image-manifest-mismatch"


@pytest.mark.parametrize(
    "place",
    [
        lambda root: f"{root}/secret",
        lambda _: "../secret",
        lambda _: "%2e%2e/secret",
        lambda _: "link",
        lambda _: "/dev/zero",
        lambda _: "http://localhost/disk.vmdk",
        lambda root: f"file://{root}/secret",
    ],
)
def test_a_descriptor_never_reaches_elsewhere(tmp_path: Path, place: Callable[[Path], str]) -> None:
    (tmp_path / "secret").write_bytes(b"of the host" * 1000)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "secret")

    error = refusal(beside(inside, {"vm.ovf": ovf(place(tmp_path))}), allow_backing=True)

    assert error.code in ("image-refers-outside", "image-not-found")
