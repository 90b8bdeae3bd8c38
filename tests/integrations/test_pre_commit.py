"""The hooks, installed and run by pre-commit itself from a repository that holds this checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.cli.command import environment

CHECKOUT = Path(__file__).parents[2]

# What building the package takes; the tests that come with it are no part of it.
_SOURCES = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "docs/man", "src")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository of image recipes that uses the hooks."""

    path: Path
    env: dict[str, str]

    def run(self) -> tuple[int, str]:
        """The exit status and the output of ``pre-commit run --all-files``."""
        _git(self.path, "add", "--all")
        argv = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"]
        done = subprocess.run(
            argv, cwd=self.path, env=self.env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _git(where: Path, *words: str) -> str:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    argv = ["git", *identity, "-c", "init.defaultBranch=main", "-C", str(where), *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with the hooks and the package, and its commit."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in _SOURCES:
        source, target = CHECKOUT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "all")
    return folder, _git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment that it makes once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def recipes(hooks: tuple[Path, str], cache: Path, tmp_path: Path) -> Repository:
    """What the package depends on is this environment's: the tests need no network.

    The package itself is the one that pre-commit installs.
    """
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    home = {"PRE_COMMIT_HOME": str(cache), "HOME": str(tmp_path / "home")}
    libraries = {"PYTHONPATH": sysconfig.get_path("purelib")}
    env = environment(offline | home | libraries | {"XDG_CONFIG_HOME": str(tmp_path / "home")})
    env = {name: value for name, value in env.items() if not name.startswith("GIT_")}
    repository = Repository(path=tmp_path / "recipes", env=env)
    wanted = [{"id": "bootworthy-overlay", "args": ["overlay"]}, {"id": "bootworthy-config"}]
    source = {"repo": str(hooks[0]), "rev": hooks[1], "hooks": wanted}
    repository.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [source]}))
    _git(repository.path, "init", "--quiet")
    return repository


def test_hooks_are_valid_by_pre_commits_own_schema() -> None:
    argv = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_good_recipes_pass(recipes: Repository) -> None:
    recipes.write("overlay/etc/cloud/cloud.cfg.d/90-azure.cfg", "datasource_list: [Azure]\n")
    recipes.write("bootworthy.toml", 'fail-on = "warning"\n')
    status, out = recipes.run()

    assert status == 0, out
    assert out.count(".Passed\n") == 2


def test_a_bad_file_of_the_overlay_stops_the_commit(recipes: Repository) -> None:
    recipes.write("overlay/etc/cloud/cloud.cfg.d/90-cloud.cfg", "datasource_list: [NoCloud]\n")
    recipes.write("overlay/etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n")
    status, out = recipes.run()

    assert status == 1
    assert "/etc/cloud/cloud.cfg.d/90-cloud.cfg: error[datasource-not-azure] CI-04" in out
    assert "/etc/fstab:1: warning[mount-name-unstable] PART-11" in out
    assert "bootworthy.toml......" in out.replace("(no files to check)Skipped", "")


def test_the_repositorys_own_configuration_counts_and_is_checked(recipes: Repository) -> None:
    recipes.write("overlay/etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n")
    recipes.write("bootworthy.toml", 'fail-on = "warning"\n')
    assert recipes.run()[0] == 1
    ignore = '[[ignore]]\nrule = "PART-11"\nreason = "one disk only"\n'
    recipes.write("bootworthy.toml", 'fail-on = "warning"\n' + ignore)
    assert recipes.run()[0] == 0
    recipes.write("bootworthy.toml", 'fail-on = "warnings"\n')
    status, out = recipes.run()

    assert status == 1
    assert "'warnings' is not one of" in out
    assert "Traceback" not in out


def test_a_tree_that_is_not_there_is_one_clear_error(recipes: Repository) -> None:
    recipes.write("README", "no overlay yet\n")
    status, out = recipes.run()

    assert status == 1
    assert "error[root-not-a-directory]: overlay cannot be opened" in out
