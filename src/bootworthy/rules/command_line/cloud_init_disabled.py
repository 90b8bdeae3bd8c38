"""The kernel command line keeps cloud-init from provisioning on Azure."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.command_line.entries import unwanted_tokens, with_entries
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# cloudinit/cmd/main.py and tools/ds-identify; network-config=disabled is not among them: it leaves
# the network to the distribution, as NET-08 asks for.
_WORDS = frozenset(("cloud-init=disabled", "cloud-init.disabled"))
_PINS = ("ds=", "ci.ds=", "ci.datasource=")


@rule(
    code="CMD-18",
    name="cloud-init-disabled-at-boot",
    severity=Severity.ERROR,
    why="cloud-init does not run, or looks for another cloud; nobody is told the user and the key.",
    when=(generalized, with_cloud_init, with_entries),
    sources=(sources.CLOUD_INIT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No entry switches cloud-init off or pins it to another data source."""
    yield from unwanted_tokens(subject, _is_unwanted, "{} keeps cloud-init from its work")


def _is_unwanted(word: str) -> bool:
    # ds=nocloud;s=https://example.org/ has settings behind the name.
    source = word.partition("=")[2].partition(";")[0].lower()
    return word in _WORDS or (word.startswith(_PINS) and source != "azure")
