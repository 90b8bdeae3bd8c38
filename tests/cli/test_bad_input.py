"""What bad input gets: one clear error with its code, status and hint, and no output file."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import Done, bootworthy
from tests.guests import small

Maker = Callable[[Path], Path]


def _text(image: Path) -> Path:
    image.write_text("no disk at all\n" * 1000)
    return image


def _empty(image: Path) -> Path:
    image.touch()
    return image


def _truncated(image: Path) -> Path:
    small.one_linux(image)
    os.truncate(image, 3 << 20)
    return image


def _missing(image: Path) -> Path:
    return image


def _directory(image: Path) -> Path:
    image.mkdir()
    return image


def _cut_qcow2(image: Path) -> Path:
    image.write_bytes(b"QFI\xfb\0\0\0\x03" + bytes(40))
    return image


def _garbage_fstab(image: Path) -> Path:
    return small.one_linux(image, {"etc/fstab": b"\x00\xff\x13 garbage\n\x07"})


def _garbage_packages(image: Path) -> Path:
    return small.one_linux(image, {"var/lib/dpkg/status": os.urandom(4096)})


def _linked_defaults(image: Path) -> Path:
    return small.one_linux(image, links={"etc/default/grub": "/etc/passwd"})


def _linked_ssh(image: Path) -> Path:
    return small.one_linux(image, links={"etc/ssh": "/etc/passwd"})


def _looping_ssh(image: Path) -> Path:
    return small.one_linux(image, links={"etc/ssh": "/etc/ssh"})


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_missing, "image-not-found"),
        (_directory, "image-not-a-file"),
        (_empty, "image-empty"),
        (_text, "image-not-a-disk"),
        (small.no_table, "image-not-a-disk"),
        (_truncated, "image-truncated"),
        (_cut_qcow2, "image-truncated"),
        (small.luks, "guest-encrypted-root"),
        (small.no_linux, "guest-not-found"),
        (small.empty_table, "guest-not-found"),
        (small.two_linuxes, "guest-ambiguous"),
        (small.ntfs, "guest-windows"),
    ],
)
def test_an_image_that_cannot_be_prepared(make: Maker, code: str, tmp_path: Path) -> None:
    image = make(tmp_path / "image")
    output = tmp_path / "out.vhd"

    for done in (
        bootworthy("check", image),
        bootworthy("plan", image),
        bootworthy("prepare", image, "-o", output, "--trust-image"),
    ):
        assert (done.status, done.code) == (3, code), done.err
        assert done.hint
        assert done.out == ""
        assert "Traceback" not in done.err
    assert _left(tmp_path) == ["image"] * image.exists()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_garbage_fstab, "guest-file-corrupt"),
        (_garbage_packages, "guest-packages-corrupt"),
        (_linked_ssh, "guest-path-broken"),
        (_looping_ssh, "guest-path-broken"),
    ],
)
def test_a_guest_that_must_not_be_edited(make: Maker, code: str, tmp_path: Path) -> None:
    image = make(tmp_path / "image")

    done = bootworthy("prepare", image, "-o", tmp_path / "out.vhd", "--trust-image")

    assert (done.status, done.code) == (3, code), done.err
    assert done.hint
    assert _left(tmp_path) == ["image"]
    # It can be looked at all the same, and the report says what prepare would say.
    looked = bootworthy("check", image)
    assert looked.status == 1, looked.err
    assert "prepare refuses this guest" in looked.out


def test_a_link_in_the_guest_does_not_lead_onto_the_host(tmp_path: Path) -> None:
    image = _linked_defaults(tmp_path / "image")
    host = Path("/etc/passwd").read_bytes()

    done = bootworthy("prepare", image, "-o", tmp_path / "out.vhd", "--trust-image", "-v")

    assert Path("/etc/passwd").read_bytes() == host
    # /etc/passwd of the guest is no shell assignments; it is not edited as if it were.
    assert (done.status, done.code) == (3, "guest-file-corrupt"), done.err
    assert "/etc/default/grub" in done.err


class TestOtherFiles:
    """A qcow2 that names another file does not open it unasked, and never one elsewhere."""

    @pytest.fixture
    def base(self, tmp_path: Path) -> Path:
        return small.one_linux(tmp_path / "base.raw")

    def layered(self, image: Path, base: str) -> Path:
        argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, str(image)]
        subprocess.run(argv, check=True, cwd=image.parent)
        return image

    def test_a_backing_file_is_refused(self, base: Path, tmp_path: Path) -> None:
        image = self.layered(tmp_path / "image.qcow2", base.name)

        done = bootworthy("prepare", image, "-o", tmp_path / "out.vhd", "--trust-image")

        assert (done.status, done.code) == (3, "image-refers-outside")
        assert "--allow-backing" in done.hint
        assert _left(tmp_path) == ["base.raw", "image.qcow2"]

    def test_a_backing_file_beside_it_is_read_when_allowed(
        self, base: Path, tmp_path: Path
    ) -> None:
        image = self.layered(tmp_path / "image.qcow2", base.name)

        done = bootworthy("check", image, "--allow-backing", "--json", "--fail-on", "never")

        assert done.status == 0, done.err
        assert json.loads(done.out)["guest"]["distribution"] == "debian"

    def test_a_backing_file_elsewhere_is_refused_all_the_same(
        self, base: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        image = self.layered(folder / "image.qcow2", str(base))

        done = bootworthy("check", image, "--allow-backing")

        assert (done.status, done.code) == (3, "image-refers-outside")

    def test_an_external_data_file_is_refused(self, tmp_path: Path) -> None:
        image = tmp_path / "image.qcow2"
        options = f"data_file={tmp_path / 'data.raw'},data_file_raw=on"
        argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", options, str(image), "16M"]
        subprocess.run(argv, check=True)

        done = bootworthy("check", image)

        assert (done.status, done.code) == (3, "image-refers-outside")


def test_the_second_linux_when_it_is_chosen(tmp_path: Path) -> None:
    image = small.two_linuxes(tmp_path / "image")

    done = bootworthy("check", image, "--guest", "2", "--json", "--fail-on", "never")

    assert done.status == 0, done.err
    assert json.loads(done.out)["guest"]["root"].startswith("partition 2 ")


class TestTheDestination:
    @pytest.fixture
    def image(self, tmp_path: Path) -> Path:
        return small.one_linux(tmp_path / "image.raw")

    def refused(self, image: Path, output: Path | str, *more: str) -> Done:
        before = hashlib.sha256(image.read_bytes()).digest()
        names = _left(image.parent)
        done = bootworthy("prepare", image, "-o", output, "--trust-image", *more)
        assert hashlib.sha256(image.read_bytes()).digest() == before
        assert _left(image.parent) == names
        assert done.hint
        assert done.out == ""
        return done

    def test_it_exists(self, image: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.vhd"
        output.write_text("precious")

        done = self.refused(image, output)

        assert (done.status, done.code) == (2, "output-exists")
        assert output.read_text() == "precious"

    def test_it_is_replaced_only_by_force(self, image: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.vhd"
        output.write_text("old")

        done = bootworthy("prepare", image, "-o", output, "--trust-image", "--force")

        assert done.status == 1, done.err
        assert output.stat().st_size > 9 << 20

    def test_it_is_the_source(self, image: Path) -> None:
        done = self.refused(image, image, "--force")
        assert (done.status, done.code) == (2, "output-is-source")

    def test_it_is_a_link_to_the_source(self, image: Path, tmp_path: Path) -> None:
        (tmp_path / "link.vhd").symlink_to(image)
        done = self.refused(image, tmp_path / "link.vhd", "--force")
        assert (done.status, done.code) == (2, "output-is-source")

    def test_it_is_another_name_of_the_source(self, image: Path, tmp_path: Path) -> None:
        os.link(image, tmp_path / "other.vhd")
        done = self.refused(image, tmp_path / "other.vhd", "--force")
        assert (done.status, done.code) == (2, "output-is-source")

    def test_its_working_name_is_the_source(self, tmp_path: Path) -> None:
        image = small.one_linux(tmp_path / "out.vhd.partial")
        done = self.refused(image, tmp_path / "out.vhd", "--force")
        assert (done.status, done.code) == (2, "output-is-source")

    def test_its_folder_is_missing(self, image: Path, tmp_path: Path) -> None:
        done = self.refused(image, tmp_path / "nowhere" / "out.vhd")
        assert (done.status, done.code) == (2, "output-folder-missing")

    @pytest.mark.parametrize("name", ["folder", "folder/"])
    def test_it_is_a_folder(self, image: Path, tmp_path: Path, name: str) -> None:
        (tmp_path / "folder").mkdir()
        done = self.refused(image, f"{tmp_path}/{name}", "--force")
        assert (done.status, done.code) == (2, "output-not-a-file")

    def test_it_is_a_device(self, image: Path) -> None:
        done = self.refused(image, "/dev/null", "--force")
        assert (done.status, done.code) == (2, "output-not-a-file")


def _left(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())
