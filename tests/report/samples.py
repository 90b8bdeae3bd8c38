"""Reports that the tests of every format render."""

from __future__ import annotations

from bootworthy.model.finding import Finding, Fix, Outcome, Place, Severity, by_hand
from bootworthy.model.image import (
    ContainerInfo,
    FileSystem,
    GuestInfo,
    ImageInfo,
    Partition,
    TableKind,
)
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.report import Report, RuleResult, Unreadable
from bootworthy.model.steps import SetKernelArguments, UpdateInitramfs

IMAGE = ImageInfo(
    container=ContainerInfo(
        path="web01.qcow2",
        format="qcow2",
        virtual_size=21475270656,
        file_size=1048576,
        details=(("version", "3"),),
    ),
    table=TableKind.GPT,
    partitions=(Partition(number=1, start=1048576, size=2097152, type_id="c12a"),),
    file_systems=(FileSystem(partition=1, start=1048576, size=2097152, kind="vfat"),),
    generations=(2,),
)

GUEST = GuestInfo(
    root="partition 2",
    name="Debian GNU/Linux 12 (bookworm)",
    distribution="debian",
    version="12",
    architecture="x64",
    kernels=("6.1.0-13-amd64",),
)

INITRAMFS = Finding(
    rule="hv-driver-not-in-initramfs",
    code="INIT-01",
    severity=Severity.ERROR,
    message="hv_storvsc not in the initramfs of kernel 6.1.0-13-amd64",
    place=Place("/boot/initrd.img-6.1.0-13-amd64", within="initramfs-tools, 214 modules"),
    found="no hv_storvsc",
    expected="hv_vmbus, hv_storvsc, hv_netvsc",
    why="The OS disk is never found.",
    fix=Fix(title="put it in", steps=(UpdateInitramfs(modules=("hv_storvsc",)),)),
    related=(Place("/etc/initramfs-tools/modules"),),
)

QUIET = Finding(
    rule="quiet-boot",
    code="CMD-07",
    severity=Severity.WARNING,
    message="quiet hides the boot messages",
    place=Place("/boot/grub/grub.cfg", 110, "Debian"),
    found="root=UUID=1 ro quiet",
    expected="no quiet",
    why="The serial log is all there is to read.",
    fix=Fix(title="drop quiet", steps=(SetKernelArguments(remove=("quiet",)),)),
)

HOST = Finding(
    rule="user-left",
    code="SEC-04",
    severity=Severity.NOTE,
    message="the account installer is in the image",
    place=Place("/etc/passwd", 21),
    found="installer, uid 1000",
    expected="none",
    why="Its password opens every machine.",
    fix=by_hand("prepare with --remove-user installer"),
)


def _failed(finding: Finding) -> RuleResult:
    return RuleResult(
        rule=finding.rule, code=finding.code, outcome=Outcome.FAIL, findings=(finding,)
    )


def report(*, command: str = "check") -> Report:
    """A report with findings of each severity and rules of each outcome."""
    results = (
        _failed(HOST),
        _failed(INITRAMFS),
        _failed(QUIET),
        RuleResult(rule="a-b", code="VHD-04", outcome=Outcome.PASS),
        RuleResult(rule="c-d", code="VHD-05", outcome=Outcome.FIXED),
        RuleResult(rule="e-f", code="VHD-06", outcome=Outcome.NOT_APPLICABLE, reason="no GPT"),
        RuleResult(
            rule="g-h",
            code="VHD-07",
            outcome=Outcome.NOT_CHECKED,
            reason="/etc/x: garbage",
            unreadable=Unreadable("guest-file-corrupt", "/etc/x: garbage", "mend it"),
        ),
        RuleResult(rule="i-j", code="VHD-08", outcome=Outcome.ERROR, reason="KeyError: 'x'"),
    )
    changes = (
        Change(kind=ChangeKind.PROGRAM, what="update-grub", step="set-kernel-arguments"),
        Change(
            kind=ChangeKind.EDITED,
            what="/etc/default/grub",
            step="set-kernel-arguments",
            diff="--- a/etc/default/grub\n+++ b/etc/default/grub\n@@ -1 +1 @@\n-a\n+b\n",
            rules=("CMD-07",),
        ),
    )
    return Report(
        command=command,
        version="0.1.0",
        subject="web01.qcow2",
        results=results,
        seconds=1.94,
        engine="reader",
        image=IMAGE,
        guest=GUEST,
        changes=changes if command == "prepare" else (),
    )
