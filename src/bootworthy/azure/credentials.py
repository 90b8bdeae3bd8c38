"""Who we are to Azure: azure-identity's default chain, never stored by us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootworthy.azure.sdk import require_sdk

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def default_credential() -> TokenCredential:
    """Environment, workload identity, managed identity, then the command line's login.

    Tokens are fetched when the first request needs one.
    """
    require_sdk()
    from azure.identity import DefaultAzureCredential

    credential: TokenCredential = DefaultAzureCredential()
    return credential
