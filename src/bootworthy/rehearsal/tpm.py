"""The virtual TPM of a machine with Trusted Launch, by swtpm where that is installed.

Azure's is a TPM 2.0 with a command response buffer (learn.microsoft.com, "Trusted launch").
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bootworthy.model.intent import Architecture
from bootworthy.rehearsal.subordinate import subordinate

# QEMU's board for arm64 has no place for a command response buffer (docs/specs/tpm.rst).
_DEVICES = {Architecture.X64: "tpm-crb", Architecture.ARM64: "tpm-tis-device"}


@contextmanager
def trusted_platform(directory: Path) -> Iterator[Path | None]:
    """The control socket of a new TPM, whose state is in ``directory``; None without swtpm."""
    program = shutil.which("swtpm")
    if program is None:
        yield None
        return
    state = directory / "tpm"
    state.mkdir()
    path = state / "control"
    with ExitStack() as stack:
        # QEMU may connect before swtpm accepts: the socket listens already. It is swtpm's alone
        # then, so that QEMU is not left waiting for one that has died.
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            argv = (program, *_arguments(state, listener.fileno()))
            stack.enter_context(subordinate(argv, directory / "swtpm.log", (listener.fileno(),)))
        yield path


def tpm_arguments(architecture: Architecture, control: str) -> list[str]:
    """QEMU's words for the TPM behind the socket at ``control``."""
    return [
        *("-chardev", f"socket,id=tpm,path={control}"),
        *("-tpmdev", "emulator,id=tpm0,chardev=tpm"),
        *("-device", f"{_DEVICES[architecture]},tpmdev=tpm0"),
    ]


def _arguments(state: Path, listener: int) -> tuple[str, ...]:
    control = f"type=unixio,fd={listener}"
    return ("socket", "--tpm2", "--tpmstate", f"dir={state}", "--ctrl", control)
