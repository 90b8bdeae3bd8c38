"""Publish an image: upload it into a managed disk, make the image or the version, drop the disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bootworthy.azure.compute import SAS_SECONDS, Compute
from bootworthy.azure.identity import identity_of
from bootworthy.azure.managed_disk import upload_to_disk
from bootworthy.azure.options import TransferOptions
from bootworthy.azure.publication import Publication
from bootworthy.disk.container import Container
from bootworthy.disk.sizes import round_up_to_mib
from bootworthy.model.errors import UsageError
from bootworthy.model.events import Note

_TAG = "bootworthy-whole"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of Azure Resource Manager: method, the resource's identifier, and what is sent."""

    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Published:
    """What was made: its identifier, and the command for a first machine."""

    identifier: str
    first_machine: str
    moved: int
    seconds: float


def calls(image: Publication, virtual_size: int, *, keep_disk: bool = False) -> Iterator[Call]:
    """Every call that ``publish`` makes, where nothing is there yet."""
    disk = image.disk_id
    yield Call(method="PUT", path=disk, body=image.disk.body(round_up_to_mib(virtual_size)))
    access = {"access": "Write", "durationInSeconds": SAS_SECONDS}
    yield Call(method="POST", path=f"{disk}/beginGetAccess", body=access)
    yield Call(method="POST", path=f"{disk}/endGetAccess")
    yield Call(method="PATCH", path=disk, body=_whole("DIGEST-OF-THE-SOURCE"))
    if image.place is None:
        yield Call(method="PUT", path=image.identifier, body=image.image_body())
    else:
        definition = image.identifier.rpartition("/versions/")[0]
        gallery = definition.rpartition("/images/")[0]
        yield Call(method="PUT", path=gallery, body={"location": image.location})
        yield Call(method="PUT", path=definition, body=image.definition_body())
        yield Call(method="PUT", path=image.identifier, body=image.version_body())
    if not keep_disk:
        yield Call(method="DELETE", path=disk)


def publish(
    container: Container,
    image: Publication,
    compute: Compute,
    options: TransferOptions,
    *,
    keep_disk: bool = False,
) -> Published:
    """Upload the disk in ``container`` and make ``image`` of it.

    What is there already is looked at first: a version or image of that name is never replaced, and
    a definition has to fit the image. An interrupted upload is continued with ``resume``.

    Raises:
        UsageError: the image exists, or its definition is of another kind.
        ImageError: the disk image is damaged.
        TransferError: Azure refuses, or cannot be reached; the upload can be resumed.
    """
    began = time.monotonic()
    _refuse_existing(image, compute)
    moved = _fill_disk(container, image, compute, options)
    if image.place is None:
        path = (image.resource_group, image.name)
        title = f"Make the image {image.name}"
        compute.run(title, "images", "begin_create_or_update", *path, image.image_body())
    else:
        _make_version(image, compute)
    if not keep_disk:
        name = image.disk.name
        compute.run(f"Delete the disk {name}", "disks", "begin_delete", image.resource_group, name)
    return Published(
        identifier=image.identifier,
        first_machine=image.first_machine(),
        moved=moved,
        seconds=time.monotonic() - began,
    )


def _whole(source: str) -> dict[str, Any]:
    """What says that a disk holds all of a source, when something later fails."""
    return {"tags": {_TAG: source}}


def _fill_disk(
    container: Container, image: Publication, compute: Compute, options: TransferOptions
) -> int:
    """Have the disk hold the image; how many bytes were sent for it."""
    group, name = image.resource_group, image.disk.name
    found = compute.find("disks", group, name)
    source = identity_of(container)
    if found is not None and options.resume and found.get("tags", {}).get(_TAG) == source:
        options.observer(Note(f"the disk {name} is whole already"))
        return 0
    result = upload_to_disk(container, image.disk, compute, options)
    title = f"Note that {name} is whole"
    compute.run(title, "disks", "begin_update", group, name, _whole(source))
    return result.moved


def _refuse_existing(image: Publication, compute: Compute) -> None:
    group, place = image.resource_group, image.place
    if place is None:
        if compute.find("images", group, image.name) is not None:
            raise _exists(f"the image {image.name}")
        return
    path = (group, place.gallery, place.definition)
    definition = compute.find("gallery_images", *path)
    if definition is None:
        return
    _refuse_other_kind(image, definition)
    if compute.find("gallery_image_versions", *path, place.version) is not None:
        raise _exists(f"version {place.version} of {place.definition}")


def _exists(what: str) -> UsageError:
    return UsageError(
        "azure-target-exists",
        f"{what} exists already",
        hint="choose another; what machines may have been made from is not replaced",
    )


def _refuse_other_kind(image: Publication, found: dict[str, Any]) -> None:
    """A definition never changes, and Azure says so only when everything was uploaded."""
    properties, wanted = found.get("properties", {}), image.definition_body()["properties"]
    keys = ("osType", "osState", "hyperVGeneration", "architecture")
    differing = [
        f"{key} {properties[key]} and not {wanted[key]}"
        for key in keys
        if key in properties and properties[key] != wanted[key]
    ]
    if differing:
        raise UsageError(
            "azure-definition-differs",
            f"the image definition has {', '.join(differing)}",
            hint="choose another --image-definition; it is made when it is not there",
        )


def _make_version(image: Publication, compute: Compute) -> None:
    place, group = image.place, image.resource_group
    if place is None:
        return
    if compute.find("galleries", group, place.gallery) is None:
        body = {"location": image.location}
        title = f"Make the gallery {place.gallery}"
        compute.run(title, "galleries", "begin_create_or_update", group, place.gallery, body)
    path = (group, place.gallery, place.definition)
    if compute.find("gallery_images", *path) is None:
        title = f"Make the image definition {place.definition}"
        method = "begin_create_or_update"
        compute.run(title, "gallery_images", method, *path, image.definition_body())
    title = f"Make version {place.version} and copy it to its regions"
    body = image.version_body()
    method = "begin_create_or_update"
    compute.run(title, "gallery_image_versions", method, *path, place.version, body)
