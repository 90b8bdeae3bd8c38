"""The container recipe, built by buildah without a registry.

The base holds nothing: this machine's programs are mounted into it, and what the package depends on
is this environment's. Every step of the recipe runs except the installation of QEMU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guests import small

CHECKOUT = Path(__file__).parents[2]
RECIPE = CHECKOUT / "integrations" / "container" / "Containerfile"

pytestmark = pytest.mark.guest

# What stands in the folder of a Linux where /usr is all there is.
_LINKS = ("bin", "lib", "lib64", "sbin")
_FOLDERS = ("dev", "etc", "mnt", "opt", "proc", "run", "srv", "sys", "tmp", "usr", "var")

_PIP = "[install]\nno-deps = true\nno-index = true\nno-build-isolation = false\n"


@dataclass(frozen=True, kw_only=True)
class Buildah:
    """buildah with a storage of its own."""

    folder: Path

    def __call__(self, *words: str) -> str:
        """Run it and give its standard output."""
        env = os.environ | {"CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf")}
        argv = ["buildah", *words]
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, check=False, timeout=900
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    @property
    def policy(self) -> tuple[str, str]:
        """Images need no signature here."""
        return "--signature-policy", str(self.folder / "policy.json")

    @property
    def mounts(self) -> tuple[str, ...]:
        """This machine's programs, and the libraries of this environment."""
        libraries = f"{sysconfig.get_path('purelib')}:/mnt/site:ro"
        pip = f"{self.folder / 'pip.conf'}:/etc/pip.conf:ro"
        return "-v", "/usr:/usr:ro", "-v", libraries, "-v", pip


@pytest.fixture
def buildah(tmp_path: Path) -> Iterator[Buildah]:
    folder = tmp_path / "buildah"
    folder.mkdir()
    storage = f'driver = "vfs"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
    (folder / "storage.conf").write_text(f"[storage]\n{storage}")
    (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    (folder / "pip.conf").write_text(_PIP)
    tool = Buildah(folder=folder)
    _make_base(tool, folder / "base")
    yield tool
    tool("rm", "--all")
    tool("rmi", "--all", "--force")


def _make_base(buildah: Buildah, tree: Path) -> None:
    for name in _FOLDERS:
        (tree / name).mkdir(parents=True)
    (tree / "tmp").chmod(0o1777)
    for name in _LINKS:
        (tree / name).symlink_to(f"usr/{name}")
    subprocess.run(["tar", "-C", tree, "-cf", f"{tree}.tar", "."], check=True)
    container = buildah("from", "scratch")
    buildah("add", container, f"{tree}.tar", "/")
    buildah("config", "--env", "PYTHONPATH=/mnt/site", container)
    buildah("commit", *buildah.policy, "--quiet", container, "localhost/base")


@pytest.fixture
def image(buildah: Buildah) -> str:
    name = "localhost/bootworthy"
    arguments = ("--build-arg", "BASE=localhost/base", "--build-arg", "PACKAGES=")
    how = ("--isolation", "chroot", "--pull-never", *buildah.policy, *buildah.mounts)
    buildah("bud", *how, *arguments, "--tag", name, "--file", str(RECIPE), str(CHECKOUT))
    return name


def test_the_image_is_the_command_and_checks_a_disk(
    buildah: Buildah, image: str, tmp_path: Path
) -> None:
    config = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]

    assert (config["Entrypoint"], config["Cmd"]) == (["bootworthy"], ["--help"])
    assert config["WorkingDir"] == "/work"
    assert "/opt/bootworthy/bin" in next(v for v in config["Env"] if v.startswith("PATH="))

    work = tmp_path / "work"
    work.mkdir()
    small.one_linux(work / "disk.raw")
    container = buildah("from", "--pull-never", *buildah.policy, image)
    where = ("-v", f"{work}:/work", *buildah.mounts)
    words = ("bootworthy", "check", "--json", "--fail-on", "never", "disk.raw")
    out = buildah("run", "--isolation", "chroot", *where, container, "--", *words)

    assert json.loads(out)["engine"] == "reader"
