"""The identity of a container or Kubernetes node is in the image."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.model.finding import Severity, Violation
from bootworthy.rules.cleanup.leftovers import removable
from bootworthy.rules.conditions import generalized, has_guest
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PATTERNS = (
    "/var/lib/kubelet/pki/*",
    "/etc/kubernetes/pki/*",
    "/etc/kubernetes/*.conf",
    "/etc/docker/key.json",
    "/var/lib/docker/swarm/*",
    "/etc/rancher/node/*",
)


@rule(
    code="CLEAN-25",
    name="cluster-identity-left",
    severity=Severity.NOTE,
    why="A second node of the same name and key takes the first one's place in the cluster.",
    when=(generalized, has_guest),
    article=(14,),
    sources=("https://github.com/kubernetes-sigs/image-builder",),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No key of a cluster node is left."""
    message = "a cluster's identity is in the image"
    yield from removable(subject, _PATTERNS, message, "remove them")
