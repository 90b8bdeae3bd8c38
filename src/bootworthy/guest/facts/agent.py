"""The Azure Linux agent: where it is, what it is told, what it remembers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bootworthy.guest.editors.key_value import KeyValueFile
from bootworthy.guest.plain_text import read_configuration
from bootworthy.guest.tree import Tree

CONFIG = "/etc/waagent.conf"


@dataclass(frozen=True, kw_only=True)
class AgentSetting:
    """One ``Key=Value``; ``line`` is 1-based. The last one of a key is in force."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Agent:
    """The agent: program and configuration paths (None when absent) and settings by key.

    ``interpreter`` is what the program's first line names; ``modules_dir`` holds the Python
    package ``azurelinuxagent``; ``version`` comes from its own version file.
    """

    program: str | None
    config: str | None
    settings: Mapping[str, AgentSetting]
    interpreter: str | None
    modules_dir: str | None
    version: str | None

    @property
    def installed(self) -> bool:
        """Whether the agent's program is there."""
        return self.program is not None

    def value(self, key: str) -> str | None:
        """The value in force, None when the key is not set."""
        setting = self.settings.get(key)
        # conf.py: None is the word for "not set".
        return setting.value if setting and setting.value != "None" else None

    def is_on(self, key: str, *, default: bool = False) -> bool:
        """Whether a switch is ``y``, as the agent reads it: what is neither y nor n is no word."""
        return {"y": True, "n": False}.get((self.value(key) or "").lower(), default)


# Where distributions put the program; Flatcar's is in its OEM partition.
_PROGRAMS = (
    "/usr/sbin/waagent",
    "/usr/bin/waagent",
    "/sbin/waagent",
    "/usr/local/sbin/waagent",
    "/usr/local/bin/waagent",
    "/usr/share/oem/bin/waagent",
    "/oem/bin/waagent",
)
_CONFIGS = (CONFIG, "/usr/share/oem/waagent.conf", "/oem/waagent.conf", "/usr/etc/waagent.conf")
_MODULE_DIRS = (
    "/usr/lib/python3*/dist-packages",
    "/usr/lib/python3*/site-packages",
    "/usr/lib64/python3*/site-packages",
    "/usr/local/lib/python3*/dist-packages",
    "/usr/local/lib/python3*/site-packages",
    "/usr/lib/python2*/dist-packages",
    "/usr/lib/python2*/site-packages",
    "/usr/share/oem/python/lib*/python*/site-packages",
)
_VERSION = re.compile(r"""^AGENT_VERSION\s*=\s*['"]([0-9][0-9A-Za-z.+~-]*)['"]""", re.MULTILINE)
_METADATA = re.compile(r"WALinuxAgent-([0-9][0-9A-Za-z.+~]*)(?:-py[0-9.]+)?\.(?:dist|egg)-info")


def parse(text: str) -> Mapping[str, AgentSetting]:
    """The settings in a waagent.conf: ``#`` starts a comment, also behind a value.

    Raises:
        GuestError: ``guest-file-corrupt``, when it is no such file at all.
    """
    assignments = KeyValueFile(text, CONFIG).assignments
    return {a.key: AgentSetting(key=a.key, value=a.value, line=a.line) for a in assignments}


def read(tree: Tree) -> Agent:
    """The agent of the guest.

    Raises:
        GuestError: ``guest-file-corrupt``, when its configuration is no such file at all.
    """
    program = next((path for path in _PROGRAMS if tree.is_file(path)), None)
    config = next((path for path in _CONFIGS if tree.is_file(path)), None)
    modules = _modules_dir(tree)
    return Agent(
        program=program,
        config=config,
        settings=parse(read_configuration(tree, config) or "") if config else {},
        interpreter=_interpreter(tree, program) if program else None,
        modules_dir=modules,
        version=_version(tree, modules) if modules else None,
    )


def _interpreter(tree: Tree, program: str) -> str | None:
    first = tree.pread_at(tree.resolve(program), 256, 0).partition(b"\n")[0]
    if not first.startswith(b"#!"):
        return None
    words = first[2:].decode("utf-8", "replace").split()
    # ``#!/usr/bin/env python3`` names the program behind env.
    if words and posixpath.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-")]
    return words[0] if words else None


def _modules_dir(tree: Tree) -> str | None:
    for pattern in _MODULE_DIRS:
        for path in reversed(tree.glob(f"{pattern}/azurelinuxagent")):
            if tree.is_dir(path):
                return posixpath.dirname(path)
    return None


def _version(tree: Tree, modules: str) -> str | None:
    path = posixpath.join(modules, "azurelinuxagent/common/version.py")
    if match := _VERSION.search(read_configuration(tree, path) or ""):
        return match[1]
    found = (_METADATA.fullmatch(name) for name in tree.names(modules))
    return next((match[1] for match in found if match), None)
