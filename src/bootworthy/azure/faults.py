"""What went wrong between us and Azure, sorted by what can be done about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from bootworthy.azure import clocks
from bootworthy.azure.secrets import redact
from bootworthy.azure.unreachable import reason_of
from bootworthy.model.errors import TransferError

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

# https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes and the guide to
# retries in https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_DENIED = frozenset({401, 403})
_FIRST_ERROR = 400
_UNAUTHORIZED = 401

# Entra ID's AADSTS700024 and its like: a token that was signed in the future, or too long ago.
_OUT_OF_TIME = "not within its valid time range"

_CODES = {404: "azure-not-found", 409: "azure-conflict", 412: "azure-target-changed"}

_HINTS = {
    "AuthenticationFailed": "the SAS or the key is not this account's, or the SAS was taken back: "
    "get a new one",
    "AuthorizationPermissionMismatch": "the SAS or role lacks a permission: create and write",
    "AuthorizationFailure": "the storage account's firewall or its settings refuse this client",
    "ContainerNotFound": "make the container first: az storage container create",
    "PublicAccessNotPermitted": "give a SAS, a connection string, or sign in: az login",
    "ResourceGroupNotFound": "make it first: az group create",
    "LeaseIdMissing": "somebody holds a lease on the blob: a disk or another tool uses it",
    "SkuNotAvailable": "choose another --sku or --location",
    "QuotaExceeded": "ask for more quota, or use another location",
}


class Kind(Enum):
    """What can be done: wait and send again, renew the SAS, or nothing."""

    BUSY = "busy"
    NETWORK = "network"
    DENIED = "denied"
    FINAL = "final"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One failed request; ``retry_after`` is in seconds, None when the server did not say.

    ``status`` is zero where no answer came.
    """

    kind: Kind
    text: str
    code: str = ""
    status: int = 0
    retry_after: float | None = None
    hint: str = ""

    def error(self) -> TransferError:
        """The fault as an error to end with."""
        hint = self.hint or _HINTS.get(self.code, "")
        return TransferError(_error_code(self), self.text, hint=hint)


def _error_code(fault: Fault) -> str:
    if fault.kind is Kind.DENIED:
        return "azure-access-denied"
    if fault.kind is Kind.NETWORK or (fault.kind is Kind.FINAL and not fault.status):
        return "azure-unreachable"
    return _CODES.get(fault.status, "azure-busy" if fault.kind is Kind.BUSY else "azure-refused")


def fault_of(error: AzureError) -> Fault:
    """What an exception of the SDK means."""
    from azure.core.exceptions import HttpResponseError

    status = getattr(error, "status_code", None)
    if not isinstance(error, HttpResponseError) or status is None:
        return _without_answer(error)
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    code = str(headers.get("x-ms-error-code") or _arm_code(error))
    return Fault(
        kind=_kind_of(status),
        text=f"Azure answered {status} {code}: {_text_of(error)}".replace(" : ", ": "),
        code=code,
        status=status,
        retry_after=seconds_of(headers.get("Retry-After")),
        hint=clocks.hint_of(error.response) if _may_be_the_clock(status, code) else "",
    )


def _may_be_the_clock(status: int, code: str) -> bool:
    return status == _UNAUTHORIZED or code == "AuthenticationFailed"


def _without_answer(error: AzureError) -> Fault:
    kind = _kind_without_answer(error)
    reason = reason_of(error) if kind is Kind.NETWORK else None
    if reason is None:
        hint = clocks.SET_CLOCK if _OUT_OF_TIME in str(error) else ""
        return Fault(kind=kind, text=_text_of(error), hint=hint)
    kind = Kind.FINAL if reason.final else kind
    return Fault(kind=kind, text=reason.text, hint=reason.hint)


def _kind_without_answer(error: AzureError) -> Kind:
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

    if isinstance(error, ClientAuthenticationError):
        return Kind.DENIED
    # An answer that ended early may have no status at all.
    return Kind.NETWORK if not isinstance(error, HttpResponseError) else Kind.BUSY


def _kind_of(status: int) -> Kind:
    if status in _BUSY:
        return Kind.BUSY
    if status in _DENIED:
        return Kind.DENIED
    # A good status with a body that could not be read: the connection broke in the middle.
    return Kind.NETWORK if status < _FIRST_ERROR else Kind.FINAL


def _arm_code(error: object) -> str:
    inner = getattr(error, "error", None)
    return str(getattr(inner, "code", "") or "")


def _text_of(error: AzureError) -> str:
    """The first line that says something, without secrets and without addresses of objects."""
    lines = [line.strip() for line in str(error.message or error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>:? ?", "", redact(text))[:400]


def seconds_of(retry_after: str | None) -> float | None:
    """A Retry-After header (RFC 9110, 10.2.3) in seconds: a number or a date."""
    if not retry_after:
        return None
    try:
        return max(float(retry_after), 0.0)
    except ValueError:
        pass
    moment = clocks.moment_of(retry_after)
    return None if moment is None else max((moment - datetime.now(UTC)).total_seconds(), 0.0)
