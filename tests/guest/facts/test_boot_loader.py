from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.facts import boot_loader
from bootworthy.guest.facts.boot_loader import BootEntry, BootLoader, LoaderKind
from tests.guest.grub_configurations import UUID, debian, environment
from tests.guest.memory import Link, MemoryTree, Node

NEW, OLD = "6.1.0-56-amd64", "6.1.0-13-amd64"
CFG = "/boot/grub/grub.cfg"
TITLE = f"Debian GNU/Linux, with Linux {OLD}"
FILES = {
    f"/boot/{name}-{release}": "x" for name in ("vmlinuz", "initrd.img") for release in (NEW, OLD)
}


def read(text: str | bytes, **others: str | bytes | Node) -> BootLoader:
    tree = {CFG: text, **FILES, **{path.replace("__", "/"): data for path, data in others.items()}}
    return boot_loader.read(MemoryTree(tree))


def defaults(loader: BootLoader) -> list[str]:
    return [entry.title for entry in loader.entries if entry.default]


def test_debian() -> None:
    loader = read(debian(NEW, OLD))
    assert (loader.kind, loader.path, loader.problem) == (LoaderKind.GRUB2, CFG, "")
    assert loader.entries[0] == BootEntry(
        title="Debian GNU/Linux",
        kernel=f"/boot/vmlinuz-{NEW}",
        initrds=(f"/boot/initrd.img-{NEW}",),
        arguments=(f"root=UUID={UUID}", "ro", "quiet"),
        path=CFG,
        line=47,
        default=True,
        recovery=False,
    )
    assert [
        (e.title.removeprefix("Debian GNU/Linux"), e.kernel, e.recovery) for e in loader.entries
    ] == [
        ("", f"/boot/vmlinuz-{NEW}", False),
        (f", with Linux {NEW}", f"/boot/vmlinuz-{NEW}", False),
        (f", with Linux {NEW} (recovery mode)", f"/boot/vmlinuz-{NEW}", True),
        (f", with Linux {OLD}", f"/boot/vmlinuz-{OLD}", False),
        (f", with Linux {OLD} (recovery mode)", f"/boot/vmlinuz-{OLD}", True),
    ]
    assert defaults(loader) == ["Debian GNU/Linux"]


def test_the_line_is_the_kernels() -> None:
    text = debian(NEW, OLD)
    lines = text.split("\n")
    for entry in read(text).entries:
        assert lines[entry.line - 1].startswith("\tlinux\t/boot/vmlinuz")


@pytest.mark.parametrize(
    ("default", "title"),
    [
        ("0", "Debian GNU/Linux"),
        ("1", f"Debian GNU/Linux, with Linux {NEW}"),
        ("1>0", f"Debian GNU/Linux, with Linux {NEW}"),
        ("1>2", TITLE),
        ("Advanced options for Debian GNU/Linux>" + TITLE, TITLE),
        (f"gnulinux-advanced-{UUID}>gnulinux-{OLD}-advanced-{UUID}", TITLE),
        (f"1>{TITLE}", TITLE),
        ("1>99", f"Debian GNU/Linux, with Linux {NEW}"),
        ("no such entry", "Debian GNU/Linux"),
        ("7", "Debian GNU/Linux"),
        ("99999999999999999999", "Debian GNU/Linux"),
        ("", "Debian GNU/Linux"),
    ],
)
def test_default(default: str, title: str) -> None:
    assert defaults(read(debian(NEW, OLD, default=default))) == [title]


def test_saved_default() -> None:
    text = debian(NEW, OLD, default="${saved_entry}")
    saved = environment(saved_entry="1>2", kernelopts="x")
    assert defaults(read(text, __boot__grub__grubenv=saved)) == [TITLE]
    assert defaults(read(text)) == ["Debian GNU/Linux"]
    assert defaults(read(text, __boot__grub__grubenv="saved_entry=1>2\n")) == ["Debian GNU/Linux"]


def test_next_entry_comes_before_the_default() -> None:
    once = environment(next_entry="1>2")
    assert defaults(read(debian(NEW, OLD), __boot__grub__grubenv=once)) == [TITLE]


def test_separate_boot() -> None:
    for entry in read(debian(NEW, boot="")).entries:
        assert entry.kernel == f"/boot/vmlinuz-{NEW}"
        assert entry.initrds == (f"/boot/initrd.img-{NEW}",)


@pytest.mark.parametrize(
    ("written", "kernel"),
    [
        (f"/@/boot/vmlinuz-{NEW}", f"/boot/vmlinuz-{NEW}"),
        (f"/@/.snapshots/1/snapshot/boot/vmlinuz-{NEW}", f"/boot/vmlinuz-{NEW}"),
        (f"($root)/vmlinuz-{NEW}", f"/boot/vmlinuz-{NEW}"),
        (f"(hd0,gpt1)/boot/vmlinuz-{NEW}", f"/boot/vmlinuz-{NEW}"),
        ("/vmlinuz", f"/boot/vmlinuz-{NEW}"),
        ("/boot/vmlinuz-gone", "/boot/vmlinuz-gone"),
        ("/vmlinuz-gone", "/boot/vmlinuz-gone"),
        ("/../../etc/shadow", "/boot/etc/shadow"),
    ],
)
def test_kernel_paths(written: str, kernel: str) -> None:
    link = Link(f"boot/vmlinuz-{NEW}")
    loader = read(f"menuentry x {{\nlinux {written} ro\n}}\n", __vmlinuz=link)
    assert [entry.kernel for entry in loader.entries] == [kernel]


def test_variables_and_quotes() -> None:
    loader = read(
        'set title="It\'s"\n'
        "set more='a=1  b=2'\n"
        'menuentry "$title $(nothing)" --class=x --hotkey=n {\n'
        "  linux16 /boot/vmlinuz root=UUID='x y' \"${more}\" $more ${unset} a\\ b 'c'\"d\"e \\\n"
        "    last # comment\n"
        "  initrd /boot/ucode.img /boot/initrd; true\n"
        "}\n"
    )
    (entry,) = loader.entries
    assert entry.title == "It's $(nothing)"
    assert entry.initrds == ("/boot/ucode.img", "/boot/initrd")
    assert entry.arguments == (
        "root=UUID=x y",
        "a=1  b=2",
        "a=1",
        "b=2",
        "a b",
        "cde",
        "last",
    )
    assert entry.line == 4


def test_values_and_tokens() -> None:
    entry = read("menuentry x {\nlinux /k console=tty0 quiet console=ttyS0,115200\n}").entries[0]
    assert entry.values("console") == ("tty0", "ttyS0,115200")
    assert entry.has("quiet")
    assert not entry.has("console")


def test_conditions_known_before_boot_are_decided() -> None:
    loader = read(
        "if [ -f /boot/vmlinuz-6.1.0-56-amd64 -a ! -e /boot/gone ]; then\n"
        "  menuentry a {\n"
        '    if [ "${initrdfail}" = 1 ]; then linux /k with_initrd; initrd /i\n'
        '    elif [ -z "$x" ]; then linux /k without_initrd\n'
        "    else linux /k never; fi\n"
        "  }\n"
        "else\n"
        "  menuentry b {\n linux /k\n }\n"
        "fi\n"
    )
    assert [(e.title, e.arguments, e.initrds) for e in loader.entries] == [
        ("a", ("without_initrd",), ())
    ]


def test_conditions_of_the_machine_give_every_branch() -> None:
    loader = read(
        "menuentry a {\n"
        'if [ "$grub_platform" = "efi" ]; then linuxefi /k efi\n initrdefi /i\n'
        "else linux16 /k bios\n initrd16 /i\nfi\n}\n"
    )
    assert [(e.arguments, e.default) for e in loader.entries] == [
        (("efi",), True),
        (("bios",), True),
    ]
    assert [e.initrds for e in loader.entries] == [("/boot/i",), ("/boot/i",)]


def test_environment_files_of_azure_linux() -> None:
    loader = read(
        "set bootprefix=/boot\n"
        "load_env -f $bootprefix/mariner.cfg\n"
        'menuentry "CBL-Mariner" {\n'
        "linux $bootprefix/$mariner_linux root=$rootdevice $mariner_cmdline $kernelopts\n"
        "if [ -f $bootprefix/$mariner_initrd ]; then\ninitrd $bootprefix/$mariner_initrd\nfi\n"
        "}\n",
        __boot__mariner=environment(),
        **{
            "__boot__mariner.cfg": environment(
                mariner_linux=f"vmlinuz-{NEW}",
                mariner_initrd=f"initrd.img-{NEW}",
                mariner_cmdline="console=ttyS0 quiet",
            )
        },
    )
    (entry,) = loader.entries
    assert entry.kernel == f"/boot/vmlinuz-{NEW}"
    assert entry.initrds == (f"/boot/initrd.img-{NEW}",)
    assert entry.arguments == ("root=", "console=ttyS0", "quiet")


def test_entries_of_a_sourced_file() -> None:
    custom = {"__boot__grub__custom.cfg": "menuentry mine {\nlinux /k mine\n}\n"}
    loader = read(debian(NEW, default="2"), **custom)
    entry = loader.entries[-1]
    assert (entry.title, entry.path, entry.line) == ("mine", "/boot/grub/custom.cfg", 2)
    # The entry for the firmware's settings, which may not be there, is counted.
    assert defaults(loader) == []
    assert defaults(read(debian(NEW, default="mine"), **custom)) == ["mine"]


def test_files_that_source_themselves_end() -> None:
    loader = read("source /boot/grub/grub.cfg\nmenuentry a {\nlinux /k\n}\n")
    assert loader.problem == "it sources more than 4 files"


def test_memory_tests_are_not_linux() -> None:
    text = "menuentry m {\nlinux16 /boot/memtest86+.bin\n}\nmenuentry l {\nlinux /k\n}\n"
    assert [entry.title for entry in read(text).entries] == ["l"]


def test_a_configuration_without_a_menu() -> None:
    loader = read("linux /k root=/dev/sda1\ninitrd /i\nboot\n")
    assert [(e.title, e.kernel, e.default) for e in loader.entries] == [("", "/boot/k", True)]


@pytest.mark.parametrize(
    "arguments", ["ro single", "1", "ro recovery nomodeset", "systemd.unit=rescue.target", "S"]
)
def test_recovery_by_arguments(arguments: str) -> None:
    assert read(f"menuentry x {{\nlinux /k {arguments}\n}}").entries[0].recovery


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        (" \n\n", "it is empty"),
        (b"MZ\x90\0\x03", "it is not text"),
        ("set timeout=5\n", "it has no entry that starts Linux"),
        (
            "insmod blscfg\nblscfg\n",
            "it asks for the entries of /boot/loader/entries, and there are none",
        ),
        ("menuentry 'x {\n", f"{CFG}, line 1: a quote is not closed"),
        ("\nmenuentry x {\n", f"{CFG}, line 3: }} is missing"),
        ("}\n", f"{CFG}, line 1: }} is out of place"),
        ("if true; then\n", f"{CFG}, line 2: fi is missing"),
        ("if true; fi\n", f"{CFG}, line 2: then is missing"),
        ("menuentry x { " * 60, f"{CFG}, line 1: blocks are nested more than 50 deep"),
    ],
)
def test_problems(text: str | bytes, problem: str) -> None:
    loader = read(text)
    assert (loader.kind, loader.problem, loader.entries) == (LoaderKind.GRUB2, problem, ())


def test_entries_before_a_syntax_error_are_there() -> None:
    loader = read("menuentry x {\nlinux /k\n}\n}\n")
    assert (len(loader.entries), loader.problem) == (1, f"{CFG}, line 4: }} is out of place")


def test_variables_that_double_are_cut() -> None:
    text = "set a=xxxxxxxx\n" + "set a=$a$a\n" * 40 + "menuentry x {\nlinux /k $a\n}\n"
    assert read(text).problem == "its variables grow beyond any use"


def test_no_boot_loader() -> None:
    loader = boot_loader.read(MemoryTree({}))
    assert (loader.kind, loader.path) == (LoaderKind.NONE, "")
    assert loader.problem == "no boot loader configuration found"


def test_the_configuration_with_entries_counts() -> None:
    stub = "search.fs_uuid 1 root\nset prefix=($root)'/boot/grub2'\nconfigfile $prefix/grub.cfg\n"
    tree = MemoryTree(
        {
            "/boot/grub/grub.cfg": "",
            "/boot/grub2/grub.cfg": "menuentry x {\nlinux /k\n}\n",
            "/boot/efi/EFI/rocky/grub.cfg": stub,
        }
    )
    assert boot_loader.read(tree).path == "/boot/grub2/grub.cfg"


def test_defaults_in_the_order_of_the_shell() -> None:
    loader = read(
        debian(NEW),
        __etc__default__grub='GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="a"\n',
        **{
            "__etc__default__grub.d__50.cfg": 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX b"\n',
            "__etc__default__grub.d__40.cfg": "GRUB_TIMEOUT=0\n",
            "__etc__default__grub.d__90.cfg": "this is 'not closed\n",
        },
    )
    assert loader.defaults == {"GRUB_TIMEOUT": "0", "GRUB_CMDLINE_LINUX": "a b"}


@given(st.text(alphabet="abx='\"\\${}[]!;#&|\n linuxmenuentryifthenfisource", max_size=120))
def test_never_raises(text: str) -> None:
    loader = read(text)
    assert loader.entries or loader.problem
