"""Make any Linux disk image run on Azure: audit it, fix it, convert it, prove that it boots.

Every verb of the command line is a function here; nothing prints, progress goes to an observer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bootworthy.azure.download import download
    from bootworthy.azure.options import TransferOptions, TransferResult
    from bootworthy.azure.publish import publish
    from bootworthy.azure.upload import upload
    from bootworthy.disk.image import Image, open_image
    from bootworthy.model.conversion import Conversion
    from bootworthy.model.errors import BootworthyError
    from bootworthy.model.finding import Finding, Severity
    from bootworthy.model.inspection import Inspection
    from bootworthy.model.intent import Generation, Intent, OsState, ResourceSwap
    from bootworthy.model.plan import Change, Plan, Preview
    from bootworthy.model.rehearsal import Verdict
    from bootworthy.model.report import Report
    from bootworthy.rehearsal.rehearse import RehearsalOptions
    from bootworthy.rehearsal.scenario import Scenario
    from bootworthy.verbs.rehearse import rehearse
    from bootworthy.work.check import check
    from bootworthy.work.convert import ConvertOptions, convert
    from bootworthy.work.in_place import convert_in_place
    from bootworthy.work.inspect import inspect_image
    from bootworthy.work.plan import plan
    from bootworthy.work.prepare import prepare
    from bootworthy.work.resize import resize

__version__ = "0.1.0"

# Imported when first asked for: `import bootworthy` costs nothing.
_HOMES = {
    "BootworthyError": "model.errors",
    "Change": "model.plan",
    "Conversion": "model.conversion",
    "ConvertOptions": "work.convert",
    "Finding": "model.finding",
    "Generation": "model.intent",
    "Image": "disk.image",
    "Inspection": "model.inspection",
    "Intent": "model.intent",
    "OsState": "model.intent",
    "Plan": "model.plan",
    "Preview": "model.plan",
    "RehearsalOptions": "rehearsal.rehearse",
    "Report": "model.report",
    "ResourceSwap": "model.intent",
    "Scenario": "rehearsal.scenario",
    "Severity": "model.finding",
    "TransferOptions": "azure.options",
    "TransferResult": "azure.options",
    "Verdict": "model.rehearsal",
    "check": "work.check",
    "convert": "work.convert",
    "convert_in_place": "work.in_place",
    "download": "azure.download",
    "inspect_image": "work.inspect",
    "open_image": "disk.image",
    "plan": "work.plan",
    "prepare": "work.prepare",
    "publish": "azure.publish",
    "rehearse": "verbs.rehearse",
    "resize": "work.resize",
    "upload": "azure.upload",
}

__all__ = [
    "BootworthyError",
    "Change",
    "Conversion",
    "ConvertOptions",
    "Finding",
    "Generation",
    "Image",
    "Inspection",
    "Intent",
    "OsState",
    "Plan",
    "Preview",
    "RehearsalOptions",
    "Report",
    "ResourceSwap",
    "Scenario",
    "Severity",
    "TransferOptions",
    "TransferResult",
    "Verdict",
    "__version__",
    "check",
    "convert",
    "convert_in_place",
    "download",
    "inspect_image",
    "open_image",
    "plan",
    "prepare",
    "publish",
    "rehearse",
    "resize",
    "upload",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"bootworthy.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
