"""The example plugin, installed as a user would and used through the command line."""

from __future__ import annotations

import csv
import json
import struct
from pathlib import Path

import pytest

from tests.cli.command import bootworthy, environment
from tests.examples.plugin import installed_plugin
from tests.guests import small


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which the plugin is installed."""
    return installed_plugin(tmp_path_factory.mktemp("site-packages"))


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.one_linux(tmp_path_factory.mktemp("disk") / "disk.raw")


def test_its_rules_and_formats_are_listed_with_their_origin(installed: dict[str, str]) -> None:
    done = bootworthy("rules", "--plugins", env=installed)
    assert done.status == 0
    rule, rules, form, formats, *others = done.out.splitlines()
    assert rule.startswith("ACME-01  warning  login-banner-missing")
    assert rule.endswith("# bootworthy-example 1.0")
    assert form == "report   csv  One line a finding.  # bootworthy-example 1.0"
    assert (rules, formats) == ("1 rule", "1 report format")
    assert others == [
        "image    acme  # bootworthy-example 1.0",
        "1 container format",
        "ACME-02  clock-in-utc  the clock is in UTC  # bootworthy-example 1.0",
        "1 provisioning check",
    ]


def test_without_it_there_is_nothing_to_list() -> None:
    nothing = "0 rules\n0 report formats\n0 container formats\n0 provisioning checks\n"
    assert bootworthy("rules", "--plugins").out == nothing


def test_programs_are_told_the_origin_too(installed: dict[str, str]) -> None:
    every = json.loads(bootworthy("rules", "--format", "json", env=installed).out)
    assert [item["code"] for item in every if "plugin" in item] == ["ACME-01"]
    assert every[-1]["plugin"] == "bootworthy-example 1.0"


def test_its_rule_is_asked_and_its_format_written(
    installed: dict[str, str], disk: Path, tmp_path: Path
) -> None:
    target = tmp_path / "findings.csv"
    words = ("--select", "ACME", "--fail-on", "warning", "--output", f"csv:{target}")
    done = bootworthy("check", disk, *words, env=installed)
    assert (done.status, done.code) == (1, "")
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [(row["code"], row["path"]) for row in rows] == [("ACME-01", "/etc/issue.net")]


def test_its_fix_is_planned(installed: dict[str, str], disk: Path) -> None:
    done = bootworthy("plan", disk, env=installed)
    assert "create   /etc/issue.net  (ACME-01)" in done.out
    assert "+This machine is Acme's. Use is logged." in done.out


def test_its_rule_is_explained(installed: dict[str, str]) -> None:
    done = bootworthy("explain", "login-banner-missing", env=installed)
    assert "write Acme's banner [safe]" in done.out


@pytest.fixture
def acme(disk: Path, tmp_path: Path) -> Path:
    """The disk in the container of the example."""
    content = disk.read_bytes()
    image = tmp_path / "appliance.img"
    header = b"ACMEDISK" + struct.pack(">Q", len(content))
    image.write_bytes(header.ljust(512, b"\0") + content)
    return image


def test_its_container_is_read_by_every_verb(
    installed: dict[str, str], acme: Path, disk: Path, tmp_path: Path
) -> None:
    done = bootworthy("inspect", "--json", acme, env=installed)
    container = json.loads(done.out)["image"]["container"]
    assert (container["format"], container["virtual_size"]) == ("acme", disk.stat().st_size)
    assert ["read by", "bootworthy-example 1.0"] in container["details"]
    done = bootworthy("check", acme, "--output", "concise", env=installed)
    assert "error[no-provisioning-agent] AGT-01" in done.out
    raw = tmp_path / "out.raw"
    done = bootworthy("convert", acme, "--to", "raw", "-o", raw, "--verify", env=installed)
    assert done.status == 0, done.err
    # convert rounds up to a whole MiB, as Azure has it.
    assert raw.read_bytes()[: disk.stat().st_size] == disk.read_bytes()


@pytest.mark.parametrize(
    ("size", "code"),
    [(0, "image-corrupt"), (1 << 20, "image-truncated"), (1 << 63, "image-truncated")],
)
def test_its_container_trusts_no_size(
    installed: dict[str, str], tmp_path: Path, size: int, code: str
) -> None:
    image = tmp_path / "bad.img"
    image.write_bytes((b"ACMEDISK" + struct.pack(">Q", size)).ljust(4096, b"\0"))
    done = bootworthy("inspect", image, env=installed)
    assert (done.status, done.code) == (3, code)


def test_doctor_says_what_is_wrong_with_a_plugin(installed: dict[str, str], tmp_path: Path) -> None:
    assert "ok      plugins" in bootworthy("doctor", env=installed).out
    env = _with_plugin(tmp_path, "container_formats", "bad:F", "F = 3")
    done = bootworthy("doctor", "--for", "check", env=env)
    assert done.status == 4
    assert "needed  plugins" in done.out
    assert "bad 2.0" in done.out


_RAISES = """\
from bootworthy.disk.container import Format
from bootworthy.disk.formats.raw import RawContainer
class Odd(RawContainer):
    format = "odd"
    def map_extents(self):
        raise KeyError("no table")
    extents = lambda self: self.map_extents()
def detect(header, tail, size):
    if PLACE == "detect":
        raise ValueError("no header")
    return True
def open_(file, references):
    if PLACE == "open":
        raise ZeroDivisionError("no blocks")
    return Odd(file, file.size)
F = Format(name="odd", rank=1, detect=detect, open=open_)
"""


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("detect", "ValueError: no header"),
        ("open", "ZeroDivisionError: no blocks"),
        ("map", "KeyError: 'no table'"),
    ],
)
def test_a_container_format_that_raises_is_one_clear_error(
    place: str, problem: str, disk: Path, tmp_path: Path
) -> None:
    content = f"PLACE = {place!r}\n{_RAISES}"
    env = _with_plugin(tmp_path, "container_formats", "bad:F", content)
    target = tmp_path / "out.vhd"
    done = bootworthy("convert", disk, "-o", target, env=env)
    assert (done.status, done.code) == (2, "plugin-broken")
    assert problem in done.err
    assert "bad 2.0" in done.err
    assert not target.exists()


_TAKEN_CONTAINER = """\
from bootworthy.disk.container import Format
F = Format(name="qcow2", rank=1, detect=None, open=None)
"""
_LAST_CONTAINER = """\
from bootworthy.disk.container import Format
F = Format(name="late", rank=1000, detect=None, open=None)
"""
_FOREIGN_CHECK = """\
from bootworthy.rehearsal.checks import ProvisioningCheck
F = ProvisioningCheck(code="SEC-99", name="x", title="", question="", judge=str, why="", fix="")
"""
_TAKEN_FORMAT = """\
from bootworthy.report.format import Format
F = Format(name="json", summary="", render=str)
"""
_FOREIGN_AREA = """\
from dataclasses import replace
from bootworthy.rules.swap.swap_file import check
R = replace(check, code="SWAP-99", name="mine")
"""
_TAKEN_NAME = """\
from dataclasses import replace
from bootworthy.rules.swap.swap_file import check
R = replace(check, code="ACME-01")
"""


@pytest.mark.parametrize(
    ("group", "value", "content", "problem"),
    [
        ("rules", "bad", "raise ImportError('no such driver')", "no such driver"),
        ("rules", "bad", "", "bad holds no Rule"),
        ("report_formats", "bad:FORMAT", "FORMAT = 3", "holds no Format"),
        ("report_formats", "bad:F", _TAKEN_FORMAT, "there is a report format json already"),
        ("container_formats", "bad", "raise ImportError('no codec')", "no codec"),
        ("container_formats", "bad:F", _TAKEN_CONTAINER, "an image format qcow2 already"),
        ("container_formats", "bad:F", _LAST_CONTAINER, "rank is not below 1000"),
        ("provisioning_checks", "bad:F", "F = 3", "holds no ProvisioningCheck"),
        ("provisioning_checks", "bad:F", _FOREIGN_CHECK, "SEC-99 is no code of an area"),
        ("rules", "bad:R", _FOREIGN_AREA, "SWAP-99 is no code of an area of its own"),
        ("rules", "bad:R", _TAKEN_NAME, "there is a rule ACME-01 swap-file-on-os-disk already"),
    ],
)
def test_a_broken_plugin_is_one_clear_error(
    group: str, value: str, content: str, problem: str, tmp_path: Path
) -> None:
    env = _with_plugin(tmp_path, group, value, content)
    words = {"report_formats": ("report", "missing.json", "--output", "sarif")}
    done = bootworthy(*words.get(group, ("rules", "--plugins")), env=env)
    assert done.status == 2
    assert problem in done.err
    assert "bad 2.0" in done.err
    assert "Traceback" not in done.err


def _with_plugin(folder: Path, group: str, value: str, content: str) -> dict[str, str]:
    """The environment with a package that adds ``value``, of a module with that content."""
    (folder / "bad.py").write_text(content + "\n")
    about = folder / "bad-2.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 2.0\n")
    (about / "entry_points.txt").write_text(f"[bootworthy.{group}]\nbad = {value}\n")
    return {"PYTHONPATH": f"{folder}:{environment()['PYTHONPATH']}"}
