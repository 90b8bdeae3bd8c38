"""A Bicep template: ``az deployment group create --template-file``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bootworthy.azure.publication import Publication

# A version that every public region has; the properties used are the same in later ones.
_IMAGES = "2024-07-01"
_GALLERIES = "2024-03-03"


def render(image: Publication) -> str:
    """The template; the blob's address and its storage account are parameters."""
    lines = [
        "@description('Address of the page blob with the fixed VHD, without a SAS.')",
        "param blobUri string",
        "",
        "@description('Identifier of the storage account that holds it.')",
        "param storageAccountId string",
        "",
        f"param location string = {text(image.location)}",
        "",
        *(_managed(image) if image.place is None else _gallery(image)),
    ]
    return "\n".join(lines) + "\n"


def _managed(image: Publication) -> Iterator[str]:
    body = image.image_body()
    disk = body["properties"]["storageProfile"]["osDisk"]
    del disk["managedDisk"]
    disk |= {"blobUri": _Name("blobUri"), "storageAccountType": "StandardSSD_LRS"}
    yield from _resource("image", f"Microsoft.Compute/images@{_IMAGES}", image.name, body)
    yield "// The blob has to stay until the image is made, in a storage account of this region."
    yield "output storageAccount string = storageAccountId"
    yield "output imageId string = image.id"


def _gallery(image: Publication) -> Iterator[str]:
    place = image.place
    if place is None:
        return
    kind = "Microsoft.Compute/galleries"
    empty: dict[str, Any] = {"location": _Name("location")}
    yield from _resource("gallery", f"{kind}@{_GALLERIES}", place.gallery, empty)
    yield from _resource(
        "definition",
        f"{kind}/images@{_GALLERIES}",
        place.definition,
        image.definition_body(),
        parent="gallery",
    )
    version = image.version_body()
    source = {"storageAccountId": _Name("storageAccountId"), "uri": _Name("blobUri")}
    version["properties"]["storageProfile"]["osDiskImage"]["source"] = source
    yield from _resource(
        "version",
        f"{kind}/images/versions@{_GALLERIES}",
        place.version,
        version,
        parent="definition",
    )
    yield "output imageId string = version.id"


class _Name(str):
    """A word of the language, not a text."""

    __slots__ = ()


def _resource(
    symbol: str, kind: str, name: str, body: dict[str, Any], parent: str = ""
) -> Iterator[str]:
    yield f"resource {symbol} {text(kind)} = {{"
    if parent:
        yield f"  parent: {parent}"
    yield f"  name: {text(name)}"
    for key, value in (body | {"location": _Name("location")}).items():
        yield from _item(key, value, "  ")
    yield "}"
    yield ""


def _item(key: str, value: object, indent: str) -> Iterator[str]:
    start = f"{indent}{key}: " if key else indent
    if isinstance(value, dict):
        yield f"{start}{{"
        for inner, item in value.items():
            yield from _item(inner, item, indent + "  ")
        yield f"{indent}}}"
    elif isinstance(value, list):
        yield f"{start}["
        for item in value:
            yield from _item("", item, indent + "  ")
        yield f"{indent}]"
    else:
        yield start + _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, _Name) or not isinstance(value, str):
        return str(value)
    return text(value)


def text(value: str) -> str:
    """A Bicep string: https://learn.microsoft.com/azure/azure-resource-manager/bicep/data-types."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"'{escaped}'"
