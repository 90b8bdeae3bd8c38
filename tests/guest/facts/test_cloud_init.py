from __future__ import annotations

import pytest

from bootworthy.guest.facts import cloud_init
from bootworthy.model.finding import Place
from tests.guest.memory import Link, MemoryTree

PACKAGE = "/usr/lib/python3/dist-packages"
CFG = "/etc/cloud/cloud.cfg"


def read(entries: dict[str, str]) -> cloud_init.CloudInit:
    return cloud_init.read(MemoryTree(entries))


def test_absent() -> None:
    found = read({})
    assert not found.installed
    assert (found.version, found.files, found.config, found.disabled_by) == ((), (), {}, ())


@pytest.mark.parametrize(
    ("source", "version"),
    [
        ('__VERSION__ = "22.4.2"\n_PACKAGED_VERSION = "@@PACKAGED_VERSION@@"\n', (22, 4, 2)),
        ("__VERSION__ = '24.1.3'\n_PACKAGED_VERSION = '24.1.3-0ubuntu3'\n", (24, 1, 3)),
        ('__VERSION__ = "@@V@@"\n_PACKAGED_VERSION = "23.4-7.el9"\n', (23, 4)),
        ('    __VERSION__ = "1.2"\n', ()),
        ("", ()),
    ],
)
def test_version_of_the_source(source: str, version: tuple[int, ...]) -> None:
    found = read({f"{PACKAGE}/cloudinit/version.py": source, "/usr/bin/cloud-init": ""})
    assert (found.program, found.version) == ("/usr/bin/cloud-init", version)


@pytest.mark.parametrize(
    "path",
    [
        f"{PACKAGE}/cloud_init-22.4.2.egg-info/PKG-INFO",
        "/usr/lib/python3.9/site-packages/cloud_init-22.4.2-py3.9.egg-info",
        "/usr/lib64/python3.12/site-packages/cloud_init-22.4.2.dist-info/METADATA",
        "/usr/local/lib/python3.11/dist-packages/cloud_init-22.4.2.dist-info/METADATA",
    ],
)
def test_version_of_the_metadata(path: str) -> None:
    assert read({path: ""}).version == (22, 4, 2)


def test_later_files_win_and_mappings_merge() -> None:
    found = read(
        {
            CFG: "users: [default]\ndisable_root: 1\nsystem_info: {distro: x, paths: {a: 1}}\n",
            f"{CFG}.d/05_logging.cfg": "output: {all: first}\n",
            f"{CFG}.d/90_dpkg.cfg": "datasource_list: [NoCloud, Azure]\n",
            f"{CFG}.d/91-azure.cfg": "datasource_list: [Azure]\nsystem_info: {paths: {b: 2}}\n",
            f"{CFG}.d/README": "users: []\n",
        }
    )
    assert found.config == {
        "users": ["default"],
        "disable_root": 1,
        "system_info": {"distro": "x", "paths": {"a": 1, "b": 2}},
        "output": {"all": "first"},
        "datasource_list": ["Azure"],
    }
    assert found.origin == {
        "users": CFG,
        "disable_root": CFG,
        "system_info": f"{CFG}.d/91-azure.cfg",
        "output": f"{CFG}.d/05_logging.cfg",
        "datasource_list": f"{CFG}.d/91-azure.cfg",
    }
    assert [file.path for file in found.files] == [
        CFG,
        f"{CFG}.d/05_logging.cfg",
        f"{CFG}.d/90_dpkg.cfg",
        f"{CFG}.d/91-azure.cfg",
    ]


def test_an_earlier_mapping_beats_a_later_list_as_in_cloud_init() -> None:
    found = read({CFG: "a: {x: 1}\nb: {x: 1}\n", f"{CFG}.d/1.cfg": "a: [y]\nb: null\n"})
    assert found.config == {"a": {"x": 1}, "b": None}
    assert found.origin == {"a": CFG, "b": f"{CFG}.d/1.cfg"}


def test_merge_directives_are_no_configuration() -> None:
    found = read({CFG: "a: 1\n", f"{CFG}.d/1.cfg": "merge_how: 'dict(replace)'\n"})
    assert found.config == {"a": 1}


def test_files_that_cannot_be_read_leave_the_others() -> None:
    found = read({CFG: "a: 1\n", f"{CFG}.d/1.cfg": "a: [\n", f"{CFG}.d/2.cfg": "b: 1\nb: 2\n"})
    assert found.config == {"a": 1, "b": 2}
    good, broken, doubled = found.files
    assert (good.problem, doubled.duplicate_keys) == ("", ("b",))
    assert broken.problem.startswith("it is not YAML: ")


def test_a_file_that_is_far_too_large() -> None:
    (file,) = read({CFG: "x" * (2 << 20)}).files
    assert file.problem.startswith("it cannot be read: ")


def test_another_directory() -> None:
    found = read(
        {CFG: "conf_d: /etc/other\n", f"{CFG}.d/1.cfg": "a: 1\n", "/etc/other/1.cfg": "b: 1"}
    )
    assert [file.path for file in found.files] == [CFG, "/etc/other/1.cfg"]


def test_drop_ins_without_a_main_file() -> None:
    assert read({f"{CFG}.d/1.cfg": "a: 1\n"}).config == {"a": 1}


def test_a_drop_in_that_is_a_link() -> None:
    tree = MemoryTree(
        {f"{CFG}.d/1.cfg": Link("/opt/x"), "/opt/x": "a: 1\n", f"{CFG}.d/2.cfg": Link("no")}
    )
    assert cloud_init.read(tree).config == {"a": 1}


def test_disabled_by_a_marker() -> None:
    assert read({"/etc/cloud/cloud-init.disabled": ""}).disabled_by == (
        Place("/etc/cloud/cloud-init.disabled"),
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("policy: disabled\n", 1),
        ("# comment\n  policy: 'disabled' # really\n", 2),
        ("policy: search,found=all\npolicy: search,disabled\n", 2),
        ("policy: disabled\npolicy: enabled\n", None),
        ("policy: search,notfound=disabled\n", None),
        ("#policy: disabled\n", None),
        ("datasource: disabled\n", None),
        ("", None),
    ],
)
def test_disabled_by_policy(text: str, line: int | None) -> None:
    path = "/etc/cloud/ds-identify.cfg"
    expected = () if line is None else (Place(path, line),)
    assert read({path: text}).disabled_by == expected
