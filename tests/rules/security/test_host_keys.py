from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import EnableUnits, RemovePaths, WriteFile
from bootworthy.rules.security.host_keys import UNIT, UNIT_PATH, UNIT_TEXT, check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject
from tests.rules.systemd import WANTS, problems

KEYS: dict[str, Entry | None] = {
    "/etc/ssh/ssh_host_rsa_key": "key",
    "/etc/ssh/ssh_host_rsa_key.pub": "key",
    "/etc/ssh/ssh_host_ed25519_key": "key",
}
REMOVED = RemovePaths(patterns=("/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_*_key.pub"))
NO_UNIT: dict[str, Entry | None] = {UNIT_PATH: None}
NO_CLOUD_INIT: dict[str, Entry | None] = {"/usr/bin/cloud-init": None}


def test_no_keys_and_a_unit_that_makes_them() -> None:
    assert findings(check, subject(healthy(NO_CLOUD_INIT))) == ()


def test_no_keys_and_cloud_init() -> None:
    assert findings(check, subject(healthy(NO_UNIT))) == ()


@pytest.mark.parametrize(
    "config",
    [
        "",
        "Provisioning.Agent=disabled\n",
        # It comes after sshd, which it does not start again.
        "Provisioning.Agent=waagent\nProvisioning.RegenerateSshHostKeyPair=y\n",
    ],
)
def test_nothing_makes_keys(config: str) -> None:
    files = healthy({**NO_UNIT, **NO_CLOUD_INIT, "/etc/waagent.conf": config or "# empty\n"})

    found = finding(check, subject(files))

    assert found.severity is Severity.ERROR
    assert found.message == "nothing makes SSH host keys at the first boot"
    assert found.fix is not None
    assert found.fix.steps == (
        WriteFile(path=UNIT_PATH, text=UNIT_TEXT),
        EnableUnits(units=(UNIT,)),
        REMOVED,
    )


@pytest.mark.parametrize(
    "generator",
    [
        {"/usr/lib/systemd/system/sshd-keygen.target": "[Unit]\nWants=sshd-keygen@rsa.service\n"},
        {"/usr/lib/systemd/system/sshdgenkeys.service": "[Service]\nExecStart=/bin/true\n"},
        {"/usr/sbin/sshd-gen-keys-start": "#!/bin/sh\n"},
    ],
)
def test_generators_of_other_distributions(generator: dict[str, Entry]) -> None:
    files = healthy({**NO_UNIT, **NO_CLOUD_INIT, **generator})
    assert findings(check, subject(files)) == ()

    found = finding(check, subject({**files, "/etc/ssh/ssh_host_rsa_key": "key"}))
    assert found.fix is not None
    assert found.fix.steps == (REMOVED,)


def test_a_generator_of_a_first_boot_that_no_generalized_image_has() -> None:
    name = "sshd-keygen.service"
    unit: dict[str, Entry | None] = {
        f"/usr/lib/systemd/system/{name}": "[Unit]\nConditionFirstBoot=yes\n[Install]\n"
        "WantedBy=ssh.service\n",
        f"/etc/systemd/system/ssh.service.wants/{name}": Link(f"/usr/lib/systemd/system/{name}"),
    }
    files = healthy({**NO_UNIT, **NO_CLOUD_INIT, **unit})
    overridden = f"/etc/systemd/system/{name}.d/always.conf"

    assert finding(check, subject(files)).severity is Severity.ERROR
    found = finding(check, subject({**files, **{k: v for k, v in KEYS.items() if v is not None}}))
    assert found.fix is not None
    assert [step.kind for step in found.fix.steps] == ["write-file", "enable-units", "remove-paths"]
    changed = {
        **files,
        f"/usr/lib/systemd/system/{name}": "[Unit]\n[Install]\nWantedBy=ssh.service\n",
    }
    assert findings(check, subject(changed)) == ()
    assert finding(check, subject({**changed, overridden: "[Unit]\nConditionFirstBoot=true\n"}))


def test_a_generator_that_is_masked() -> None:
    name = "sshd-keygen.target"
    masked: dict[str, Entry | None] = {
        f"/usr/lib/systemd/system/{name}": "[Unit]\n",
        f"/etc/systemd/system/{name}": Link("/dev/null"),
    }
    files = healthy({**NO_UNIT, **NO_CLOUD_INIT, **masked})
    assert finding(check, subject(files)).severity is Severity.ERROR


def test_keys_are_shipped() -> None:
    found = finding(check, subject(healthy(KEYS)))

    assert found.severity is Severity.WARNING
    assert found.found == "/etc/ssh/ssh_host_ed25519_key, /etc/ssh/ssh_host_rsa_key"
    assert found.fix is not None
    assert found.fix.steps == (REMOVED,)


def test_a_unit_comes_with_their_removal() -> None:
    found = finding(check, subject(healthy({**KEYS, **NO_UNIT})))
    assert found.fix is not None
    assert [step.kind for step in found.fix.steps] == ["write-file", "enable-units", "remove-paths"]


def test_keys_elsewhere_are_left_to_a_person() -> None:
    files = healthy(
        {
            **KEYS,
            "/etc/ssh/sshd_config": "HostKey /etc/ssh/keys/mine\n",
            "/etc/ssh/keys/mine": "key",
        }
    )

    usual, mine = findings(check, subject(files))

    assert usual.fix is not None
    assert usual.fix.safety is Safety.SAFE
    assert mine.place.path == "/etc/ssh/keys/mine"
    assert mine.fix is not None
    assert mine.fix.safety is Safety.BY_HAND


def test_no_server_needs_no_keys() -> None:
    files = healthy({"/usr/sbin/sshd": None, **NO_UNIT, **NO_CLOUD_INIT})
    assert findings(check, subject(files)) == ()


def test_a_specialized_image_keeps_its_keys() -> None:
    assert not_applicable(
        check, subject(healthy(KEYS), intent=Intent(os_state=OsState.SPECIALIZED))
    )


def test_the_unit_fits_into_a_boot(tmp_path: Path) -> None:
    """Beside a socket, which comes before basic.target, and cloud-init, which makes keys first."""
    files: dict[str, Entry] = {UNIT_PATH: UNIT_TEXT, f"{WANTS}/{UNIT}": Link(UNIT_PATH)}
    assert problems(tmp_path / "good", files) == ""

    circle = UNIT_TEXT.replace("Before=", "Before=ssh.socket ")
    assert "ordering cycle" in problems(tmp_path / "bad", {**files, UNIT_PATH: circle})
