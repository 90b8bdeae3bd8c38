from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.model.plan import ChangeKind
from bootworthy.model.steps import InstallPackages
from bootworthy.work.steps import packages
from bootworthy.work.target import ApplyOptions, StepFailedError
from tests.work.steps.conditions import Recorded, target_of

DEBIAN = {"/etc/os-release": 'ID=debian\nVERSION_ID="12"\n'}
STEP = InstallPackages(packages=("waagent", "cloud-init"))

# What apt 2.6 of Debian 12 prints.
_NO_NETWORK = (
    "Ign:1 http://deb.debian.org/debian bookworm InRelease\n"
    "W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  "
    "Temporary failure resolving 'deb.debian.org'\n"
)
_NOT_FOUND = "Reading package lists...\nE: Unable to locate package {}\n"
_MISSING = (
    "The following packages have unmet dependencies:\n"
    " waagent : Depends: python3-distro but it is not installable\n"
    "E: Unable to correct problems, you have held broken packages.\n"
)


def test_all_at_once_with_the_lists_refreshed_once() -> None:
    runner = Recorded(lambda _argv: (0, ""))

    packages.install(STEP, target_of(DEBIAN, runner))

    update, install = runner.asked
    assert update.argv[-1] == "update"
    assert install.argv[-3:] == ("install", "waagent", "cloud-init")
    assert update.network
    assert install.network


def test_one_bad_name_costs_only_itself() -> None:
    def apt(argv: tuple[str, ...]) -> tuple[int, str]:
        return (100, _NOT_FOUND.format("waagent")) if "waagent" in argv else (0, "")

    runner = Recorded(apt)
    with pytest.raises(StepFailedError) as failed:
        packages.install(STEP, target_of(DEBIAN, runner))

    assert str(failed.value) == "waagent: E: Unable to locate package waagent"
    assert runner.asked[-1].argv[-2:] == ("install", "cloud-init")


def test_why_the_lists_could_not_be_had_is_told_once() -> None:
    def apt(argv: tuple[str, ...]) -> tuple[int, str]:
        if argv[-1] == "update":
            return 0, _NO_NETWORK
        return 100, _NOT_FOUND.format(argv[-1])

    with pytest.raises(StepFailedError) as failed:
        packages.install(STEP, target_of(DEBIAN, Recorded(apt)))

    lines = str(failed.value).splitlines()
    assert "Temporary failure resolving" in lines[0]
    assert [line.partition(":")[0] for line in lines[1:]] == ["waagent", "cloud-init"]


def test_the_dependency_that_is_missing_is_named() -> None:
    def apt(argv: tuple[str, ...]) -> tuple[int, str]:
        return (100, _MISSING) if "waagent" in argv else (0, "")

    with pytest.raises(StepFailedError, match="Depends: python3-distro but it is not installable"):
        packages.install(STEP, target_of(DEBIAN, Recorded(apt)))


def test_offline_the_network_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "broken.deb").write_text("no package")
    runner = Recorded(lambda _argv: (0, ""))
    target = target_of(DEBIAN, runner, ApplyOptions(packages=tmp_path))

    with pytest.raises(StepFailedError, match=r"broken\.deb is not a Debian package"):
        packages.install(STEP, target)

    assert runner.asked == []


def test_a_distribution_without_a_known_package_manager() -> None:
    target = target_of({"/etc/os-release": "ID=unheard-of\n"}, Recorded(lambda _argv: (0, "")))

    with pytest.raises(StepFailedError, match="does not know how to install waagent, cloud-init"):
        packages.install(STEP, target)


def test_without_a_runner_nothing_can_be_installed() -> None:
    with pytest.raises(StepFailedError, match="no engine here runs programs of the guest"):
        packages.install(STEP, target_of(DEBIAN))


def test_what_was_run_is_part_of_the_changes() -> None:
    target = target_of(DEBIAN, Recorded(lambda _argv: (0, "")))

    packages.install(STEP, target)

    kinds = [change.kind for change in target.take_changes()]
    assert kinds == [ChangeKind.PROGRAM, ChangeKind.PROGRAM]
