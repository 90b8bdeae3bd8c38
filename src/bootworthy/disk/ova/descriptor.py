"""The descriptor of an OVF package: which of its files are disks.

Source: DMTF DSP0243 2.1.1, clauses 7.1 (References) and 9.1 (DiskSection). Names of elements are
taken without their namespaces, which differ between versions of the standard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from bootworthy.disk.sizes import MIB
from bootworthy.model.errors import ImageError

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

# A machine with a dozen disks and a long licence text has 200 KB.
_MAX_BYTES = 4 * MIB
_SEPARATOR = " "


def disk_files(file: HostFile) -> list[str]:
    """The names of the files that disks are in, as written, in the order of the disks.

    Raises:
        ImageError: the descriptor is no XML, too long, declares a document type (which is how
            entities are made), or has no disk.
    """
    if file.size > _MAX_BYTES:
        file.corrupt(f"an OVF descriptor of {file.size} bytes is none")
    found = _Found(file)
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.StartElementHandler = found.start
    parser.StartDoctypeDeclHandler = found.refuse_doctype
    try:
        parser.Parse(file.pread_exact(0, file.size, "OVF descriptor"), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        file.corrupt(f"its OVF descriptor is no XML: {error}")
    return found.names()


class _Found:
    def __init__(self, file: HostFile) -> None:
        self._file = file
        self._files: dict[str, dict[str, str]] = {}
        self._disks: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = {key.rpartition(_SEPARATOR)[2]: value for key, value in attributes.items()}
        kind = name.rpartition(_SEPARATOR)[2]
        if kind == "File" and "id" in local:
            self._files[local["id"]] = local
        elif kind == "Disk" and local.get("fileRef"):
            self._disks.append(local["fileRef"])

    def refuse_doctype(self, *_declaration: object) -> NoReturn:
        self._file.corrupt("its OVF descriptor declares a document type")

    def names(self) -> list[str]:
        names = list(dict.fromkeys(self._name(disk) for disk in self._disks))
        if not names:
            raise ImageError(
                "image-not-found",
                f"{self._file.path} describes no disk that is in a file",
                hint="check that the machine was exported with its disks",
            )
        return names

    def _name(self, disk: str) -> str:
        file = self._files.get(disk)
        if file is None or not file.get("href"):
            self._file.corrupt(f"the OVF descriptor names no file {disk[:80]!r}")
        if "chunkSize" in file:
            raise ImageError(
                "image-format-unsupported",
                f"{self._file.path}: a disk in chunks, not read",
                hint="join the chunks, or export the machine again without them",
            )
        return file["href"]
