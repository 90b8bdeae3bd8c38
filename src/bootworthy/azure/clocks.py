"""Whether a refusal has to do with time: this machine's clock, or when a SAS is valid.

Azure takes requests signed with a key when their date is at most 15 minutes from its own
(https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key), and a SAS between
its ``st`` and ``se``. Its answers to HEAD have no body to say so in; their Date header they have.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

# Entra ID bears no more than this, storage three times as much.
_BEARABLE = timedelta(minutes=5)

SET_CLOCK = "set this machine's clock: timedatectl set-ntp true"


def hint_of(response: Any, now: datetime | None = None) -> str:  # noqa: ANN401 - any transport's
    """What about time explains that Azure refused a request; empty when nothing does."""
    theirs = moment_of(getattr(response, "headers", {}).get("Date"))
    if theirs is None:
        return ""
    url = str(getattr(getattr(response, "request", None), "url", ""))
    return "; ".join(_reasons(theirs, now or datetime.now(UTC), url))


def _reasons(theirs: datetime, ours: datetime, url: str) -> Iterator[str]:
    if abs(ours - theirs) > _BEARABLE:
        yield f"this machine's clock says {_words(ours)}, Azure's {_words(theirs)}; {SET_CLOCK}"
    asked = parse_qs(urlsplit(url).query)
    start, end = (_iso(asked.get(name, [""])[0]) for name in ("st", "se"))
    if start is not None and start > theirs:
        yield f"the SAS is valid from {_words(start)} on: wait, or make a new one"
    if end is not None and end <= theirs:
        yield f"the SAS expired at {_words(end)}: make a new one"


def _words(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def moment_of(header: str | None) -> datetime | None:
    """The moment of a date in HTTP's own format (RFC 9110, 5.6.7), None when it is none."""
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return _in_utc(moment)


def _iso(text: str) -> datetime | None:
    """A SAS's moment: a date, or a date and a time, in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    """The moment, taken for one of UTC where it does not say."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
