"""``prepare`` at the command line, on guests so small that no program runs in them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import pytest

from tests.cli.command import bootworthy
from tests.guests import small


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name, content in small.linux_files().items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def test_a_root_tree_is_changed_in_place(tree: Path) -> None:
    done = bootworthy("prepare", "--root", tree, "--fail-on", "never", "--progress", "plain")

    assert done.status == 0, done.err
    assert (tree / "etc/hostname").read_text() == "localhost\n"
    assert "root:!" in (tree / "etc/shadow").read_text()
    menu = (tree / "boot/grub/grub.cfg").read_text()
    assert "console=ttyS0" in menu
    assert "quiet" not in menu
    assert "edited   /etc/hostname" in done.out
    assert "Reset the host name" in done.err


def test_what_could_not_be_done_is_said_and_the_rest_is_done(tree: Path) -> None:
    done = bootworthy("prepare", "--root", tree)

    assert done.status == 1
    assert "not done Install " in done.out
    assert "= not done  " in done.out
    assert (tree / "etc/hostname").read_text() == "localhost\n"


def test_a_second_time_nothing_changes(tree: Path) -> None:
    bootworthy("prepare", "--root", tree)
    before = _contents(tree)

    done = bootworthy("prepare", "--root", tree, "--json")

    assert _contents(tree) == before
    kinds = {change["kind"] for change in json.loads(done.out)["changes"]}
    assert kinds <= {"skipped", "program"}


def test_what_is_ignored_is_not_mended(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "bootworthy.toml").write_text(
        '[[ignore]]\nrule = "NET-22"\nreason = "the name of the appliance"\n'
    )
    name = (tree / "etc/hostname").read_text()

    done = bootworthy("prepare", "--root", tree, "--json", "--ignore", "SEC-05", cwd=tmp_path)

    data = json.loads(done.out)
    outcomes = {rule["code"]: rule["outcome"] for rule in data["rules"]}
    assert (tree / "etc/hostname").read_text() == name
    assert "root:!" not in (tree / "etc/shadow").read_text()
    assert "console=ttyS0" in (tree / "boot/grub/grub.cfg").read_text()
    assert (outcomes["NET-22"], outcomes["SEC-05"]) == ("accepted", "not checked")
    assert not any("fits no finding" in note for note in data["notes"])


def test_only_what_is_selected_is_mended(tree: Path) -> None:
    before = _contents(tree)

    bootworthy("prepare", "--root", tree, "--select", "NET-22", "--fail-on", "never")

    changed = {path for path, digest in _contents(tree).items() if before.get(path) != digest}
    assert {str(path) for path in changed} <= {"etc/hostname", "etc/hosts"}
    assert (tree / "etc/hostname").read_text() == "localhost\n"


# Debian keeps the binding of libguestfs here; what is mounted over it is gone with the namespace.
_WITHOUT_LIBGUESTFS = (
    *("unshare", "--mount", "--propagation=private", "sh", "-c"),
    'mount -t tmpfs none /usr/lib/python3/dist-packages && exec "$@"',
    "sh",
)
_AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.mark.guest
@pytest.mark.parametrize(
    ("prefix", "hint"), [(_AS_NOBODY, "run as root with --trust-image"), ((), "give --trust-image")]
)
def test_without_root_or_trust_and_without_libguestfs(prefix: tuple[str, ...], hint: str) -> None:
    with tempfile.TemporaryDirectory(prefix="bootworthy-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        image = small.one_linux(folder / "image.raw")
        image.chmod(0o644)

        done = bootworthy(
            *("prepare", image, "-o", folder / "out.vhd"),
            prefix=(*_WITHOUT_LIBGUESTFS, *prefix),
        )

        assert (done.status, done.code) == (4, "host-no-engine"), done.err
        assert hint in done.hint
        assert "apt install python3-guestfs" in done.hint
        assert [path.name for path in folder.iterdir()] == ["image.raw"]


@pytest.mark.guest
class TestByTheHostEngine:
    @pytest.fixture
    def image(self, tmp_path: Path) -> Path:
        return small.one_linux(tmp_path / "image.raw")

    def test_the_result_is_a_vhd_and_the_source_is_as_it_was(self, image: Path) -> None:
        before = hashlib.sha256(image.read_bytes()).digest()
        output = image.with_name("out.vhd")

        done = bootworthy("prepare", image, "-o", output, "--trust-image", "--json")

        assert done.status == 1, done.err
        data = json.loads(done.out)
        assert data["output"] == str(output)
        assert data["image"]["container"]["format"] == "vhd"
        assert hashlib.sha256(image.read_bytes()).digest() == before
        assert output.stat().st_size == image.stat().st_size + 512

    def test_progress_and_result_have_their_own_streams(self, image: Path) -> None:
        output = image.with_name("out.vhd")

        done = bootworthy("prepare", image, "-o", output, "--trust-image")

        for word in ("Copy the disk", "Seal the VHD", "Check the result"):
            assert word in done.err
            assert word not in done.out
        assert f"wrote {output}" in done.out

    def test_quiet_says_nothing_beside_the_result(self, image: Path) -> None:
        output = image.with_name("out.vhd")

        assert bootworthy("prepare", image, "-o", output, "--trust-image", "--quiet").err == ""

    def test_a_garbage_package_directory(self, image: Path, tmp_path: Path) -> None:
        packages = tmp_path / "packages"
        packages.mkdir()
        (packages / "waagent.deb").write_text("no package")
        output = image.with_name("out.vhd")

        done = bootworthy("prepare", image, "-o", output, "--trust-image", "--packages", packages)

        assert done.status == 1, done.err
        assert "waagent.deb is not a Debian package: no ar archive" in done.out
        assert output.exists()


def _contents(tree: Path) -> dict[str, bytes]:
    files = (path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(tree)): path.read_bytes() for path in files}
