from __future__ import annotations

import pytest

from bootworthy.guest.facts import boot_loader
from bootworthy.guest.facts.boot_loader import BootLoader, EntryFormat, LoaderKind
from bootworthy.guest.facts.boot_loaders import bls
from tests.guest.memory import MemoryTree

MACHINE = "3f1d0a4c9b5e4d71a7c6f2e8d4b6a901"
NEW, OLD = "5.14.0-427.13.1.el9_4.x86_64", "5.14.0-70.el9.x86_64"
ENVIRONMENT = "# GRUB Environment Block\nsaved_entry={saved}\nkernelopts={options}\n"
GRUB_CFG = """\
set default="0"
if [ -f ${config_directory}/grubenv ]; then
  load_env -f ${config_directory}/grubenv
elif [ -s $prefix/grubenv ]; then
  load_env
fi
set default="${saved_entry}"
insmod blscfg
blscfg
"""


OPTIONS = "root=UUID=a-b ro quiet"


def entry(release: str, options: str = OPTIONS, title: str = "") -> str:
    return (
        f"title {title or f'Rocky Linux ({release}) 9.4'}\nversion {release}\n"
        f"linux /vmlinuz-{release}\ninitrd /initramfs-{release}.img $tuned_initrd\n"
        f"options {options}\ngrub_users $grub_users\ngrub_class rocky\n"
    )


def read(
    *,
    saved: str = f"{MACHINE}-{NEW}",
    kernelopts: str = "",
    options: str = "root=UUID=a-b ro quiet",
) -> BootLoader:
    files = {
        "/boot/grub2/grub.cfg": GRUB_CFG,
        "/boot/grub2/grubenv": ENVIRONMENT.format(saved=saved, options=kernelopts),
        f"/boot/loader/entries/{MACHINE}-0-rescue.conf": entry("0-rescue-" + MACHINE, options),
    }
    for release in (OLD, NEW):
        files[f"/boot/loader/entries/{MACHINE}-{release}.conf"] = entry(release, options)
        files[f"/boot/vmlinuz-{release}"] = "kernel"
        files[f"/boot/initramfs-{release}.img"] = "initramfs"
    return boot_loader.read(MemoryTree(files))


def test_entries_of_grub_are_newest_first_and_say_where_their_options_are() -> None:
    loader = read()

    assert (loader.kind, loader.path, loader.problem) == (
        LoaderKind.GRUB2,
        "/boot/grub2/grub.cfg",
        "",
    )
    assert [(e.release, e.default, e.recovery) for e in loader.entries] == [
        (NEW, True, False),
        (OLD, False, False),
        (f"0-rescue-{MACHINE}", False, True),
    ]
    first = loader.entries[0]
    assert first.kernel == f"/boot/vmlinuz-{NEW}"
    assert first.initrds == (f"/boot/initramfs-{NEW}.img",)
    assert first.arguments == ("root=UUID=a-b", "ro", "quiet")
    assert (first.path, first.line) == (f"/boot/loader/entries/{MACHINE}-{NEW}.conf", 5)
    assert {e.form for e in loader.entries} == {EntryFormat.BOOT_LOADER_SPECIFICATION}


def test_grubenv_names_the_default_and_holds_the_options_of_red_hat_8() -> None:
    loader = read(
        saved=f"{MACHINE}-{OLD}",
        kernelopts="root=/dev/mapper/rl-root ro crashkernel=auto",
        options="$kernelopts ${tuned_params}",
    )

    assert [e.release for e in loader.entries if e.default] == [OLD]
    assert {e.arguments for e in loader.entries} == {
        ("root=/dev/mapper/rl-root", "ro", "crashkernel=auto")
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux /vmlinuz\n", ("", (), 1)),
        ("# a comment\n\nLinux\t/vmlinuz\noptions a=1\noptions b\n", ("", ("a=1", "b"), 4)),
        ("title T\nversion 6.1\nlinux /k\noptions x\n", ("6.1", ("x",), 4)),
    ],
)
def test_lines(text: str, expected: tuple[str, tuple[str, ...], int]) -> None:
    (found,) = bls.read(MemoryTree({"/boot/loader/entries/a.conf": text}), bls.DIRECTORY)

    assert (found.version, found.arguments({}), found.line) == expected
    assert found.title in ("T", "a")


@pytest.mark.parametrize("text", ["", "title only\n", "efi /shellx64.efi\n", "linux /k\n\0"])
def test_what_starts_no_linux_is_no_entry(text: str) -> None:
    assert bls.read(MemoryTree({"/boot/loader/entries/a.conf": text}), bls.DIRECTORY) == ()


def test_files_of_other_names_and_endless_ones_are_left_alone() -> None:
    files = {
        "/boot/loader/entries/a.conf.rpmsave": "linux /k\n",
        "/boot/loader/entries/b.conf": "linux /k\n" + "#" * (65 << 10),
    }

    assert bls.read(MemoryTree(files), bls.DIRECTORY) == ()
