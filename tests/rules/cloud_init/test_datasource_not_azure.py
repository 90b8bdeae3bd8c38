from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.cloud_init.datasource_not_azure import check
from bootworthy.rules.cloud_init.files import DATASOURCE
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

FILE = DATASOURCE.path
DPKG = "/etc/cloud/cloud.cfg.d/90_dpkg.cfg"
LATER = "/etc/cloud/cloud.cfg.d/99-site.cfg"


def source(text: str, **changes: Entry | None) -> dict[str, Entry]:
    return healthy({FILE: text, **changes})


@pytest.mark.parametrize(
    "text",
    [
        DATASOURCE.text,
        "datasource_list: [Azure]\n",
        "datasource_list: ['Azure'] # only this\n",
        '  datasource_list: [ "Azure" ]\n',
    ],
)
def test_azure_alone_on_one_line(text: str) -> None:
    assert findings(check, subject(source(text))) == ()


def test_it_overrides_what_debconf_wrote() -> None:
    files = source(DATASOURCE.text, **{DPKG: "datasource_list: [ NoCloud, Ec2 ]\n"})
    assert findings(check, subject(files)) == ()


@pytest.mark.parametrize(
    ("text", "severity", "words"),
    [
        ("", Severity.WARNING, "no datasource_list"),
        ("datasource_list: [ NoCloud, Ec2 ]\n", Severity.ERROR, "['NoCloud', 'Ec2']"),
        ("datasource_list: [ azure ]\n", Severity.ERROR, "['azure']"),
        ("datasource_list: Azure\n", Severity.ERROR, "datasource_list: Azure"),
        ("datasource_list: {Azure: x}\n", Severity.ERROR, "{'Azure': 'x'}"),
        ("datasource_list: [ Azure, None ]\n", Severity.NOTE, "['Azure', 'None']"),
        ("datasource_list:\n  - Azure\n", Severity.WARNING, "the list is spread over lines"),
        ("datasource_list: [\n  Azure ]\n", Severity.WARNING, "the list is spread over lines"),
        ("datasource_list : [ Azure ]\n", Severity.WARNING, "the list is spread over lines"),
        ("datasource_list: [ [1], {2: 3}, null ]\n", Severity.ERROR, "[[1], {2: 3}, None]"),
    ],
)
def test_another_list(text: str, severity: Severity, words: str) -> None:
    found = finding(check, subject(source(text)))

    assert found.severity is severity
    assert found.found.endswith(words)
    assert found.expected == "datasource_list: [ Azure ]"
    assert found.fix is not None
    assert found.fix.title == f"write {FILE}"
    assert found.fix.steps == (DATASOURCE,)


def test_a_later_file_wins() -> None:
    files = source(DATASOURCE.text, **{LATER: "datasource_list: [ Ec2 ]\n"})

    found = finding(check, subject(files))

    assert found.severity is Severity.ERROR
    assert found.place.path == LATER
    assert found.fix is not None
    assert f"take datasource_list out of {LATER}" in found.fix.title


def test_no_cloud_init() -> None:
    assert not_applicable(check, subject(healthy({"/usr/bin/cloud-init": None})))
