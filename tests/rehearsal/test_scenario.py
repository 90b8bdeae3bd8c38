from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.model.errors import UsageError
from bootworthy.rehearsal.scenario import Scenario

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJvb3R3b3J0aHktdGVzdC1rZXktbm90LWEtc2VjcmV0 tester"


def _load(folder: Path, text: str) -> Scenario:
    file = folder / "scenario.toml"
    file.write_text(text)
    return Scenario.load(file)


def test_every_deployment_is_another_machine() -> None:
    assert Scenario().vm_id != Scenario().vm_id


def test_a_file_gives_every_choice(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "id.pub").write_text(f"{KEY}\n")
    loaded = _load(
        tmp_path,
        f"""
user_name = "op"
ssh_public_keys = ["{KEY} two"]
ssh_public_key_files = ["id.pub"]
password = "word"
host_name = "web-1.example"
custom_data_file = "run.sh"
user_data = "héllo"
disable_password_authentication = false
provision_guest_agent = false
vm_id = "12345678-1234-5678-1234-567812345678"
vm_size = "Standard_B1s"
location = "northeurope"
nics = 3
data_disks = 4
trusted_launch = true
""",
    )

    assert loaded == Scenario(
        user_name="op",
        ssh_public_keys=(f"{KEY} two", KEY),
        password="word",  # noqa: S106
        host_name="web-1.example",
        custom_data=b"#!/bin/sh\n",
        user_data="héllo".encode(),
        disable_password_authentication=False,
        provision_guest_agent=False,
        vm_id="12345678-1234-5678-1234-567812345678",
        vm_size="Standard_B1s",
        location="northeurope",
        nics=3,
        data_disks=4,
        trusted_launch=True,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user = 'x'", "unknown key 'user'"),
        ("nics = 'two'", "'two' is not a whole number"),
        ("nics = true", "True is not a whole number"),
        ("nics = 9", "nics = '9': Azure takes 1 to 8"),
        ("data_disks = -1", "Azure takes 0 to 64"),
        ("trusted_launch = 1", "1 is neither true nor false"),
        ("ssh_public_keys = 'ssh-rsa A'", "is not a list of texts"),
        ("ssh_public_keys = ['BEGIN']", "it is not a public key of OpenSSH"),
        ("ssh_public_key_files = ['gone']", "cannot read"),
        ("user_name = 'root'", "Azure refuses this account name"),
        ("user_name = 'a b'", "Azure refuses this account name"),
        ("host_name = '-x'", "it is not a host name"),
        ("host_name = 'a</HostName>'", "it is not a host name"),
        ("vm_id = '7'", "it is not a UUID"),
        ("location = 'a b'", "letters, digits"),
        ("password = 'a\\u0001'".replace("'", '"'), "cannot be typed"),
        ("disable_password_authentication = false", "there is no password"),
        ("custom_data = 'a'\ncustom_data_file = 'b'", "not both"),
        ("= 3", "it is not TOML"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        _load(tmp_path, text)

    assert str(tmp_path / "scenario.toml") in caught.value.message
    assert said in caught.value.message


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        Scenario.load(tmp_path / "none.toml")


def test_a_file_that_never_ends_is_not_read_to_its_end() -> None:
    with pytest.raises(UsageError, match="larger than"):
        Scenario.load(Path("/dev/zero"))


def test_more_custom_data_than_azure_takes_is_refused() -> None:
    with pytest.raises(UsageError, match="Azure takes 0 to 65535"):
        Scenario(custom_data=bytes(65536))
