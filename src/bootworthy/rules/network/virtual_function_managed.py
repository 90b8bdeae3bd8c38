"""NetworkManager would configure the card behind an accelerated one."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import WriteFile
from bootworthy.rules import sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Microsoft's page for Red Hat, step "Configure accelerated networking"; both the Mellanox cards and
# MANA are children of the driver hv_pci.
RULES = WriteFile(
    path="/etc/udev/rules.d/68-azure-sriov-nm-unmanaged.rules",
    text="""\
# Accelerated networking on Azure exposes a new SR-IOV interface to the machine. It belongs to the
# synthetic one, so NetworkManager leaves it alone.
SUBSYSTEM=="net", DRIVERS=="hv_pci", ACTION=="add", ENV{NM_UNMANAGED}="1"
""",
)
_FOLDERS = ("/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")


@rule(
    code="NET-13",
    name="virtual-function-managed",
    severity=Severity.WARNING,
    why="With accelerated networking the second card gets an address of its own, and traffic goes "
    "astray.",
    when=(has_guest,),
    sources=(sources.RHEL_PAGE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """A udev rule tells NetworkManager to leave the virtual function alone."""
    guest = subject.linux
    if "networkmanager" not in guest.network.stacks:
        return
    paths = (path for folder in _FOLDERS for path in guest.tree.glob(f"{folder}/*.rules"))
    if not any(
        "NM_UNMANAGED" in (text := guest.tree.text_or(path)) and "hv_pci" in text for path in paths
    ):
        yield Violation(
            message="NetworkManager manages the virtual function of an accelerated card",
            place=Place(RULES.path),
            found="no udev rule that sets NM_UNMANAGED for hv_pci",
            expected="such a rule",
            fix=Fix(title=f"write {RULES.path}", steps=(RULES,)),
        )
