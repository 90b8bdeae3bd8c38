"""The environment that guest programs get."""

from __future__ import annotations

import os
from collections.abc import Mapping

from bootworthy.guest.engines.base import Invocation

_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_PLAIN: Mapping[str, str] = {
    "PATH": _SEARCH_PATH,
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/sh",
    "TERM": "dumb",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
}

_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


def environment_of(invocation: Invocation, *, offline: bool = True) -> dict[str, str]:
    """A clean environment; proxies only for a program that may use the network.

    ``offline`` tells systemctl that the system it works on is not running
    (systemd, docs/ENVIRONMENT.md).
    """
    environment = dict(_PLAIN)
    if offline:
        environment["SYSTEMD_OFFLINE"] = "1"
    if invocation.network:
        names = (*_PROXIES, *(name.upper() for name in _PROXIES))
        environment |= {name: os.environ[name] for name in names if name in os.environ}
    return environment | dict(invocation.environment)
