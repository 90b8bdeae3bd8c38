"""SELinux: is it on, and with which policy (selinux(8), /etc/selinux/config)."""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.guest.editors.key_value import KeyValueFile
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError

CONFIG = "/etc/selinux/config"

# selinux-autorelabel of policycoreutils: all files are labelled at the next boot, which ends in
# one more; its first line holds options of fixfiles(8).
RELABEL_MARK = "/.autorelabel"


@dataclass(frozen=True, kw_only=True)
class Selinux:
    """``mode`` is enforcing, permissive, disabled or empty; ``policy`` the name of its folder."""

    mode: str
    policy: str
    has_policy: bool

    @property
    def is_on(self) -> bool:
        """Whether files need labels: it is not disabled, and has a policy to load."""
        return self.mode in ("enforcing", "permissive") and self.has_policy


def read(tree: Tree) -> Selinux:
    """SELinux of the guest."""
    mode = policy = ""
    try:
        file = KeyValueFile(tree.text_or(CONFIG), CONFIG)
        mode, policy = (file.get("SELINUX") or "").lower(), file.get("SELINUXTYPE") or ""
    except GuestError:
        pass  # what init cannot read leaves SELinux off
    contexts = f"/etc/selinux/{policy}/contexts/files/file_contexts"
    plain = bool(policy) and "/" not in policy
    return Selinux(mode=mode, policy=policy, has_policy=plain and tree.is_file(contexts))
