"""The choices of a deployment: what one would say to Azure when making a machine of the image."""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bootworthy.model.errors import UsageError

MAX_NICS = 8
"""As many network interfaces as Azure's largest sizes have."""

MAX_DATA_DISKS = 64
"""As many data disks as Azure's largest sizes take."""

# Azure takes 64 KiB of either, before encoding (learn.microsoft.com, virtual-machines/custom-data
# and virtual-machines/user-data).
MAX_CUSTOM_DATA = 65535
MAX_USER_DATA = 65536

_SHORT = 60

# Far more than the longest scenario: keys, and data given inline.
_MAX_FILE = 1 << 20

# Names that Azure refuses for the first account (learn.microsoft.com, virtual-machines/linux/faq,
# "What are the username requirements when creating a VM?").
_REFUSED_USERS = frozenset(
    [
        "1",
        "123",
        "a",
        "actuser",
        "adm",
        "admin",
        "admin1",
        "admin2",
        "administrator",
        "aspnet",
        "backup",
        "console",
        "david",
        "guest",
        "john",
        "owner",
        "root",
        "server",
        "sql",
        "support",
        "support_388945a0",
        "sys",
        "test",
        "test1",
        "test2",
        "test3",
        "user",
        "user1",
        "user2",
        "user3",
        "user4",
        "user5",
        "video",
    ]
)

# shadow-utils' rule for account names; Azure allows 32 characters.
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")

# At most 64 characters; labels of RFC 1123.
_HOST = re.compile(
    r"(?=.{1,64}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\Z"
)
_KEY = re.compile(r"(?:ssh-|ecdsa-|sk-)[\w.@-]+ [A-Za-z0-9+/]+=*(?: [^\r\n]*)?\Z")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One deployment. Making it raises UsageError for what Azure itself would refuse."""

    user_name: str = "azureuser"
    ssh_public_keys: tuple[str, ...] = ()
    """Lines as in authorized_keys."""
    password: str | None = None
    """In clear, as Azure hands it to the guest."""
    host_name: str = "rehearsal-vm"
    custom_data: bytes | None = None
    """For cloud-init, on the provisioning medium."""
    user_data: bytes | None = None
    """For the running machine, in the metadata service."""
    disable_password_authentication: bool = True
    provision_guest_agent: bool = True
    """Whether the deployment asks for extensions, and so for the agent."""
    vm_id: str = field(default_factory=_new_id)
    """The machine's UUID: SMBIOS and the metadata service tell the same."""
    vm_size: str = "Standard_D2s_v3"
    location: str = "westeurope"
    nics: int = 1
    data_disks: int = 0
    trusted_launch: bool = False
    """Whether Secure Boot and a virtual TPM are said to be on."""

    def __post_init__(self) -> None:
        self._check_names()
        self._check_access()
        self._check_sizes()

    def _check_names(self) -> None:
        if not _USER.match(self.user_name) or self.user_name in _REFUSED_USERS:
            raise _wrong("user_name", self.user_name, "Azure refuses this account name")
        if not _HOST.match(self.host_name):
            raise _wrong("host_name", self.host_name, "it is not a host name of at most 64 letters")
        for key in ("vm_size", "location"):
            if not _WORD.match(getattr(self, key)):
                raise _wrong(key, getattr(self, key), "letters, digits, - and _ only")
        try:
            uuid.UUID(self.vm_id)
        except ValueError:
            raise _wrong("vm_id", self.vm_id, "it is not a UUID") from None

    def _check_access(self) -> None:
        for line in self.ssh_public_keys:
            if not _KEY.match(line):
                raise _wrong("ssh_public_keys", line[:40], "it is not a public key of OpenSSH")
        if self.password is not None and not self.password.isprintable():
            raise _wrong("password", "***", "it holds characters that cannot be typed")
        if self.password is None and not self.disable_password_authentication:
            raise UsageError(
                "scenario",
                "password authentication is on and there is no password",
                hint="give `password`, or leave disable_password_authentication as it is",
            )

    def _check_sizes(self) -> None:
        _check_range("nics", self.nics, 1, MAX_NICS)
        _check_range("data_disks", self.data_disks, 0, MAX_DATA_DISKS)
        _check_range("custom_data, in bytes", len(self.custom_data or b""), 0, MAX_CUSTOM_DATA)
        _check_range("user_data, in bytes", len(self.user_data or b""), 0, MAX_USER_DATA)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file whose keys are the fields of this class.

        ``custom_data`` and ``user_data`` are text; ``custom_data_file``, ``user_data_file`` and
        ``ssh_public_key_files`` name files, relative to the scenario's folder, instead.

        Raises:
            UsageError: the file cannot be read, has an unknown key, or a value of the wrong kind.
        """
        table = _read_table(path)
        try:
            _take_files(table, path.parent)
            return cls(**{key: _KEYS[key](value) for key, value in table.items()})
        except KeyError as error:
            raise UsageError(
                "scenario",
                f"{path}: unknown key {error}",
                hint=f"the keys are {', '.join(sorted((*_KEYS, *_FILES, _KEY_FILES)))}",
            ) from None
        except (_WrongKindError, UsageError) as error:
            raise UsageError(
                "scenario", f"{path}: {error}", hint=getattr(error, "hint", "")
            ) from None


class _WrongKindError(Exception):
    """A value in the file is not of the kind that its key wants."""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise _WrongKindError(f"{_short(value)} is not a text")


def _lines(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_text(each).strip() for each in value)
    raise _WrongKindError(f"{_short(value)} is not a list of texts")


def _data(value: object) -> bytes:
    return value if isinstance(value, bytes) else _text(value).encode()


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _WrongKindError(f"{_short(value)} is neither true nor false")


def _number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _WrongKindError(f"{_short(value)} is not a whole number")


_KEYS: dict[str, Callable[[object], Any]] = {
    "user_name": _text,
    "ssh_public_keys": _lines,
    "password": _text,
    "host_name": _text,
    "custom_data": _data,
    "user_data": _data,
    "disable_password_authentication": _switch,
    "provision_guest_agent": _switch,
    "vm_id": _text,
    "vm_size": _text,
    "location": _text,
    "nics": _number,
    "data_disks": _number,
    "trusted_launch": _switch,
}

_FILES = {"custom_data_file": "custom_data", "user_data_file": "user_data"}
_KEY_FILES = "ssh_public_key_files"


def _read_table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path, _MAX_FILE).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("scenario", f"{path}: it is not TOML: {error}") from None


def _take_files(table: dict[str, Any], folder: Path) -> None:
    """Put what the keys that name files point at in the place of those keys."""
    for key, meant in _FILES.items():
        if key in table:
            if meant in table:
                raise _WrongKindError(f"give {meant} or {key}, not both")
            table[meant] = _read(folder / _text(table.pop(key)), MAX_USER_DATA)
    if _KEY_FILES in table:
        files = _lines(table.pop(_KEY_FILES))
        keys = [_read(folder / name, MAX_USER_DATA).decode("utf-8", "replace") for name in files]
        given = _lines(table.get("ssh_public_keys", []))
        table["ssh_public_keys"] = [*given, *(line.strip() for line in keys)]


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise UsageError("scenario", f"cannot read {path}: {error.strerror}") from None
    if len(content) > most:
        raise UsageError("scenario", f"{path} is larger than {most} bytes")
    return content


def _check_range(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise _wrong(what, str(value), f"Azure takes {least} to {most}")


def _wrong(key: str, value: str, why: str) -> UsageError:
    return UsageError("scenario", f"{key} = {_short(value)}: {why}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."
