from __future__ import annotations

import pytest

from bootworthy.guest.facts import sshd
from bootworthy.guest.facts.ssh_access import Chance, refusal
from tests.guest.memory import MemoryTree

GROUPS = ("adm", "sudo")


def refused(text: str, groups: tuple[str, ...] = GROUPS) -> tuple[str, Chance] | None:
    found = refusal(sshd.read(MemoryTree({"/etc/ssh/sshd_config": text})), groups)
    return (found.settings[0].keyword, found.chance) if found else None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PermitRootLogin no\n",
        "AllowUsers root *\n",
        "AllowUsers root\nAllowUsers *\n",
        "AllowUsers *@10.0.0.*\n",
        "AllowGroups wheel sudo\n",
        "AllowGroups su?o\n",
        "allowgroups = wheel adm\n",
        "DenyUsers root admin azure*\n",
        "DenyUsers *@192.0.2.1\n",
        "DenyUsers !x\n",
        "DenyGroups nobody\n",
        "Match User root\nAllowUsers root\n",
        "Match User *,!azureuser Group wheel\nDenyUsers *\n",
        "Match Group *,!sudo\nDenyUsers *\n",
        "AllowUsers root\nMatch Group sudo\nAllowUsers *\n",
        "AllowUsers root\nMatch all\nAllowUsers *\n",
        "AllowUsers root\nMatch User root\nAllowUsers x\nMatch User *,!root\nAllowUsers *\n",
    ],
)
def test_a_new_user_is_let_in(text: str) -> None:
    assert refused(text) is None


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("AllowUsers root\n", "AllowUsers"),
        ("AllowUsers root,ops\n", "AllowUsers"),
        ("AllowUsers root@*\n", "AllowUsers"),
        ("ALLOWUSERS root # *\n", "ALLOWUSERS"),
        ("AllowGroups wheel\n", "AllowGroups"),
        ("DenyUsers *\n", "DenyUsers"),
        ("DenyUsers **@*\n", "DenyUsers"),
        ("DenyGroups users sudo\n", "DenyGroups"),
        ("DenyGroups *\nAllowGroups sudo\n", "DenyGroups"),
        ("AllowUsers *\nMatch all\nAllowUsers root\n", "AllowUsers"),
        ("Match Group sudo\nDenyUsers *\n", "DenyUsers"),
        ("Match Group=sudo\nDenyGroups=sudo\n", "DenyGroups"),
        ("Match User *,!root Group adm\nAllowUsers root\n", "AllowUsers"),
        ("AllowUsers root\nMatch User root\nAllowUsers *\n", "AllowUsers"),
    ],
)
def test_a_new_user_is_shut_out(text: str, keyword: str) -> None:
    assert refused(text) == (keyword, Chance.NO)


@pytest.mark.parametrize(
    "text",
    [
        "AllowUsers root ops-*\n",
        "AllowUsers user?\n",
        "AllowGroups ops-*\n",
        "AllowUsers root\nMatch Address 10.0.0.0/8\nAllowUsers *\n",
        "AllowUsers root\nMatch Invalid-User\nAllowUsers *\n",
        "AllowUsers root\nMatch User a*\nAllowUsers *\n",
    ],
)
def test_some_users_or_connections_are_let_in(text: str) -> None:
    found = refused(text)
    assert found is not None
    assert found[1] is Chance.SOMETIMES


def test_without_known_groups_none_is_allowed_by_name() -> None:
    assert refused("AllowGroups sudo\n", ()) == ("AllowGroups", Chance.NO)
    assert refused("DenyGroups sudo\n", ()) is None


def test_a_pattern_of_many_stars_is_as_quick_as_one() -> None:
    groups = ("a" * 200,)
    assert refused(f"AllowGroups {'*' * 5000}b\n", groups) == ("AllowGroups", Chance.SOMETIMES)
    assert refused(f"AllowGroups {'*a' * 50}b\n", groups) == ("AllowGroups", Chance.SOMETIMES)
    assert refused(f"AllowGroups {'*a' * 50}*?a\n", groups) is None
