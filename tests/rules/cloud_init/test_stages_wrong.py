from __future__ import annotations

import pytest
import yaml

from bootworthy.model.finding import Finding, Safety, Severity
from bootworthy.model.steps import WriteFile
from bootworthy.rules.cloud_init.stages_wrong import PATH, check
from tests.rules.healthy import CLOUD_CFG, healthy
from tests.rules.making import finding, findings, subject

CFG = "/etc/cloud/cloud.cfg"

# config/cloud.cfg.tmpl as these versions have it, shortened.
OF_18_5 = """\
cloud_init_modules:
 - migrator
 - write-files
 - disk_setup
 - mounts
 - set_hostname
 - users-groups
 - ssh

# The modules that run in the 'config' stage
cloud_config_modules:
 - emit_upstart
 - snap_config  # DEPRECATED- Drop in version 18.2
 - ssh-import-id

cloud_final_modules:
 - package-update-upgrade-install
 - final-message
"""
OF_24_3 = """\
cloud_init_modules:
  - seed_random
  - write_files
  - disk_setup
  - mounts
  - set_hostname
  - users_groups
  - ssh
  - set_passwords

cloud_config_modules:
  - ssh_import_id
  - runcmd

cloud_final_modules:
  - scripts_user
  - final_message
"""

# What Red Hat's cloud-init 18 and 19 had.
OF_RED_HAT = """\
cloud_init_modules:
 - migrator
 - bootcmd
 - set_hostname
 - users-groups
 - ssh

cloud_config_modules:
 - [mounts, always]
 - locale
 - {name: disk-setup}
 - set-passwords

cloud_final_modules:
 - [scripts-user, always]
"""

# The article's four seds on OF_24_3: one entry, and a text that goes on over the next lines.
FOLDED = OF_24_3.replace("  - disk_setup\n  - mounts\n", "").replace(
    "cloud_init_modules:\n", "cloud_init_modules:\n - disk_setup\n - mounts\n"
)


def look(text: str) -> tuple[Finding, ...]:
    return findings(check, subject(healthy({CFG: text})))


@pytest.mark.parametrize("text", [CLOUD_CFG, OF_18_5, OF_24_3])
def test_upstreams_lists(text: str) -> None:
    assert look(text) == ()


@pytest.mark.parametrize(
    "entry", ["[mounts, once-per-instance]", "{name: mounts, frequency: always}", "'mounts'"]
)
def test_entries_of_other_shapes(entry: str) -> None:
    assert look(OF_24_3.replace("- mounts", f"- {entry}")) == ()


def test_no_lists_at_all() -> None:
    assert look("users: [default]\n") == ()


def test_the_articles_commands_fold_the_list() -> None:
    assert yaml.safe_load(FOLDED)["cloud_init_modules"][0] == "disk_setup"
    assert len(yaml.safe_load(FOLDED)["cloud_init_modules"]) == 2

    found = finding(check, subject(healthy({CFG: FOLDED})))

    assert found.severity is Severity.ERROR
    assert found.message.startswith("cloud-init cannot use cloud_init_modules: ")
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


@pytest.mark.parametrize(
    "value",
    [
        "users-groups",
        "{ssh: x}",
        "[ssh, 3]",
        "[[]]",
        "[null]",
        "[{a: b}]",
        "7",
        "[[[ssh]]]",
        "'a b'",
    ],
)
def test_what_is_no_list_of_names(value: str) -> None:
    (found,) = look(f"cloud_init_modules: {value}\n")
    assert found.severity is Severity.ERROR
    assert len(found.found) <= 300


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (OF_24_3.replace("  - users_groups\n", ""), "users_groups"),
        (OF_24_3.replace("  - ssh\n", ""), "ssh"),
        ("cloud_final_modules: [runcmd]\n", "users_groups, ssh"),
    ],
)
def test_a_module_that_is_vital(text: str, missing: str) -> None:
    (found,) = look(text)

    assert found.severity is Severity.ERROR
    assert found.message == f"cloud-init runs no module {missing}: no one can log in"


def test_disks_are_set_up_late() -> None:
    (found,) = look(OF_RED_HAT)

    assert found.severity is Severity.WARNING
    assert found.message == "disks and mounts are not set up in cloud-init's first stage"
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, WriteFile)
    assert step.path == PATH
    assert yaml.safe_load(step.text) == {
        "cloud_init_modules": [
            "migrator",
            "bootcmd",
            {"name": "disk-setup"},
            ["mounts", "always"],
            "set_hostname",
            "users-groups",
            "ssh",
        ],
        "cloud_config_modules": ["locale", "set-passwords"],
    }
    assert findings(check, subject(healthy({CFG: OF_RED_HAT, PATH: step.text}))) == ()


def test_disks_are_set_up_twice() -> None:
    (found,) = look(OF_24_3.replace("  - runcmd\n", "  - runcmd\n  - mounts\n"))

    assert found.message == "disks and mounts are set up in two stages of cloud-init"
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, WriteFile)
    written = yaml.safe_load(step.text)
    assert written["cloud_init_modules"] == yaml.safe_load(OF_24_3)["cloud_init_modules"]
    assert written["cloud_config_modules"] == ["ssh_import_id", "runcmd"]


def test_strange_names_are_quoted() -> None:
    text = "cloud_init_modules: [ssh, users_groups, '#x', 'yes', '[a', 'k:v']\n"
    (found,) = look(text)
    assert found.fix is not None
    (step,) = found.fix.steps
    assert isinstance(step, WriteFile)
    assert yaml.safe_load(step.text)["cloud_init_modules"] == [
        "ssh",
        "users_groups",
        "#x",
        "yes",
        "[a",
        "k:v",
        "disk_setup",
        "mounts",
    ]


def test_a_later_file_is_named() -> None:
    later = "/etc/cloud/cloud.cfg.d/95-stages.cfg"
    files = healthy({later: "cloud_init_modules: [users_groups, ssh]\n"})
    found = finding(check, subject(files))

    assert found.place.path == later
    assert found.fix is not None
    assert later in found.fix.title
