"""What the guests are made of, read back from the finished images by other tools."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.guests.catalogue import RECIPES
from tests.guests.disk import MIB
from tests.guests.recipe import Recipe, build

pytestmark = pytest.mark.guest


@pytest.fixture(params=["bios", "uefi"])
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return RECIPES[request.param]


def _output(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def _debugfs(recipe: Recipe, request: str) -> str:
    return _output("debugfs", "-R", request, f"{build(recipe)}?offset={recipe.root_offset}")


def _text(recipe: Recipe, name: str) -> str:
    return _debugfs(recipe, f"cat /{name}")


def _names(recipe: Recipe, directory: str) -> set[str]:
    lines = _debugfs(recipe, f"ls -p /{directory}").splitlines()
    return {line.split("/")[5] for line in lines if line} - {".", ".."}


def _partitions(image: Path) -> list[tuple[int, int, str, bool]]:
    table = json.loads(_output("sfdisk", "--json", str(image)))["partitiontable"]
    return [
        (part["start"], part["size"], part["type"], part.get("bootable", False))
        for part in table["partitions"]
    ]


def test_bios_disk_is_laid_out_as_the_installer_does(bios_guest: Path) -> None:
    assert _partitions(bios_guest) == [
        (2048, 4718592, "83", True),
        (4722686, 409602, "5", False),
        (4722688, 409600, "82", False),
    ]
    swap = _output("blkid", "-p", "-O", str(4722688 * 512), "-o", "export", str(bios_guest))
    assert "TYPE=swap\n" in swap
    assert "UUID=0a1d5a52-7a0e-4b7c-8f44-5b9f0c6db005\n" in swap
    with bios_guest.open("rb") as file:
        assert b"GRUB" in file.read(440)


def test_uefi_disk_has_its_loader_only_where_nvram_would_name_it(uefi_guest: Path) -> None:
    assert [(start, size) for start, size, *_ in _partitions(uefi_guest)] == [
        (2048, 204800),
        (206848, 5033984),
    ]
    listing = _output("mdir", "-/", "-b", "-i", f"{uefi_guest}@@1M")
    assert set(listing.split()) == {
        "::/EFI/",
        "::/EFI/debian/",
        *(f"::/EFI/debian/{name}" for name in ("BOOTX64.CSV", "grub.cfg", "shimx64.efi")),
        *(f"::/EFI/debian/{name}" for name in ("fbx64.efi", "grubx64.efi", "mmx64.efi")),
    }


def test_no_size_is_one_that_azure_takes(recipe: Recipe) -> None:
    image = build(recipe)
    assert image.stat().st_size % 512 == 0
    assert image.stat().st_size % MIB == 70 * 1024
    assert image.stat().st_blocks * 512 < 900 * MIB


def test_file_system_is_clean(recipe: Recipe) -> None:
    target = f"{build(recipe)}?offset={recipe.root_offset}"
    checked = subprocess.run(["e2fsck", "-f", "-n", target], check=False, capture_output=True)
    assert checked.returncode == 0, checked.stdout.decode()


def test_initramfs_knows_one_machine_and_no_hyper_v(recipe: Recipe, tmp_path: Path) -> None:
    (name,) = (name for name in _names(recipe, "boot") if name.startswith("initrd.img-"))
    copy = tmp_path / "initrd"
    _debugfs(recipe, f"dump /boot/{name} {copy}")
    files = [Path(line).name for line in _output("lsinitramfs", str(copy)).splitlines()]
    modules = {name.removesuffix(".ko") for name in files if name.endswith(".ko")}
    assert {"ext4", "sd_mod", "ata_piix", "ahci", "virtio_blk"} <= modules
    assert not {name for name in modules if "hv" in name or "hyperv" in name}
    assert "fsck.ext4" in files
    assert "MODULES=dep\n" in _text(recipe, "etc/initramfs-tools/initramfs.conf")


def test_grub_is_configured_without_a_serial_console(recipe: Recipe) -> None:
    defaults = _text(recipe, "etc/default/grub")
    assert 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\n' in defaults
    assert 'GRUB_CMDLINE_LINUX="crashkernel=auto"\n' in defaults
    generated = _text(recipe, "boot/grub/grub.cfg")
    lines = [line.split() for line in generated.splitlines() if "\tlinux\t/boot/" in line]
    root = f"root=UUID={recipe.root_uuid}"
    assert [line[2:] for line in lines] == [
        [root, "ro", "crashkernel=auto", "quiet", "splash"],
        [root, "ro", "crashkernel=auto", "quiet", "splash"],
        [root, "ro", "single", "crashkernel=auto"],
    ]
    assert "\nsubmenu 'Advanced options for Debian GNU/Linux'" in generated
    assert "ttyS0" not in generated
    assert "console=" not in generated + defaults


def test_packages_are_those_of_a_server_elsewhere(recipe: Recipe) -> None:
    status = _text(recipe, "var/lib/dpkg/status")
    packages = {line[9:] for line in status.splitlines() if line.startswith("Package: ")}
    own = {
        "bios": {"grub-pc", "open-vm-tools"},
        "uefi": {"grub-efi-amd64", "grub-efi-amd64-signed", "shim-signed", "qemu-guest-agent"},
    }[recipe.name]
    wanted = {"linux-image-amd64", "openssh-server", "ifupdown", "isc-dhcp-client", "sudo"} | own
    assert wanted <= packages
    assert not packages & {"cloud-init", "waagent", "walinuxagent", "hyperv-daemons"}
    assert "Status: install ok half" not in status


def test_dirt_of_a_first_life(recipe: Recipe) -> None:
    origin = recipe.origin
    assert _text(recipe, "etc/hostname") == "web01.example.internal\n"
    assert _text(recipe, "etc/machine-id") == f"{origin.machine_id}\n"
    assert f"hwaddress ether {origin.mac}" in _text(recipe, "etc/network/interfaces")
    assert origin.mac in _text(recipe, "etc/udev/rules.d/70-persistent-net.rules")
    assert _text(recipe, "etc/resolv.conf").endswith("nameserver 10.20.30.2\n")
    assert "Size: 768\n" in _debugfs(recipe, "stat /var/log/wtmp")
    assert {"syslog", "btmp", "lastlog", "journal", "apt", "dpkg.log", "installer"} <= _names(
        recipe, "var/log"
    )
    assert "dhclient." + origin.interface + ".leases" in _names(recipe, "var/lib/dhcp")
    assert "random-seed" in _names(recipe, "var/lib/systemd")
    assert _names(recipe, "tmp") == {"upload.part"}
    assert [name for name in _names(recipe, "var/cache/apt/archives") if name.endswith(".deb")]
    assert "ssh_host_ed25519_key" in _names(recipe, "etc/ssh")


def test_people_left_accounts_keys_and_histories(recipe: Recipe) -> None:
    assert "installer:x:1000:1000:Installer,,,:/home/installer:/bin/bash" in _text(
        recipe, "etc/passwd"
    )
    assert "\nsudo:x:27:installer\n" in _text(recipe, "etc/group")
    for home in ("root", "home/installer"):
        assert ".bash_history" in _names(recipe, home)
        assert _text(recipe, f"{home}/.ssh/authorized_keys").startswith("ssh-ed25519 AAAA")
    hashes = dict(line.split(":")[:2] for line in _text(recipe, "etc/shadow").splitlines())
    assert hashes["root"].startswith("$y$")
    assert hashes["installer"].startswith("$y$")


def test_fstab_swaps_to_a_partition_or_a_file(recipe: Recipe) -> None:
    swap = {
        "bios": ["UUID=0a1d5a52-7a0e-4b7c-8f44-5b9f0c6db005", "none", "swap", "sw", "0", "0"],
        "uefi": ["/swapfile", "none", "swap", "sw", "0", "0"],
    }[recipe.name]
    lines = [line.split() for line in _text(recipe, "etc/fstab").splitlines()]
    assert swap in lines
    assert [f"UUID={recipe.root_uuid}", "/", "ext4", "errors=remount-ro", "0", "1"] in lines


def test_bios_guest_resumes_from_its_swap(bios_guest: Path) -> None:
    assert bios_guest.exists()
    resume = _text(RECIPES["bios"], "etc/initramfs-tools/conf.d/resume")
    assert resume == "RESUME=UUID=0a1d5a52-7a0e-4b7c-8f44-5b9f0c6db005\n"


def test_swap_file_has_all_its_blocks(uefi_guest: Path) -> None:
    assert uefi_guest.exists()
    blocks = _debugfs(RECIPES["uefi"], "blocks /swapfile").split()
    assert len(blocks) == 128 * MIB // 4096
    assert "0" not in blocks


def test_apt_of_the_guest_knows_a_mirror_and_no_leftover_of_the_build(recipe: Recipe) -> None:
    sources = _text(recipe, "etc/apt/sources.list").splitlines()
    assert sources[0].startswith("deb ")
    assert sources[0].endswith(" bookworm main")
    assert "99mmdebstrap" not in _names(recipe, "etc/apt/apt.conf.d")
    assert "unsafe-io" not in _text(recipe, "etc/dpkg/dpkg.cfg.d/excludes")
    assert "extra-packages" not in _names(recipe, "var/lib")
