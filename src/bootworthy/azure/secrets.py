"""Nothing secret is shown: SAS signatures, account keys and tokens are cut out of every text."""

from __future__ import annotations

import logging
import re

REDACTED = "REDACTED"

# A SAS is as good as a password as long as its signature is whole; the rest of it is public:
# https://learn.microsoft.com/rest/api/storageservices/create-service-sas
_PAIRS = re.compile(
    r"(?i)(?:\b|(?<=%3F)|(?<=%26))(sig|accountkey|sharedaccesssignature|client_secret|client_assertion|access_token)"
    r"(=|%3D)[^&;\s'\"<>]+"
)
_HEADERS = re.compile(r"(?i)\b(bearer\s+|sharedkey(?:lite)?\s+[^:\s]+:)[^\s'\"<>]+")

# urllib3 writes the whole address of every request at level DEBUG, and of failed ones at WARNING.
_TALKATIVE = ("urllib3.connectionpool", "urllib3.util.retry", "requests")


def redact(text: str) -> str:
    """``text`` with every signature, key and token replaced."""
    text = _PAIRS.sub(rf"\1\2{REDACTED}", text)
    return _HEADERS.sub(rf"\1{REDACTED}", text)


class _Redacting(logging.Filter):
    """Takes secrets out of log records before any handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; it always stays."""
        record.msg, record.args = redact(record.getMessage()), None
        return True


_FILTER = _Redacting()


def guard_logs() -> None:
    """Redact what the HTTP libraries log, at every level; safe to call again."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_FILTER)
