from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cloud_init.files import LOGGING
from bootworthy.rules.cloud_init.output_not_logged import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

LOG = "/etc/cloud/cloud.cfg.d/05_logging.cfg"


@pytest.mark.parametrize("text", [LOGGING.text, "output: {all: '>> /var/log/x'}\n"])
def test_it_is_logged(text: str) -> None:
    assert findings(check, subject(healthy({LOG: text}))) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log_cfgs: []\n", "no output setting"),
        ("output: {final: x}\n", "output: {'final': 'x'}"),
        ("output: all\n", "output: all"),
        ("output: [all]\n", "output: ['all']"),
    ],
)
def test_it_is_not_logged(text: str, words: str) -> None:
    found = finding(check, subject(healthy({LOG: text})))

    assert found.severity is Severity.NOTE
    assert found.found == words
    assert found.fix is not None
    assert found.fix.steps == (LOGGING,)
    assert findings(check, subject(healthy({LOG: text, LOGGING.path: LOGGING.text}))) == ()


def test_no_cloud_init() -> None:
    assert not_applicable(check, subject(healthy({"/usr/bin/cloud-init": None})))
