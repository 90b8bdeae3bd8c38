"""cloud-init's and the agent's own code, as four releases of Debian ship it, against the fabric."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bootworthy.rehearsal.fabric import Fabric
from bootworthy.rehearsal.fabric.ovf import ovf_environment
from bootworthy.rehearsal.scenario import Scenario
from tests.rehearsal.fabric import clients
from tests.rehearsal.fabric.conftest import KEY
from tests.rehearsal.fabric.stand_in import Ran, StandIn


def _medium(scenario: Scenario, folder: Path) -> str:
    path = folder / "ovf-env.xml"
    path.write_bytes(ovf_environment(scenario))
    return str(path)


def _answer(ran: Ran) -> Any:  # noqa: ANN401 - JSON
    assert ran.status == 0, ran.output
    return json.loads(ran.output.splitlines()[-1])


def test_cloud_init_reads_the_medium(
    scenario: Scenario, guest: StandIn, tmp_path: Path, cloud_init: str
) -> None:
    medium = _medium(scenario, tmp_path)
    program = clients.CLOUD_INIT_READS_THE_MEDIUM.format(path=medium, password=scenario.password)
    user, host, custom, no_password, keys, pooled = _answer(guest.python(program, cloud_init))

    key = {"path": "/home/azureuser/.ssh/authorized_keys", "value": KEY}
    assert (user, host) == ("azureuser", "tester-vm")
    assert custom == "#!/bin/sh\necho custom\n"
    assert no_password is True
    assert [{name: found[name] for name in key} for found in keys] == [key]
    assert pooled is False


def test_the_agent_reads_the_medium(
    scenario: Scenario, guest: StandIn, tmp_path: Path, agent: str
) -> None:
    program = clients.AGENT_READS_THE_MEDIUM.format(path=_medium(scenario, tmp_path))
    keys = [["/home/azureuser/.ssh/authorized_keys", None, KEY]]
    custom = "IyEvYmluL3NoCmVjaG8gY3VzdG9tCg=="

    wanted = ["azureuser", "Bobby <&> Tables", "tester-vm", custom, True, keys, "true"]
    assert _answer(guest.python(program, agent)) == wanted


def test_cloud_init_registers_and_reports_ready(
    fabric: Fabric, settled: StandIn, cloud_init: str
) -> None:
    """With a transport certificate of its own, which it decrypts the deployment's with."""
    program = clients.CLOUD_INIT_REGISTERS.format(key=KEY)

    assert _answer(settled.python(program, cloud_init)) == [KEY]
    kinds = [event.kind for event in fabric.events if event.service == "wire"]
    assert kinds == ["goalstate", "certificates", "health-ready"]


def test_cloud_init_finds_the_certificate_by_its_fingerprint(
    settled: StandIn, cloud_init: str
) -> None:
    program = clients.CLOUD_INIT_FINDS_THE_CERTIFICATE.format()
    (key,) = _answer(settled.python(program, cloud_init))

    assert key.startswith("ssh-rsa AAAA")


def test_cloud_init_reports_a_failure(fabric: Fabric, settled: StandIn, cloud_init: str) -> None:
    reason = "no <medium> & no network"
    program = clients.CLOUD_INIT_REPORTS_A_FAILURE.format(reason=reason)
    ran = settled.python(program, cloud_init)

    assert ran.status == 0, ran.output
    (told,) = [event.detail for event in fabric.events if event.kind == "health-notready"]
    assert told.startswith("ProvisioningFailed: ")
    assert reason in told
    assert "Cloud-Init/" in told


def test_cloud_init_asks_the_metadata_service(settled: StandIn, cloud_init: str) -> None:
    program = clients.CLOUD_INIT_ASKS_THE_METADATA_SERVICE.format()
    document = _answer(settled.python(program, cloud_init))

    assert document["compute"]["name"] == "tester-vm"
    assert len(document["network"]["interface"]) == 2


def test_the_agent_takes_the_goal_state_and_reports(
    fabric: Fabric, settled: StandIn, tmp_path: Path, agent: str
) -> None:
    program = clients.AGENT_TAKES_THE_GOAL_STATE.format(lib=str(tmp_path / "lib"))
    told = _answer(settled.python(program, agent))

    assert told["name"] == "_tester-vm"
    assert told["certificates"] == 1
    assert told["private"] == [".crt", ".prv"]
    # Agents before 2.7 know no vmSettings; those since 2.8 ask for them and take the older
    # document from a fabric that says it is the source of both.
    sources = (None, "ExtensionsGoalStateFromVmSettings", "ExtensionsGoalStateFromExtensionsConfig")
    assert told.get("source") in sources
    assert told["families"] == ["Prod", "Test"]
    assert told["blob"] == "BlockBlob"
    assert (told["health"], told["available"], told["manifest"]) == (True, True, True)
    assert told["size"] == "Standard_D2s_v3"
    kinds = {event.kind for event in fabric.events}
    assert kinds >= {
        *("wire-versions", "goalstate", "hosting-environment", "shared-config"),
        *("certificates", "extensions-config", "health-notready", "health-ready"),
        *("hostgaplugin-versions", "hostgaplugin-health", "agent-manifest", "imds-request"),
    }
    assert ("hostgaplugin-vmsettings" in kinds) is ("source" in told)
    refused = ("refused", "unknown", "error")
    assert [event for event in fabric.events if event.kind.endswith(refused)] == []
