from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.facts import release
from bootworthy.guest.families.family import Family, Need
from bootworthy.guest.families.registry import family_of
from bootworthy.model.errors import UsageError
from tests.guest.memory import MemoryTree

MISSING_AGENT = ("amzn", "alpine")


def family(id_: str, version: str, like: str = "") -> Family:
    text = f'ID={id_}\nVERSION_ID="{version}"\nID_LIKE="{like}"\n'
    return family_of(release.read(MemoryTree({"/etc/os-release": text})))


@pytest.mark.parametrize(
    ("id_", "version", "program"),
    [
        ("rhel", "7.9", "yum"),
        ("centos", "7", "yum"),
        ("rocky", "9.4", "dnf"),
        ("ol", "8.10", "dnf"),
        ("fedora", "41", "dnf"),
        ("azurelinux", "3.0", "tdnf"),
        ("mariner", "2.0", "tdnf"),
        ("amzn", "2", "yum"),
        ("amzn", "2023", "dnf"),
        ("sles", "15.6", "zypper"),
        ("opensuse-tumbleweed", "20241101", "zypper"),
        ("alpine", "3.20.3", "apk"),
        ("arch", "", "pacman"),
        ("debian", "12", "apt-get"),
    ],
)
def test_the_program_that_installs(id_: str, version: str, program: str) -> None:
    programs = family(id_, version).install(("a", "b"), offline=False)

    assert {invocation.argv[0] for invocation in programs} == {program}
    assert programs[-1].argv[-2:] == ("a", "b")
    assert all(invocation.network for invocation in programs)
    assert not any(run.network for run in family(id_, version).install(("a",), offline=True))


@pytest.mark.parametrize(
    ("id_", "agent", "daemons", "growpart", "unit"),
    [
        ("rocky", "WALinuxAgent", "hyperv-daemons", "cloud-utils-growpart", "sshd.service"),
        ("fedora", "WALinuxAgent", "hyperv-daemons", "cloud-utils-growpart", "sshd.service"),
        ("azurelinux", "WALinuxAgent", "hyperv-daemons", "cloud-utils-growpart", "sshd.service"),
        ("sles", "python-azure-agent", "hyper-v", "growpart", "sshd.service"),
        ("arch", "walinuxagent", "hyperv", "cloud-guest-utils", "sshd.service"),
        ("ubuntu", "walinuxagent", "linux-cloud-tools-virtual", "cloud-guest-utils", "ssh.service"),
    ],
)
def test_names(id_: str, agent: str, daemons: str, growpart: str, unit: str) -> None:
    found = family(id_, "9")
    needs = (Need.AGENT, Need.HYPERV_DAEMONS, Need.GROWPART)

    assert [found.packages_for(need) for need in needs] == [(agent,), (daemons,), (growpart,)]
    assert found.units_for(Need.SSH_SERVER)[0] == unit


@pytest.mark.parametrize("id_", MISSING_AGENT)
def test_the_agent_is_not_in_every_repository(id_: str) -> None:
    assert family(id_, "3").packages_for(Need.AGENT) == ()
    assert family(id_, "3").packages_for(Need.CLOUD_INIT) == ("cloud-init",)


@pytest.mark.parametrize("id_", ["rocky", "azurelinux", "sles", "alpine", "arch", "gentoo"])
def test_a_directory_without_packages_is_refused(id_: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        family(id_, "9").offline_mounts(tmp_path, tmp_path)

    assert caught.value.code == "packages-none"
    assert caught.value.hint


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.rpm").write_text("no package")
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    with pytest.raises(UsageError, match=r"a\.rpm is not an rpm package"):
        family("rocky", "9").offline_mounts(tmp_path, scratch)


@pytest.mark.skipif(
    not (shutil.which("rpmbuild") and shutil.which("createrepo_c")),
    reason="no rpmbuild and createrepo_c to make a package and its index with",
)
def test_a_directory_of_packages_becomes_a_repository(tmp_path: Path) -> None:
    packages, scratch = tmp_path / "packages", tmp_path / "scratch"
    packages.mkdir()
    scratch.mkdir()
    _build_package(tmp_path, packages)
    mounts = family("rocky", "9").offline_mounts(packages, scratch)
    (run, *_) = family("rocky", "9").install(("nothing",), offline=True)

    folder = "/run/bootworthy/packages"
    assert mounts == {folder: str(scratch), f"{folder}/pool": str(packages)}
    assert f"--setopt=reposdir={folder}" in run.argv
    assert "baseurl=file:///run/bootworthy/packages\n" in (scratch / "bootworthy.repo").read_text()
    (primary,) = (scratch / "repodata").glob("*primary.xml.gz")
    assert b'href="pool/nothing-1-1.noarch.rpm"' in gzip.decompress(primary.read_bytes())


def _build_package(work: Path, out: Path) -> None:
    spec = work / "nothing.spec"
    spec.write_text(
        "Name: nothing\nVersion: 1\nRelease: 1\nSummary: nothing\nLicense: none\n"
        "BuildArch: noarch\n%description\nnothing\n%files\n"
    )
    defines = [f"--define=_topdir {work}/rpmbuild", f"--define=_rpmdir {out}"]
    name = "--define=_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm"
    subprocess.run(["rpmbuild", "-bb", *defines, name, str(spec)], check=True, capture_output=True)
