"""What cloud-init prints is not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.files import LOGGING, write
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject


@rule(
    code="CI-08",
    name="cloud-init-output-lost",
    severity=Severity.NOTE,
    why="When custom data fails, its output is what tells why.",
    when=(generalized, with_cloud_init),
    article=(61,),
    sources=(sources.ARTICLE,),
    deviation="the article appends a second `output` key to 05_logging.cfg; a file of its own is "
    "written, and only where no output is configured",
)
def check(subject: Subject) -> Iterator[Violation]:
    """output.all is configured."""
    cloud_init = subject.linux.cloud_init
    output = cloud_init.config.get("output")
    if not isinstance(output, Mapping) or "all" not in output:
        yield Violation(
            message="cloud-init's output is not logged",
            place=Place(cloud_init.origin.get("output", "/etc/cloud/cloud.cfg")),
            found=f"output: {output}" if output else "no output setting",
            expected="output: {all: '| tee -a /var/log/cloud-init-output.log'}",
            fix=write(LOGGING, "output", cloud_init),
        )
