"""The hooks for tools that build images, each run by its tool on a tree of a few files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import hcl2
import pytest

from tests.guests import small
from tests.guests.tree import put

INTEGRATIONS = Path(__file__).parents[2] / "integrations"
BIN = Path(sys.executable).parent
PACKER = INTEGRATIONS / "packer"

# The tree has no package manager, so some findings are left: they decide how a build ends.
_LENIENT = {"BOOTWORTHY_FAIL_ON": "never"}

pytestmark = pytest.mark.guest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    for name, content in small.linux_files().items():
        put(root, name, content)
    return root


def _run(
    folder: Path, *argv: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOOTWORTHY_")}
    own = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        argv,
        cwd=folder,
        env={**kept, **own, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def _mkosi(folder: Path, tree: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run mkosi on what its cache holds: the tree, as if it had just installed it."""
    shutil.copytree(tree, folder / "image.cache-pre-inst", symlinks=True)
    (folder / "image.cache-pre-dev").mkdir()
    shutil.copy2(INTEGRATIONS / "mkosi" / "mkosi.finalize", folder)
    target = ("--distribution", "debian", "--release", "bookworm", "--format", "directory")
    words = ("--incremental", "--output", "image", "--environment", "BOOTWORTHY_FAIL_ON")
    return _run(folder, "mkosi", *target, *words, env=env)


def test_mkosi_makes_the_image_ready(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    done = _mkosi(folder, tree, **_LENIENT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "console=ttyS0" in (folder / "image/boot/grub/grub.cfg").read_text()
    assert (folder / "image/etc/hostname").read_text() == "localhost\n"
    assert json.loads((folder / "bootworthy.json").read_text())["command"] == "prepare"


def test_mkosi_fails_when_something_is_left(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    done = _mkosi(folder, tree, BOOTWORTHY_FAIL_ON="error")

    assert done.returncode != 0
    assert "error[no-provisioning-agent] AGT-01" in done.stdout + done.stderr
    assert not (folder / "image").exists()


def test_mkosis_build_image_is_left_alone(tree: Path) -> None:
    before = (tree / "etc/hostname").read_text()
    script = str(INTEGRATIONS / "mkosi" / "mkosi.finalize")
    done = _run(tree.parent, script, "build", env={"BUILDROOT": str(tree)})

    assert done.returncode == 0
    assert (tree / "etc/hostname").read_text() == before


_COPY = """\
#!/bin/bash
set -eu
sudo cp -a "$SMALL_TREE/." "$TARGET_ROOT/"
sudo mkdir -p "$TARGET_ROOT"/{dev,home,proc,root,run,sys,tmp,var/log}
"""


def _disk_image_create(folder: Path, tree: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Build with an element that copies the tree, and ours."""
    element = folder / "elements" / "small"
    (element / "root.d").mkdir(parents=True)
    (element / "element-provides").write_text("operating-system\n")
    (element / "root.d" / "10-small").write_text(_COPY)
    (element / "root.d" / "10-small").chmod(0o755)
    paths = f"{folder / 'elements'}:{INTEGRATIONS / 'diskimage-builder'}"
    words = ("-n", "--no-tmpfs", "--image-size", "1", "--mkfs-options", "-J size=4")
    own = {"ELEMENTS_PATH": paths, "SMALL_TREE": str(tree), "TMP_DIR": str(folder)}
    argv = ("disk-image-create", *words, "-t", "tar", "-o", "image", "small", "bootworthy")
    return _run(folder, *argv, env=own | env)


def test_disk_image_create_makes_the_image_ready(tree: Path, tmp_path: Path) -> None:
    done = _disk_image_create(tmp_path, tree, **_LENIENT)

    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(tmp_path / "image.tar") as archive:
        menu = archive.extractfile("./boot/grub/grub.cfg")
        assert menu is not None
        assert b"console=ttyS0" in menu.read()


def test_disk_image_create_fails_when_something_is_left(tree: Path, tmp_path: Path) -> None:
    done = _disk_image_create(tmp_path, tree)

    assert done.returncode != 0
    assert "error[no-provisioning-agent] AGT-01" in done.stdout + done.stderr
    assert not (tmp_path / "image.tar").exists()


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The recipe for Packer with a builder that makes nothing: the disk is there already."""
    folder = tmp_path / "recipe"
    folder.mkdir()
    text = (PACKER / "azure.pkr.hcl").read_text().replace("source.qemu.image", "source.null.image")
    (folder / "azure.pkr.hcl").write_text(text)
    (folder / "source.pkr.hcl").write_text('source "null" "image" {\n  communicator = "none"\n}\n')
    shutil.copy2(PACKER / "bootworthy.sh", folder)
    (folder / "output").mkdir()
    small.one_linux(folder / "output" / "web01.qcow2")
    return folder


def test_packer_takes_the_recipe_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(PACKER, tmp_path / "recipe")
    done = _run(tmp_path, "packer", "validate", "recipe")

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_recipe_names_its_own_script() -> None:
    with (PACKER / "azure.pkr.hcl").open() as file:
        (build,) = hcl2.load(file)["build"]
    (processor,) = build["post-processor"]
    (block,) = processor.values()

    assert block["script"].strip('"') == "${path.root}/bootworthy.sh"
    assert (PACKER / "bootworthy.sh").stat().st_mode & 0o111
    named = {text.strip('"').partition("=")[0] for text in block["environment_vars"]}
    assert named == {"IMAGE", "VHD", "OPTIONS"}


def test_packer_writes_the_vhd(recipe: Path) -> None:
    options = "bootworthy_options=--trust-image --engine host --fail-on never"
    done = _run(recipe, "packer", "build", "-color=false", f"-var={options}", ".")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (recipe / "web01.vhd").read_bytes()[-512:-504] == b"conectix"
    assert json.loads((recipe / "web01.vhd.json").read_text())["output"] == "web01.vhd"


def test_packer_fails_when_something_is_left(recipe: Path) -> None:
    options = "bootworthy_options=--trust-image --engine host"
    done = _run(recipe, "packer", "build", "-color=false", f"-var={options}", ".")

    assert done.returncode != 0
    assert "error[no-provisioning-agent] AGT-01" in done.stdout + done.stderr


def test_packer_is_told_what_the_script_lacks() -> None:
    done = _run(PACKER, "./bootworthy.sh", env={"VHD": "x.vhd"})

    assert done.returncode != 0
    assert "IMAGE: name the disk that the builder wrote" in done.stderr
