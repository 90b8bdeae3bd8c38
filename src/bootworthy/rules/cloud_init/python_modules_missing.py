"""A Python module that cloud-init imports is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bootworthy.guest.families.family import Need
from bootworthy.guest.tree import Tree
from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import software, sources
from bootworthy.rules.conditions import with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_PYTHONS = ("/usr/lib/python3*", "/usr/lib64/python3*", "/usr/local/lib/python3*")

# cloudinit/url_helper.py and safeyaml.py import them without an alternative.
_ALWAYS = {"requests": "requests", "yaml": "PyYAML"}

# sources/DataSourceAzure.py: one of these turns the user's password into what /etc/shadow holds.
# Python 3.13 has no crypt any more, and Debian 13's cloud-init asks for none of the others.
_HASHING = ("crypt", "passlib", "crypt_r")


@rule(
    code="CI-22",
    name="cloud-init-module-missing",
    severity=Severity.ERROR,
    why="cloud-init ends with an exception before it has provisioned anything.",
    when=(with_cloud_init,),
    sources=(sources.CLOUD_INIT_SOURCE, f"{sources.CLOUD_INIT_SOURCE}/issues/5136"),
)
def check(subject: Subject) -> Iterator[Violation]:
    """requests and yaml are there, and one of crypt, passlib and crypt_r.

    A warning for the last: without it only machines with a password are not provisioned.
    """
    tree = subject.linux.tree
    home = next(iter(_packages(tree, "cloudinit")), "")
    if not home:
        return  # it brings a Python of its own
    for module, package in _ALWAYS.items():
        if not _packages(tree, module):
            yield _violation(home, f"no {module}", f"the Python module {package}")
    if not any(_packages(tree, name) for name in _HASHING) and _packages(tree, "os"):
        fix = software.install(subject.linux, Need.PASSLIB)
        found = f"none of {', '.join(_HASHING)}"
        yield replace(_violation(home, found, "passlib"), fix=fix, severity=Severity.WARNING)


def _packages(tree: Tree, module: str) -> list[str]:
    """Where a module or package lies: beside the standard library or among what was installed."""
    folders = [f"{python}{sub}" for python in _PYTHONS for sub in ("", "/*-packages")]
    return [
        path
        for folder in folders
        for ending in ("", ".py", ".pyc", ".cpython-*.so")
        for path in tree.glob(f"{folder}/{module}{ending}")
    ]


def _violation(home: str, found: str, expected: str) -> Violation:
    return Violation(
        message=f"cloud-init misses a Python module: {found}",
        place=Place(home),
        found=found,
        expected=expected,
        fix=by_hand(f"install {expected} from the distribution"),
    )
