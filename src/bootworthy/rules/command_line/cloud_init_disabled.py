"""The kernel command line keeps cloud-init from provisioning on Azure."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import unwanted_tokens, with_entries
from bootworthy.rules.conditions import generalized
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_WORDS = frozenset(("cloud-init=disabled", "cloud-init.disabled", "network-config=disabled"))
_STARTS = ("ds=", "ci.ds=", "ci.datasource=", "cloud-init=disabled")


@rule(
    code="CMD-18",
    name="cloud-init-disabled-at-boot",
    severity=Severity.ERROR,
    why="cloud-init does not run, or looks for another cloud; nobody is told the user and the key.",
    when=(generalized, with_entries),
    sources=(sources.CLOUD_INIT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No entry switches cloud-init off or pins it to another data source."""
    yield from unwanted_tokens(
        subject, _is_unwanted, "{} keeps cloud-init from its work", severity=None
    )


def _is_unwanted(word: str) -> bool:
    pins_azure = word.partition("=")[2].lower() == "azure"
    return word in _WORDS or (word.startswith(_STARTS) and not pins_azure)
