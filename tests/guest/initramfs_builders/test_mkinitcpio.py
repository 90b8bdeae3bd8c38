from __future__ import annotations

import subprocess

import pytest

from bootworthy.guest.initramfs_builders.mkinitcpio import DROP_IN, Mkinitcpio
from bootworthy.model.finding import Place
from tests.guest.memory import MemoryTree

CONF = "/etc/mkinitcpio.conf"
TEXT = """\
# MODULES
MODULES=(btrfs)
BINARIES=()
HOOKS=(base udev autodetect microcode modconf kms keyboard block filesystems fsck)
"""
MODULES = ("hv_vmbus", "hv_storvsc")
NEW = "#!/bin/bash\n_d_config=/etc/mkinitcpio.conf.d\n"


def sourced(tree: MemoryTree, paths: list[str]) -> str:
    """What bash makes of the files: the builder is the judge of its own configuration."""
    script = "".join(tree.text(path) + "\n" for path in paths)
    script += 'printf "%s|" "${MODULES[@]}"; echo; printf "%s|" "${HOOKS[@]}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, text=True)
    return done.stdout


@pytest.mark.parametrize(("program", "paths"), [(NEW, [CONF, DROP_IN]), ("#!/bin/bash\n", [CONF])])
def test_modules_are_added_and_autodetect_goes(program: str, paths: list[str]) -> None:
    tree = MemoryTree({CONF: TEXT, "/usr/bin/mkinitcpio": program})
    builder = Mkinitcpio()
    assert builder.narrow(tree) == ((Place(CONF, 4), "the hook autodetect"),)
    builder.keep_modules(tree, MODULES)

    assert (builder.narrow(tree), builder.unlisted(tree, MODULES)) == ((), ())
    assert sourced(tree, paths) == (
        "btrfs|hv_vmbus|hv_storvsc|\n"
        "base|udev|microcode|modconf|kms|keyboard|block|filesystems|fsck|"
    )
    before = tree.snapshot()
    builder.keep_modules(tree, MODULES)
    assert tree.snapshot() == before
