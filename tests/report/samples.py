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
from bootworthy.model.intent import Generation
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.model.rehearsal import (
    Diagnosis,
    Happening,
    Milestone,
    MilestoneState,
    Rehearsed,
    Verdict,
)
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


def verdict(*, passed: bool = False) -> Verdict:
    """A rehearsal that came to the network, or to a login."""
    reached, missed = MilestoneState.REACHED, MilestoneState.MISSED
    steps = [
        ("boot-loader", "firmware found a boot loader", reached, 1.8, "Welcome to GRUB!"),
        ("kernel", "kernel started", reached, 6.2, "[    0.000000] Linux version 6.1.0-13-amd64"),
        ("dhcp", "network configured by DHCP", reached, 24.5, "dhcp-ack 10.0.0.4"),
        ("ready", "reported ready", reached if passed else missed, 41.0 if passed else None, ""),
    ]
    if not passed:
        steps.append(("login", "SSH key accepted", MilestoneState.NOT_ASKED, None, "not so far"))
    why = Diagnosis(
        rule="datasource-not-azure",
        code="CI-04",
        saw="60 s of silence, and nobody reported ready",
        where="serial",
        why="cloud-init looks for another cloud and provisions nothing.",
        fix="set datasource_list to Azure",
        at=120.0,
        confirmed=True,
    )
    return Verdict(
        subject="web01.vhd",
        version="0.1.0",
        machine=Rehearsed(
            generation=Generation.UEFI,
            architecture="x64",
            accelerator="tcg",
            controller="virtio-scsi",
            memory=2 << 30,
            cpus=2,
        ),
        milestones=tuple(
            Milestone(name=name, title=title, state=state, at=at, evidence=evidence)
            for name, title, state, at, evidence in steps
        ),
        diagnoses=() if passed else (why,),
        timeline=tuple(
            Happening(at=20.0 + number, source="dhcp", what=f"dhcp-discover {number}")
            for number in range(3)
        ),
        seconds=131.4,
        observations=("tried to reach 192.0.2.7:123 (udp)",),
        kept="logs",
        serial="".join(f"[{at:8.2f}] line {at} of the console\n" for at in range(120)),
    )
