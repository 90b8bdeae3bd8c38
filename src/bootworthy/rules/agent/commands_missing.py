"""Programs that the agent runs are missing."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.families.family import Need
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation, by_hand
from bootworthy.rules import software, sources
from bootworthy.rules.agent.settings import leaves_disk_to_cloud_init
from bootworthy.rules.conditions import with_agent
from bootworthy.rules.provisioning import agent_provisions
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# azurelinuxagent/common/utils/cryptutil.py and common/osutil/default.py. The agent's certificate,
# by which it reads extensions' settings, comes from openssl whoever provisions.
_ALWAYS = ("openssl",)
_TO_PROVISION = ("useradd", "usermod", "ssh-keygen")

# For the provisioning medium, once it is read. Without such a program agents since 2.2.54 end, and
# begin again every 15 seconds; Debian 13's package does not depend on it.
_EJECT = "eject"
_MODULE = "azurelinuxagent/common/osutil/default.py"
_EJECTS = f'run_command(["{_EJECT}"'

# resourcedisk/default.py, for a temporary disk that the agent is to format: Azure's has a partition
# with NTFS, in an MBR or in a GPT, which the agent gives another type or makes anew.
_FORMATS, _FILE_SYSTEM = "ResourceDisk.Format", "ResourceDisk.Filesystem"
_SWAPS = "ResourceDisk.EnableSwap"
_TO_FORMAT = ("sfdisk", "parted")
_TO_SWAP = ("mkswap",)

_NEEDS = {_EJECT: Need.EJECT, "parted": Need.PARTED, "sfdisk": Need.SFDISK}


@rule(
    code="AGT-08",
    name="agent-command-missing",
    severity=Severity.WARNING,
    why="Extensions that need a secret fail, and accounts are not made where the agent provisions.",
    when=(with_agent,),
    sources=(sources.AGENT_OVERVIEW, sources.AGENT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """openssl is there, and what makes accounts, file systems and swap where the agent does.

    An error where the agent provisions, but for the temporary disk's.
    """
    guest = subject.linux
    provisions = agent_provisions(guest)
    needed = [*_ALWAYS, *(_TO_PROVISION if provisions else ())]
    needed += (_EJECT,) if provisions and _ejects(guest) else ()
    for name in (*needed, *_for_the_disk(guest)):
        if not software.has_program(guest, name):
            yield Violation(
                message=f"the agent runs {name}, which is missing",
                place=Place(f"/usr/bin/{name}"),
                found="no such program",
                expected=name,
                fix=_fix(guest, name),
                severity=Severity.ERROR if provisions and name in needed else None,
            )


def _ejects(guest: Guest) -> bool:
    return _EJECTS in guest.tree.text_or(f"{guest.agent.modules_dir}/{_MODULE}")


def _for_the_disk(guest: Guest) -> Iterator[str]:
    if leaves_disk_to_cloud_init(guest):
        return
    if guest.agent.is_on(_FORMATS):
        yield from (*_TO_FORMAT, f"mkfs.{guest.agent.value(_FILE_SYSTEM) or 'ext4'}")
    if guest.agent.is_on(_SWAPS):
        yield from _TO_SWAP


def _fix(guest: Guest, name: str) -> Fix:
    need = _NEEDS.get(name)
    if need and guest.family.packages_for(need):
        return software.install(guest, need)
    return by_hand(f"install the package that has {name}")
