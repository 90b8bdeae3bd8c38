from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cloud_init.files import HOST_NAME
from bootworthy.rules.cloud_init.host_name_preserved import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, subject

PATH = "/etc/cloud/cloud.cfg.d/20-name.cfg"


@pytest.mark.parametrize("text", ["", "preserve_hostname: false\n", "preserve_hostname: maybe\n"])
def test_others_pass(text: str) -> None:
    assert findings(check, subject(healthy({PATH: text}))) == ()


def test_it_is_preserved() -> None:
    found = finding(check, subject(healthy({PATH: "preserve_hostname: true\n"})))

    assert (found.severity, found.place.path) == (Severity.WARNING, PATH)
    assert found.fix is not None
    assert found.fix.steps == (HOST_NAME,)


def test_what_is_written_is_enough() -> None:
    files = healthy({PATH: "preserve_hostname: true\n", HOST_NAME.path: HOST_NAME.text})
    assert findings(check, subject(files)) == ()
