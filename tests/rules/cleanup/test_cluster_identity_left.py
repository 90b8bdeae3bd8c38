from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.cleanup.cluster_identity_left import check
from tests.guest.memory import MemoryTree
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

LEFT = (
    "/var/lib/kubelet/pki/x",
    "/etc/kubernetes/pki/x",
    "/etc/kubernetes/x.conf",
    "/etc/docker/key.json",
    "/var/lib/docker/swarm/x",
    "/etc/rancher/node/x",
)

OTHERS = ("/etc/docker/daemon.json",)


def test_nothing_is_left() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize("path", OTHERS)
def test_what_stays(path: str) -> None:
    assert findings(check, subject(healthy({path: "x"}))) == ()


@pytest.mark.parametrize("path", LEFT)
def test_it_is_removed(path: str) -> None:
    found = finding(check, subject(healthy({path: "x"})))

    assert found.severity is Severity.NOTE
    assert (found.place.path, found.found) == (path, path)
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, RemovePaths)
    assert any(MemoryTree({path: "x"}).glob(pattern) for pattern in step.patterns)


def test_a_specialized_image_keeps_it() -> None:
    files = healthy({LEFT[0]: "x"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
