"""A directory of .rpm files as a repository for dnf, yum, tdnf and zypper."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bootworthy.model.errors import UsageError

_PROGRAM = "createrepo_c"
_TIMEOUT = 600.0

# rpm's lib/rpmlead.c; createrepo_c skips what lacks it with a warning and status 0.
_MAGIC = b"\xed\xab\xee\xdb"


def write_index(directory: Path, scratch: Path, *, guest_path: str) -> None:
    """Write repository metadata and a repository file into ``scratch`` for ``directory``'s rpms.

    The files themselves are seen by the guest below ``guest_path``/pool.

    Raises:
        UsageError: the directory holds no .rpm file, one is no package, or createrepo_c is not
            here.
    """
    files = sorted(directory.rglob("*.rpm")) if directory.is_dir() else []
    if not files:
        raise UsageError(
            "packages-none",
            f"there are no .rpm files in {directory}",
            hint="put the packages and all they depend on there, or leave --packages out",
        )
    for path in files:
        _require_package(path)
    if shutil.which(_PROGRAM) is None:
        raise UsageError(
            "packages-no-index",
            f"{_PROGRAM} is not installed here, and dnf reads no directory without its index",
            hint="install it (Debian: createrepo-c), or leave --packages out",
        )
    (scratch / "pool").mkdir(exist_ok=True)
    _index(directory, scratch)
    _add_repository_file(scratch, guest_path)


def _require_package(path: Path) -> None:
    try:
        with path.open("rb") as file:
            is_package = file.read(len(_MAGIC)) == _MAGIC
    except OSError as error:
        raise _unreadable(path, str(error)) from error
    if not is_package:
        raise _unreadable(path, "it has no rpm header")


def _unreadable(path: Path, why: str) -> UsageError:
    return UsageError(
        "package-unreadable",
        f"{path} is not an rpm package: {why}",
        hint="download it again, or take it out of the directory",
    )


def _index(directory: Path, scratch: Path) -> None:
    argv = (
        *(_PROGRAM, "--quiet", "--no-database", "--location-prefix", "pool/"),
        *("--outputdir", str(scratch), str(directory.absolute())),
    )
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=_TIMEOUT)
    if done.returncode:
        raise _unreadable(directory, done.stderr.strip()[-500:])


def _add_repository_file(scratch: Path, guest_path: str) -> None:
    # The user vouches for the files by naming the directory; they carry no signature of their own.
    (scratch / "bootworthy.repo").write_text(
        "[bootworthy]\nname=packages of --packages\nenabled=1\nautorefresh=0\ngpgcheck=0\n"
        f"repo_gpgcheck=0\nbaseurl=file://{guest_path}\n"
    )
