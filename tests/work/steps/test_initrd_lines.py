from __future__ import annotations

import pytest

from bootworthy.model.steps import LoadInitramfs
from bootworthy.work.steps.initrd_lines import load
from bootworthy.work.target import StepFailedError, Target
from tests.guest.unified_images import unified_image
from tests.work.steps.targets import Files, target

RELEASE = "6.1.0-28-amd64"
KERNEL, IMAGE = f"/boot/vmlinuz-{RELEASE}", f"/boot/initrd.img-{RELEASE}"
STEP = LoadInitramfs(kernels=(KERNEL,))
BOOT = {
    KERNEL: "kernel",
    IMAGE: "image",
    f"/usr/lib/modules/{RELEASE}/modules.dep": "",
}

GRUB = """\
menuentry 'a' {{
    linux{0} /vmlinuz-6.1.0-28-amd64 root=UUID=x ro # the newest
}}
submenu 's' {{
\tmenuentry 'b' {{ linux /vmlinuz-6.1.0-28-amd64 \\
 ro; boot }}
\tmenuentry 'c' {{
\t\tlinux /vmlinuz-6.1.0-28-amd64 ro
\t\tinitrd /initrd.img-6.1.0-28-amd64
\t}}
\tmenuentry 'm' {{ linux16 /memtest.bin }}
}}
"""


def loaded(done: Target) -> set[tuple[str, ...]]:
    return {entry.initrds for entry in done.guest.boot_loader.entries if entry.kernel == KERNEL}


def mended(files: Files) -> Target:
    done = target({**BOOT, **files})
    load(STEP, done)
    assert loaded(done) == {(IMAGE,)}
    list(done.take_changes())
    load(STEP, done)
    assert list(done.take_changes()) == []
    return done


@pytest.mark.parametrize("suffix", ["", "16", "efi"])
def test_a_grub_script(suffix: str) -> None:
    done = mended({"/boot/grub/grub.cfg": GRUB.format(suffix), "/boot/memtest.bin": "m"})

    text = done.tree.text("/boot/grub/grub.cfg")
    line = f"\n    initrd{suffix}\t/initrd.img-{RELEASE} # the newest\n"
    assert line in text
    assert f" ro\n\tinitrd\t/initrd.img-{RELEASE}; boot }}" in text
    assert text.count("initrd") == 2 * 3
    assert "memtest.bin }" in text


def test_entries_that_load_one_stay_as_they_are() -> None:
    text = f"linux (hd0,1){KERNEL} ro\ninitrd (hd0,1){IMAGE}\n"
    done = target({**BOOT, "/boot/grub/grub.cfg": text})
    load(STEP, done)
    assert list(done.take_changes()) == []


def test_files_of_the_specification() -> None:
    path = "/boot/loader/entries/a.conf"
    text = f"title a\nlinux /vmlinuz-{RELEASE}\noptions ro\n"
    done = mended({path: text, "/boot/grub2/grub.cfg": "blscfg\n"})

    line = f"initrd /initrd.img-{RELEASE}\n"
    assert done.tree.text(path) == text.replace("options", f"{line}options")


def test_extlinux() -> None:
    path = "/boot/extlinux.conf"
    label = f"LABEL {{}}\n  LINUX vmlinuz-{RELEASE}\n  APPEND ro{{}}\n"
    text = label.format("a", "") + label.format("b", f" initrd=initrd.img-{RELEASE}")
    done = mended({path: text})

    assert done.tree.text(path).splitlines()[2] == f"  INITRD initrd.img-{RELEASE}"
    assert len(done.tree.text(path).splitlines()) == 7


@pytest.mark.parametrize("gap", [" ", "="])
def test_grub_legacy(gap: str) -> None:
    path = "/boot/grub/menu.lst"
    title = f"title {{}}\n kernel{gap}(hd0,0)/vmlinuz-{RELEASE} ro\n{{}}"
    done = mended({path: title.format("a", "") + title.format("b", f" initrd /{IMAGE[6:]}\n")})

    assert done.tree.text(path).splitlines()[2] == f" initrd (hd0,0)/initrd.img-{RELEASE}"


@pytest.mark.parametrize(
    "files",
    [
        {"/boot/grub/grub.cfg": "linux $kernel ro\nlinux /boot/vmlinuz ro\n", "/boot/vmlinuz": ""},
        {"/efi/EFI/Linux/a.efi": unified_image(linux=b"k", uname=RELEASE.encode())},
        {f"/mnt/initrd.img-{RELEASE}": "", IMAGE: ""},
    ],
)
def test_what_cannot_be_edited_is_said(files: Files) -> None:
    unified = "/efi/EFI/Linux/a.efi"
    step = LoadInitramfs(kernels=(KERNEL, unified, "/boot/vmlinuz"))
    script = {"/boot/grub/grub.cfg": "linux /boot/vmlinuz ro\n", "/boot/vmlinuz": "k"}
    with pytest.raises(StepFailedError, match="boot menu anew"):
        load(step, target({**BOOT, **script, **files} if unified not in files else dict(files)))
