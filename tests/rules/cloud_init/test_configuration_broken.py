from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cloud_init.configuration_broken import check
from tests.guest.memory import Dir
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

MAIN = "/etc/cloud/cloud.cfg"
DROP_IN = "/etc/cloud/cloud.cfg.d/50-site.cfg"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "users: [default]\n",
        "#cloud-config\nusers: []\n",
        "## template: jinja\n{% if ds %}\na: {{ b }}\n{% endif %}\n",
        "##template:jinja\n{{ x }}\n",
    ],
)
def test_it_can_be_read(text: str) -> None:
    assert findings(check, subject(healthy({DROP_IN: text}))) == ()


@pytest.mark.parametrize(
    "text",
    ["users: [\n", "\tusers: x\n", "- a\n- b\n", "just words\n", b"\xff\xfe\0", "a: &a [*a]\n"],
)
def test_it_cannot_be_read(text: str | bytes) -> None:
    found = finding(check, subject(healthy({DROP_IN: text})))

    assert found.severity is Severity.WARNING
    assert found.message == f"{DROP_IN} cannot be read"
    assert found.expected == "YAML that holds a mapping"


def test_the_main_file_matters_most() -> None:
    assert finding(check, subject(healthy({MAIN: "users: [\n"}))).severity is Severity.ERROR


def test_what_is_no_file_is_not_read() -> None:
    assert findings(check, subject(healthy({DROP_IN: Dir()}))) == ()


def test_a_key_twice() -> None:
    text = "output: {all: '| tee -a /var/log/a'}\nruncmd: []\noutput: {all: x}\n"

    found = finding(check, subject(healthy({DROP_IN: text})))

    assert found.severity is Severity.WARNING
    assert found.message == f"{DROP_IN} says output twice"


def test_no_cloud_init() -> None:
    assert not_applicable(check, subject(healthy({"/usr/bin/cloud-init": None})))
