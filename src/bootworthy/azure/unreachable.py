"""Why no answer came at all, in one line a person can act on."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from bootworthy.azure import clocks

# Causes are nested a few deep; a chain that bites its own tail ends here.
_DEEPEST = 20

# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h).
_OUT_OF_TIME = (9, 10)

_HOST = re.compile(r"host='([^']+)'")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why, and what to do; ``final`` where waiting does not help."""

    text: str
    hint: str
    final: bool = False


def reason_of(error: BaseException) -> Reason | None:
    """What keeps a request from being answered, None where it is not told."""
    chain = list(_chain(error))
    names = {type(item).__name__ for item in chain}
    found = _HOST.search(" ".join(map(str, chain)))
    host = found[1] if found else "the server"
    if "ProxyError" in names:
        return Reason(
            text="the proxy cannot be reached, or refuses",
            hint="check HTTPS_PROXY and NO_PROXY",
        )
    if certificate := next((item for item in chain if _is_about_certificates(item)), None):
        return _untrusted(host, certificate)
    if any(isinstance(item, socket.gaierror) for item in chain) or "NameResolutionError" in names:
        return Reason(
            text=f"the name {host} cannot be resolved",
            hint="check the address, the network and its DNS",
        )
    refusal = next((item.strerror for item in chain if _is_from_the_system(item)), None)
    if refusal is not None:
        return Reason(text=f"{host} cannot be reached: {refusal}", hint="check the network")
    return None


def _is_about_certificates(error: BaseException) -> TypeGuard[ssl.SSLCertVerificationError]:
    return isinstance(error, ssl.SSLCertVerificationError)


def _untrusted(host: str, error: ssl.SSLCertVerificationError) -> Reason:
    if getattr(error, "verify_code", 0) in _OUT_OF_TIME:
        return Reason(
            text=f"the certificate of {host} is not valid by this machine's clock",
            hint=clocks.SET_CLOCK,
            final=True,
        )
    return Reason(
        text=f"the certificate of {host} is not one this machine trusts",
        hint="REQUESTS_CA_BUNDLE names a file of certificates to trust, as of a proxy",
        final=True,
    )


def _is_from_the_system(error: BaseException) -> TypeGuard[OSError]:
    """Whether the system said it; the exceptions of requests are of the same class."""
    is_own = type(error).__module__ == "builtins"
    return is_own and isinstance(error, OSError) and isinstance(error.strerror, str)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it was made of or raised from."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _DEEPEST:
        item = waiting.pop(0)
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        inner = (*item.args, getattr(item, "inner_exception", None), getattr(item, "reason", None))
        outer = (item.__cause__, item.__context__)
        waiting += [one for one in (*inner, *outer) if isinstance(one, BaseException)]
