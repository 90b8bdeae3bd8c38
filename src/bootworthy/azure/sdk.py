"""Microsoft's SDKs: an extra of bootworthy, imported when Azure is really talked to."""

from __future__ import annotations

from importlib.util import find_spec

from bootworthy.azure.secrets import guard_logs
from bootworthy.model.errors import HostError

_PACKAGES = {
    "azure.storage.blob": "azure-storage-blob",
    "azure.identity": "azure-identity",
    "azure.mgmt.compute": "azure-mgmt-compute",
}


def require_sdk() -> None:
    """Make sure that the SDKs are there, and that they log no secret.

    Raises:
        HostError: ``azure-sdk-missing``.
    """
    missing = [package for module, package in _PACKAGES.items() if not _is_there(module)]
    if missing:
        raise HostError(
            "azure-sdk-missing",
            f"Microsoft's {', '.join(missing)} is not installed",
            hint="pipx install 'bootworthy[azure]', or pip install 'bootworthy[azure]'",
        )
    guard_logs()


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
