"""Why a rehearsal fails where no rule about the image says it: the BT part of the catalogue.

The other diagnoses name rules that ``bootworthy check`` knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from bootworthy.rules import catalogue


@dataclass(frozen=True, kw_only=True)
class Code:
    """One way to fail; ``name`` states the problem, as the names of rules do."""

    code: str
    name: str
    why: str
    fix: str


_BOOT_CODES = (
    Code(
        code="BT-07",
        name="kernel-panicked",
        why="A machine whose kernel stops never reports ready.",
        fix="read the lines above the panic in the serial log (--keep DIR)",
    ),
    Code(
        code="BT-08",
        name="boot-stalled",
        why="The machine said nothing more, and nobody can help it along on Azure.",
        fix="read the end of the serial log (--keep DIR)",
    ),
    Code(
        code="BT-09",
        name="not-provisioned",
        why="Azure waits for a guest to report ready and gives up: OSProvisioningTimedOut.",
        fix="read what cloud-init and the agent said in the serial log, and what they asked for in "
        "the fabric's log (--keep DIR)",
    ),
    Code(
        code="BT-10",
        name="login-refused",
        why="A machine that nobody can log in to is of no use, ready or not.",
        fix="let sshd accept keys of the user that Azure makes: see PubkeyAuthentication, "
        "AuthorizedKeysFile and AuthenticationMethods in sshd_config",
    ),
    Code(
        code="BT-11",
        name="boot-slow",
        why="Azure gives a guest a limited time to report ready.",
        fix="find the longest pauses in the serial log (--keep DIR), whose lines have their times",
    ),
    Code(
        code="BT-12",
        name="unit-failed",
        why="What fails here fails on every machine made from the image.",
        fix="mend the unit, or disable it in the image",
    ),
    Code(
        code="BT-17",
        name="secure-boot-refused",
        why="Trusted launch starts only what Microsoft's keys have signed.",
        fix="install the distribution's signed shim, boot loader and kernel",
    ),
    Code(
        code="BT-18",
        name="root-full",
        why="Provisioning writes accounts, keys and state before the file system can grow.",
        fix="free space in the image: a hundred MiB at least",
    ),
    Code(
        code="BT-19",
        name="provisioned-again",
        why="A machine that is provisioned at each boot loses its host keys and its changes.",
        fix="let /var/lib/cloud and /var/lib/waagent survive a reboot",
    ),
    Code(
        code="BT-20",
        name="second-boot-failed",
        why="Azure restarts machines for updates of its own.",
        fix="read the serial log of the second boot (--keep DIR)",
    ),
    Code(
        code="BT-21",
        name="sudo-refused",
        why="Azure's first account administers the machine by sudo; root has no password.",
        fix="install sudo, and let /etc/sudoers include /etc/sudoers.d",
    ),
    Code(
        code="BT-22",
        name="custom-data-lost",
        why="What people hand a machine as custom data is expected to be there, and to run.",
        fix="let cloud-init's final stage run, and the provisioning medium be mounted",
    ),
    Code(
        code="BT-23",
        name="no-clock-source",
        why="Without a hardware clock source a machine's time drifts.",
        fix="use a kernel with the drivers of Hyper-V's clocks and of the TSC",
    ),
    Code(
        code="BT-24",
        name="processor-too-old",
        why="The distribution is built for newer processors than the rehearsal emulates.",
        fix="rehearse it where KVM works: there the guest gets the processor of the host",
    ),
    Code(
        code="BT-25",
        name="provisioning-medium-unread",
        why="Custom data, passwords and certificates come on the DVD; without it they are lost.",
        fix="let the kernel read UDF and the guest mount its DVD drive",
    ),
    Code(
        code="BT-26",
        name="agent-silent",
        why="Without the agent a machine takes no extensions, and Azure calls it not ready.",
        fix="read /var/log/waagent.log of the machine: `bootworthy rehearse --keep DIR` keeps "
        "what it asked the fabric for",
    ),
)

BOOT_CODES: dict[str, Code] = {code.code: code for code in _BOOT_CODES}
"""The diagnoses that are no rule about an image."""


def find_boot_code(word: str) -> Code | None:
    """The diagnosis with this code or name, whatever its case; None for rules."""
    wanted = word.casefold()
    codes = BOOT_CODES.values()
    return next((item for item in codes if wanted in (item.code.casefold(), item.name)), None)


def code_of(code: str) -> Code:
    """The diagnosis by its code, whether it is a rule or one of the above.

    Raises:
        UsageError: there is no such code.
    """
    if code in BOOT_CODES:
        return BOOT_CODES[code]
    rule = catalogue.find(code)
    fix = f"{rule.summary} `bootworthy check` says where, `bootworthy prepare` mends what it can."
    return Code(code=rule.code, name=rule.name, why=rule.why, fix=fix)
