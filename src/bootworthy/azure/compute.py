"""Azure's compute resources, by Microsoft's SDK: what is there, made, waited for and told about."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bootworthy.azure import names
from bootworthy.azure.credentials import default_credential
from bootworthy.azure.faults import fault_of
from bootworthy.azure.sdk import require_sdk
from bootworthy.model.errors import UsageError
from bootworthy.model.events import Note, Observer, StepFinished, StepStarted, ignore
from bootworthy.model.quantities import human_seconds

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.polling import LROPoller

# The longest a SAS for an upload lives; https://learn.microsoft.com/azure/virtual-machines/
# disks-upload-vhd-to-managed-disk-cli uses this value throughout.
SAS_SECONDS = 86_400

_SAY_AGAIN = 60.0
_LOOK = 1.0


class Compute:
    """The compute resources of one subscription.

    ``arguments`` go to the SDK's client as they are: ``base_url`` for another cloud.

    Raises:
        HostError: ``azure-sdk-missing``.
    """

    def __init__(
        self,
        subscription: str,
        *,
        credential: TokenCredential | None = None,
        observer: Observer = ignore,
        **arguments: Any,  # noqa: ANN401 - the SDK's own
    ) -> None:
        require_sdk()
        from azure.mgmt.compute import ComputeManagementClient

        self.subscription = names.SUBSCRIPTION.check(subscription)
        self._observer = observer
        self.client: Any = ComputeManagementClient(
            credential or default_credential(), subscription, **arguments
        )

    def find(self, group: str, *path: str) -> dict[str, Any] | None:
        """A resource by its group's name and its own; None when there is none.

        Raises:
            TransferError: Azure refuses, or cannot be reached.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with _told():
            try:
                found = getattr(self.client, group).get(*path)
            except ResourceNotFoundError as error:
                if _code_of(error) in ("ResourceGroupNotFound", "SubscriptionNotFound"):
                    raise
                return None
        resource: dict[str, Any] = found.as_dict()
        return resource

    def run(self, title: str, group: str, method: str, *arguments: object) -> Any:  # noqa: ANN401
        """Carry out a long-running operation and wait for its end; what it returns.

        Raises:
            TransferError: Azure refuses, it failed, or Azure cannot be reached.
        """
        self._observer(StepStarted(title))
        began = time.monotonic()
        with _told():
            poller: LROPoller[Any] = getattr(getattr(self.client, group), method)(*arguments)
            self._wait(title, poller)
            result = poller.result()
        self._observer(StepFinished(title, time.monotonic() - began))
        return result

    def _wait(self, title: str, poller: LROPoller[Any]) -> None:
        said = began = time.monotonic()
        while not poller.done():
            poller.wait(_LOOK)
            now = time.monotonic()
            if now - said >= _SAY_AGAIN:
                said = now
                words = f"{title}: {poller.status()}, {human_seconds(now - began)}"
                self._observer(Note(words))

    def grant(self, group: str, disk: str) -> str:
        """A SAS address to write the disk with, good for a day."""
        body = {"access": "Write", "durationInSeconds": SAS_SECONDS}
        granted = self.run(
            f"Ask for access to {disk}", "disks", "begin_grant_access", group, disk, body
        )
        return str(granted["accessSAS"])

    def revoke(self, group: str, disk: str) -> None:
        """End the upload: only then the disk can be used (and is paid for as what it is)."""
        self.run(f"End the upload to {disk}", "disks", "begin_revoke_access", group, disk)

    def close(self) -> None:
        """Close every connection."""
        self.client.close()

    def __enter__(self) -> Self:
        """Use it as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        self.close()


def _code_of(error: object) -> str:
    return str(getattr(getattr(error, "error", None), "code", "") or "")


@contextmanager
def _told() -> Iterator[None]:
    """Say what the SDK raises in one line, without secrets."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise fault_of(error).error() from None


def resource_id(subscription: str, group: str, *path: str) -> str:
    """The identifier of a compute resource: its types and names by turns."""
    start = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
    return "/".join((start, *path))


def default_subscription(
    environment: Mapping[str, str] = os.environ, home: Callable[[], Path] = Path.home
) -> str:
    """The subscription of the environment, else the one that `az account set` chose.

    Raises:
        UsageError: ``azure-subscription`` when neither names one.
    """
    named = environment.get("AZURE_SUBSCRIPTION_ID") or _subscription_of_az(environment, home)
    if named is None:
        raise UsageError(
            "azure-subscription",
            "no subscription is known",
            hint="--subscription ID, AZURE_SUBSCRIPTION_ID, or az login",
        )
    return named


def _subscription_of_az(environment: Mapping[str, str], home: Callable[[], Path]) -> str | None:
    # azure-cli-core, _profile.py: a JSON file that begins with a byte order mark.
    folder = Path(environment.get("AZURE_CONFIG_DIR") or home() / ".azure")
    try:
        text = (folder / "azureProfile.json").read_text(encoding="utf-8-sig")
        known = json.loads(text)["subscriptions"]
        return next((str(item["id"]) for item in known if item.get("isDefault")), None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
