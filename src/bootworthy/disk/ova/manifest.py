"""The digests that belong to an OVF package.

Source: DMTF DSP0243 2.1.1, clause 5.1: "SHA256(name)= digest" in a file with the suffix .mf.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from bootworthy.disk.sizes import MIB
from bootworthy.disk.unpack.watched import watching
from bootworthy.model.errors import ImageError
from bootworthy.model.events import Observer, ignore

if TYPE_CHECKING:
    from bootworthy.disk.hostfile import HostFile

_LINE = re.compile(rb"\s*([A-Za-z0-9-]+)\s*\((.+)\)\s*=\s*([0-9A-Fa-f]+)\s*")
_ALGORITHMS = {"sha1": "sha1", "sha256": "sha256", "sha512": "sha512"}
_MAX_BYTES = MIB
_STEP = MIB


def read(file: HostFile) -> dict[str, tuple[str, str]]:
    """Algorithm and digest of each file in the manifest, by name.

    Raises:
        ImageError: it is too long, or a line of it is malformed.
    """
    if file.size > _MAX_BYTES:
        file.corrupt(f"a manifest of {file.size} bytes is none")
    digests: dict[str, tuple[str, str]] = {}
    for line in file.pread_exact(0, file.size, "manifest").splitlines():
        if not line.strip():
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            file.corrupt(f"its line {line[:80].decode('utf-8', 'replace')!r} is malformed")
        name = parts[2].decode("utf-8", "surrogateescape")
        algorithm = parts[1].decode("ascii").lower().replace("-", "")
        digests[name] = (algorithm, parts[3].decode("ascii").lower())
    return digests


def check(
    file: HostFile,
    name: str,
    digests: dict[str, tuple[str, str]],
    observer: Observer = ignore,
) -> str:
    """Compare a file, which the manifest calls ``name``; a note where that cannot be done.

    ``observer`` is told how far it is: a disk of 100 GB takes minutes.

    Raises:
        ImageError: ``image-manifest-mismatch``.
    """
    if name not in digests:
        return f"the manifest does not mention {name!r}, which is not checked"
    algorithm, wanted = digests[name]
    if algorithm not in _ALGORITHMS:
        return f"{name!r} is not checked: the manifest uses {algorithm[:20]}"
    digest = hashlib.new(_ALGORITHMS[algorithm], usedforsecurity=False)
    with watching(file, "Check the disk's digest", observer) as watched:
        for start in range(0, file.size, _STEP):
            digest.update(watched.pread_exact(start, min(_STEP, file.size - start), "file"))
    if digest.hexdigest() != wanted:
        raise ImageError(
            "image-manifest-mismatch",
            f"{file.path} is not what its manifest says: {algorithm} {digest.hexdigest()} "
            f"instead of {wanted[:128]}",
            hint="it was damaged or changed: copy or download it again",
        )
    return ""
