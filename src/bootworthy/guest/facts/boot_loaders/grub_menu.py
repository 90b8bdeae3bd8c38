"""The menu that a grub.cfg makes: its commands carried out as far as that can be done unbooted.

Variables, grubenv, ``source`` and conditions that can be answered from the guest's files are
followed. Where a condition depends on the machine, every branch is taken in turn.
"""

from __future__ import annotations

import posixpath
import re
from collections import ChainMap, deque
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field

from bootworthy.guest.facts.boot_loaders import (
    bls,
    boot_paths,
    grub_environment,
    grub_script,
    grub_test,
)
from bootworthy.guest.facts.boot_loaders.entries import EntryFormat
from bootworthy.guest.facts.boot_loaders.grub_script import (
    Command,
    If,
    Loop,
    PartKind,
    Statement,
    Word,
)
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import GuestError

# The largest real ones, of snapshot systems, have 300 KB.
MAX_CONFIGURATION = 4 << 20
_MAX_SOURCED = 4
_MAX_EXPANDED = 16 << 20
_MAX_WORD = 64 << 10
_MAX_STATEMENTS = 200_000

_INITRD = frozenset({"initrd", "initrd16", "initrdefi"})
_ENTRY_OPTIONS = frozenset({"--class", "--users", "--hotkey", "--source", "--id"})

# Set by GRUB from the machine it runs on, or by its last command.
_OF_THE_MACHINE = frozenset(
    {"?", "chosen", "cmdpath", "grub_cpu", "grub_platform", "lockdown", "root", "shim_lock"}
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=", re.ASCII)


class MenuError(Exception):
    """The configuration does more than any boot loader's would."""


@dataclass
class KernelLine:
    """A ``linux`` command and the ``initrd`` that followed it, paths as written."""

    kernel: str
    arguments: tuple[str, ...]
    path: str
    line: int
    initrds: tuple[str, ...] = ()
    form: EntryFormat = EntryFormat.GRUB_SCRIPT
    release: str = ""


@dataclass
class MenuItem:
    """An entry or a submenu (``items`` is then not None)."""

    title: str
    identifier: str
    kernels: list[KernelLine] = field(default_factory=list)
    items: list[MenuItem] | None = None


@dataclass
class Menu:
    """The whole menu, and what stood in the way of more."""

    items: list[MenuItem] = field(default_factory=list)
    default: str = ""
    uses_boot_loader_specification: bool = False
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Deferred:
    """The body of an entry or a submenu, and what it will see when it is chosen."""

    item: MenuItem
    body: tuple[Statement, ...]
    path: str
    variables: MutableMapping[str, str]


def build(tree: Tree, path: str, text: str) -> Menu:
    """The menu of the configuration ``text``, which stands at ``path``; never raises."""
    builder = _Builder(tree, path)
    try:
        builder.run(text)
    except MenuError as error:
        builder.menu.problems.append(str(error))
    return builder.menu


def chosen(items: list[MenuItem], default: str) -> MenuItem | None:
    """The entry that ``default`` (number, title or id; ``>`` goes into submenus) starts.

    As GRUB does, the first entry is taken for one that is not there.
    """
    head, _, rest = default.replace(">>", "\0").partition(">")
    wanted = head.replace("\0", ">")
    item = _named(items, wanted)
    if item is not None and item.items is not None:
        return chosen(item.items, rest.replace("\0", ">>"))
    return item


def _named(items: list[MenuItem], wanted: str) -> MenuItem | None:
    first = items[0] if items else None
    if wanted.isascii() and wanted.isdigit():
        position = int(wanted[:9])
        return items[position] if position < len(items) else first
    return next((item for item in items if wanted in (item.title, item.identifier)), first)


class _Builder:
    """GRUB's interpreter, without a machine to boot."""

    def __init__(self, tree: Tree, path: str) -> None:
        self.menu = Menu()
        directory = posixpath.dirname(path)
        self._tree = tree
        self._path = path
        self._variables: MutableMapping[str, str] = {
            "prefix": directory,
            "config_directory": directory,
        }
        self._items = self.menu.items
        self._kernels: list[KernelLine] = []
        self._deferred: deque[_Deferred] = deque()
        self._sourced = 0
        self._expanded = 0
        self._statements = 0
        self._handlers: Mapping[str, Callable[[Command, list[str]], bool | None]] = {
            ".": self._source,
            "blscfg": self._blscfg,
            "export": lambda _, __: True,
            "false": lambda _, __: False,
            "load_env": self._load_env,
            "menuentry": self._entry,
            "set": self._set,
            "source": self._source,
            "submenu": self._submenu,
            "true": lambda _, __: True,
            "unset": self._unset,
            **dict.fromkeys(_INITRD, self._initrd),
        }

    def run(self, text: str) -> None:
        """Carry out the configuration, then the bodies of its entries, as choosing them would."""
        self._run_text(text, self._path)
        self.menu.default = self._variables.get("default", "")
        if self._kernels:
            self.menu.items.insert(0, MenuItem("", "", self._kernels))
        while self._deferred:
            self._run_body(self._deferred.popleft())

    def _run_body(self, deferred: _Deferred) -> None:
        item = deferred.item
        # What a body sets is seen by the entries of its own submenu and by nothing else.
        self._variables = ChainMap({}, deferred.variables)
        self._kernels = item.kernels
        self._items = [] if item.items is None else item.items
        self._path = deferred.path
        self._run(deferred.body)

    def _run_text(self, text: str, path: str) -> None:
        script = grub_script.parse(text)
        if script.problem:
            self.menu.problems.append(f"{path}, {script.problem}")
        outer, self._path = self._path, path
        self._run(script.statements)
        self._path = outer

    def _run(self, statements: tuple[Statement, ...]) -> bool | None:
        """The result of the last statement: success, failure, or not known."""
        result: bool | None = True
        for statement in statements:
            self._statements += 1
            if self._statements > _MAX_STATEMENTS:
                raise MenuError(f"it has more than {_MAX_STATEMENTS} commands")
            match statement:
                case Command():
                    result = self._command(statement)
                case If():
                    self._if(statement)
                    result = None
                case Loop():
                    self._run(statement.body)
                    result = None
        return result

    def _if(self, statement: If) -> None:
        for branch in statement.branches:
            holds = self._run(branch.condition)
            if holds is not False:
                self._run(branch.body)
            if holds:
                return
        self._run(statement.otherwise)

    def _command(self, command: Command) -> bool | None:
        words = [text for word in command.words for text in self._expand(word)]
        if words[:1] == ["!"]:
            # The exclamation mark stands alone, so it is the first word as written too.
            rest = Command(command.words[1:], command.block)
            result = self._command(rest)
            return None if result is None else not result
        if not words or _ASSIGNMENT.match(words[0]):
            return self._set(command, words)
        if words[0] in ("[", "test"):
            return self._test(command, words)
        if command.starts_linux and len(words) > 1:
            self._linux(command, words)
        handler = self._handlers.get(words[0])
        return handler(command, words[1:]) if handler else None

    def _test(self, command: Command, words: list[str]) -> bool | None:
        parts = [part for word in command.words for part in word.parts]
        if any(part.text in _OF_THE_MACHINE for part in parts if part.is_variable):
            return None
        return grub_test.evaluate(words[1:-1] if words[0] == "[" else words[1:], self._is_there)

    def _is_there(self, option: str, path: str) -> bool:
        """-e, -f, -s and -d, on the guest's own files."""
        real = path if self._tree.exists(path) else boot_paths.in_guest(self._tree, path)
        kind = self._tree.kind(real)
        if option == "-d":
            return kind is Kind.DIRECTORY
        if option == "-s":
            return kind is Kind.FILE and self._tree.status(real).size > 0
        return kind is Kind.FILE or (option == "-e" and kind is not None)

    def _expand(self, word: Word) -> list[str]:
        """The arguments a word gives: none when it is an empty variable without quotes."""
        found: list[str] = []
        current: str | None = None
        for part in word.parts:
            text = self._value(part.text) if part.is_variable else part.text
            pieces = text.split() if part.kind is PartKind.VARIABLE else [text]
            for position, piece in enumerate(pieces):
                if position and current is not None:
                    found.append(current)
                    current = None
                current = (current or "") + piece
                self._count(len(current))
        return found if current is None else [*found, current]

    def _count(self, size: int) -> None:
        self._expanded += size
        if size > _MAX_WORD or self._expanded > _MAX_EXPANDED:
            raise MenuError("its variables grow beyond any use")

    def _value(self, name: str) -> str:
        # Every feature_ variable of today's GRUB is y (grub-core/normal/main.c, features).
        return self._variables.get(name, "y" if name.startswith("feature_") else "")

    def _set(self, _: Command, words: list[str]) -> bool:
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                self._variables[name] = value
        return True

    def _unset(self, _: Command, words: list[str]) -> bool:
        self._variables.update(dict.fromkeys(words, ""))
        return True

    def _linux(self, command: Command, words: list[str]) -> None:
        line = command.words[0].line
        self._kernels.append(KernelLine(words[1], tuple(words[2:]), self._path, line))

    def _initrd(self, _: Command, words: list[str]) -> None:
        if self._kernels:
            files = (word for word in words if not word.startswith("--"))
            self._kernels[-1].initrds = tuple(files)

    def _entry(self, command: Command, words: list[str]) -> None:
        self._add(MenuItem(*_title(words)), command)

    def _submenu(self, command: Command, words: list[str]) -> None:
        self._add(MenuItem(*_title(words), items=[]), command)

    def _add(self, item: MenuItem, command: Command) -> None:
        self._items.append(item)
        body = command.block or ()
        self._deferred.append(_Deferred(item, body, self._path, self._variables))

    def _blscfg(self, _: Command, __: list[str]) -> None:
        """Add the entries of /boot/loader/entries, as Fedora's blscfg and GRUB's own do."""
        self.menu.uses_boot_loader_specification = True
        for entry in bls.read(self._tree, self._value("blsdir") or bls.DIRECTORY):
            line = KernelLine(
                entry.linux,
                entry.arguments(self._variables),
                entry.path,
                entry.line,
                entry.initrds(self._variables),
                EntryFormat.BOOT_LOADER_SPECIFICATION,
                entry.version,
            )
            self._items.append(MenuItem(entry.title, entry.identifier, [line]))

    def _load_env(self, _: Command, words: list[str]) -> bool:
        text = self._text(_option(words, "-f", "--file") or f"{self._value('prefix')}/grubenv")
        self._variables.update(grub_environment.parse(text or ""))
        return text is not None

    def _source(self, _: Command, words: list[str]) -> bool:
        text = self._text(words[0]) if words else None
        if text is None:
            return False
        self._sourced += 1
        if self._sourced > _MAX_SOURCED:
            raise MenuError(f"it sources more than {_MAX_SOURCED} files")
        self._run_text(text, boot_paths.in_guest(self._tree, words[0]))
        return True

    def _text(self, path: str) -> str | None:
        real = boot_paths.in_guest(self._tree, path)
        try:
            return self._tree.text(real, limit=MAX_CONFIGURATION)
        except (OSError, GuestError):
            return None


def _option(words: list[str], *names: str) -> str:
    for position, word in enumerate(words):
        if word in names:
            return words[position + 1] if position + 1 < len(words) else ""
        long = next((word[len(name) + 1 :] for name in names if word.startswith(f"{name}=")), "")
        if long:
            return long
    return ""


def _title(words: list[str]) -> tuple[str, str]:
    """Title and id: the first argument that belongs to no option, and what --id says."""
    before = ("", *words)
    plain = (
        word
        for word, previous in zip(words, before, strict=False)
        if not word.startswith("--") and previous not in _ENTRY_OPTIONS
    )
    title = next(plain, "")
    return title, _option(words, "--id") or title
