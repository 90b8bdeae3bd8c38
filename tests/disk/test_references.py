"""Which other files an image may name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootworthy.disk.container import open_container
from bootworthy.disk.hostfile import open_host_file
from bootworthy.disk.references import References
from bootworthy.model.errors import ImageError
from tests.disk.making import open_descriptors, run, sparse


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image with a directory below it; a file above is not its own."""
    directory = tmp_path / "images"
    (directory / "below").mkdir(parents=True)
    (directory / "below" / "base").write_text("base")
    (directory / "beside").write_text("beside")
    (tmp_path / "secret").write_text("secret")
    return sparse(directory / "image", 512)


def references(image: Path, *, allowed: bool = True) -> References:
    """What the image may refer to."""
    file = open_host_file(str(image))
    file.close()
    return References.of(file, allowed=allowed)


def read(image: Path, name: str) -> bytes:
    """What is in the file that the image names so."""
    file, _ = references(image).open(os.fsencode(name), "backing file")
    data = file.pread(0, 100)
    file.close()
    return data


def refusal(image: Path, name: str) -> ImageError:
    """The error that naming a file so gives."""
    with pytest.raises(ImageError) as caught:
        references(image).open(os.fsencode(name), "backing file")
    return caught.value


def test_files_beside_and_below_are_opened(image: Path) -> None:
    assert read(image, "beside") == b"beside"
    assert read(image, "below/base") == b"base"
    assert read(image, "./below/../beside") == b"beside"
    assert read(image, str(image.parent / "below" / "base")) == b"base"


def test_a_relative_image_path_works(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(image.parent / "below")

    assert read(Path("../image"), "beside") == b"beside"


def test_names_count_from_the_file_that_holds_them(image: Path) -> None:
    file, below = references(image).open(b"below/base", "backing file")
    file.close()

    other, _ = below.open(b"../beside", "backing file")
    assert other.pread(0, 6) == b"beside"
    other.close()


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "below/../../secret",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/null",
        "json:{}",
        "nbd:localhost:10809",
        "file:beside",
        "fat:rw:/etc",
        "https://example.org/x",
        "",
        ".",
        "..",
        "a\0b",
    ],
)
def test_anything_else_is_refused(image: Path, name: str) -> None:
    error = refusal(image, name)

    assert error.code == "image-refers-outside"
    assert error.hint.startswith("flatten")


def test_links_are_not_followed(image: Path) -> None:
    (image.parent / "link").symlink_to("../secret")
    (image.parent / "inner").symlink_to("beside")
    (image.parent / "away").symlink_to("/etc")

    for name in ("link", "inner", "away/passwd"):
        assert refusal(image, name).code == "image-not-found"


def test_things_that_are_no_files_are_refused(image: Path) -> None:
    os.mkfifo(image.parent / "fifo")

    assert refusal(image, "fifo").code == "image-not-a-file"
    assert refusal(image, "below").code == "image-not-a-file"
    assert refusal(image, "missing").code == "image-not-found"
    assert refusal(image, "missing/file").code == "image-not-found"


def test_another_file_system_is_not_entered() -> None:
    # An image in the root directory has /proc and /dev in its own tree.
    beneath_root = References(root=Path("/"), path="/image", allowed=True)

    for name in (b"proc/version", b"sys/kernel/uevent_seqnum"):
        with pytest.raises(ImageError) as caught:
            beneath_root.open(name, "data file")
        assert caught.value.code == "image-refers-outside"


def test_nothing_is_opened_unasked(image: Path) -> None:
    with pytest.raises(ImageError) as caught:
        references(image, allowed=False).open(b"beside", "backing file")

    assert caught.value.hint == "pass --allow-backing"
    assert "'beside'" in caught.value.message


def test_what_cannot_be_allowed_is_not_offered(image: Path) -> None:
    with pytest.raises(ImageError) as caught:
        references(image, allowed=False).open(b"/etc/passwd", "backing file")

    assert "--allow-backing" not in caught.value.hint


def layer(directory: Path, name: str, backing: str) -> Path:
    """An image over ``backing``, which need not exist."""
    image = directory / name
    argv = ("create", "-f", "qcow2", "-u", "-b", backing, "-F", "qcow2")
    run("qemu-img", *argv, str(image), "1M")
    return image


def test_a_circle_ends(tmp_path: Path) -> None:
    layer(tmp_path, "a", "b")
    layer(tmp_path, "b", "a")

    with pytest.raises(ImageError) as caught:
        open_container(tmp_path / "a", allow_backing=True)

    assert caught.value.code == "image-corrupt"
    assert "circle" in caught.value.message


def test_a_chain_without_end_ends(tmp_path: Path) -> None:
    for number in range(40):
        layer(tmp_path, f"l{number}", f"l{number + 1}")

    with pytest.raises(ImageError) as caught:
        open_container(tmp_path / "l0", allow_backing=True)

    assert "32 layers" in caught.value.message


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    layer(tmp_path, "a", "b")
    layer(tmp_path, "b", "/etc/passwd")
    before = open_descriptors()

    with pytest.raises(ImageError):
        open_container(tmp_path / "a", allow_backing=True)

    assert open_descriptors() <= before
