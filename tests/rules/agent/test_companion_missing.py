from __future__ import annotations

import pytest

from bootworthy.model.intent import Intent, Provisioning
from bootworthy.model.steps import InstallPackages
from bootworthy.rules.agent.companion_missing import check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject


def test_both_are_there() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize(
    ("path", "program", "package"),
    [
        ("/usr/bin/growpart", "growpart", "cloud-guest-utils"),
        ("/usr/sbin/sgdisk", "sgdisk", "gdisk"),
    ],
)
def test_one_is_missing(path: str, program: str, package: str) -> None:
    found = finding(check, subject(healthy({path: None})))

    assert found.message.startswith(f"{program} is missing: ")
    assert found.fix is not None
    assert found.fix.steps == (InstallPackages(packages=(package,)),)
    assert finding(check, subject(healthy({path: Link("/gone")}))) == found


def test_the_agent_alone_has_no_use_for_them() -> None:
    alone = Intent(provisioning=Provisioning.AGENT)
    assert not_applicable(check, subject(healthy({"/usr/bin/growpart": None}), intent=alone))


def test_both_are_missing() -> None:
    files = healthy({"/usr/bin/growpart": None, "/usr/sbin/sgdisk": None})
    assert [one.expected for one in findings(check, subject(files))] == ["growpart", "sgdisk"]
