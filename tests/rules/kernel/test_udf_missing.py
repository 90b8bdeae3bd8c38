from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.rules.kernel.udf_missing import check
from tests.rules.healthy import healthy, kernel, without
from tests.rules.making import Entry, finding, findings, subject

NO_UDF = kernel(loadable=without("udf"))
VERSION = "/usr/lib/python3/dist-packages/cloudinit/version.py"


def changes(entries: dict[str, Entry | None]) -> dict[str, Entry | None]:
    """A kernel without udf, and more."""
    return {**NO_UDF, **entries}


def test_a_module_or_a_part_of_the_kernel_passes() -> None:
    assert findings(check, subject(healthy())) == ()
    builtin = healthy(kernel(loadable=without("udf"), builtin=("kernel/fs/udf/udf",)))
    assert findings(check, subject(builtin)) == ()


def test_newer_cloud_init_can_do_without() -> None:
    found = finding(check, subject(healthy(changes({}))))

    assert found.severity is Severity.WARNING
    assert "cannot mount the provisioning DVD" in found.message


def test_older_cloud_init_cannot() -> None:
    files = healthy(changes({VERSION: '__VERSION__ = "20.4"\n'}))
    assert finding(check, subject(files)).severity is Severity.ERROR


def test_the_agent_cannot() -> None:
    files = healthy(changes({"/usr/bin/cloud-init": None}))
    assert finding(check, subject(files)).severity is Severity.ERROR


def test_the_agent_provisions_where_cloud_init_is_off() -> None:
    files = healthy(changes({"/etc/cloud/cloud-init.disabled": ""}))
    assert finding(check, subject(files)).severity is Severity.ERROR
