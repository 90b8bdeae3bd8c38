"""What can go wrong, as one small tree; each error has a stable code, a hint and an exit status.

    BootworthyError
    ├── UsageError          2   the command line or the configuration is wrong
    ├── ImageError          3   the image is unreadable, corrupt or unsupported
    │   └── GuestError      3   the same, said of the Linux inside it
    ├── HostError           4   this machine lacks a tool, a privilege or space
    ├── TransferError       5   Azure or the network failed; the transfer can be resumed
    └── InternalError      70   a bug in bootworthy

A finding is not an error: an image that breaks a rule was still read correctly.
"""

from __future__ import annotations

from typing import ClassVar


class BootworthyError(Exception):
    """Something bootworthy can explain.

    ``code`` is stable across releases and meant for programs; the message says what happened and
    to what, ``hint`` what to do about it.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class UsageError(BootworthyError):
    """The command line or the configuration asks for something that cannot be."""

    exit_code = 2


class ImageError(BootworthyError):
    """The image cannot be read: corrupt, truncated, encrypted or of an unknown format."""

    exit_code = 3


class GuestError(ImageError):
    """The Linux inside the image is missing, ambiguous or broken beyond what a rule can say."""


class HostError(BootworthyError):
    """This machine lacks a tool, a privilege, space or a kernel feature."""

    exit_code = 4


class TransferError(BootworthyError):
    """Azure or the network failed; what was sent stays sent."""

    exit_code = 5


class InternalError(BootworthyError):
    """A bug in bootworthy."""

    exit_code = 70
