"""When a rule applies: each condition says why it does not, or nothing."""

from __future__ import annotations

from bootworthy.model.intent import Architecture, Generation, Provisioning
from bootworthy.rules.subject import Subject


def has_image(subject: Subject) -> str:
    """The subject is a disk image, not a directory."""
    return "" if subject.image else "there is no disk image, only a file tree"


def has_guest(subject: Subject) -> str:
    """There is a Linux to look at."""
    return "" if subject.guest else "there is no guest"


def generalized(subject: Subject) -> str:
    """New machines are to be made from the image (article, step 8, caution)."""
    return "" if subject.intent.generalized else "the image is specialized: its identity stays"


def specialized(subject: Subject) -> str:
    """One machine moves."""
    return "the image is generalized" if subject.intent.generalized else ""


def bios(subject: Subject) -> str:
    """The image is meant for generation 1."""
    return "" if Generation.BIOS in subject.generations else "not a generation 1 image"


def uefi(subject: Subject) -> str:
    """The image is meant for generation 2."""
    return "" if Generation.UEFI in subject.generations else "not a generation 2 image"


def x64(subject: Subject) -> str:
    """The guest runs on x86-64."""
    return "" if subject.architecture is Architecture.X64 else "the guest is not x64"


def with_packages(subject: Subject) -> str:
    """The package database can be read."""
    if reason := has_guest(subject):
        return reason
    return subject.linux.packages.problem


def with_agent(subject: Subject) -> str:
    """The Azure Linux agent is installed."""
    return has_guest(subject) or _unless(
        subject.linux.agent.installed, "the agent is not installed"
    )


def with_cloud_init(subject: Subject) -> str:
    """cloud-init is installed, and not to be kept from working."""
    return (
        has_guest(subject)
        or cloud_init_wanted(subject)
        or _unless(subject.linux.cloud_init.installed, "cloud-init is not installed")
    )


def cloud_init_wanted(subject: Subject) -> str:
    """cloud-init is to provision."""
    return _unless(subject.intent.provisioning is not Provisioning.AGENT, "--provisioning agent")


def agent_wanted(subject: Subject) -> str:
    """The agent is to be there, to provision or for extensions."""
    chosen = subject.intent.provisioning
    return _unless(chosen is not Provisioning.CLOUD_INIT, "--provisioning cloud-init")


def with_kernels(subject: Subject) -> str:
    """The guest has a kernel of its own (a container's file tree has none)."""
    return has_guest(subject) or _unless(bool(subject.linux.kernels), "the guest has no kernel")


def _unless(fine: bool, reason: str) -> str:
    return "" if fine else reason
