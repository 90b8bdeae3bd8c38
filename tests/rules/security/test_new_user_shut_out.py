from __future__ import annotations

import pytest

from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.intent import Intent, OsState
from bootworthy.rules.security.new_user_shut_out import check
from tests.rules.healthy import CLOUD_CFG, healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

CONFIG = "/etc/ssh/sshd_config"
DROP_IN = "/etc/ssh/sshd_config.d/50-hardening.conf"
CLOUD = "/etc/cloud/cloud.cfg"
DEBIANS = CLOUD_CFG.replace("lock_passwd: True", "lock_passwd: True, groups: [adm, sudo]")


def look(changes: dict[str, Entry | None]) -> tuple[Finding, ...]:
    return findings(check, subject(healthy(changes)))


def test_a_fixed_list_of_users() -> None:
    (found,) = look({DROP_IN: "# CIS 5.2.4\nAllowUsers root ops\n"})

    assert found.severity is Severity.ERROR
    assert (found.place.path, found.place.line) == (DROP_IN, 2)
    assert found.found == "AllowUsers root ops"
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_a_list_that_matches_some_names_is_a_warning() -> None:
    found = finding(check, subject(healthy({DROP_IN: "AllowUsers root\nAllowUsers az-*\n"})))

    assert found.severity is Severity.WARNING
    assert [place.line for place in found.related] == [2]


@pytest.mark.parametrize("line", ["AllowUsers *", "DenyUsers root", "Match User root\nDenyUsers *"])
def test_lists_that_let_everybody_in_pass(line: str) -> None:
    assert look({DROP_IN: f"{line}\n"}) == ()


@pytest.mark.parametrize("groups", ["groups: [adm, sudo]", 'groups: "adm, sudo"'])
def test_the_groups_that_cloud_init_gives_are_let_in(groups: str) -> None:
    config = CLOUD_CFG.replace("lock_passwd: True", f"lock_passwd: True, {groups}")
    lists: dict[str, Entry | None] = {DROP_IN: "AllowGroups sudo\n"}

    assert look({**lists, CLOUD: config}) == ()
    assert len(look(lists)) == 1


def test_a_denied_group_of_cloud_init() -> None:
    (found,) = look({DROP_IN: "DenyGroups sudo\n", CLOUD: DEBIANS})
    assert found.message == "DenyGroups shuts out the user that Azure makes"


def test_the_agent_gives_no_groups() -> None:
    changes: dict[str, Entry | None] = {
        DROP_IN: "AllowGroups sudo\n",
        CLOUD: DEBIANS,
        "/usr/bin/cloud-init": None,
    }
    (found,) = look(changes)
    assert found.severity is Severity.ERROR


def test_users_without_a_group_of_their_own_share_one() -> None:
    changes: dict[str, Entry | None] = {
        DROP_IN: "AllowGroups users\n",
        "/etc/group": "root:x:0:\nusers:x:100:\n",
    }
    assert look({**changes, "/usr/etc/login.defs": "USERGROUPS_ENAB no\n"}) == ()
    assert look({**changes, "/etc/default/useradd": "GROUP=users\n"}) == ()
    assert len(look({**changes, "/etc/login.defs": "USERGROUPS_ENAB yes\n"})) == 1
    assert len(look({**changes, "/etc/default/useradd": "GROUP=root\n"})) == 1


def test_a_machine_that_moves_keeps_its_users() -> None:
    moved = Intent(os_state=OsState.SPECIALIZED)
    files = healthy({DROP_IN: "AllowUsers ops\n"})
    assert not_applicable(check, subject(files, intent=moved))


def test_without_a_server_there_is_nobody_to_refuse() -> None:
    assert look({CONFIG: "AllowUsers root\n", "/usr/sbin/sshd": None}) == ()
