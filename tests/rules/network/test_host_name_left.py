from __future__ import annotations

import pytest

from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import ResetHostName
from bootworthy.rules.network.host_name_left import PATH, check
from tests.rules.healthy import healthy
from tests.rules.making import finding, findings, not_applicable, subject


@pytest.mark.parametrize(
    "text", ["", "\n", "localhost\n", "localhost.localdomain", "# nobody\n\nlocalhost\n", None]
)
def test_no_name_of_its_own(text: str | None) -> None:
    assert findings(check, subject(healthy({PATH: text}))) == ()


def test_the_old_name() -> None:
    found = finding(check, subject(healthy({PATH: "# the web server\nweb01.example.org\n"})))

    assert str(found.place) == f"{PATH}:2"
    assert found.found == "web01.example.org"
    assert found.expected == "localhost"
    assert found.fix is not None
    assert found.fix.steps == (ResetHostName(),)


def test_a_specialized_image_keeps_its_name() -> None:
    files = healthy({PATH: "web01\n"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
