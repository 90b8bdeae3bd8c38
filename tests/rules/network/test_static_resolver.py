from __future__ import annotations

import pytest

from bootworthy.model.intent import Intent, OsState
from bootworthy.model.steps import EmptyFiles
from bootworthy.rules.network.static_resolver import PATH, check
from tests.guest.memory import Link
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "",
        "# made by resolvconf\nsearch example.org\n",
        Link("../run/systemd/resolve/stub-resolv.conf"),
        "nameserver 127.0.0.53\noptions edns0\n",
        "nameserver ::1\nnameserver 168.63.129.16\n",
        "# nameserver 10.0.0.2\n",
        "nameserver\n",
    ],
)
def test_nobody_else_is_asked(entry: Entry | None) -> None:
    assert findings(check, subject(healthy({PATH: entry}))) == ()


def test_a_name_server_of_the_old_network() -> None:
    text = "search example.org\nnameserver 127.0.0.53\nnameserver 10.20.30.2\n"

    found = finding(check, subject(healthy({PATH: text})))

    assert str(found.place) == f"{PATH}:3"
    assert found.found == "nameserver 10.20.30.2"
    assert found.fix is not None
    assert found.fix.steps == (EmptyFiles(patterns=(PATH,)),)


def test_a_specialized_image_keeps_them() -> None:
    files = healthy({PATH: "nameserver 10.20.30.2\n"})
    assert not_applicable(check, subject(files, intent=Intent(os_state=OsState.SPECIALIZED)))
