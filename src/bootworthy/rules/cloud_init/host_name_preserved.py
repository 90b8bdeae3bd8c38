"""cloud-init is told to keep the host name of the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Place, Severity, Violation
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.files import HOST_NAME, write
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_KEY = "preserve_hostname"


@rule(
    code="CI-14",
    name="host-name-preserved",
    severity=Severity.WARNING,
    why="Every machine made from the image has its name, whatever Azure calls it.",
    when=(generalized, with_cloud_init),
    sources=(sources.CLOUD_INIT_SOURCE,),
)
def check(subject: Subject) -> Iterator[Violation]:
    """preserve_hostname is not true."""
    cloud_init = subject.linux.cloud_init
    if cloud_init.config.get(_KEY) is True:
        yield Violation(
            message="cloud-init does not set the host name",
            place=Place(cloud_init.origin.get(_KEY, "/etc/cloud/cloud.cfg")),
            found=f"{_KEY}: true",
            expected=f"{_KEY}: false",
            fix=write(HOST_NAME, _KEY, cloud_init),
        )
