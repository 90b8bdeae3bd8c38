"""An initramfs that knows one machine's hardware, as ``MODULES=dep`` makes it."""

from __future__ import annotations

from pathlib import Path

from tests.guests.sandbox import Sandbox
from tests.guests.tree import put

_CONF = "etc/initramfs-tools/initramfs.conf"
_HOOK = "etc/initramfs-tools/hooks/zz-one-machine"

# Inside a sandbox MODULES=dep would look at this machine's hardware, so the choice is made here:
# MODULES=list copies nothing by itself, and the hook copies what dep would have found. FSTYPE
# says what the fsck hook cannot see without the disk.
_HOOK_TEXT = """\
#!/bin/sh
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules {modules}
cp /{conf}.kept "$DESTDIR/conf/initramfs.conf"
"""


def kernel_release(tree: Path) -> str:
    """The release of the one kernel installed."""
    (kernel,) = (tree / "boot").glob("vmlinuz-*")
    return kernel.name.removeprefix("vmlinuz-")


def make_initramfs(sandbox: Sandbox, modules: tuple[str, ...], *, root_kind: str = "ext4") -> None:
    """Run the guest's own update-initramfs for these modules; leave ``MODULES=dep`` configured."""
    tree = sandbox.tree
    conf = tree / _CONF
    kept = conf.read_text().replace("MODULES=most\n", "MODULES=dep\n")
    put(tree, f"{_CONF}.kept", kept)
    chosen = kept.replace("MODULES=dep\n", "MODULES=list\n")
    chosen = chosen.replace("FSTYPE=auto", f"FSTYPE={root_kind}")
    put(tree, _CONF, chosen)
    put(tree, _HOOK, _HOOK_TEXT.format(modules=" ".join(modules), conf=_CONF), mode=0o755)
    sandbox.run("update-initramfs", "-c", "-k", kernel_release(tree))
    (tree / _HOOK).unlink()
    (tree / f"{_CONF}.kept").unlink()
    put(tree, _CONF, kept)
