from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.kernel.numa_setting_wrong import check
from tests.rules.kernel.releases import running
from tests.rules.making import finding, findings, subject

OLD, NEW = "2.6.32-431.el6.x86_64", "6.1.0-28-amd64"


@pytest.mark.parametrize("release", [NEW, "2.6.32-504.el6.x86_64", "2.6.37", "custom"])
def test_newer_kernels_pass_without_it(release: str) -> None:
    assert findings(check, subject(running(release))) == ()


def test_older_ones_pass_with_it() -> None:
    assert findings(check, subject(running(OLD, arguments="console=ttyS0 numa=off"))) == ()


@pytest.mark.parametrize("release", [OLD, "2.6.32-5-amd64", "2.6.36"])
def test_older_ones_crash_without_it(release: str) -> None:
    found = finding(check, subject(running(release)))

    assert found.severity is Severity.ERROR
    assert found.message == f"kernel {release} crashes without numa=off"
    assert found.place.within == "Debian GNU/Linux"
    assert len(found.related) == 2
    assert found.fix is not None
    assert found.fix.steps == (SetKernelArguments(add=("numa=off",)),)


def test_newer_ones_are_slowed_down_by_it() -> None:
    found = finding(check, subject(running(NEW, arguments="numa=off")))

    assert found.severity is Severity.WARNING
    assert found.message == f"numa=off slows kernel {NEW} down for nothing"
    assert found.fix is not None
    assert found.fix.steps == (SetKernelArguments(remove=("numa=off",)),)


def test_the_oldest_kernel_decides_for_all() -> None:
    assert findings(check, subject(running(NEW, OLD, arguments="numa=off"))) == ()
    assert finding(check, subject(running(NEW, OLD))).expected == "numa=off"


def test_a_number_without_end_is_no_build_of_red_hats() -> None:
    release = f"2.6.32-{'9' * 100}.el6"
    found = findings(check, subject(running(release)))
    assert [item.expected for item in found] == ["numa=off"]
