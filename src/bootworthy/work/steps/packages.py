"""Install packages with the guest's own package manager."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bootworthy.guest.engines.base import Completed, Invocation
from bootworthy.guest.families.family import Family
from bootworthy.model.errors import UsageError
from bootworthy.model.steps import InstallPackages
from bootworthy.work.steps import boot_copies
from bootworthy.work.target import StepFailedError, Target

# The lines of a package manager that say why: apt's E: and W:, dnf's and zypper's Error:, and the
# dependency that apt misses, which it does not mark.
_COMPLAINT = re.compile(
    r"\s*(?:(?:E|W|Err|Error|Errors|Warning|Fatal)\s*:|.*\bDepends: .* but it is not )",
    re.IGNORECASE,
)


def install(step: InstallPackages, target: Target) -> None:
    """Install all at once; when that fails, one by one, so that one bad name costs only itself.

    Raises:
        StepFailedError: some could not be installed; the others are.
    """
    family = target.guest.family
    if not family.install(step.packages, offline=False):
        raise StepFailedError(f"bootworthy does not know how to install {', '.join(step.packages)}")
    with (
        boot_copies.kept_fresh(target),
        tempfile.TemporaryDirectory(prefix="bootworthy-") as scratch,
    ):
        mounts = _mounts(family, target, Path(scratch))
        refresh = _run(family.install(step.packages, offline=bool(mounts))[:-1], target, mounts)
        if _install(step.packages, family, target, mounts).code == 0:
            return
        failed = _one_by_one(step.packages, family, target, mounts)
    if failed:
        raise StepFailedError("\n".join(dict.fromkeys((*_complaints(refresh), *failed))))


def _mounts(family: Family, target: Target, scratch: Path) -> Mapping[str, str]:
    """What shows the guest the packages of ``--packages``.

    Raises:
        StepFailedError: there are none, or they are no packages.
    """
    if target.options.packages is None:
        return {}
    # The guest's package manager may read as another user than root (apt's _apt).
    scratch.chmod(0o755)
    try:
        return family.offline_mounts(target.options.packages, scratch)
    except UsageError as error:
        raise StepFailedError(error.message) from error


def _run(programs: tuple[Invocation, ...], target: Target, mounts: Mapping[str, str]) -> Completed:
    """The first program that failed, else the last one."""
    completed = Completed(argv=(), code=0, output="")
    for invocation in programs:
        completed = target.run(replace(invocation, mounts=mounts))
        if completed.code != 0:
            break
    return completed


def _install(
    packages: tuple[str, ...], family: Family, target: Target, mounts: Mapping[str, str]
) -> Completed:
    """Run the last of the family's programs, which installs; others before it refresh its lists."""
    return _run(family.install(packages, offline=bool(mounts))[-1:], target, mounts)


def _one_by_one(
    packages: tuple[str, ...], family: Family, target: Target, mounts: Mapping[str, str]
) -> list[str]:
    failed = []
    for package in packages:
        completed = _install((package,), family, target, mounts)
        if completed.code != 0:
            why = "; ".join(_complaints(completed)) or completed.last_lines(1)
            failed.append(f"{package}: {why or f'exit {completed.code}'}")
    return failed


def _complaints(completed: Completed) -> list[str]:
    """The last three lines in which a program says what is wrong."""
    lines = (line.strip() for line in completed.output.splitlines())
    return [line for line in lines if _COMPLAINT.match(line)][-3:]
