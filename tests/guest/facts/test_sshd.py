"""sshd_config is read as sshd reads it: first value wins, includes in place, Match blocks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bootworthy.guest.facts.sshd import SshdSetting, read
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place
from tests.guest.memory import MemoryTree

# As Debian's openssh-server installs it, without most comments.
DEBIAN = """\
# This is the sshd server system-wide configuration file.

Include /etc/ssh/sshd_config.d/*.conf

#Port 22
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
#ClientAliveInterval 0
AcceptEnv LANG LC_*
Subsystem\tsftp\t/usr/lib/openssh/sftp-server

Match User anoncvs
\tX11Forwarding no
\tClientAliveInterval 5
"""


def tree(config: str = DEBIAN, **drop_ins: str) -> MemoryTree:
    files = {f"/etc/ssh/sshd_config.d/{name}.conf": text for name, text in drop_ins.items()}
    return MemoryTree({"/etc/ssh/sshd_config": config} | dict(files.items()))


def test_the_first_value_outside_match_is_in_force() -> None:
    sshd = read(tree(a="x11forwarding no\n", b="X11Forwarding yes\n"))

    assert sshd.value("X11Forwarding") == SshdSetting(
        keyword="x11forwarding", value="no", place=Place("/etc/ssh/sshd_config.d/a.conf", 1)
    )
    assert sshd.value("UsePAM") == SshdSetting(
        keyword="UsePAM", value="yes", place=Place("/etc/ssh/sshd_config", 7)
    )
    assert sshd.value("ClientAliveInterval") is None
    assert sshd.value("Port") is None


def test_settings_come_in_reading_order() -> None:
    sshd = read(tree("A 1\nInclude sshd_config.d/*.conf\nB 2\n", y="Y 1\n", x="X 1\n"))

    assert [setting.keyword for setting in sshd.settings] == ["A", "X", "Y", "B"]


@pytest.mark.parametrize(
    ("line", "keyword", "value"),
    [
        ("ClientAliveInterval 180", "ClientAliveInterval", "180"),
        ("  ClientAliveInterval\t=\t180  ", "ClientAliveInterval", "180"),
        ("ClientAliveInterval=180", "ClientAliveInterval", "180"),
        ("ClientAliveInterval 180 # three minutes", "ClientAliveInterval", "180"),
        ("ClientAliveInterval 180\r", "ClientAliveInterval", "180"),
        ('Banner "/etc/my banner"', "Banner", "/etc/my banner"),
        ('Banner "/etc/a#b" # x', "Banner", "/etc/a#b"),
        ("AllowUsers ann@10.0.0.* bob", "AllowUsers", "ann@10.0.0.* bob"),
        ("Banner /etc/a#b", "Banner", "/etc/a#b"),
    ],
)
def test_lines(line: str, keyword: str, value: str) -> None:
    setting = read(tree(line + "\n")).settings[0]

    assert (setting.keyword, setting.value) == (keyword, value)


def test_match_blocks_end_where_their_file_ends() -> None:
    sshd = read(tree(a="Match User x\nPort 1\n"))

    assert [setting.in_match for setting in sshd.settings[:2]] == [True, False]


def test_match_all_ends_a_block_but_not_that_of_the_including_file() -> None:
    sshd = read(
        tree(
            "Match User x\nInclude sshd_config.d/a.conf\nPort 2\nMatch all\nPort 3\n",
            a="Match all\nPort 1\n",
        )
    )

    assert [(s.value, s.in_match) for s in sshd.settings] == [
        ("1", True),
        ("2", True),
        ("3", False),
    ]
    assert [s.criteria for s in sshd.settings] == [("User x", "all"), ("User x",), ("all",)]


def test_program_and_host_keys() -> None:
    sshd = read(
        MemoryTree(
            {
                "/usr/sbin/sshd": b"\x7fELF",
                "/etc/ssh/ssh_host_rsa_key": "",
                "/etc/ssh/ssh_host_rsa_key.pub": "",
                "/srv/key": "",
                "/etc/ssh/sshd_config": "HostKey /srv/key\nHostKey /etc/ssh/none\n",
            }
        )
    )

    assert sshd.program == "/usr/sbin/sshd"
    assert sshd.host_keys == ("/etc/ssh/ssh_host_rsa_key", "/srv/key")


def test_a_guest_without_server() -> None:
    sshd = read(MemoryTree())

    assert (sshd.program, sshd.settings, sshd.host_keys) == (None, (), ())


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/ssh/sshd_config": b"Port 22\n\0"},
        {"/etc/ssh/sshd_config": "Include sshd_config\n"},
        {"/etc/ssh/sshd_config": "Include *.conf *.conf\n", "/etc/ssh/a.conf": "Include *.conf\n"},
        {"/etc/ssh/sshd_config": 'Include "a\n'},
    ],
)
def test_what_sshd_refuses_is_corrupt(files: dict[str, str | bytes]) -> None:
    with pytest.raises(GuestError) as raised:
        read(MemoryTree(dict(files)))

    assert raised.value.code == "guest-file-corrupt"


SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
KEYGEN = shutil.which("ssh-keygen")


@pytest.mark.skipif(not SSHD or not KEYGEN, reason="no sshd to compare with")
@pytest.mark.parametrize(
    ("config", "drop_in"),
    [
        ("ClientAliveInterval 10\nInclude {}\n", "ClientAliveInterval 20\n"),
        ("Include {}\nClientAliveInterval 10\n", "ClientAliveInterval 20\n"),
        ("Include {}\nClientAliveInterval 10\n", "Match User x\nClientAliveInterval 20\n"),
        ("Include {}\nClientAliveInterval 10\n", "Match all\nClientAliveInterval 20\n"),
        ("Match User x\nInclude {}\nMatch all\nClientAliveInterval 7\n", "ClientAliveInterval 2\n"),
        ("clientaliveinterval = 5 # x\nInclude {}\n", ""),
    ],
)
def test_the_value_in_force_is_that_of_sshd(config: str, drop_in: str, tmp_path: Path) -> None:
    key, main, extra = (tmp_path / name for name in ("key", "sshd_config", "a.conf"))
    subprocess.run([str(KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    main.write_text(config.format(extra))
    extra.write_text(drop_in)
    argv = [str(SSHD), "-T", "-C", "user=root", "-f", str(main), "-h", str(key)]
    judge = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "rivilege separation" in judge.stderr:
        pytest.skip("sshd lacks its user or directory here")
    said = judge.stdout.splitlines()

    mine = read(
        MemoryTree({"/etc/ssh/sshd_config": main.read_text(), str(extra): extra.read_text()})
    ).value("ClientAliveInterval")

    assert mine is not None
    assert f"clientaliveinterval {mine.value}" in said
