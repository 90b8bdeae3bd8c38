from __future__ import annotations

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import EnableUnits, InstallPackages
from bootworthy.rules.security.ssh_server_not_started import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy, unit
from tests.rules.making import Entry, finding, findings, subject

WANTED = "/etc/systemd/system/multi-user.target.wants/ssh.service"
OFF: dict[str, Entry | None] = {WANTED: None}


def test_the_service_starts() -> None:
    assert findings(check, subject(healthy())) == ()


def test_the_socket_starts() -> None:
    files = healthy({**OFF, **unit("ssh.socket", "sockets.target")})
    assert findings(check, subject(files)) == ()


def test_it_is_disabled() -> None:
    found = finding(check, subject(healthy(OFF)))

    assert found.severity is Severity.ERROR
    assert found.place.path == "/usr/lib/systemd/system/ssh.service"
    assert found.found == "ssh.service is disabled"
    assert found.fix is not None
    assert found.fix.steps == (EnableUnits(units=("ssh.service",)),)


def test_it_is_masked() -> None:
    masked = {"/etc/systemd/system/ssh.service": Link("/dev/null")}
    assert finding(check, subject(healthy(masked))).found == "ssh.service is masked"


def test_no_unit_starts_it() -> None:
    files = healthy({**OFF, "/usr/lib/systemd/system/ssh.service": None})
    found = finding(check, subject(files))

    assert found.place.path == "/usr/sbin/sshd"
    assert found.found == "ssh.service is absent"


def test_it_is_not_installed() -> None:
    found = finding(check, subject(healthy({"/usr/sbin/sshd": None})))

    assert found.message == "no SSH server is installed"
    assert found.fix is not None
    assert found.fix.steps == (
        InstallPackages(packages=("openssh-server",)),
        EnableUnits(units=("ssh.service",)),
    )


def test_packages_of_another_distribution_are_not_known() -> None:
    files = healthy({"/usr/sbin/sshd": None, "/etc/os-release": "ID=void\n"})
    found = finding(check, subject(files))
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_system_v_starts_it() -> None:
    script: dict[str, Entry | None] = {
        "/usr/lib/systemd": None,
        "/etc/systemd": None,
        "/usr/sbin/init": "",
        "/etc/init.d/ssh": "#!/bin/sh\n",
    }
    started = {**script, "/etc/rc2.d/S01ssh": Link("../init.d/ssh")}
    assert findings(check, subject(healthy(started))) == ()

    found = finding(check, subject(healthy(script)))
    assert found.place.path == "/etc/init.d/ssh"
    assert found.found == "ssh.service is disabled"
