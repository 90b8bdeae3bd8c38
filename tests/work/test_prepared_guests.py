"""Both Debian guests after ``prepare``, seen by other tools: qemu-img, debugfs, lsinitramfs."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import bootworthy
from tests.guests.catalogue import RECIPES
from tests.guests.recipe import build
from tests.work.packages import packages_for
from tests.work.prepared import Prepared, prepared

pytestmark = pytest.mark.guest

MIB = 1 << 20
GUESTS = ("bios", "uefi")


def run(*argv: str | Path) -> str:
    return subprocess.run(
        [*map(str, argv)], check=True, capture_output=True, text=True, timeout=300
    ).stdout


def guest_of(name: str) -> Prepared:
    return prepared(name, "--remove-users")


def cat(image: Path, name: str, path: str) -> str:
    """A file of the guest, read by debugfs; empty when it is not there."""
    return run("debugfs", "-R", f"cat {path}", f"{image}?offset={RECIPES[name].root_offset}")


def names(image: Path, name: str, path: str) -> set[str]:
    listing = run("debugfs", "-R", f"ls -p {path}", f"{image}?offset={RECIPES[name].root_offset}")
    return {line.split("/")[5] for line in listing.splitlines() if line.count("/") > 5}


def kinds(fstab: str) -> set[str]:
    lines = (line.split() for line in fstab.splitlines() if not line.startswith("#"))
    return {words[2] for words in lines if len(words) > 2}


@pytest.mark.parametrize("name", GUESTS)
def test_what_is_left_is_for_a_person_to_decide(name: str) -> None:
    guest = guest_of(name)

    done = bootworthy("check", guest.vhd, "--json", "--fail-on", "warning")

    assert done.status == 0, done.out
    data = json.loads(done.out)
    left = {rule["code"] for rule in data["rules"] if rule["outcome"] == "fail"}
    # The tools of the old hypervisor: which of them somebody needs, only they know.
    assert left == {"KERN-24"}
    assert (data["summary"]["errors"], data["summary"]["warnings"]) == (0, 0)
    assert guest.report["summary"]["fixed"] > 25


@pytest.mark.parametrize("name", GUESTS)
def test_every_field_of_the_footer(name: str) -> None:
    guest = guest_of(name)
    with guest.vhd.open("rb") as file:
        file.seek(-512, 2)
        footer = file.read()
    disk = guest.vhd.stat().st_size - 512

    fields = struct.unpack(">8sIIQI4sI4sQQHBBII16sB427s", footer)
    cookie, features, version, offset, _time, _app, _app_version, system = fields[:8]
    original, current, cylinders, heads, sectors, kind, checksum, unique, saved, rest = fields[8:]
    assert (cookie, features, version, offset) == (b"conectix", 2, 0x10000, 0xFFFFFFFFFFFFFFFF)
    assert system == b"Wi2k"
    assert (original, current, kind, saved) == (disk, disk, 2, 0)
    assert disk % MIB == 0
    # The next whole MiB, and no more.
    assert disk == -(-guest.source.stat().st_size // MIB) * MIB
    assert 0 < cylinders * heads * sectors * 512 <= disk
    without = footer[:64] + bytes(4) + footer[68:]
    assert checksum == ~sum(without) & 0xFFFFFFFF
    assert unique != bytes(16)
    assert rest == bytes(427)


@pytest.mark.parametrize("name", GUESTS)
def test_qemu_sees_the_size_and_the_same_bytes_without_the_footer(
    name: str, tmp_path: Path
) -> None:
    guest = guest_of(name)
    disk = guest.vhd.stat().st_size - 512
    told = run("qemu-img", "info", "-f", "vpc", "--output=json", guest.vhd)
    assert f'"virtual-size": {disk},' in told

    body = tmp_path / "body.raw"
    run("cp", "--sparse=always", guest.vhd, body)
    run("truncate", "--size=-512", body)
    same = run("qemu-img", "compare", "-f", "raw", "-F", "vpc", body, guest.vhd)
    assert "Images are identical" in same


@pytest.mark.parametrize("name", GUESTS)
def test_the_file_systems_are_whole(name: str) -> None:
    offset = RECIPES[name].root_offset
    done = subprocess.run(
        ["e2fsck", "-fn", f"{guest_of(name).vhd}?offset={offset}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", GUESTS)
def test_the_partition_table_fits_the_new_size(name: str) -> None:
    done = subprocess.run(
        ["sfdisk", "--verify", guest_of(name).vhd],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # sfdisk takes the footer for a part of the disk, and its last sector for the disk's.
    text = done.stdout + done.stderr
    assert "The backup GPT table is corrupt" not in text
    if name == "bios":
        assert "type=82" not in run("sfdisk", "--dump", guest_of(name).vhd)


@pytest.mark.parametrize("name", GUESTS)
def test_the_kernel_command_line(name: str) -> None:
    guest = guest_of(name)
    before = cat(guest.source, name, "/boot/grub/grub.cfg")
    after = cat(guest.vhd, name, "/boot/grub/grub.cfg")

    lines = re.findall(r"^\s*linux\S*\s+(.*)$", after, re.MULTILINE)
    assert lines
    for line in lines:
        words = line.split()
        assert {"console=ttyS0", "earlyprintk=ttyS0", "net.ifnames=0"} <= set(words)
        assert not {"quiet", "splash", "rhgb", "crashkernel=auto"} & set(words)
        assert words[1] == re.findall(r"root=UUID=\S+", before)[0]
    assert "console=ttyS0" in cat(guest.vhd, name, "/etc/default/grub.d/90-azure.cfg")


@pytest.mark.parametrize("name", GUESTS)
def test_the_initramfs_has_the_drivers_and_a_backup(name: str, tmp_path: Path) -> None:
    guest = guest_of(name)
    image = next(one for one in names(guest.vhd, name, "/boot") if re.match(r"initrd.*64$", one))
    assert f"{image}.bak" in names(guest.vhd, name, "/boot")
    copy = tmp_path / image
    disk = f"{guest.vhd}?offset={RECIPES[name].root_offset}"
    run("debugfs", "-R", f"dump /boot/{image} {copy}", disk)

    listed = run("lsinitramfs", copy)

    for module in ("hv_vmbus", "hv_storvsc", "hv_netvsc", "ext4"):
        assert re.search(rf"/{module}\.ko", listed), module


@pytest.mark.parametrize("name", GUESTS)
def test_nothing_swaps_to_the_os_disk(name: str) -> None:
    guest = guest_of(name)
    assert "swap" in kinds(cat(guest.source, name, "/etc/fstab"))
    assert "swap" not in kinds(cat(guest.vhd, name, "/etc/fstab"))
    assert "swapfile" not in names(guest.vhd, name, "/")


@pytest.mark.parametrize("name", GUESTS)
def test_the_identity_is_gone(name: str) -> None:
    disk = guest_of(name).vhd

    assert cat(disk, name, "/etc/machine-id") == ""
    assert not {one for one in names(disk, name, "/etc/ssh") if one.startswith("ssh_host_")}
    assert "ssh-host-keys.service" in names(
        disk, name, "/etc/systemd/system/multi-user.target.wants"
    )
    assert "installer" not in cat(disk, name, "/etc/passwd")
    assert re.search(r"^root:[!*]", cat(disk, name, "/etc/shadow"), re.MULTILINE)
    assert ".bash_history" not in names(disk, name, "/root")
    assert "authorized_keys" not in names(disk, name, "/root/.ssh")
    assert "70-persistent-net.rules" not in names(disk, name, "/etc/udev/rules.d")
    assert "iface eth0 inet dhcp" in cat(disk, name, "/etc/network/interfaces")


@pytest.mark.parametrize("name", GUESTS)
def test_cloud_cfg_is_not_touched(name: str) -> None:
    disk = guest_of(name).vhd
    main = cat(disk, name, "/etc/cloud/cloud.cfg")
    assert "disk_setup" in main
    assert "mounts" in main
    dropins = names(disk, name, "/etc/cloud/cloud.cfg.d")
    assert {"91-azure_datasource.cfg", "10-azure_resource_disk.cfg"} <= dropins
    assert "datasource_list: [ Azure ]" in cat(
        disk, name, "/etc/cloud/cloud.cfg.d/91-azure_datasource.cfg"
    )


def test_the_loader_is_where_empty_variables_look(tmp_path: Path) -> None:
    guest = guest_of("uefi")
    with guest.vhd.open("rb") as file, (tmp_path / "esp").open("wb") as esp:
        file.seek(MIB)
        esp.write(file.read(64 * MIB))

    listed = run("mdir", "-b", "-i", tmp_path / "esp", "::/EFI/BOOT").upper()

    assert "BOOTX64.EFI" in listed


@pytest.mark.parametrize("name", GUESTS)
def test_a_second_time_nothing_changes_inside(name: str, tmp_path: Path) -> None:
    guest = guest_of(name)
    output = tmp_path / "again.vhd"

    done = bootworthy(
        *("prepare", guest.vhd, "-o", output, "--trust-image", "--remove-users"),
        *("--engine", "host", "--fail-on", "warning"),
    )

    assert done.status == 0, done.err
    assert "nothing inside the guest had to change" in done.out
    assert "Images are identical" in run(
        "qemu-img", "compare", "-f", "vpc", "-F", "vpc", guest.vhd, output
    )


def test_the_source_is_as_it_was(tmp_path: Path) -> None:
    """With no network and no packages: what needs none is done, the findings stay."""
    source = build(RECIPES["bios"])
    before = _digest(source)
    output = tmp_path / "out.vhd"

    done = bootworthy(
        *("prepare", source, "-o", output, "--trust-image", "--initramfs", "append"),
        prefix=("unshare", "--net"),
    )

    assert done.status == 1, done.err
    assert "error[no-provisioning-agent]" in done.out
    assert "= not done" in done.out
    assert "hv-driver-not-in-initramfs" not in done.out
    assert "primary-nic-not-dhcp" not in done.out
    assert "warning[user-left]" in done.out
    assert _digest(source) == before


def test_packages_with_a_dependency_missing(tmp_path: Path) -> None:
    packages = packages_for(RECIPES["bios"], tmp_path / "packages")
    for package in packages.glob("python3-distro_*.deb"):
        package.unlink()
    output = tmp_path / "out.vhd"

    done = bootworthy(
        *("prepare", build(RECIPES["bios"]), "-o", output, "--trust-image"),
        *("--initramfs", "append", "--packages", packages),
    )

    assert "agent-missing" in done.out
    assert "python3-distro" in done.out
    assert "cloud-init-missing" not in done.out
    assert output.exists()


def test_specialized_keeps_the_identity() -> None:
    name = "bios"
    guest = prepared(name, "--specialized", "--initramfs", "append")

    assert cat(guest.vhd, name, "/etc/machine-id") == cat(guest.source, name, "/etc/machine-id")
    assert cat(guest.vhd, name, "/etc/shadow") == cat(guest.source, name, "/etc/shadow")
    assert {"ssh_host_rsa_key"} <= names(guest.vhd, name, "/etc/ssh")
    assert ".bash_history" in names(guest.vhd, name, "/root")
    assert "console=ttyS0" in cat(guest.vhd, name, "/boot/grub/grub.cfg")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
