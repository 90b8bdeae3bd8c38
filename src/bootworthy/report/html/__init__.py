"""The report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from bootworthy.model.errors import HostError
from bootworthy.model.report import Report
from bootworthy.report.format import Format
from bootworthy.report.html.view import view_of
from bootworthy.report.plain import printable_lines

if TYPE_CHECKING:
    from jinja2 import Environment


def require() -> None:
    """See to it that Jinja is there.

    Raises:
        HostError: ``html-extra-missing``.
    """
    try:
        import jinja2  # noqa: F401 - only whether it can be imported
    except ImportError as error:
        raise HostError(
            "html-extra-missing",
            "the HTML report needs Jinja, which is not installed",
            hint="pipx install 'bootworthy[html]'",
        ) from error


def render(report: Report) -> str:
    """The report as one HTML document; everything that came from the image is escaped."""
    require()
    from markupsafe import Markup

    style, script = _read("style.css"), _read("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = _environment().from_string(_read("report.html.j2"))
    # The two files are ours and hold no tag.
    own = {"style": Markup(style), "script": Markup(script)}  # noqa: S704
    text = page.render(view=view_of(report), script_digest=digest, **own)
    return text.rstrip("\n") + "\n"


def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )


def _harmless(value: object) -> object:
    """Text without control characters; escaping is done after this."""
    return value if hasattr(value, "__html__") else printable_lines(str(value))


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


FORMAT = Format(
    name="html",
    summary="one page with everything, for a browser",
    render=render,
    shows_rehearsal=True,
    require=require,
)
