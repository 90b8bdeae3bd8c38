"""Managed disks: the real SDK against the operations of Azure Resource Manager."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootworthy.azure.compute import Compute, default_subscription
from bootworthy.azure.managed_disk import DiskPlan, generation_of, upload_to_disk
from bootworthy.azure.options import TransferResult
from bootworthy.disk.container import open_container
from bootworthy.model.errors import TransferError, UsageError
from bootworthy.model.intent import Architecture, Generation
from tests.azure.arm_service import Answer, Arm, arm_serving, error
from tests.azure.blob_service import Answer as BlobAnswer
from tests.azure.blob_service import Blob, Service, refusal, serving
from tests.azure.disks import fixed_vhd, raw_disk
from tests.azure.sending import FAST
from tests.disk.making import needs

pytestmark = needs("sfdisk")

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
PATH = "acct/md/os"
BOTH = frozenset(Generation)


class Credential:
    """Signs with a token of the tests'."""

    def get_token(self, *_scopes: str, **_: Any) -> Any:  # noqa: ANN401 - the SDK's protocol
        from azure.core.credentials import AccessToken

        return AccessToken("t0ken", int(time.time()) + 3600)


def compute_of(arm: Arm) -> Compute:
    """The SDK's client for the service of the tests."""
    return Compute(
        SUBSCRIPTION,
        credential=Credential(),
        base_url=arm.url,
        credential_scopes=["https://management.test/.default"],
        polling_interval=0,
        retry_backoff_factor=0.01,
    )


@pytest.fixture
def disk_service() -> Iterator[Service]:
    with serving(Service(managed=True)) as running:
        yield running


@pytest.fixture
def arm(disk_service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arm]:
    """Resource Manager, whose disks are written at ``disk_service``."""
    # The SDK sends tokens over TLS only, except where it is told that this is a test.
    monkeypatch.setattr(
        "azure.core.pipeline.policies._authentication._enforce_https", lambda _request: None
    )
    grants = iter(range(100))

    def sas(_path: str, size: int) -> str:
        disk_service.blobs.setdefault("/" + PATH, Blob(size))
        disk_service.signature = f"s3cr3t{next(grants)}"
        return disk_service.url(PATH, disk_service.signature)

    with arm_serving(Arm(sas=sas)) as running:
        yield running


def plan(**changes: Any) -> DiskPlan:  # noqa: ANN401 - fields of DiskPlan
    """A disk of generation 2 in West Europe."""
    given: dict[str, Any] = {
        "resource_group": "images",
        "name": "web-os",
        "location": "westeurope",
        "generation": Generation.UEFI,
    }
    return DiskPlan(**given | changes)


def send(source: Path, arm: Arm, disk: DiskPlan | None = None, **options: Any) -> TransferResult:  # noqa: ANN401
    from dataclasses import replace

    with compute_of(arm) as compute, open_container(source) as container:
        return upload_to_disk(container, disk or plan(), compute, replace(FAST, **options))


def test_a_disk_is_made_written_and_released(
    arm: Arm, disk_service: Service, tmp_path: Path
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    result = send(source, arm, verify=True)

    assert disk_service.blob(PATH).content()[:-512] == fixed_vhd(source)[:-512]
    assert arm.calls() == [
        ("GET", "web-os"),
        ("PUT", "web-os"),
        # The SDK asks for the disk once more when the operation is done.
        ("GET", "web-os"),
        ("POST", "begingetaccess"),
        ("POST", "endgetaccess"),
    ]
    (disk,) = arm.resources.values()
    assert disk["properties"]["diskState"] == "Unattached"
    assert disk["properties"]["hyperVGeneration"] == "V2"
    assert disk["properties"]["creationData"]["uploadSizeBytes"] == result.size
    assert result.target.endswith("/resourceGroups/images/providers/Microsoft.Compute/disks/web-os")


def test_an_expired_sas_is_renewed(arm: Arm, disk_service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")

    def expire(method: str, _path: str, query: str) -> BlobAnswer | None:
        if method == "PUT" and len(disk_service.writes) >= 2 and "s3cr3t0" in query:
            return refusal(403, "AuthenticationFailed")
        return None

    disk_service.faults = expire
    send(source, arm)

    assert disk_service.blob(PATH).content()[:-512] == fixed_vhd(source)[:-512]
    assert [name for _, name in arm.calls()].count("begingetaccess") == 2


def test_an_interrupted_upload_goes_on_in_the_same_disk(
    arm: Arm, disk_service: Service, tmp_path: Path
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    disk_service.faults = lambda method, _path, _query: (
        refusal(409, "Conflict") if method == "PUT" and len(disk_service.writes) > 2 else None
    )
    with pytest.raises(TransferError):
        send(source, arm, connections=1)
    disk_service.faults = lambda *_: None
    arrived = dict(disk_service.writes)
    with pytest.raises(UsageError) as caught:
        send(source, arm)
    assert caught.value.code == "azure-target-exists"

    send(source, arm, resume=True)

    assert disk_service.blob(PATH).content()[:-512] == fixed_vhd(source)[:-512]
    assert all(disk_service.writes[span] == 1 for span in arrived)


def test_a_finished_disk_is_never_replaced(arm: Arm, disk_service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    send(source, arm)
    written = dict(disk_service.writes)
    with pytest.raises(UsageError) as caught:
        send(source, arm, force=True)

    assert caught.value.code == "azure-target-exists"
    assert disk_service.writes == written


def test_throttling_and_outages_are_waited_out(arm: Arm, tmp_path: Path) -> None:
    answers = [error(429, "TooManyRequests", Retry_After="0"), error(503, "ServerBusy"), None]

    def fail(_method: str, _path: str) -> Answer | None:
        return answers.pop(0) if answers else None

    arm.faults = fail
    send(raw_disk(tmp_path / "disk.raw"), arm)

    assert not answers


def test_an_operation_that_fails_is_one_error(arm: Arm, tmp_path: Path) -> None:
    arm.fail = {"web-os": "SkuNotAvailable"}
    with pytest.raises(TransferError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), arm)

    assert "SkuNotAvailable" in caught.value.message


def test_a_refusal_says_what_azure_said(arm: Arm, tmp_path: Path) -> None:
    arm.faults = lambda _method, _path: error(404, "ResourceGroupNotFound", "no such group")
    with pytest.raises(TransferError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), arm)

    assert caught.value.code == "azure-not-found"
    assert "no such group" in caught.value.message
    assert "az group create" in caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"resource_group": "ends-in-dot."},
        {"name": "-web"},
        {"name": "x" * 81},
        {"location": "West Europe"},
        {"generation": Generation.BIOS, "trusted_launch": True},
        {"generation": Generation.BIOS, "architecture": Architecture.ARM64},
    ],
)
def test_what_azure_would_refuse_is_refused_before_it(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        plan(**changes)


@pytest.mark.parametrize(
    ("asked", "found", "anyway", "expected"),
    [
        (None, BOTH, False, Generation.UEFI),
        (None, {Generation.BIOS}, False, Generation.BIOS),
        (Generation.BIOS, BOTH, False, Generation.BIOS),
        (Generation.UEFI, {Generation.BIOS}, True, Generation.UEFI),
        (None, set(), True, Generation.BIOS),
    ],
)
def test_the_generation_follows_the_boot_loader(
    asked: Generation | None, found: set[Generation], anyway: bool, expected: Generation
) -> None:
    assert generation_of(asked, frozenset(found), anyway=anyway) is expected


@pytest.mark.parametrize(("asked", "found"), [(Generation.UEFI, {Generation.BIOS}), (None, set())])
def test_a_generation_the_image_cannot_start_as_is_refused(
    asked: Generation | None, found: set[Generation]
) -> None:
    with pytest.raises(UsageError) as caught:
        generation_of(asked, frozenset(found), anyway=False)

    assert caught.value.code == "azure-generation"


def test_the_subscription_is_that_of_the_environment_or_of_az(tmp_path: Path) -> None:
    profile = tmp_path / ".azure" / "azureProfile.json"
    profile.parent.mkdir()
    profile.write_text(
        '\ufeff{"subscriptions": [{"id": "a"}, {"id": "b", "isDefault": true}]}', encoding="utf-8"
    )

    assert default_subscription({"AZURE_SUBSCRIPTION_ID": "c"}, lambda: tmp_path) == "c"
    assert default_subscription({}, lambda: tmp_path) == "b"
    profile.write_text("[]", encoding="utf-8")
    with pytest.raises(UsageError):
        default_subscription({}, lambda: tmp_path)
