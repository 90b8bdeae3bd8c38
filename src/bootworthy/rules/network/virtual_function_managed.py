"""NetworkManager would configure the card behind an accelerated one."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import udev_rules
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
    paths = udev_rules.paths(guest.tree)
    if not any(_unmanages(line) for path in paths for line in udev_rules.lines(guest.tree, path)):
        yield Violation(
            message="NetworkManager manages the virtual function of an accelerated card",
            place=Place(RULES.path),
            found="no udev rule that sets NM_UNMANAGED for hv_pci",
            expected="such a rule",
            fix=Fix(title=f"write {RULES.path}", steps=(RULES,)),
        )


def _unmanages(line: str) -> bool:
    return "NM_UNMANAGED" in line and "hv_pci" in line
