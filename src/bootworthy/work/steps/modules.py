"""Let drivers load that modprobe.d keeps from loading."""

from __future__ import annotations

from bootworthy.guest.editors.modprobe import allow_modules
from bootworthy.model.steps import AllowModules
from bootworthy.work.target import Target


def allow(step: AllowModules, target: Target) -> None:
    """Turn the lines that disable the modules into comments, in every file in force."""
    tree = target.tree
    for path in dict.fromkeys(directive.place.path for directive in target.guest.modprobe):
        old = tree.text(path)
        new = allow_modules(old, step.modules)
        if new != old:
            tree.write_text(path, new)
