"""A directory of .deb files as a flat apt repository, made without apt's own tools.

Formats: deb(5) (an ar archive with control.tar.* inside), deb822(5), and the repository format
that apt reads (https://wiki.debian.org/DebianRepository/Format, "Flat Repository Format").
"""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import zlib
from pathlib import Path

from bootworthy.model.errors import UsageError

_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60

# The largest control archive in Debian's pool is below 5 MiB.
_CONTROL_LIMIT = 64 << 20


def write_index(directory: Path, scratch: Path, *, guest_path: str) -> None:
    """Write ``Packages`` and ``sources.list`` into ``scratch`` for the .deb files of ``directory``.

    Raises:
        UsageError: the directory is missing, holds no .deb file, or one is not a package.
    """
    files = sorted(directory.rglob("*.deb")) if directory.is_dir() else []
    if not files:
        raise UsageError(
            "packages-none",
            f"there are no .deb files in {directory}",
            hint="put the packages and all they depend on there, or leave --packages out",
        )
    (scratch / "pool").mkdir(exist_ok=True)
    stanzas = [_stanza(path, path.relative_to(directory)) for path in files]
    (scratch / "Packages").write_text("\n".join(stanzas), encoding="utf-8")
    # The user vouches for the files by naming the directory; they carry no signature of their own.
    (scratch / "sources.list").write_text(f"deb [trusted=yes] file:{guest_path} ./\n")


def _stanza(path: Path, name: Path) -> str:
    control = read_control(path).strip("\n")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    return f"{control}\nFilename: ./pool/{name}\nSize: {size}\nSHA256: {digest}\n"


def read_control(path: Path) -> str:
    """The control file of a .deb.

    Raises:
        UsageError: ``package-unreadable``, when it is not a Debian package.
    """
    try:
        return _control_file(_control_member(path))
    except (OSError, ValueError, EOFError, tarfile.TarError, lzma.LZMAError, zlib.error) as error:
        raise UsageError(
            "package-unreadable",
            f"{path} is not a Debian package: {error}",
            hint="download it again, or take it out of the directory",
        ) from error


def _control_member(path: Path) -> tuple[str, bytes]:
    with path.open("rb") as file:
        if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
            raise ValueError("no ar archive")
        while len(header := file.read(_AR_HEADER)) == _AR_HEADER:
            name = header[:16].decode("ascii", "replace").strip().rstrip("/")
            size = int(header[48:58])
            if name.startswith("control.tar") and size <= _CONTROL_LIMIT:
                return name, file.read(size)
            file.seek(size + size % 2, io.SEEK_CUR)
    raise ValueError("no control archive")


def _control_file(member: tuple[str, bytes]) -> str:
    name, data = member
    with tarfile.open(fileobj=io.BytesIO(_unpack(name, data))) as archive:
        for entry in archive:
            if entry.name in ("./control", "control") and entry.size <= _CONTROL_LIMIT:
                file = archive.extractfile(entry)
                return file.read().decode("utf-8", "replace") if file else ""
    raise ValueError("no control file")


def _unpack(name: str, data: bytes) -> bytes:
    if name.endswith(".zst"):
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data))
        return reader.read(_CONTROL_LIMIT)
    if name.endswith((".xz", ".lzma")):
        return lzma.LZMADecompressor().decompress(data, _CONTROL_LIMIT)
    if name.endswith(".gz"):
        return zlib.decompressobj(31).decompress(data, _CONTROL_LIMIT)
    return data
