from __future__ import annotations

from bootworthy.guest.facts.kernels import Kernel
from bootworthy.guest.initramfs_builders.dracut import DROP_IN, Dracut
from bootworthy.guest.initramfs_builders.registry import builder_of
from bootworthy.model.finding import Place
from tests.guest.memory import MemoryTree

MODULES = ("hv_vmbus", "hv_storvsc")
PROGRAM = {"/usr/bin/dracut": "#!/bin/bash\n"}

# What Red Hat's package brings.
VENDOR = {
    **PROGRAM,
    "/usr/lib/dracut/dracut.conf.d/01-dist.conf": 'hostonly="yes"\nadd_dracutmodules+=" x "\n',
}
KERNEL = Kernel(
    release="5.14.0-427.el9.x86_64",
    modules_dir="",
    image=None,
    initramfs=None,
    loadable={},
    needs={},
    builtin=frozenset(),
    config={},
)


def kept(files: dict[str, str]) -> MemoryTree:
    tree = MemoryTree(files)
    Dracut().keep_modules(tree, MODULES)
    assert Dracut().unlisted(tree, MODULES) == ()
    assert Dracut().narrow(tree) == ()
    before = tree.snapshot()
    Dracut().keep_modules(tree, MODULES)
    assert tree.snapshot() == before
    return tree


def test_a_guest_with_dracut_alone_has_dracut_though_it_brings_update_initramfs() -> None:
    assert builder_of(MemoryTree({**PROGRAM, "/usr/sbin/update-initramfs": ""})) is not None
    found = builder_of(MemoryTree({**PROGRAM, "/usr/sbin/update-initramfs": ""}))
    assert found is not None
    assert found.name == "dracut"


def test_the_vendors_default_is_one_machine() -> None:
    place = Place("/usr/lib/dracut/dracut.conf.d/01-dist.conf", 1)

    assert Dracut().narrow(MemoryTree(VENDOR)) == ((place, 'hostonly="yes"'),)
    generic = {**VENDOR, "/usr/lib/dracut/dracut.conf.d/02-generic-image.conf": 'hostonly="no"\n'}
    assert Dracut().narrow(MemoryTree(generic)) == ()
    hidden = {**VENDOR, "/etc/dracut.conf.d/01-dist.conf": ""}
    assert Dracut().narrow(MemoryTree(hidden)) == ()


def test_a_drop_in_is_enough() -> None:
    tree = kept(VENDOR)

    assert tree.text(DROP_IN).endswith(
        'hostonly="no"\nadd_drivers+=" hv_vmbus hv_storvsc "\n'
    ) or 'add_drivers+=" hv_vmbus hv_storvsc "\n' in tree.text(DROP_IN)
    assert tree.text("/usr/lib/dracut/dracut.conf.d/01-dist.conf").startswith('hostonly="yes"')


def test_what_the_owner_says_later_is_changed_where_it_says_so() -> None:
    tree = kept(
        {
            **PROGRAM,
            "/etc/dracut.conf.d/99-local.conf": '# ours\nhostonly="yes"\nlogfile=/x\n',
            "/etc/dracut.conf": 'omit_drivers+=" hv_storvsc floppy "\n',
        }
    )

    assert "# ours\n" in tree.text("/etc/dracut.conf.d/99-local.conf")
    assert 'hostonly="no"' in tree.text("/etc/dracut.conf.d/99-local.conf")
    assert "floppy" in tree.text("/etc/dracut.conf")
    assert "hv_storvsc" not in tree.text("/etc/dracut.conf")


def test_what_is_listed_already_is_left() -> None:
    files = {**PROGRAM, "/etc/dracut.conf": 'add_drivers+=" hv-vmbus hv_storvsc "\n'}

    assert kept(files).exists(DROP_IN) is False


def test_the_rebuild_names_the_kernel_and_leaves_this_machine_out() -> None:
    assert Dracut().rebuild(KERNEL).argv == (
        "dracut",
        "--force",
        "--no-hostonly",
        "--no-hostonly-cmdline",
        "--kver",
        "5.14.0-427.el9.x86_64",
        "/boot/initramfs-5.14.0-427.el9.x86_64.img",
    )


def test_a_file_no_shell_would_read_is_passed_over() -> None:
    files = {**VENDOR, "/etc/dracut.conf.d/00-broken.conf": 'hostonly="no\n'}

    assert len(Dracut().narrow(MemoryTree(files))) == 1
