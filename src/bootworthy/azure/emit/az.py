"""A shell script of ``az`` commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from bootworthy.azure.publication import Publication

_HEAD = """\
#!/usr/bin/env bash
# Makes an image of a fixed VHD that is a page blob.
#   BLOB_URI            its address, without a SAS
#   STORAGE_ACCOUNT_ID  the identifier of the storage account that holds it
set -euo pipefail
: "${BLOB_URI:?}" "${STORAGE_ACCOUNT_ID:?}"
"""


def render(image: Publication) -> str:
    """The script."""
    commands = _managed(image) if image.place is None else _gallery(image)
    return _HEAD + "".join(f"\n{command}\n" for command in commands)


def _managed(image: Publication) -> Iterator[str]:
    yield _command(
        "image create",
        ("resource-group", image.resource_group),
        ("name", image.name),
        ("location", image.location),
        ("os-type", "Linux"),
        ("hyper-v-generation", image.hyper_v),
        ("source", _Variable("BLOB_URI")),
    )


def _gallery(image: Publication) -> Iterator[str]:
    place = image.place
    if place is None:
        return
    group, location = ("resource-group", image.resource_group), ("location", image.location)
    gallery = ("gallery-name", place.gallery)
    definition = ("gallery-image-definition", place.definition)
    yield _command("sig create", group, gallery, location)
    identifier = image.definition_body()["properties"]["identifier"]
    features = [f"{name}={value}" for name, value in image.features]
    yield _command(
        "sig image-definition create",
        group,
        gallery,
        definition,
        location,
        *identifier.items(),
        ("os-type", "Linux"),
        ("os-state", image.state),
        ("hyper-v-generation", image.hyper_v),
        ("architecture", image.architecture.value),
        *([("features", " ".join(features))] if features else []),
    )
    regions = [f"{region}={place.replicas}" for region in place.regions or (image.location,)]
    yield _command(
        "sig image-version create",
        group,
        gallery,
        definition,
        location,
        ("gallery-image-version", place.version),
        ("target-regions", regions),
        ("os-vhd-uri", _Variable("BLOB_URI")),
        ("os-vhd-storage-account", _Variable("STORAGE_ACCOUNT_ID")),
    )


class _Variable(str):
    """A variable of the shell."""

    __slots__ = ()


def _command(words: str, *options: tuple[str, str | list[str]]) -> str:
    lines = [f"az {words}", *(f"  --{name} {_quoted(value)}" for name, value in options)]
    return " \\\n".join(lines)


def _quoted(value: str | list[str]) -> str:
    if isinstance(value, list):
        return " ".join(shlex.quote(item) for item in value)
    return f'"${value}"' if isinstance(value, _Variable) else shlex.quote(value)
