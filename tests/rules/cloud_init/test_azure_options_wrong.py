from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.rules.cloud_init.azure_options_wrong import check
from bootworthy.rules.cloud_init.files import DATASOURCE
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, subject

FILE = DATASOURCE.path
OFF = "apply_network_config: False"


def options(text: str) -> dict[str, Entry]:
    return healthy({FILE: f"datasource_list: [ Azure ]\n{text}"})


@pytest.mark.parametrize(
    "text",
    [
        f"datasource:\n  Azure: {{{OFF}}}\n",
        f"datasource:\n  Azure: {{{OFF}, never_destroy_ntfs: true}}\n",
        f"datasource:\n  Ec2: {{strict_id: false}}\n  Azure: {{{OFF}}}\n",
    ],
)
def test_known_options(text: str) -> None:
    assert findings(check, subject(options(text))) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "apply_network_config: not set, which means true"),
        ("datasource:\n  Azure: {apply_network_config: true}\n", "apply_network_config: True"),
        ("datasource:\n  Azure: {apply_network_config: 'False'}\n", "apply_network_config: False"),
        ("datasource: [ Azure ]\n", "apply_network_config: not set, which means true"),
        ("datasource:\n  Azure: none\n", "apply_network_config: not set, which means true"),
    ],
)
def test_the_network_comes_from_two_sides(text: str, words: str) -> None:
    found = finding(check, subject(options(text)))

    assert found.severity is Severity.NOTE
    assert found.found == words
    assert found.fix is not None
    assert found.fix.steps == (DATASOURCE,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"datasource:\n  Azure: {{{OFF}, apply_netwrk: 1, 7: x}}\n", "7, apply_netwrk"),
        (f"datasource:\n  azure: {{}}\n  Azure: {{{OFF}}}\n", "azure"),
    ],
)
def test_a_misspelled_word(text: str, words: str) -> None:
    found = finding(check, subject(options(text)))

    assert found.severity is Severity.WARNING
    assert found.place.path == FILE
    assert found.found == words
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_the_wrong_case_leaves_the_default() -> None:
    spelling, network = findings(check, subject(options(f"datasource:\n  azure: {{{OFF}}}\n")))

    assert spelling.found == "azure"
    assert network.severity is Severity.NOTE
