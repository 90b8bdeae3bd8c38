"""Uploads and downloads through real HTTP, SAS and shared keys of Microsoft's own emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootworthy.azure.download import download
from bootworthy.azure.target import parse
from bootworthy.model.errors import TransferError
from tests.azure.azurite_service import CONTAINER, Azurite
from tests.azure.disks import SOURCES, fixed_vhd, make, raw_disk
from tests.azure.sending import FAST, no_credential, send, target_of
from tests.disk.making import needs

pytestmark = needs("qemu-img", "sfdisk")


@pytest.mark.parametrize("kind", SOURCES)
def test_what_arrives_is_the_vhd_of_any_source(kind: str, azurite: Azurite, tmp_path: Path) -> None:
    source = make(kind, tmp_path)
    expected = source.read_bytes() if kind == "vhd" else fixed_vhd(source)

    send(source, azurite.url(f"{kind}.vhd"), verify=True, skip_free=False)

    arrived = azurite.content(f"{kind}.vhd")
    assert arrived[:-512] == expected[:-512]
    assert kind != "vhd" or arrived == expected
    download(target_of(azurite.url(f"{kind}.vhd")), tmp_path / "back.vhd", FAST)
    assert (tmp_path / "back.vhd").read_bytes() == arrived


def test_a_connection_string_signs_with_the_key(azurite: Azurite, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    target = parse(
        f"{CONTAINER}/by-key.vhd",
        connection_string=azurite.connection_string,
        make_credential=no_credential,
    )
    send(source, target)

    assert azurite.content("by-key.vhd")[:-512] == fixed_vhd(source)[:-512]


def test_a_wrong_signature_is_refused(azurite: Azurite, tmp_path: Path) -> None:
    url = azurite.url("refused.vhd")
    with pytest.raises(TransferError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), url[:-8] + "AAAAA%3D")

    assert caught.value.code == "azure-access-denied"


def test_a_sas_that_may_only_read_is_refused(azurite: Azurite, tmp_path: Path) -> None:
    with pytest.raises(TransferError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), azurite.url("read.vhd", permissions="r"))

    assert caught.value.code == "azure-access-denied"


def test_a_container_that_is_not_there_is_named(azurite: Azurite, tmp_path: Path) -> None:
    target = parse(
        "missing/a.vhd",
        connection_string=azurite.connection_string,
        make_credential=no_credential,
    )
    with pytest.raises(TransferError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), target)

    assert caught.value.code == "azure-not-found"


def test_a_name_that_does_not_resolve_is_one_error(tmp_path: Path) -> None:
    target = target_of("https://acct.blob.invalid/vhds/a.vhd?sig=s3cr3t")
    with pytest.raises(TransferError) as caught:
        send(raw_disk(tmp_path / "disk.raw"), target, give_up_after=0.5)

    assert caught.value.code == "azure-unreachable"
    assert "s3cr3t" not in caught.value.message
