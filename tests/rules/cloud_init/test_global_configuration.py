from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.cloud_init.global_configuration import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

LINE = 'DefaultEnvironment="CLOUD_CFG=/etc/cloud/cloud.cfg.d/00-azure-swap.cfg"'


@pytest.mark.parametrize("text", ["[Manager]\n", f"#{LINE}\n", f"; {LINE}\n", "CLOUD_CFGS=1\n"])
def test_it_is_not_set(text: str) -> None:
    assert findings(check, subject(healthy({"/etc/systemd/system.conf": text}))) == ()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/systemd/system.conf",
        "/etc/systemd/system.conf.d/cloud.conf",
        "/etc/environment",
        "/etc/default/cloud-init",
    ],
)
def test_the_article_was_followed(path: str) -> None:
    found = finding(check, subject(healthy({path: f"[Manager]\n{LINE}\n"})))

    assert found.severity is Severity.WARNING
    assert str(found.place) == f"{path}:2"
    assert found.found == LINE
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND
