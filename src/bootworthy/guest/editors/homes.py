"""Whether a home directory may go with its account."""

from __future__ import annotations

from bootworthy.guest.facts.accounts import Account, Accounts
from bootworthy.guest.tree import Kind, Tree

_HOMES = "/home"

# hier(7): what is below these is the system's, whoever owns it.
_SYSTEM = (
    "/bin",
    "/boot",
    "/dev",
    "/efi",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/spool",
)

# These are the system's too, but people may have directories in them.
_SHARED = frozenset(
    ("/", _HOMES, "/var/home", "/var/mail", "/var/opt", "/var/tmp", "/var/www")  # noqa: S108
)


def home_of(tree: Tree, account: Account, accounts: Accounts) -> str | None:
    """The canonical path of a home that belongs to nobody else, None when it must stay."""
    if not account.home.startswith("/") or not tree.is_dir(account.home):
        return None
    real = tree.resolve(account.home)
    if (
        real in _SHARED
        or real.count("/") == 1
        or _is_needed_by_others(tree, real, account, accounts)
    ):
        return None
    if tree.is_dir(_HOMES) and _is_below(real, tree.resolve(_HOMES)):
        return real
    if any(real == path or _is_below(real, path) for path in _SYSTEM):
        return None
    return real if _all_belongs_to(tree, real, account.uid) else None


def _is_needed_by_others(tree: Tree, real: str, account: Account, accounts: Accounts) -> bool:
    others = (other.home for other in accounts.all if other.name != account.name)
    homes = (tree.resolve(home) for home in others if tree.kind(home) is Kind.DIRECTORY)
    return any(home == real or _is_below(home, real) for home in homes)


def _is_below(path: str, directory: str) -> bool:
    return path.startswith(directory.rstrip("/") + "/")


def _all_belongs_to(tree: Tree, real: str, uid: int) -> bool:
    inside = all(status.uid == uid for _, status in tree.walk(real))
    return inside and tree.lstat_at(real).uid == uid
