from __future__ import annotations

import pytest

from bootworthy.model.errors import InternalError
from bootworthy.model.finding import Finding, Fix, Place, Safety, Severity
from bootworthy.model.steps import (
    InstallPackages,
    RemovePaths,
    ResetMachineId,
    SetKernelArguments,
    SetKeys,
    Step,
    UpdateInitramfs,
    WriteFile,
)
from bootworthy.work.merge import plan_for


def _finding(code: str, *steps: Step, safety: Safety = Safety.SAFE) -> Finding:
    return Finding(
        rule=code.lower(),
        code=code,
        severity=Severity.ERROR,
        message="m",
        place=Place("/p"),
        found="f",
        expected="e",
        why="w",
        fix=Fix(title="t", steps=steps, safety=safety),
    )


def test_ten_reasons_make_one_initramfs_and_one_boot_menu() -> None:
    plan = plan_for(
        [
            _finding("CMD-02", SetKernelArguments(add=("console=ttyS0",))),
            _finding("INIT-01", UpdateInitramfs(modules=("hv_vmbus", "hv_storvsc"))),
            _finding("CMD-07", SetKernelArguments(remove=("quiet", "splash"))),
            _finding("PART-19", UpdateInitramfs(modules=("hv_vmbus", "ext4"))),
            _finding("CMD-05", SetKernelArguments(add=("rootdelay=300", "console=ttyS0"))),
        ]
    )

    assert [planned.step for planned in plan.steps] == [
        UpdateInitramfs(modules=("hv_vmbus", "hv_storvsc", "ext4")),
        SetKernelArguments(add=("console=ttyS0", "rootdelay=300"), remove=("quiet", "splash")),
    ]
    assert plan.steps[1].rules == ("CMD-02", "CMD-07", "CMD-05")


def test_steps_come_in_the_order_of_their_phases() -> None:
    plan = plan_for(
        [
            _finding("CLEAN-08", ResetMachineId()),
            _finding("CMD-02", SetKernelArguments(add=("a",))),
            _finding("AGT-02", InstallPackages(packages=("waagent",))),
        ]
    )

    kinds = [planned.step.kind for planned in plan.steps]
    assert kinds == ["install-packages", "set-kernel-arguments", "reset-machine-id"]


def test_keys_of_one_file_come_together_and_two_files_stay_apart() -> None:
    plan = plan_for(
        [
            _finding("A-1", SetKeys(path="/a", settings=(("x", "1"),))),
            _finding("A-2", SetKeys(path="/a", settings=(("y", "2"), ("x", "1")))),
            _finding("A-3", SetKeys(path="/b", settings=(("x", "3"),))),
        ]
    )

    assert [planned.step for planned in plan.steps] == [
        SetKeys(path="/a", settings=(("x", "1"), ("y", "2"))),
        SetKeys(path="/b", settings=(("x", "3"),)),
    ]


def test_contradictions_are_a_bug_and_said_so() -> None:
    with pytest.raises(InternalError, match="two rules want different values for x in /a"):
        plan_for(
            [
                _finding("A-1", SetKeys(path="/a", settings=(("x", "1"),))),
                _finding("A-2", SetKeys(path="/a", settings=(("x", "2"),))),
            ]
        )
    with pytest.raises(InternalError, match="different contents for /a"):
        plan_for(
            [
                _finding("A-1", WriteFile(path="/a", text="1")),
                _finding("A-2", WriteFile(path="/a", text="2")),
            ]
        )


def test_what_is_not_safe_is_not_planned() -> None:
    plan = plan_for(
        [
            _finding("A-1", RemovePaths(patterns=("/x",)), safety=Safety.UNSAFE),
            _finding("A-2", safety=Safety.BY_HAND),
        ]
    )

    assert plan.steps == ()


def test_a_plan_is_data() -> None:
    plan = plan_for([_finding("A-1", SetKeys(path="/a", settings=(("x", "1"),)))])

    assert plan.to_dict() == {
        "steps": [{"step": "set-keys", "path": "/a", "settings": [["x", "1"]], "rules": ["A-1"]}]
    }
