"""Install packages with the guest's own package manager."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bootworthy.guest.engines.base import Completed
from bootworthy.guest.families.family import Family
from bootworthy.model.steps import InstallPackages
from bootworthy.work.target import StepFailedError, Target


def install(step: InstallPackages, target: Target) -> None:
    """Install all at once; when that fails, one by one, so that one bad name costs only itself.

    Raises:
        StepFailedError: some could not be installed; the others are.
    """
    family = target.guest.family
    if not family.install(step.packages, offline=False):
        raise StepFailedError(f"bootworthy does not know how to install {', '.join(step.packages)}")
    with tempfile.TemporaryDirectory(prefix="bootworthy-") as scratch:
        mounts = _mounts(family, target, Path(scratch))
        if _install(step.packages, family, target, mounts).code == 0:
            return
        failed = _one_by_one(step.packages, family, target, mounts)
    if failed:
        raise StepFailedError("\n".join(failed))


def _mounts(family: Family, target: Target, scratch: Path) -> Mapping[str, str]:
    if target.options.packages is None:
        return {}
    # The guest's package manager may read as another user than root (apt's _apt).
    scratch.chmod(0o755)
    return family.offline_mounts(target.options.packages, scratch)


def _install(
    packages: tuple[str, ...], family: Family, target: Target, mounts: Mapping[str, str]
) -> Completed:
    """The first program that failed, else the last one."""
    completed = Completed(argv=(), code=0, output="")
    for invocation in family.install(packages, offline=bool(mounts)):
        completed = target.run(replace(invocation, mounts=mounts))
        if completed.code != 0:
            return completed
    return completed


def _one_by_one(
    packages: tuple[str, ...], family: Family, target: Target, mounts: Mapping[str, str]
) -> list[str]:
    failed = []
    for package in packages:
        completed = _install((package,), family, target, mounts)
        if completed.code != 0:
            failed.append(f"{package}: {completed.last_lines(3) or f'exit {completed.code}'}")
    return failed
