"""What Azure accepts as a name, told before anything is sent.

Sources: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
and https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bootworthy.model.errors import UsageError


@dataclass(frozen=True)
class Rule:
    """What a name of one kind has to look like; ``words`` say so to a person."""

    what: str
    pattern: re.Pattern[str]
    words: str

    def check(self, name: str) -> str:
        """The name, when it may be used.

        Raises:
            UsageError: ``azure-name``.
        """
        if not self.pattern.fullmatch(name):
            raise UsageError(
                "azure-name",
                f"Azure takes no {self.what} named {name!r}",
                hint=f"a {self.what} has {self.words}",
            )
        return name


ACCOUNT = Rule("storage account", re.compile(r"[a-z0-9]{3,24}"), "3 to 24 small letters and digits")
CONTAINER = Rule(
    "container",
    re.compile(r"\$root|(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*"),
    "3 to 63 small letters, digits and single hyphens",
)
_GROUP = re.compile(r"[\w().-]{0,89}[\w()-]")
RESOURCE_GROUP = Rule(
    "resource group", _GROUP, "1 to 90 letters, digits and _ ( ) - . and no dot at the end"
)
DISK = Rule(
    "managed disk",
    re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?"),
    "1 to 80 letters, digits, _ . - and begins with a letter or digit",
)
IMAGE = Rule("image", DISK.pattern, DISK.words)
GALLERY = Rule(
    "gallery",
    re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.]{0,78}[A-Za-z0-9])?"),
    "1 to 80 letters, digits, _ and . between letters or digits",
)
DEFINITION = Rule(
    "image definition",
    re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9])?"),
    "1 to 80 letters, digits, _ . and - between letters or digits",
)
SUBSCRIPTION = Rule(
    "subscription",
    re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "the form of a GUID: az account show --query id",
)
LOCATION = Rule("location", re.compile(r"[a-z0-9]{2,40}"), "small letters and digits: westeurope")
_VERSION = Rule(
    "image version", re.compile(r"\d{1,10}\.\d{1,10}\.\d{1,10}"), "three numbers: 1.0.0"
)

_MAX_VERSION = (1 << 31) - 1
_MAX_BLOB_NAME = 1024
_MAX_SEGMENTS = 254


def check_version(version: str) -> str:
    """The version of a gallery image, when it may be used.

    Raises:
        UsageError: ``azure-name``.
    """
    _VERSION.check(version)
    if any(int(part) > _MAX_VERSION for part in version.split(".")):
        raise UsageError(
            "azure-name", f"the version {version} is too large", hint="numbers have 31 bits"
        )
    return version


def check_blob(name: str) -> str:
    """The name of a blob that a disk can be made from.

    Azure makes disks only from blobs whose names end in .vhd.

    Raises:
        UsageError: ``azure-name``.
    """
    segments = name.split("/")
    odd = not name or len(name) > _MAX_BLOB_NAME or len(segments) > _MAX_SEGMENTS
    if odd or any(not segment or segment.endswith(".") for segment in segments):
        raise UsageError(
            "azure-name",
            f"Azure takes no blob named {name!r}",
            hint="1 to 1024 characters; no part between slashes is empty or ends in a dot",
        )
    if not name.lower().endswith(".vhd"):
        raise UsageError(
            "azure-name",
            f"Azure makes no disk from a blob named {name!r}",
            hint=f"name it {name}.vhd",
        )
    return name
