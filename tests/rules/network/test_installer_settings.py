from __future__ import annotations

import pytest

from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import RemovePaths
from bootworthy.rules.cloud_init import datasource_not_azure
from bootworthy.rules.network.installer_settings import check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject

FOLDER = "/etc/cloud/cloud.cfg.d"
FILES = (
    f"{FOLDER}/50-curtin-networking.cfg",
    f"{FOLDER}/99-installer.cfg",
    f"{FOLDER}/curtin-preserve-sources.cfg",
)


def test_none_is_left() -> None:
    assert findings(check, subject(healthy())) == ()


@pytest.mark.parametrize("path", FILES)
def test_one_is_left(path: str) -> None:
    found = finding(check, subject(healthy({path: "datasource_list: [ None ]\n"})))

    assert found.found == path
    assert found.fix is not None
    assert found.fix.steps == (RemovePaths(patterns=FILES),)


def test_the_data_source_needs_nobodys_hand() -> None:
    files = healthy({FILES[1]: "datasource_list: [ None ]\n"})

    found = finding(datasource_not_azure.check, subject(files))

    assert found.place.path == FILES[1]
    assert found.fix is not None
    assert "by hand" not in found.fix.title


def test_a_specialized_image_keeps_them() -> None:
    files = healthy({FILES[0]: "network: {}\n"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
