from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.network.pinned_names import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

RULES = "/etc/udev/rules.d/70-persistent-net.rules"


def line(mac: str, name: str) -> str:
    return f'SUBSYSTEM=="net", ATTR{{address}}=="{mac}", NAME="{name}"\n'


def test_no_pinned_names() -> None:
    assert findings(check, subject(healthy())) == ()


def test_eth0_is_the_old_card() -> None:
    text = "# written by 75-persistent-net-generator\n" + line("00:50:56:9c:3e:71", "lan0")
    text += line("00:50:56:9c:3e:72", "eth0")

    found = finding(check, subject(healthy({RULES: text})))

    assert found.severity is Severity.ERROR
    assert str(found.place) == f"{RULES}:3"
    assert 'NAME="eth0"' in found.found
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=(RULES,)),)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (RULES, line("00:50:56:9c:3e:71", "lan0")),
        (
            "/etc/systemd/network/10-lan.link",
            "[Match]\nMACAddress=00:50:56:9c:3e:71\n[Link]\nName=x\n",
        ),
        ("/etc/iftab", "lan0 mac 00:50:56:9c:3e:71\n"),
        ("/usr/lib/udev/rules.d/75-persistent-net-generator.rules", 'ACTION=="add"\n'),
    ],
)
def test_another_name_is_merely_unused(path: str, text: str) -> None:
    found = finding(check, subject(healthy({path: text})))

    assert found.severity is Severity.WARNING
    assert found.place.path == path


def test_a_generator_that_is_switched_off() -> None:
    name = "udev/rules.d/75-persistent-net-generator.rules"
    files = healthy({f"/usr/lib/{name}": "x", f"/etc/{name}": Link("/dev/null")})
    assert findings(check, subject(files)) == ()


def test_a_name_with_wildcards_means_that_file() -> None:
    path = "/etc/udev/rules.d/70-persistent-net[1]*.rules"
    found = finding(check, subject(healthy({path: line("00:50:56:9c:3e:71", "eth0")})))
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, RemovePaths)
    assert step.patterns == ("/etc/udev/rules.d/70-persistent-net[[]1][*].rules",)
