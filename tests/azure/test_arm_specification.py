"""The facts the tests hold requests against, beside a second source: the SDK's own models."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bootworthy.azure.publication import SecurityType
from bootworthy.azure.publish import calls
from bootworthy.model.intent import Architecture, OsState
from tests.azure.arm_specification import DEFINITIONS, operation, problem_of_request
from tests.azure.test_publish import PLACE, image

_MIB = 1 << 20

OBJECTS = sorted(name for name, made in DEFINITIONS.items() if "properties" in made)
ENUMS = sorted(name for name, made in DEFINITIONS.items() if "enum" in made)

IMAGES = [
    image(),
    image(place=PLACE),
    image(place=replace(PLACE, regions=("westeurope", "northeurope"), replicas=3)),
    image(place=PLACE, security_type=SecurityType.REQUIRED, nvme=True, accelerated_networking=True),
    image(place=PLACE, architecture=Architecture.ARM64, os_state=OsState.SPECIALIZED),
]


def model_of(name: str) -> Any:  # noqa: ANN401 - the SDK's classes
    from azure.mgmt.compute import models

    return getattr(models, name)


@pytest.mark.parametrize("name", OBJECTS)
def test_the_sdk_has_every_field(name: str) -> None:
    model = model_of(name)
    # Fields are counted when the first object is made; some classes refuse none at all.
    fields = {field._rest_name for field in model({})._attr_to_rest_field.values()}

    assert set(DEFINITIONS[name]["properties"]) <= fields


@pytest.mark.parametrize("name", ENUMS)
def test_the_sdk_has_every_value(name: str) -> None:
    values = {item.value for item in model_of(name)}

    assert set(DEFINITIONS[name]["enum"]) <= values


@pytest.mark.parametrize("wanted", IMAGES, ids=range(len(IMAGES)))
@pytest.mark.parametrize("keep", [True, False])
def test_every_call_of_a_dry_run_follows_the_specifications(wanted: Any, keep: bool) -> None:  # noqa: ANN401
    made = list(calls(wanted, 30 * _MIB, keep_disk=keep))
    # What is sent is JSON: tuples and enumerations are not.
    problems = [
        problem_of_request(call.method, call.path, json.loads(json.dumps(call.body)))
        for call in made
    ]

    assert [problem for problem in problems if problem] == []
    assert len(made) >= 5


def test_what_does_not_follow_them_is_told() -> None:
    start = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/"
    disk = {"location": "westeurope", "properties": {"creationData": {"createOption": "Upload"}}}

    assert problem_of_request("PUT", start + "disks/a", disk) == ""
    assert "createOption" in problem_of_request(
        "PUT", start + "disks/a", disk | {"properties": {"creationData": {}}}
    )
    assert "no operation" in problem_of_request("PUT", start + "snapshots/a", disk)
    assert "no operation" in problem_of_request("PUT", "/disks/a", disk)
    assert "no body" in problem_of_request("POST", start + "disks/a/endGetAccess", {})
    wrong = {"access": "Everything", "durationInSeconds": "1", "more": 1}
    told = problem_of_request("POST", start + "disks/a/beginGetAccess", wrong)
    assert all(word in told for word in ("Everything", "integer", "more"))


def test_paths_of_galleries_are_told_apart() -> None:
    start = "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/galleries/x"
    bodies = [
        getattr(operation("PUT", start + rest), "body", None)
        for rest in ("", "/images/y", "/images/y/versions/1.0.0", "/images")
    ]

    assert bodies == ["Gallery", "GalleryImage", "GalleryImageVersion", None]
