"""Package databases of every family are read; damaged ones are a problem, not a crash."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootworthy.guest.facts.packages import Package, read
from tests.guest.memory import MemoryTree

STATUS = """\
Package: openssh-server
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: foreign
Version: 1:9.2p1-2+deb12u10
Conffiles:
 /etc/default/ssh 500e3cf069fe9a7b9936108eb9d9c035
Description: secure shell (SSH) server
 .
 It is a daemon.

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: half
Status: install ok half-configured
Architecture: amd64
Version: 2.0

Package: hurt
Status: install reinstreq installed
Architecture: amd64
Version: 2.1

Package: waiting
Status: install ok triggers-pending
Architecture: all
Version: 3.0

"""


def test_dpkg() -> None:
    packages = read(MemoryTree({"/var/lib/dpkg/status": STATUS}))

    assert (packages.manager, packages.path) == ("dpkg", "/var/lib/dpkg/status")
    assert packages.problem == ""
    assert dict(packages.installed) == {
        "openssh-server": Package("openssh-server", "1:9.2p1-2+deb12u10", "amd64"),
        "waiting": Package("waiting", "3.0", "all", "triggers-pending"),
    }
    assert packages.broken == (
        Package("half", "2.0", "amd64", "half-configured"),
        Package("hurt", "2.1", "amd64", "installed (reinstallation required)"),
    )
    assert packages.has("openssh-server")
    assert not packages.has("gone")
    assert packages.version("waiting") == "3.0"
    assert packages.version("gone") is None


def test_the_first_architecture_of_a_package_counts() -> None:
    stanza = "Package: libc6\nStatus: install ok installed\nArchitecture: {}\nVersion: 2\n\n"

    packages = read(
        MemoryTree({"/var/lib/dpkg/status": stanza.format("amd64") + stanza.format("i386")})
    )

    assert packages.installed["libc6"].architecture == "amd64"


def test_dpkg_without_status_file() -> None:
    packages = read(
        MemoryTree(
            {
                "/var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12.4\n",
                "/var/lib/dpkg/status.d/base.md5sums": "d41d8cd98f00b204e9800998ecf8427e  x\n",
            }
        )
    )

    assert dict(packages.installed) == {"base-files": Package("base-files", "12.4")}


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="no dpkg to compare with")
def test_the_packages_are_those_of_dpkg_query() -> None:
    path = Path("/var/lib/dpkg/status")
    if not path.is_file():
        pytest.skip("this machine has no dpkg database")
    argv = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\\n"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()

    packages = read(MemoryTree({"/var/lib/dpkg/status": path.read_bytes()}))

    theirs = {line.split(" ", 1)[1] for line in lines if line.startswith("installed ")}
    assert {f"{p.name} {p.version}" for p in packages.installed.values()} <= theirs
    assert set(packages.installed) == {line.split()[0] for line in theirs}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", "/var/lib/dpkg/status is empty"),
        (b"\0" * 512, "/var/lib/dpkg/status holds NUL bytes: it is not text"),
        (STATUS[:40].encode() + b"\0\n", "/var/lib/dpkg/status holds NUL bytes: it is not text"),
        (STATUS[:70], "/var/lib/dpkg/status ends within a line"),
        (b"\xff\xfe\x01binary\n", "/var/lib/dpkg/status:1 is no field as deb822(5) has them"),
        ("Status: x\n\n", "/var/lib/dpkg/status: the stanza before line 2 has no Package field"),
        ("Package\n", "/var/lib/dpkg/status:1 is no field as deb822(5) has them"),
    ],
)
def test_a_damaged_dpkg_database_is_a_problem(data: str | bytes, problem: str) -> None:
    packages = read(MemoryTree({"/var/lib/dpkg/status": data}))

    assert packages.problem == f"the package database cannot be read: {problem}"
    assert packages.installed == {}
    assert packages.manager == "dpkg"


def header(**fields: str | int) -> bytes:
    """A package header as rpm keeps it (lib/header.c): index entries, then their data."""
    tags = {"name": 1000, "version": 1001, "release": 1002, "epoch": 1003, "arch": 1022}
    index, store = b"", b""
    for field, value in fields.items():
        kind = 4 if isinstance(value, int) else 6
        index += struct.pack(">IIII", tags[field], kind, len(store), 1)
        store += value.to_bytes(4, "big") if isinstance(value, int) else value.encode() + b"\0"
    return struct.pack(">II", len(fields), len(store)) + index + store


def rpm_database(directory: Path, *blobs: bytes) -> bytes:
    path = directory / "made.sqlite"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(b,) for b in blobs])
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize("directory", ["/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"])
def test_rpm(directory: str, tmp_path: Path) -> None:
    data = rpm_database(
        tmp_path,
        header(name="bash", version="5.2.26", release="3.fc40", arch="x86_64"),
        header(name="shim", version="15.8", release="2", epoch=1, arch="x86_64"),
        header(name="gpg-pubkey", version="a15b79cc", release="63d04c2c"),
    )

    packages = read(MemoryTree({f"{directory}/rpmdb.sqlite": data}))

    assert (packages.manager, packages.path) == ("rpm", f"{directory}/rpmdb.sqlite")
    assert dict(packages.installed) == {
        "bash": Package("bash", "5.2.26-3.fc40", "x86_64"),
        "shim": Package("shim", "1:15.8-2", "x86_64"),
        "gpg-pubkey": Package("gpg-pubkey", "a15b79cc-63d04c2c"),
    }


SPEC = """\
Name: sample
Version: 1.2
Release: 3
Epoch: 4
Summary: x
License: x
BuildArch: noarch
%description
x
%files
"""
RPM_TOOLS = all(map(shutil.which, ("rpm", "rpmbuild")))


@pytest.mark.skipif(not RPM_TOOLS, reason="no rpm to compare with")
def test_a_database_made_by_rpm(tmp_path: Path) -> None:
    (tmp_path / "sample.spec").write_text(SPEC)
    where = ["--define", f"_topdir {tmp_path}", "--dbpath", str(tmp_path / "db")]
    subprocess.run(
        ["rpmbuild", "-bb", *where, tmp_path / "sample.spec"], capture_output=True, check=True
    )
    package = next(tmp_path.glob("RPMS/noarch/*.rpm"))
    options = ["-i", "--justdb", "--nodeps", "--force-debian"]
    subprocess.run(["rpm", *where, *options, package], capture_output=True, check=True)
    files = {f"/var/lib/rpm/{p.name}": p.read_bytes() for p in (tmp_path / "db").iterdir()}
    if "/var/lib/rpm/rpmdb.sqlite" not in files:
        pytest.skip("this rpm makes no SQLite database")

    packages = read(MemoryTree(dict(files)))

    assert dict(packages.installed) == {"sample": Package("sample", "4:1.2-3", "noarch")}


def test_what_is_still_in_the_log_of_the_rpm_database_counts(tmp_path: Path) -> None:
    path = tmp_path / "live.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    connection.commit()
    blob = header(name="bash", version="5", release="1")
    connection.execute("INSERT INTO Packages (blob) VALUES (?)", (blob,))
    connection.commit()
    log = (tmp_path / "live.sqlite-wal").read_bytes()
    tree = MemoryTree(
        {
            "/var/lib/rpm/rpmdb.sqlite": path.read_bytes(),
            "/var/lib/rpm/rpmdb.sqlite-wal": log,
        }
    )
    connection.close()

    assert read(tree).version("bash") == "5-1"


ENDLESS = """
CREATE VIEW Packages AS
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS blob FROM n
"""


def test_damaged_rpm_databases_are_problems(tmp_path: Path) -> None:
    good = rpm_database(tmp_path, header(name="bash", version="5"))
    cut = rpm_database(tmp_path, header(name="bash", version="5")[:30])
    huge = rpm_database(tmp_path, struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF))
    text = rpm_database(tmp_path, b"")
    endless = tmp_path / "endless.sqlite"
    with sqlite3.connect(endless) as connection:
        connection.execute(ENDLESS)
    connection.close()

    for data in (
        b"",
        b"\0" * 5000,
        good[:4096],
        good[:5000],
        cut,
        huge,
        text,
        endless.read_bytes(),
    ):
        packages = read(MemoryTree({"/var/lib/rpm/rpmdb.sqlite": data}))

        assert packages.problem.startswith("the package database cannot be read: /var/lib/rpm/")
        assert packages.installed == {}


@pytest.mark.parametrize("name", ["Packages", "Packages.db"])
@pytest.mark.parametrize("data", [b"", b"\0" * 8192, b"RpmP" + b"\xff" * 8188])
def test_a_database_of_an_older_kind_that_is_damaged(name: str, data: bytes) -> None:
    found = read(MemoryTree({f"/var/lib/rpm/{name}": data}))

    assert found.manager == "rpm"
    assert found.installed == {}
    assert "cannot be read" in found.problem


APK = (
    "C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:ld-musl-x86_64.so.1\n\nP:busybox\nV:1.36\n\n"
)


@pytest.mark.parametrize("path", ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"])
def test_apk(path: str) -> None:
    packages = read(MemoryTree({path: APK}))

    assert (packages.manager, packages.path) == ("apk", path)
    assert dict(packages.installed) == {
        "musl": Package("musl", "1.2.5-r0", "x86_64"),
        "busybox": Package("busybox", "1.36"),
    }


def test_pacman() -> None:
    desc = "%NAME%\nbash\n\n%VERSION%\n5.2.026-2\n\n%BASE%\nbash\n\n%ARCH%\nx86_64\n"

    packages = read(
        MemoryTree(
            {
                "/var/lib/pacman/local/ALPM_DB_VERSION": "9\n",
                "/var/lib/pacman/local/bash-5.2.026-2/desc": desc,
            }
        )
    )

    assert packages.manager == "pacman"
    assert dict(packages.installed) == {"bash": Package("bash", "5.2.026-2", "x86_64")}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/lib/apk/db/installed", "not a database\n"),
        ("/lib/apk/db/installed", b"P:\0\n"),
        ("/var/lib/pacman/local/x/desc", b"\0"),
        ("/var/lib/pacman/local/x/desc", "%VERSION%\n1\n"),
    ],
)
def test_other_damaged_databases_are_problems(path: str, data: str | bytes) -> None:
    packages = read(MemoryTree({path: data}))

    assert packages.problem
    assert packages.installed == {}


def test_a_guest_without_database_says_so() -> None:
    packages = read(MemoryTree())

    assert (packages.manager, packages.path) == ("", "")
    assert packages.problem == "the guest has no package database of a known kind"


def test_the_database_of_the_distribution_comes_first(tmp_path: Path) -> None:
    rpm = rpm_database(tmp_path, header(name="bash", version="5"))
    files: dict[str, str | bytes] = {
        "/var/lib/dpkg/status": STATUS,
        "/var/lib/rpm/rpmdb.sqlite": rpm,
    }

    assert read(MemoryTree({**files})).manager == "dpkg"
    assert read(MemoryTree({**files, "/etc/os-release": "ID=rocky\n"})).manager == "rpm"


def test_an_empty_database_of_foreign_tools_does_not_hide_the_real_one(tmp_path: Path) -> None:
    tree = MemoryTree(
        {
            "/etc/os-release": "ID=alpine\n",
            "/var/lib/rpm/rpmdb.sqlite": rpm_database(tmp_path),
            "/lib/apk/db/installed": APK,
        }
    )

    assert read(tree).manager == "apk"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_a_problem(data: bytes) -> None:
    for path in ("/var/lib/dpkg/status", "/lib/apk/db/installed", "/var/lib/pacman/local/x/desc"):
        packages = read(MemoryTree({path: data}))

        assert not (packages.problem and packages.installed)
