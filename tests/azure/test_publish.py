"""Images and gallery versions: the real SDK against the operations of Azure Resource Manager."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bootworthy.azure.capabilities import Capabilities
from bootworthy.azure.emit import az, bicep, terraform
from bootworthy.azure.publication import (
    GalleryPlace,
    Publication,
    SecurityType,
    with_capabilities,
)
from bootworthy.azure.publish import Published, calls, publish
from bootworthy.disk.container import open_container
from bootworthy.model.errors import TransferError, UsageError
from bootworthy.model.intent import Architecture, Generation, OsState
from tests.azure.arm_service import Arm
from tests.azure.blob_service import Service
from tests.azure.disks import fixed_vhd, raw_disk
from tests.azure.sending import FAST
from tests.azure.test_managed_disk import PATH, SUBSCRIPTION, arm, compute_of, disk_service
from tests.disk.making import needs

__all__ = ["arm", "disk_service"]

pytestmark = needs("sfdisk")

PLACE = GalleryPlace(gallery="linux", definition="web", version="1.2.3")


def image(**changes: Any) -> Publication:  # noqa: ANN401 - fields of Publication
    """A generalized image of generation 2 in West Europe."""
    given: dict[str, Any] = {
        "subscription": SUBSCRIPTION,
        "resource_group": "images",
        "name": "web",
        "location": "westeurope",
        "generation": Generation.UEFI,
    }
    return Publication(**given | changes)


def run(source: Path, arm: Arm, wanted: Publication, **options: Any) -> Published:  # noqa: ANN401
    keep = options.pop("keep_disk", False)
    with compute_of(arm) as compute, open_container(source) as container:
        return publish(container, wanted, compute, replace(FAST, **options), keep_disk=keep)


def made(arm: Arm) -> dict[str, Any]:
    """What there is, by the last part of its identifier."""
    return {name.rpartition("/")[2]: found for name, found in arm.resources.items()}


def test_a_managed_image_is_made(arm: Arm, disk_service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    done = run(source, arm, image())

    assert disk_service.blob(PATH).content()[:-512] == fixed_vhd(source)[:-512]
    assert set(made(arm)) == {"web"}
    assert made(arm)["web"]["properties"]["hyperVGeneration"] == "V2"
    assert done.identifier.endswith("/providers/Microsoft.Compute/images/web")
    assert f"--image {done.identifier}" in done.first_machine


def test_a_gallery_version_is_made_with_all_it_needs(arm: Arm, tmp_path: Path) -> None:
    wanted = image(
        place=replace(PLACE, regions=("westeurope", "northeurope")),
        security_type=SecurityType.SUPPORTED,
        nvme=True,
        accelerated_networking=True,
    )
    done = run(raw_disk(tmp_path / "disk.raw"), arm, wanted, keep_disk=True)

    found = made(arm)
    assert set(found) == {"linux", "web", "1.2.3", "web-upload"}
    assert {item["name"]: item["value"] for item in found["web"]["properties"]["features"]} == {
        "SecurityType": "TrustedLaunchSupported",
        "DiskControllerTypes": "SCSI,NVMe",
        "IsAcceleratedNetworkSupported": "True",
    }
    regions = found["1.2.3"]["properties"]["publishingProfile"]["targetRegions"]
    assert [item["name"] for item in regions] == ["westeurope", "northeurope"]
    assert done.identifier.endswith("/galleries/linux/images/web/versions/1.2.3")
    assert "--security-type TrustedLaunch" in done.first_machine


def test_a_second_version_goes_into_the_same_definition(arm: Arm, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    run(source, arm, image(place=PLACE))
    puts = len([call for call in arm.calls() if call[0] == "PUT"])
    run(source, arm, image(place=replace(PLACE, version="1.2.4")))

    assert {"1.2.3", "1.2.4"} <= set(made(arm))
    assert len([call for call in arm.calls() if call[0] == "PUT"]) == puts + 2


def test_a_version_that_is_there_is_refused_before_anything_is_sent(
    arm: Arm, disk_service: Service, tmp_path: Path
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    run(source, arm, image(place=PLACE))
    written = dict(disk_service.writes)
    with pytest.raises(UsageError) as caught:
        run(source, arm, image(place=PLACE))

    assert caught.value.code == "azure-target-exists"
    assert disk_service.writes == written


def test_a_definition_of_another_kind_is_refused_before_anything_is_sent(
    arm: Arm, disk_service: Service, tmp_path: Path
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    run(source, arm, image(place=PLACE))
    written = dict(disk_service.writes)
    other = image(place=replace(PLACE, version="2.0.0"), generation=Generation.BIOS)
    with pytest.raises(UsageError) as caught:
        run(source, arm, other)

    assert caught.value.code == "azure-definition-differs"
    assert "hyperVGeneration V2 and not V1" in caught.value.message
    assert disk_service.writes == written


def test_what_failed_after_the_upload_goes_on_without_another(
    arm: Arm, disk_service: Service, tmp_path: Path
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    arm.fail = {"1.2.3": "OperationNotAllowed"}
    with pytest.raises(TransferError) as caught:
        run(source, arm, image(place=PLACE))
    assert "OperationNotAllowed" in caught.value.message
    arm.fail, written = {}, dict(disk_service.writes)

    done = run(source, arm, image(place=PLACE), resume=True)

    assert done.moved == 0
    assert disk_service.writes == written
    assert "1.2.3" in made(arm)
    assert "web-upload" not in made(arm)


def test_a_dry_run_lists_the_calls_that_are_made(arm: Arm, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    wanted = image(place=PLACE)
    with open_container(source) as container:
        listed = list(calls(wanted, container.virtual_size))
    run(source, arm, wanted)
    changing = [item for item in arm.log if item[0] != "GET"]

    assert [(call.method, call.path.lower()) for call in listed] == [
        (method, path) for method, path, _ in changing
    ]
    assert all(
        call.body == body or call.method == "PATCH"
        for call, (_, _, body) in zip(listed, changing, strict=True)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": Architecture.ARM64},
        {"security_type": SecurityType.SUPPORTED},
        {"os_state": OsState.SPECIALIZED},
        {"name": "no spaces"},
        {"place": replace(PLACE, version="1.2")},
        {"place": replace(PLACE, version="1.2.99999999999")},
        {"place": replace(PLACE, gallery="no-hyphens")},
        {"place": replace(PLACE, regions=("West Europe",))},
        {"subscription": "mine"},
    ],
)
def test_what_azure_would_refuse_is_refused_before_it(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        image(**changes)


def test_features_are_those_the_image_has() -> None:
    able = Capabilities(
        generations=frozenset({Generation.UEFI}),
        nvme=True,
        accelerated_networking=True,
        trusted_launch=True,
    )
    modern = with_capabilities(image(place=PLACE), able, security_type=None)
    old = image(place=PLACE, generation=Generation.BIOS)

    assert modern.security_type is SecurityType.SUPPORTED
    assert modern.nvme
    assert dict(with_capabilities(old, able, security_type=None).features) == {
        "IsAcceleratedNetworkSupported": "True"
    }
    managed = with_capabilities(image(), able, security_type=None)
    assert managed.security_type is SecurityType.STANDARD
    plain = with_capabilities(image(place=PLACE), able, security_type=SecurityType.STANDARD)
    assert plain.security_type is SecurityType.STANDARD


VARIANTS = {
    "image": image(),
    "image-gen1": image(generation=Generation.BIOS),
    "gallery": image(
        place=replace(PLACE, regions=("westeurope", "northeurope"), offer='it\'s ${x} "y"'),
        security_type=SecurityType.SUPPORTED,
        nvme=True,
        accelerated_networking=True,
    ),
    "arm64-specialized": image(
        place=PLACE, architecture=Architecture.ARM64, os_state=OsState.SPECIALIZED
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_script_is_a_script_that_calls_az(name: str, tmp_path: Path) -> None:
    script = tmp_path / "publish.sh"
    script.write_text(az.render(VARIANTS[name]), encoding="utf-8")
    log = tmp_path / "log"
    fake = tmp_path / "az"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\037" "$@" >>{log}\nprintf "\\n" >>{log}\n')
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "BLOB_URI": "u", "STORAGE_ACCOUNT_ID": "s"}
    subprocess.run(["bash", script], check=True, env=env)
    words = [line.split("\037") for line in log.read_text().splitlines()]

    assert words[0][:2] == (["sig", "create"] if VARIANTS[name].place else ["image", "create"])
    flat = [word for line in words for word in line]
    assert VARIANTS[name].hyper_v in flat
    assert "u" in flat
    if name == "gallery":
        assert 'it\'s ${x} "y"' in flat
        assert {"westeurope=1", "northeurope=1"} <= set(flat)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_templates_are_balanced_and_name_everything(name: str) -> None:
    for text in (bicep.render(VARIANTS[name]), terraform.render(VARIANTS[name])):
        bare = _without_strings(text)
        for opening, closing in ("{}", "[]", "()"):
            assert bare.count(opening) == bare.count(closing)
        assert f"{VARIANTS[name].hyper_v}" in text
        assert "westeurope" in text


def test_strings_of_templates_are_escaped() -> None:
    wish = 'it\'s ${x} "y" \\'

    assert bicep.text(wish) == "'it\\'s \\${x} \"y\" \\\\'"
    assert terraform.text(wish) == json.dumps(wish).replace("${", "$${")


def _without_strings(text: str) -> str:
    import re

    return re.sub(r"'(\\.|[^'\\])*'|\"(\\.|[^\"\\])*\"", "", text)
