"""Distributions that cannot be built here, as small trees after their published layouts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bootworthy.guest.initramfs_builders.registry import builder_of
from bootworthy.model.finding import Outcome
from bootworthy.model.intent import Intent
from bootworthy.model.report import RuleResult
from bootworthy.rules.catalogue import all_rules
from bootworthy.work.evaluate import check_rules
from bootworthy.work.opening import Reading, opened

GOLDEN = Path(__file__).parents[1] / "golden" / "layouts.json"
UPDATE = "BOOTWORTHY_UPDATE_GOLDEN"
# Support ends on a day.
_OF_THE_DAY = "DIST-01"
LAYOUTS = sorted(path.parent for path in Path(__file__).parent.glob("layouts/*/expected.json"))

each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.name)


def facts_of(root: Path) -> dict[str, Any]:
    """What the directory engine reads of a tree, as expected.json has it."""
    with opened(None, root, Reading()) as subject:
        guest = subject.guest
        kernels = guest.bootable_kernels
        loader = guest.boot_loader
        default = next((entry for entry in loader.entries if entry.default), None)
        builder = builder_of(guest.tree)
        names = ("sshd.service", "ssh.service")
        started = [name for name in names if guest.services.unit(name).starts]
        return {
            "family": guest.release.family.value,
            "kernels": [kernel.release for kernel in kernels],
            "loader": loader.kind.value,
            "builder": builder.name if builder else "",
            "packages": guest.packages.manager,
            "network": list(guest.network.stacks),
            "init": guest.services.manager,
            "arguments": list(default.arguments) if default else [],
            "ssh": started[0] if started else "",
            "hv_storvsc": kernels[0].module("hv_storvsc").value if kernels else "",
        }


@each_layout
def test_facts(layout: Path) -> None:
    assert facts_of(layout / "tree") == json.loads((layout / "expected.json").read_text())


@each_layout
def test_every_kernel_has_its_image_and_initramfs(layout: Path) -> None:
    with opened(None, layout / "tree", Reading()) as subject:
        for kernel in subject.guest.bootable_kernels:
            assert kernel.image
            assert kernel.initramfs


@each_layout
def test_no_rule_crashes(layout: Path) -> None:
    results = results_of(layout / "tree")

    assert [item for item in results if item.outcome is Outcome.ERROR] == []
    unread = {item.code for item in results if item.outcome is Outcome.NOT_CHECKED}
    # Without a menu that can be read nothing is said of its entries.
    has_menu = json.loads((layout / "expected.json").read_text())["loader"] != "none"
    assert unread <= {"DIST-02"} or not has_menu, unread


def test_findings_are_known() -> None:
    """All of them, release by release; BOOTWORTHY_UPDATE_GOLDEN=1 takes what is found now."""
    found = {
        layout.name: sorted(
            {item.code for item in results_of(layout / "tree") if item.findings} - {_OF_THE_DAY}
        )
        for layout in LAYOUTS
    }
    if os.environ.get(UPDATE) == "1":
        lines = (f"{json.dumps(name)}: {json.dumps(codes)}" for name, codes in found.items())
        GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")

    assert found == json.loads(GOLDEN.read_text())


def results_of(root: Path) -> tuple[RuleResult, ...]:
    with opened(None, root, Reading()) as subject:
        return tuple(check_rules(all_rules(), subject.subject(Intent())))
