from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootworthy.guest.editors import module_index

RELEASE = "6.1.0-test"
SOURCES = {
    "modules.alias": (
        "# Aliases extracted from modules themselves.\n"
        "alias vmbus:ba6163d9* hv-storvsc-gone\n"
        "alias acpi*:VMBUS:* hv_vmbus\n"
        "alias pci:v00001414d-[0-9-a]* mana\n"
        "alias broken]bracket mana\n"
        "alias fs-vfat vfat\n"
        "alias crypto-crc32c crc32c_intel\n"
        "alias crypto-crc32c crc32c_generic\n"
    ),
    "modules.symbols": "# Aliases for symbols\nalias symbol:vmbus_open hv_vmbus\n",
    "modules.softdep": "# Soft\nsoftdep mana pre: crypto-crc32c\nsoftdep other post: mana\n",
    "modules.devname": "# Device nodes\nmana mana c10:1\nother other c10:2\n",
}
PATHS = {
    "crc32c_generic": "kernel/crypto/crc32c_generic.ko",
    "crc32c_intel": "kernel/arch/crc32c-intel.ko.xz",
    "hv_vmbus": "kernel/drivers/hv/hv_vmbus.ko",
    "mana": "kernel/drivers/net/mana.ko",
}
NEEDS = {"mana": ("hv_vmbus", "not_here"), "hv_vmbus": ()}


def files() -> dict[str, bytes]:
    return module_index.index_files(PATHS, NEEDS, lambda name: SOURCES.get(name, ""))


def read_index(data: bytes) -> dict[bytes, list[tuple[int, bytes]]]:
    """A reader of the binary form, after libkmod-index.c."""
    magic, version, root = struct.unpack_from(">III", data)
    assert (magic, version) == (0xB007F457, 0x00020001)
    found: dict[bytes, list[tuple[int, bytes]]] = {}
    pending = [(root, b"")]
    while pending:
        reference, key = pending.pop()
        at = reference & 0x0FFFFFFF
        if reference & 0x80000000:
            end = data.index(0, at)
            key, at = key + data[at:end], end + 1
        if reference & 0x20000000:
            first, last = data[at : at + 2]
            at += 2
            for byte in range(first, last + 1):
                (child,) = struct.unpack_from(">I", data, at)
                at += 4
                pending += [(child, key + bytes([byte]))] if child else []
        if reference & 0x40000000:
            (count,) = struct.unpack_from(">I", data, at)
            at += 4
            for _ in range(count):
                (priority,) = struct.unpack_from(">I", data, at)
                end = data.index(0, at + 4)
                found.setdefault(key, []).append((priority, data[at + 4 : end]))
                at = end + 1
    return found


def test_text_files() -> None:
    found = {name: data.decode() for name, data in files().items() if not name.endswith(".bin")}
    assert found == {
        "modules.dep": (
            "kernel/crypto/crc32c_generic.ko:\n"
            "kernel/arch/crc32c-intel.ko.xz:\n"
            "kernel/drivers/hv/hv_vmbus.ko:\n"
            "kernel/drivers/net/mana.ko: kernel/drivers/hv/hv_vmbus.ko\n"
        ),
        "modules.alias": (
            "alias acpi*:VMBUS:* hv_vmbus\n"
            "alias pci:v00001414d-[0-9-a]* mana\n"
            "alias broken]bracket mana\n"
            "alias crypto-crc32c crc32c_intel\n"
            "alias crypto-crc32c crc32c_generic\n"
        ),
        "modules.symbols": "alias symbol:vmbus_open hv_vmbus\n",
        "modules.softdep": "softdep mana pre: crypto-crc32c\n",
        "modules.devname": "mana mana c10:1\n",
    }


def test_binary_files() -> None:
    found = files()
    assert read_index(found["modules.dep.bin"]) == {
        b"crc32c_generic": [(0, b"kernel/crypto/crc32c_generic.ko:")],
        b"crc32c_intel": [(1, b"kernel/arch/crc32c-intel.ko.xz:")],
        b"hv_vmbus": [(2, b"kernel/drivers/hv/hv_vmbus.ko:")],
        b"mana": [(3, b"kernel/drivers/net/mana.ko: kernel/drivers/hv/hv_vmbus.ko")],
    }
    assert read_index(found["modules.alias.bin"]) == {
        b"acpi*:VMBUS:*": [(2, b"hv_vmbus")],
        b"pci:v00001414d_[0-9-a]*": [(3, b"mana")],
        b"crypto_crc32c": [(0, b"crc32c_generic"), (1, b"crc32c_intel")],
    }
    assert read_index(found["modules.symbols.bin"]) == {b"symbol:vmbus_open": [(2, b"hv_vmbus")]}


def test_weak_dependencies_where_the_kernel_has_them() -> None:
    sources = {"modules.weakdep": "# Weak\nweakdep mana hv_vmbus\nweakdep other mana\n"}
    found = module_index.index_files(PATHS, NEEDS, lambda name: sources.get(name, ""))
    assert found["modules.weakdep"] == b"weakdep mana hv_vmbus\n"


@pytest.mark.parametrize(
    ("alias", "normalised"),
    [
        ("a-b", "a_b"),
        ("a-[0-9]-b[x-y]", "a_[0-9]_b[x-y]"),
        ("[a-b", None),
        ("a]", None),
        ("[a]b]", None),
        ("", ""),
    ],
)
def test_normalise_alias(alias: str, normalised: str | None) -> None:
    assert module_index.normalise_alias(alias) == normalised


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="abé-", max_size=6), st.integers(0, 3), st.text("xy", max_size=2)
        )
    )
)
def test_every_key_is_found_again(entries: list[tuple[str, int, str]]) -> None:
    expected: dict[bytes, list[tuple[int, bytes]]] = {}
    for key, priority, value in entries:
        if key.isascii():
            expected.setdefault(key.encode(), []).append((priority, value.encode()))
    found = read_index(module_index.binary_index(entries))
    assert {key: sorted(values) for key, values in found.items()} == {
        key: sorted(values) for key, values in expected.items()
    }
    assert all(values == sorted(values, key=lambda v: v[0]) for values in found.values())


def test_keys_as_deep_as_they_are_long() -> None:
    keys = ["a" * length for length in range(1, 3000)]
    found = read_index(module_index.binary_index((key, 0, "v") for key in keys))
    assert len(found) == 2999


def test_an_empty_index() -> None:
    assert read_index(module_index.binary_index([])) == {}


def modprobe(root: Path, *arguments: str) -> str:
    argv = ["/usr/sbin/modprobe", "-d", str(root), "-S", RELEASE, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not shutil.which("modprobe"), reason="kmod is not installed")
def test_modprobe_reads_the_result(tmp_path: Path) -> None:
    directory = tmp_path / "lib" / "modules" / RELEASE
    for path in PATHS.values():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(b"")
    for name, data in files().items():
        (directory / name).write_bytes(data)
    shown = modprobe(tmp_path, "--show-depends", "acpi:VMBUS:").replace(str(directory), "")
    assert shown.split() == ["insmod", "/kernel/drivers/hv/hv_vmbus.ko"]
    assert modprobe(tmp_path, "-R", "crypto-crc32c").split() == ["crc32c_generic", "crc32c_intel"]
    assert modprobe(tmp_path, "-R", "pci:v00001414d-5x").split() == ["mana"]
    dependencies = modprobe(tmp_path, "--show-depends", "mana").replace(str(directory), "")
    assert [line for line in dependencies.splitlines() if "mana" in line or "vmbus" in line] == [
        "insmod /kernel/drivers/hv/hv_vmbus.ko ",
        "insmod /kernel/drivers/net/mana.ko ",
    ]


def _smallest_kernel() -> Path | None:
    directories = (path.parent for path in Path("/lib/modules").glob("*/modules.alias.bin"))
    return min(directories, key=lambda d: (d / "modules.dep").stat().st_size, default=None)


def test_as_depmod_wrote_this_machines() -> None:
    directory = _smallest_kernel()
    if directory is None:
        pytest.skip("this machine has no kernel modules")
    paths: dict[str, str] = {}
    needs: dict[str, tuple[str, ...]] = {}
    for line in (directory / "modules.dep").read_text().splitlines():
        path, _, needed = line.partition(":")
        paths[_name(path)] = path
        needs[_name(path)] = tuple(_name(other) for other in needed.split())
    found = module_index.index_files(paths, needs, lambda name: _text(directory / name))
    assert found["modules.dep"] == (directory / "modules.dep").read_bytes()
    for name in ("modules.dep.bin", "modules.alias.bin", "modules.symbols.bin"):
        assert read_index(found[name]) == read_index((directory / name).read_bytes()), name


def _name(path: str) -> str:
    return Path(path).name.split(".ko")[0].replace("-", "_")


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
