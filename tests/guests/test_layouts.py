"""Distributions that cannot be built here, as small trees after their published layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bootworthy.guest.initramfs_builders.registry import builder_of
from bootworthy.model.finding import Outcome
from bootworthy.model.intent import Intent
from bootworthy.rules.catalogue import all_rules
from bootworthy.work.evaluate import check_rules
from bootworthy.work.opening import Reading, opened

LAYOUTS = sorted(path.parent for path in Path(__file__).parent.glob("layouts/*/expected.json"))

each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.name)


def facts_of(root: Path) -> dict[str, Any]:
    """What the directory engine reads of a tree, as expected.json has it."""
    with opened(None, root, Reading()) as subject:
        guest = subject.guest
        loader = guest.boot_loader
        default = next((entry for entry in loader.entries if entry.default), None)
        builder = builder_of(guest.tree)
        names = ("sshd.service", "ssh.service")
        started = [name for name in names if guest.services.unit(name).starts]
        return {
            "family": guest.release.family.value,
            "kernels": [kernel.release for kernel in guest.bootable_kernels],
            "loader": loader.kind.value,
            "builder": builder.name if builder else "",
            "packages": guest.packages.manager,
            "network": list(guest.network.stacks),
            "init": guest.services.manager,
            "arguments": list(default.arguments) if default else [],
            "ssh": started[0] if started else "",
            "hv_storvsc": guest.bootable_kernels[0].module("hv_storvsc").value,
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
    with opened(None, layout / "tree", Reading()) as subject:
        results = check_rules(all_rules(), subject.subject(Intent()))

    assert [item for item in results if item.outcome is Outcome.ERROR] == []
    unread = {item.code for item in results if item.outcome is Outcome.NOT_CHECKED}
    assert unread <= {"DIST-02"}, unread
