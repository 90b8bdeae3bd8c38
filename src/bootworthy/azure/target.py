"""Where a transfer goes: the address of a page blob, and how to get at it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bootworthy.azure import names
from bootworthy.azure.secrets import redact
from bootworthy.model.errors import UsageError

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

_MAX_URL = 16 << 10

# The hosts that managed disks are imported to and exported from; they know only some operations
# (azure-storage-azcopy, ste/sender-pageBlob.go and common/util.go).
_MANAGED_PREFIX = "md-"

_FORMS = (
    "https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME.vhd?SAS, or CONTAINER/NAME.vhd with "
    "--connection-string or AZURE_STORAGE_CONNECTION_STRING"
)

Connect: TypeAlias = "Callable[[dict[str, Any]], BlobClient]"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A page blob that is sent to or read from.

    ``name`` is its address without any secret. ``connect`` makes the SDK's client, given options of
    its pipeline. ``managed`` says that it is a managed disk's, which is neither made nor deleted
    through its address. ``renew`` gets another address for the same disk when the SAS has expired,
    None when nobody can.
    """

    name: str
    connect: Connect
    managed: bool = False
    renew: Callable[[], Connect] | None = None


def parse(
    given: str, *, connection_string: str | None = None, make_credential: Callable[[], Any]
) -> Target:
    """The page blob that ``given`` names: an address, with a SAS or without, or CONTAINER/NAME.

    ``@FILE`` reads it from a file and ``@-`` from standard input, so that no signature is seen in
    the list of processes. ``make_credential`` signs requests to addresses without a SAS.

    Raises:
        UsageError: it names no page blob, or a name Azure does not take.
    """
    text = _read(given[1:]) if given.startswith("@") else given
    if text.lower().startswith(("http://", "https://")):
        return _of_url(text, make_credential)
    if not connection_string:
        raise UsageError("azure-target", f"{redact(text)} is no address of a blob", hint=_FORMS)
    return _of_connection(text, connection_string)


def _read(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read(_MAX_URL).strip()
        with Path(name).open(encoding="utf-8") as file:
            return file.read(_MAX_URL).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "azure-target", f"the address cannot be read from {name}: {error}", hint=_FORMS
        ) from error


def _of_url(url: str, make_credential: Callable[[], Any]) -> Target:
    parts = _split(url)
    _refuse_plain(parts)
    managed = is_managed_host(parts.hostname or "")
    if not managed:
        container, blob = _container_and_blob(parts)
        _check_names(container, blob)
    elif not _has_signature(parts):
        raise UsageError("azure-target", "a managed disk's address needs its SAS", hint=_FORMS)
    name = parts._replace(query="", fragment="").geturl()
    return Target(
        name=name,
        connect=connect_url(url, None if _has_signature(parts) else make_credential),
        managed=managed,
    )


def connect_url(url: str, make_credential: Callable[[], Any] | None = None) -> Connect:
    """How to reach the blob at ``url``."""

    def connect(options: dict[str, Any]) -> BlobClient:
        from azure.storage.blob import BlobClient

        credential = make_credential() if make_credential else None
        return BlobClient.from_blob_url(url, credential=credential, **options)

    return connect


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError("azure-target", f"{redact(url)} is no address", hint=_FORMS) from error
    if not parts.hostname or parts.username is not None:
        raise UsageError("azure-target", f"{redact(url)} is no address of a blob", hint=_FORMS)
    return parts


def _refuse_plain(parts: SplitResult) -> None:
    """A SAS sent over plain HTTP can be read by anybody on the way; loopback has no way."""
    host = parts.hostname or ""
    if parts.scheme.lower() == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        raise UsageError("azure-target", f"http://{host} is not encrypted", hint="use https://")


def is_managed_host(host: str) -> bool:
    """Whether a host is one that managed disks are imported to."""
    return host.lower().startswith(_MANAGED_PREFIX)


def _has_signature(parts: SplitResult) -> bool:
    return "sig" in parse_qs(parts.query)


def _container_and_blob(parts: SplitResult) -> tuple[str, str]:
    path = unquote(parts.path).lstrip("/")
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        # Emulators have the account's name in the path.
        path = path.partition("/")[2]
    container, _, blob = path.partition("/")
    return container, blob


def _check_names(container: str, blob: str) -> None:
    if not container or not blob:
        raise UsageError("azure-target", "the address names no container and blob", hint=_FORMS)
    names.CONTAINER.check(container)
    names.check_blob(blob)


def _of_connection(path: str, connection_string: str) -> Target:
    container, _, blob = path.partition("/")
    _check_names(container, blob)

    def connect(options: dict[str, Any]) -> BlobClient:
        from azure.storage.blob import BlobClient

        return BlobClient.from_connection_string(connection_string, container, blob, **options)

    try:
        with connect({}) as client:
            name = urlsplit(client.url)._replace(query="").geturl()
    except ValueError:
        raise UsageError(
            "azure-target",
            "the connection string is not whole",
            hint="az storage account show-connection-string --name ACCOUNT",
        ) from None
    return Target(name=name, connect=connect)


def connection_string_of(given: str | None) -> str | None:
    """The connection string that was given, else the environment's, as Azure's own tools do."""
    return given or os.environ.get("AZURE_STORAGE_CONNECTION_STRING") or None


def with_renewal(target: Target, renew: Callable[[], Connect]) -> Target:
    """The same target, whose address can be renewed."""
    return replace(target, renew=renew)
