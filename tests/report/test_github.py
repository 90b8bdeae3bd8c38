from __future__ import annotations

from bootworthy.report import github
from tests.report.samples import report
from tests.report.test_formats import nasty_report


def test_each_finding_is_one_command() -> None:
    lines = github.render(report()).splitlines()

    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice", "::error"]
    assert lines[1] == (
        "::warning file=/boot/grub/grub.cfg,title=CMD-07 quiet-boot,line=110::"
        "quiet hides the boot messages%0Aat: /boot/grub/grub.cfg:110 (Debian)%0A"
        "found: root=UUID=1 ro quiet%0Aexpected: no quiet%0A"
        "why: The serial log is all there is to read.%0Afix: drop quiet"
    )


def test_what_is_broken_is_told_with_its_hint() -> None:
    assert github.render(report()).splitlines()[-1] == (
        "::error title=guest-file-corrupt::/etc/x: garbage; mend it"
    )


def test_an_image_cannot_add_a_command_or_a_property() -> None:
    (line,) = github.render(nasty_report()).splitlines()

    properties = line.removeprefix("::warning ").split("::")[0]
    assert [item.split("=")[0] for item in properties.split(",")] == ["file", "title", "line"]
