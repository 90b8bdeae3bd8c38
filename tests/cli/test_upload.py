"""``bootworthy upload`` and ``download`` as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootworthy.cli.azure_options import offering_resume, resume_command
from bootworthy.model.errors import BootworthyError, HostError, TransferError
from tests.azure.blob_service import Answer, Service, refusal, serving
from tests.azure.disks import fixed_vhd, raw_disk
from tests.disk.making import needs
from tests.disk.sources import make

pytestmark = needs("sfdisk")


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


def run(
    folder: Path, *words: str | Path, typed: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run bootworthy with its state in ``folder``."""
    code = "from bootworthy.cli.main import main; main()"
    argv = [sys.executable, "-c", code, *(os.fspath(word) for word in words)]
    environment = {name: value for name, value in os.environ.items() if "AZURE" not in name}
    environment |= {"XDG_STATE_HOME": os.fspath(folder / "state"), "NO_COLOR": "1"} | env
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, env=environment, input=typed
    )


def test_an_image_is_sent_and_fetched(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    sent = run(tmp_path, "upload", source, service.url(), "--anyway", "--json", "--verify")
    fetched = run(tmp_path, "download", service.url(), "-o", tmp_path / "back.vhd")

    assert sent.returncode == 0, sent.stderr
    result = json.loads(sent.stdout)
    assert result["verified"]
    assert result["size"] == service.blob().size
    assert fetched.returncode == 0, fetched.stderr
    assert (tmp_path / "back.vhd").read_bytes()[:-512] == fixed_vhd(source)[:-512]
    assert "s3cr3t" not in sent.stdout + sent.stderr + fetched.stdout + fetched.stderr


def test_the_address_may_come_from_a_file_or_standard_input(
    service: Service, tmp_path: Path
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    address = tmp_path / "address"
    address.write_text(service.url() + "\n", encoding="utf-8")
    by_file = run(tmp_path, "upload", source, f"@{address}", "--anyway")
    by_input = run(tmp_path, "upload", source, "@-", "--anyway", "--force", typed=service.url())

    assert by_file.returncode == 0, by_file.stderr
    assert by_input.returncode == 0, by_input.stderr


def test_events_are_lines_for_programs(service: Service, tmp_path: Path) -> None:
    words = ("-q", "--events-fd", "2")
    sent = run(tmp_path, "upload", raw_disk(tmp_path / "d"), service.url(), "--anyway", *words)
    fetched = run(tmp_path, "download", service.url(), "-o", tmp_path / "back.vhd", *words)

    for done in (sent, fetched):
        kinds = {json.loads(line)["event"] for line in done.stderr.splitlines()}
        assert "bytes-moved" in kinds, done.stderr
        assert "s3cr3t" not in done.stderr


def test_an_image_that_would_not_run_is_not_sent(service: Service, tmp_path: Path) -> None:
    sent = run(tmp_path, "upload", raw_disk(tmp_path / "disk.raw"), service.url())

    assert sent.returncode in (1, 3)
    assert not service.log


def test_a_footer_inside_is_not_sent_as_a_part_of_the_disk(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "disk.vhd"
    path.write_bytes(fixed_vhd(raw_disk(tmp_path / "disk.raw")) + bytes(512))
    refused = run(tmp_path, "upload", path, service.url(), "--anyway")
    repaired = run(tmp_path, "convert", "--in-place", path)
    sent = run(tmp_path, "upload", path, service.url(), "--anyway")

    assert refused.returncode == 3
    assert "vhd-footer-inside" in refused.stderr
    assert "bootworthy convert --in-place" in refused.stderr
    assert repaired.returncode == 0, repaired.stderr
    assert sent.returncode == 0, sent.stderr
    assert service.blob().content().count(b"conectix") == 1


def test_a_broken_upload_offers_the_command_that_goes_on(service: Service, tmp_path: Path) -> None:
    source = raw_disk(tmp_path / "disk.raw")

    def refuse(method: str, _path: str, query: str) -> Answer | None:
        broken = method == "PUT" and "comp=page" in query and len(service.writes) > 1
        return refusal(403, "AuthenticationFailed") if broken else None

    service.faults = refuse
    words = ("upload", source, service.url(), "--anyway", "--connections", "1")
    broken = run(tmp_path, *words, "-vv")
    service.faults = lambda *_: None
    resumed = run(tmp_path, *words, "--resume")

    assert broken.returncode == 5
    assert "--resume" in broken.stderr
    assert "sig=REDACTED" in broken.stderr
    assert "s3cr3t" not in broken.stderr
    assert resumed.returncode == 0, resumed.stderr
    assert service.blob().content()[:-512] == fixed_vhd(source)[:-512]


def test_what_was_found_in_the_file_is_told(service: Service, tmp_path: Path) -> None:
    source = make("vhdx-unclosed", tmp_path)
    sent = run(tmp_path, "upload", source, service.url(), "--anyway")

    assert sent.returncode == 0, sent.stderr
    assert "its log of 1 entry was replayed in memory" in sent.stderr
    assert service.blob().content()[:-512] == fixed_vhd(tmp_path / "disk.raw")[:-512]


def test_a_generation_the_image_has_no_loader_for_is_refused(
    service: Service, tmp_path: Path
) -> None:
    source = raw_disk(tmp_path / "disk.raw")
    words = ("upload", source, service.url(), "--generation", "2")
    told = run(tmp_path, *words, "--anyway")

    assert told.returncode == 0
    assert "no boot loader for generation 2" in told.stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("http://example.com/vhds/a.vhd?sig=x",),
        ("https://acct.blob.core.windows.net/vhds/a.img?sig=x",),
        ("https://acct.blob.core.windows.net/Vhds/a.vhd?sig=x",),
        ("vhds/a.vhd",),
        ("vhds/a.vhd", "--connection-string", "nonsense"),
        ("vhds/a.vhd", "--disk", "name"),
        ("--disk", "name"),
        ("vhds/a.vhd", "--limit-rate", "fast"),
    ],
)
def test_wrong_usage_is_told_before_anything_happens(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    told = run(tmp_path, "upload", raw_disk(tmp_path / "disk.raw"), "--anyway", *words)

    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert not list(tmp_path.rglob("*.sqlite"))


def test_the_command_that_goes_on_has_no_secret_and_no_force() -> None:
    argv = ["/usr/bin/bootworthy", "upload", "my disk.vhd", "https://a/b?sig=abc%3D", "--force"]

    told = resume_command(argv)

    assert told == "bootworthy upload 'my disk.vhd' 'https://a/b?sig=REDACTED' --resume"


def test_replacing_what_a_download_ends_with_stays_in_its_command() -> None:
    argv = ["bootworthy", "download", "a/b.vhd", "-o", "b.vhd", "--force", "--resume"]

    told = resume_command(argv, keep_force=True)

    assert told == "bootworthy download a/b.vhd -o b.vhd --force --resume"


@pytest.mark.parametrize(
    ("error", "offered"),
    [
        (TransferError("azure-busy", "it is busy"), True),
        (TransferError("azure-target-changed", "another one", hint="--force begins again"), False),
        (TransferError("azure-verify-failed", "it differs", hint="--force"), False),
        (HostError("host-no-space", "full"), True),
        (HostError("azure-sdk-missing", "not installed"), False),
    ],
)
def test_going_on_is_offered_where_that_is_possible(error: BootworthyError, offered: bool) -> None:
    with pytest.raises(type(error)) as caught, offering_resume():
        raise error

    assert caught.value.code == error.code
    assert ("it goes on with" in caught.value.hint) is offered
    assert error.hint in caught.value.hint


def test_help_does_not_load_the_sdk(tmp_path: Path) -> None:
    code = "import sys; from bootworthy.cli.main import cli; import bootworthy.cli.upload; "
    code += "print([n for n in sys.modules if n.split('.')[0] in ('azure', 'requests', 'numpy')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert done.stdout.strip() == "[]"
