"""Which distribution the guest is: os-release(5) and what came before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError


class Family(StrEnum):
    """Distributions that share packages, tools and layouts."""

    DEBIAN = "debian"
    REDHAT = "redhat"
    FEDORA = "fedora"
    SUSE = "suse"
    AZURE_LINUX = "azurelinux"
    AMAZON = "amazon"
    ALPINE = "alpine"
    ARCH = "arch"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Release:
    """The distribution: ``id`` and ``version_id`` as os-release spells them, lower case."""

    id: str
    version_id: str
    id_like: tuple[str, ...]
    name: str
    pretty_name: str
    codename: str
    family: Family

    @property
    def major(self) -> int | None:
        """The first number of the version, None where there is none (testing, rolling)."""
        head = self.version_id.split(".")[0]
        return int(head) if head.isdigit() else None


# os-release ids, as each distribution ships them; others are found by ID_LIKE.
_FAMILIES: Mapping[str, Family] = {
    "debian": Family.DEBIAN,
    "ubuntu": Family.DEBIAN,
    "rhel": Family.REDHAT,
    "centos": Family.REDHAT,
    "rocky": Family.REDHAT,
    "almalinux": Family.REDHAT,
    "ol": Family.REDHAT,
    "redhat": Family.REDHAT,
    "fedora": Family.FEDORA,
    "suse": Family.SUSE,
    "opensuse": Family.SUSE,
    "sles": Family.SUSE,
    "sled": Family.SUSE,
    "sle-micro": Family.SUSE,
    "sl-micro": Family.SUSE,
    "azurelinux": Family.AZURE_LINUX,
    "mariner": Family.AZURE_LINUX,
    "amzn": Family.AMAZON,
    "alpine": Family.ALPINE,
    "arch": Family.ARCH,
    "archarm": Family.ARCH,
}

# What distributions older than os-release (2012) say of themselves, by the start of the line in
# /etc/redhat-release and the like.
_OLD_NAMES = (
    ("red hat", "rhel"),
    ("centos", "centos"),
    ("rocky", "rocky"),
    ("almalinux", "almalinux"),
    ("oracle", "ol"),
    ("fedora", "fedora"),
    ("suse", "sles"),
    ("opensuse", "opensuse"),
    ("amazon", "amzn"),
)
_OLD_FILES = ("/etc/redhat-release", "/etc/centos-release", "/etc/SuSE-release")

_LINE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*", re.ASCII)
_ESCAPE = re.compile(r"\\(.)")


def read(tree: Tree) -> Release:
    """The release of the guest; an unknown one has family OTHER and its own id."""
    fields = _os_release(tree) or _lsb_release(tree) or _old_release(tree)
    id_ = fields.get("ID", "").lower()
    like = tuple(fields.get("ID_LIKE", "").lower().split())
    return Release(
        id=id_,
        version_id=fields.get("VERSION_ID", "").lower(),
        id_like=like,
        name=fields.get("NAME", ""),
        pretty_name=fields.get("PRETTY_NAME", ""),
        codename=_codename(fields),
        family=_family(id_, like),
    )


def _os_release(tree: Tree) -> Mapping[str, str]:
    # os-release(5): the second file only counts when there is no first one.
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        if fields := _fields(_text(tree, path)):
            return fields
    return {}


def _lsb_release(tree: Tree) -> Mapping[str, str]:
    fields = _fields(_text(tree, "/etc/lsb-release"))
    if "DISTRIB_ID" not in fields:
        return {}
    return {
        "ID": fields["DISTRIB_ID"],
        "NAME": fields["DISTRIB_ID"],
        "VERSION_ID": fields.get("DISTRIB_RELEASE", ""),
        "VERSION_CODENAME": fields.get("DISTRIB_CODENAME", ""),
        "PRETTY_NAME": fields.get("DISTRIB_DESCRIPTION", ""),
    }


def _old_release(tree: Tree) -> Mapping[str, str]:
    for path in _OLD_FILES:
        line = _text(tree, path).partition("\n")[0].strip()
        id_ = next((id_ for start, id_ in _OLD_NAMES if line.lower().startswith(start)), "")
        if id_:
            version = re.search(r"[0-9]+(\.[0-9]+)*", line)
            return {"ID": id_, "VERSION_ID": version[0] if version else "", "PRETTY_NAME": line}
    if version_text := _text(tree, "/etc/debian_version").strip():
        digits = version_text if version_text[0].isdigit() else ""
        return {"ID": "debian", "VERSION_ID": digits, "PRETTY_NAME": f"Debian {version_text}"}
    if version_text := _text(tree, "/etc/alpine-release").strip():
        return {"ID": "alpine", "VERSION_ID": version_text, "PRETTY_NAME": f"Alpine {version_text}"}
    return {"ID": "arch"} if tree.exists("/etc/arch-release") else {}


def _text(tree: Tree, path: str) -> str:
    try:
        return read_configuration(tree, path) or ""
    except GuestError:
        return ""  # a damaged file names no distribution; the next one may


def _fields(text: str) -> Mapping[str, str]:
    matches = (_LINE.fullmatch(line) for line in text.split("\n"))
    return {match[1]: _unquoted(match[2]) for match in matches if match}


def _unquoted(word: str) -> str:
    if len(word) > 1 and word[0] == word[-1] == "'":
        return word[1:-1]
    if len(word) > 1 and word[0] == word[-1] == '"':
        return _ESCAPE.sub(r"\1", word[1:-1])
    return word


def _codename(fields: Mapping[str, str]) -> str:
    if name := fields.get("VERSION_CODENAME") or fields.get("UBUNTU_CODENAME"):
        return name.lower()
    # Before 2016: VERSION="8 (jessie)" and VERSION="14.04.5 LTS, Trusty Tahr".
    match = re.search(r"\(([A-Za-z]+)|, ([A-Za-z]+) ", fields.get("VERSION", ""))
    return (match[1] or match[2]).lower() if match else ""


def _family(id_: str, like: tuple[str, ...]) -> Family:
    names = (id_, *like)
    known = (_FAMILIES[name] for name in names if name in _FAMILIES)
    if id_.startswith("opensuse"):
        return Family.SUSE
    return next(known, Family.OTHER)
