"""GRUB 2: /etc/default/grub and its drop-ins for the entries to come, grub.cfg for those there.

Debian and Ubuntu read /etc/default/grub.d/*.cfg behind /etc/default/grub; upstream does not.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from bootworthy.guest.editors import kernel_arguments
from bootworthy.guest.editors.grub_config import change_arguments
from bootworthy.guest.editors.shell_assignments import ShellFile
from bootworthy.guest.engines.base import Invocation
from bootworthy.guest.tree import Tree, WritableTree

DEFAULTS = "/etc/default/grub"
DROP_IN = "/etc/default/grub.d/90-azure.cfg"
_DROP_INS = "/etc/default/grub.d/*.cfg"
_HEADER = (
    "# Azure: all messages go to the serial console, storage may be slow, cards are eth0, eth1.\n"
)

# The second is left out of recovery entries (GRUB manual, "Simple configuration handling").
_ALL, _NORMAL = "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"

_GENERATORS = ("update-grub", "grub2-mkconfig", "grub-mkconfig")
_FOLDERS = ("/usr/sbin", "/sbin", "/usr/bin")

# The build host's disks are none of the guest's business.
_ENVIRONMENT = {"GRUB_DISABLE_OS_PROBER": "true"}


def change_defaults(tree: WritableTree, *, add: Iterable[str], remove: Iterable[str]) -> None:
    """Change what the next generated configuration will say, comments and order kept."""
    unwanted = tuple(remove)
    for path in _files(tree):
        parsed = ShellFile(tree.text(path), path)
        for name in (_ALL, _NORMAL):
            for token in unwanted:
                parsed.remove_token(name, token)
        _store(tree, path, parsed)
    for token in add:
        _add(tree, token)


def _files(tree: Tree) -> list[str]:
    found = [DEFAULTS] if tree.is_file(DEFAULTS) else []
    return found + [path for path in tree.glob(_DROP_INS) if tree.is_file(path)]


def _store(tree: WritableTree, path: str, parsed: ShellFile) -> None:
    if parsed.text != tree.text_or(path):
        tree.write_text(path, parsed.text)


def _add(tree: WritableTree, token: str) -> None:
    if token not in command_line(tree):
        _put(tree, _ALL, token)
    if token.startswith("console=") and _last_console(tree) != token:
        _put(tree, _NORMAL, token)


def _put(tree: WritableTree, name: str, token: str) -> None:
    path = DROP_IN if _reads_drop_ins(tree) else DEFAULTS
    parsed = ShellFile(tree.text_or(path, _HEADER if path == DROP_IN else ""), path)
    parsed.add_token(name, token)
    _store(tree, path, parsed)


def _reads_drop_ins(tree: Tree) -> bool:
    path = _program(tree, ("grub-mkconfig", "grub2-mkconfig"))
    return path is not None and "default/grub.d" in tree.text_or(path)


def command_line(tree: Tree) -> tuple[str, ...]:
    """The arguments that the next generated configuration would give a normal entry."""
    values = evaluate(tree)
    return kernel_arguments.split(f"{values.get(_ALL, '')} {values.get(_NORMAL, '')}")


def evaluate(tree: Tree) -> dict[str, str]:
    """The variables after all files were sourced, in the order grub-mkconfig sources them."""
    variables: dict[str, str] = {}
    for path in _files(tree):
        variables = ShellFile(tree.text(path), path).evaluate(variables)
    return variables


def _last_console(tree: Tree) -> str:
    consoles = [word for word in command_line(tree) if word.startswith("console=")]
    return consoles[-1] if consoles else ""


def refresh(tree: Tree, config: str) -> Invocation | None:
    """The guest's own program that writes ``config`` anew, None when it has none."""
    path = _program(tree, _GENERATORS)
    if path is None:
        return None
    argv = (path,) if path.endswith("/update-grub") else (path, "-o", config)
    return Invocation(argv=argv, environment=_ENVIRONMENT)


def _program(tree: Tree, names: Iterable[str]) -> str | None:
    paths = (posixpath.join(folder, name) for name in names for folder in _FOLDERS)
    return next((path for path in paths if tree.is_file(path)), None)


def change_entries(
    tree: WritableTree, config: str, *, add: Iterable[str], remove: Iterable[str]
) -> None:
    """Change the entries that boot now, without running a program."""
    old = tree.text(config)
    new = change_arguments(old, config, add=add, remove=remove)
    if new != old:
        tree.write_text(config, new)
