"""Accounts go with everything that is theirs, and nothing that is not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.editors.accounts import lock_password, remove_account
from bootworthy.guest.facts.accounts import read
from bootworthy.model.errors import GuestError, UsageError
from tests.guest.memory import Device, Dir, File, Link, MemoryTree, Node

FILES: dict[str, str | bytes | Node] = {
    "/etc/passwd": """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash
bob:x:1001:1001::/home/bob:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
""",
    "/etc/shadow": File(
        """\
root:$y$j9T$salt$hash:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
ann:$y$j9T$salt$hash:19000:0:99999:7:::
bob:!:19000:0:99999:7:::
nobody:*:19000:0:99999:7:::
""",
        mode=0o640,
        gid=42,
    ),
    "/etc/group": """\
root:x:0:
daemon:x:1:
sudo:x:27:ann,bob
adm:x:4:syslog,ann
ann:x:1000:
bob:x:1001:
nogroup:x:65534:
""",
    "/etc/gshadow": """\
root:*::
daemon:*::
sudo:*:ann:ann,bob
adm:*::syslog,ann
ann:!::
bob:!::
nogroup:*::
""",
    "/etc/subuid": "ann:100000:65536\nbob:165536:65536\n",
    "/etc/subgid": "ann:100000:65536\nbob:165536:65536\n",
    "/etc/passwd-": "ann:x:1000:1000::/home/ann:/bin/sh\n",
    "/etc/shadow-": "ann:$6$old$hash:1::::::\n",
    "/etc/group-": "ann:x:1000:\nsudo:x:27:ann\n",
    "/etc/login.defs": "UID_MIN 1000\nUID_MAX 60000\n",
    "/etc/sudoers": "root ALL=(ALL:ALL) ALL\nann ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n",
    "/etc/sudoers.d/90-ann": "# Ann's rules\nann ALL=(ALL) ALL\n",
    "/etc/sudoers.d/team": "Defaults:ann !requiretty\nann, bob ALL=(ALL) ALL\nanna ALL=(ALL) ALL\n",
    "/home/ann": Dir(0o700, uid=1000, gid=1000),
    "/home/ann/.ssh/authorized_keys": "ssh-ed25519 AAAA ann\n",
    "/home/ann/etc": Link("/etc"),
    "/home/bob/file": "bob's\n",
    "/var/mail/ann": "From x\n",
    "/var/spool/cron/crontabs/ann": "* * * * * true\n",
    "/var/lib/systemd/linger/ann": "",
}


def test_an_account_goes_with_everything_that_is_its() -> None:
    tree = MemoryTree(FILES)

    remove_account(tree, "ann")

    for path, node in tree.snapshot().items():
        assert "ann" not in path
        if isinstance(node, File):
            assert b"ann" not in node.content.replace(b"anna", b"")
    assert tree.text("/home/bob/file") == "bob's\n"


def test_everything_else_stays() -> None:
    tree = MemoryTree(FILES)

    remove_account(tree, "ann")

    assert tree.text("/etc/passwd").splitlines() == [
        "root:x:0:0:root:/root:/bin/bash",
        "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
        "bob:x:1001:1001::/home/bob:/bin/bash",
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
    ]
    assert tree.text("/etc/group").splitlines()[2:5] == [
        "sudo:x:27:bob",
        "adm:x:4:syslog",
        "bob:x:1001:",
    ]
    assert tree.text("/etc/gshadow").splitlines()[2:4] == ["sudo:*::bob", "adm:*::syslog"]
    assert tree.text("/etc/subuid") == "bob:165536:65536\n"
    assert tree.text("/etc/passwd-") == ""
    assert tree.text("/etc/group-") == "sudo:x:27:\n"
    assert tree.text("/etc/sudoers") == "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"
    assert tree.text("/etc/sudoers.d/team") == "bob ALL=(ALL) ALL\nanna ALL=(ALL) ALL\n"
    assert not tree.exists("/etc/sudoers.d/90-ann")
    assert tree.status("/etc/shadow").mode == 0o640


def test_removing_twice_changes_nothing() -> None:
    tree = MemoryTree(FILES)
    remove_account(tree, "ann")
    once = tree.snapshot()

    remove_account(tree, "ann")
    remove_account(tree, "nosuch")

    assert tree.snapshot() == once


@pytest.mark.skipif(shutil.which("pwck") is None, reason="no pwck to compare with")
def test_the_tables_agree_with_each_other(tmp_path: Path) -> None:
    tree = MemoryTree(FILES)
    remove_account(tree, "ann")
    for name in ("passwd", "shadow", "group", "gshadow"):
        (tmp_path / name).write_text(tree.text(f"/etc/{name}"))

    groups = subprocess.run(
        ["grpck", "-r", tmp_path / "group", tmp_path / "gshadow"],
        capture_output=True,
        text=True,
        check=False,
    )
    users = subprocess.run(
        ["pwck", "-q", "-r", tmp_path / "passwd", tmp_path / "shadow"],
        capture_output=True,
        text=True,
        check=False,
    )

    # Members are looked up on this machine, so that nobody knows bob is no complaint.
    for word in ("no matching", "invalid", "duplicate", "differ"):
        assert word not in groups.stdout + users.stdout


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("root", "root:x:0:0::/root:/bin/sh"),
        ("toor", "toor:x:0:0::/home/toor:/bin/sh"),
        ("daemon", "daemon:x:1:1::/home/daemon:/bin/sh"),
        ("nobody", "nobody:x:65534:65534::/home/nobody:/bin/sh"),
        ("../etc", "../etc:x:1000:1000::/home/x:/bin/sh"),
        (".", ".:x:1000:1000::/home/x:/bin/sh"),
        ("a b", "a b:x:1000:1000::/home/x:/bin/sh"),
    ],
)
def test_accounts_of_the_system_stay(name: str, line: str) -> None:
    tree = MemoryTree({"/etc/passwd": line + "\n", "/home/x/y": "1", "/root/x": "1"})
    before = tree.snapshot()

    with pytest.raises(UsageError) as raised:
        remove_account(tree, name)

    assert raised.value.code == "account-protected"
    assert tree.snapshot() == before


OWN = 1000


@pytest.mark.parametrize(
    ("home", "extra", "goes"),
    [
        ("/home/ann", {"/home/ann/x": File("", uid=0)}, True),
        ("/home/ann/", {"/home/ann/x": File("", uid=0)}, True),
        ("/home/", {"/home/x": ""}, False),
        ("/", {}, False),
        ("", {}, False),
        ("/etc", {"/etc": Dir(uid=OWN)}, False),
        ("/etc/ann", {"/etc/ann": Dir(uid=OWN)}, False),
        ("/usr/local/ann", {"/usr/local/ann": Dir(uid=OWN)}, False),
        ("/var/lib/ann", {"/var/lib/ann": Dir(uid=OWN)}, False),
        ("/data", {"/data": Dir(uid=OWN)}, False),
        ("/srv/ann", {"/srv/ann": Dir(uid=OWN), "/srv/ann/x": File("", uid=OWN)}, True),
        ("/srv/ann", {"/srv/ann": Dir(uid=OWN), "/srv/ann/x": File("", uid=0)}, False),
        ("/srv/ann", {"/srv/ann": Dir(uid=0)}, False),
        ("/home/../etc", {"/etc": Dir(uid=OWN), "/home": Dir()}, False),
        ("/home/shared", {"/home/shared/bob/x": ""}, False),
        ("/home/ann", {"/home": Link("/var/home"), "/var/home/ann/x": ""}, True),
        ("/home/gone", {"/home/x": ""}, False),
        ("/home/null", {"/home/null": Device()}, False),
    ],
)
def test_which_homes_go(home: str, extra: dict[str, str | bytes | Node], goes: bool) -> None:
    accounts = (
        f"root:x:0:0::/root:/bin/sh\nann:x:{OWN}:{OWN}::{home}:/bin/sh\n"
        "bob:x:1001:1001::/home/shared/bob:/bin/sh\n"
    )
    tree = MemoryTree({"/etc/passwd": accounts, **extra})
    inside = {path for path in tree.snapshot() if path not in ("/", "/etc/passwd", "/etc")}

    remove_account(tree, "ann")

    assert tree.is_file("/etc/passwd")
    assert (not inside <= set(tree.snapshot())) is goes


def test_a_home_that_is_a_link_goes_with_its_target() -> None:
    tree = MemoryTree(
        {
            "/etc/passwd": f"root:x:0:0::/root:/bin/sh\nann:x:{OWN}:{OWN}::/home/ann:/bin/sh\n",
            "/home/ann": Link("/data/ann"),
            "/data/ann": Dir(uid=OWN),
            "/data/ann/x": File("", uid=OWN),
        }
    )

    remove_account(tree, "ann")

    assert sorted(tree.snapshot()) == ["/", "/data", "/etc", "/etc/passwd", "/home"]


def test_a_home_that_is_a_link_to_the_system_stays() -> None:
    files: dict[str, str | bytes | Node] = {
        "/etc/passwd": f"root:x:0:0::/root:/bin/sh\nann:x:{OWN}:{OWN}::/home/ann:/bin/sh\n",
        "/home/ann": Link("/etc"),
    }
    tree = MemoryTree(files)

    remove_account(tree, "ann")

    assert tree.is_link("/home/ann")
    assert tree.text("/etc/passwd") == "root:x:0:0::/root:/bin/sh\n"


def test_a_group_with_others_in_it_stays() -> None:
    tree = MemoryTree(
        {
            **FILES,
            "/etc/group": "ann:x:1000:bob\nstaff:x:50:ann\n",
            "/etc/sudoers.d/group": "%ann ALL=(ALL) ALL\n",
        }
    )

    remove_account(tree, "ann")

    assert tree.text("/etc/group") == "ann:x:1000:bob\nstaff:x:50:\n"
    assert tree.exists("/etc/sudoers.d/group")


def test_the_rules_of_an_own_group_go() -> None:
    tree = MemoryTree({**FILES, "/etc/sudoers.d/group": "%ann ALL=(ALL) ALL\n"})

    remove_account(tree, "ann")

    assert not tree.exists("/etc/sudoers.d/group")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("root:$y$j9T$salt$hash:19000:0:99999:7:::", "root:!*:19000:0:99999:7:::"),
        ("root::19000:0:99999:7:::", "root:!*:19000:0:99999:7:::"),
        ("root:!$6$x$y:19000:0:99999:7:::", "root:!$6$x$y:19000:0:99999:7:::"),
        ("root:*:19000:0:99999:7:::", "root:*:19000:0:99999:7:::"),
    ],
)
def test_locking(before: str, after: str) -> None:
    tree = MemoryTree(
        {
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\nx:x:1:1::/:/bin/sh\n",
            "/etc/shadow": File(before + "\nx:$6$a$b:1::::::\n", mode=0o640),
            "/etc/shadow-": before + "\n",
        }
    )

    lock_password(tree, "root")
    lock_password(tree, "root")
    lock_password(tree, "nosuch")

    assert tree.text("/etc/shadow") == after + "\nx:$6$a$b:1::::::\n"
    assert tree.text("/etc/shadow-") == after + "\n"
    assert tree.text("/etc/passwd") == "root:x:0:0::/root:/bin/sh\nx:x:1:1::/:/bin/sh\n"
    assert tree.status("/etc/shadow").mode == 0o640


def test_a_hash_in_passwd_itself_is_locked_there() -> None:
    tree = MemoryTree({"/etc/passwd": "root::0:0::/root:/bin/sh\n"})

    lock_password(tree, "root")

    assert tree.text("/etc/passwd") == "root:!*:0:0::/root:/bin/sh\n"
    assert read(tree).all[0].password.value == "locked"


def test_a_damaged_table_is_not_edited() -> None:
    with pytest.raises(GuestError) as raised:
        remove_account(MemoryTree({"/etc/passwd": b"\0"}), "ann")

    assert raised.value.code == "guest-file-corrupt"
