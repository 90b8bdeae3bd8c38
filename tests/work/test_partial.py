"""Trees that hold only the files a recipe lays over a Linux."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Outcome
from bootworthy.model.report import Report
from bootworthy.work.check import check
from bootworthy.work.opening import Reading
from tests.guests.tree import link, put

_CONSOLES = "console=tty1 console=ttyS0,115200n8 earlyprintk=ttyS0,115200"
_READY = f"{_CONSOLES} rootdelay=300 net.ifnames=0"


def _checked(tree: Path) -> Report:
    return check(root=tree, reading=Reading(partial=True))


def _found(tree: Path) -> set[tuple[str, str]]:
    return {(finding.code, finding.place.path) for finding in _checked(tree).findings}


def test_an_empty_tree_says_nothing_wrong(tmp_path: Path) -> None:
    report = _checked(tmp_path)

    assert report.findings == ()
    assert report.unreadable == ()
    assert report.guest is None
    assert report.count(Outcome.ERROR) == 0


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n", "PART-11"),
        ("etc/fstab", "/swapfile none swap sw 0 0\n", "SWAP-02"),
        ("etc/ssh/sshd_config", "ClientAliveInterval 0\n", "SEC-03"),
        ("etc/cloud/cloud.cfg.d/90.cfg", "datasource_list: [NoCloud]\n", "CI-04"),
        ("etc/cloud/cloud.cfg.d/90.cfg", "users: [\n", "CI-09"),
        (
            "etc/netplan/1.yaml",
            "{network: {ethernets: {eth0: {addresses: [10.0.0.5/8]}}}}",
            "NET-02",
        ),
        ("etc/default/grub", 'GRUB_CMDLINE_LINUX="quiet"\n', "CMD-02"),
        ("etc/default/grub", 'GRUB_CMDLINE_LINUX="quiet"\n', "CMD-07"),
    ],
)
def test_what_is_wrong_in_a_file_is_found_at_that_file(
    name: str, text: str, code: str, tmp_path: Path
) -> None:
    put(tmp_path, name, text)

    assert (code, f"/{name}") in _found(tmp_path)


def test_nothing_is_said_about_the_rest_of_the_system(tmp_path: Path) -> None:
    put(tmp_path, "etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n")
    put(tmp_path, "etc/default/grub", f'GRUB_CMDLINE_LINUX="{_READY}"\n')

    assert {path for _, path in _found(tmp_path)} == {"/etc/fstab"}


def test_good_files_have_no_finding(tmp_path: Path) -> None:
    put(tmp_path, "etc/default/grub", f'GRUB_CMDLINE_LINUX="{_READY}"\n')
    put(tmp_path, "etc/cloud/cloud.cfg.d/90-azure.cfg", "datasource_list: [Azure]\n")
    put(tmp_path, "etc/ssh/sshd_config", "ClientAliveInterval 180\n")

    assert _found(tmp_path) == set()


def test_a_file_that_cannot_be_read_is_told_and_one_that_is_missing_is_not(tmp_path: Path) -> None:
    put(tmp_path, "etc/passwd", "nonsense\n")

    assert [item.code for item in _checked(tmp_path).unreadable] == ["guest-file-corrupt"]
    (tmp_path / "etc/passwd").unlink()
    assert _checked(tmp_path).unreadable == ()


def test_the_tree_is_not_written(tmp_path: Path) -> None:
    put(tmp_path, "etc/default/grub", "GRUB_TIMEOUT=1\n")
    _checked(tmp_path)

    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "etc",
        "etc/default",
        "etc/default/grub",
    ]


def test_links_do_not_lead_out_of_the_tree(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("/dev/sda1 / ext4 defaults 0 1\n")
    link(tmp_path / "tree", "etc/fstab", "../../outside")

    assert _found(tmp_path / "tree") == set()


def test_a_file_in_the_place_of_etc_is_one_clear_error(tmp_path: Path) -> None:
    put(tmp_path, "etc", "")

    with pytest.raises(UsageError) as caught:
        _checked(tmp_path)
    assert caught.value.code == "tree-odd"
