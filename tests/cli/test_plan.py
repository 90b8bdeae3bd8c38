from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import bootworthy
from tests.guests import small


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.one_linux(tmp_path_factory.mktemp("plan") / "web01.raw")


def test_it_shows_diffs_and_programs_and_changes_nothing(image: Path) -> None:
    before = (image.read_bytes(), sorted(image.parent.iterdir()))

    done = bootworthy("plan", image)

    assert done.status == 0, done.err
    assert "disk     fixed VHD  raw of 9437184 bytes, to 9437184 bytes" in done.out
    assert "run      apt-get " in done.out
    assert "edit     /etc/hostname" in done.out
    assert "\n    -web01\n" in done.out
    assert "\n    +localhost\n" in done.out
    assert (image.read_bytes(), sorted(image.parent.iterdir())) == before


def test_passwords_are_not_shown(image: Path) -> None:
    out = bootworthy("plan", image).out

    assert "/etc/shadow" in out
    assert "$y$" not in out


def test_json_holds_the_plan_as_data(image: Path) -> None:
    done = bootworthy("plan", image, "--json")

    data = json.loads(done.out)
    assert data["schema_version"] == 1
    kinds = [item["step"] for item in data["plan"]["steps"]]
    # However many rules ask: one initramfs rebuild, one change of the command line, one install.
    for kind in ("update-initramfs", "set-kernel-arguments", "install-packages"):
        assert kinds.count(kind) <= 1
    assert "install-packages" in kinds


def test_specialized_leaves_the_identity_alone(image: Path) -> None:
    general = bootworthy("plan", image).out
    special = bootworthy("plan", image, "--specialized").out

    assert "/etc/hostname" in general
    assert "/etc/shadow" in general
    assert "/etc/hostname" not in special
    assert "/etc/shadow" not in special


def test_accounts_go_only_when_told(image: Path) -> None:
    assert "(SEC-04)" not in bootworthy("plan", image).out
    assert "(SEC-04)" in bootworthy("plan", image, "--remove-user", "installer").out
    assert "(SEC-04)" in bootworthy("plan", image, "--remove-users").out


def test_arguments_stay_when_told(tmp_path: Path) -> None:
    menu = str(small.linux_files()["boot/grub/grub.cfg"]).replace("quiet", "crashkernel=auto")
    image = small.one_linux(tmp_path / "image", {"boot/grub/grub.cfg": menu})

    assert "CMD-08" in bootworthy("plan", image).out
    assert "CMD-08" not in bootworthy("plan", image, "--keep-crashkernel").out


def test_only_chosen_rules_are_mended(image: Path) -> None:
    everything = bootworthy("plan", image).out
    some = bootworthy("plan", image, "--select", "NET-22,CLEAN").out
    others = bootworthy("plan", image, "--ignore", "host-name-left").out

    assert "/etc/hostname" in everything
    assert "/etc/shadow" in everything
    assert "/etc/hostname" in some
    assert "/etc/shadow" not in some
    assert "/etc/hostname" not in others
    assert "/etc/shadow" in others


def test_a_rule_that_is_not_there(image: Path) -> None:
    done = bootworthy("plan", image, "--ignore", "no-such-rule")
    assert (done.status, done.code) == (2, "rule-unknown")


def test_what_is_ignored_stays_and_is_told(image: Path, tmp_path: Path) -> None:
    (tmp_path / "bootworthy.toml").write_text(
        '[[ignore]]\nrule = "host-name-left"\nreason = "the name of the appliance"\n'
    )

    done = bootworthy("plan", image, cwd=tmp_path)
    data = json.loads(bootworthy("plan", image, "--json", cwd=tmp_path).out)

    assert "edit     /etc/hostname" not in done.out
    assert "ignored  /etc/hostname:1: the host name of the old machine is set" in done.out
    assert "the name of the appliance  (NET-22)" in done.out
    (ignored,) = data["ignored"]
    assert (ignored["code"], ignored["reason"]) == ("NET-22", "the name of the appliance")
    assert "reset-host-name" not in [item["step"] for item in data["plan"]["steps"]]
