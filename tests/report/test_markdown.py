from __future__ import annotations

from dataclasses import replace

from markdown_it import MarkdownIt

from bootworthy.report import markdown
from tests.report.samples import report
from tests.report.test_formats import nasty_report


def _html(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_the_verdict_comes_first_then_a_row_a_finding() -> None:
    lines = markdown.render(report()).splitlines()

    assert lines[0] == "## ❌ web01.qcow2: Part of this image could not be judged"
    assert lines[2].startswith("1 error, 1 warning, 1 note, 1 fixed, 1 passed")
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 2 + 3
    assert rows[2].startswith("| ❌ error | INIT-01 hv-driver-not-in-initramfs |")


def test_changes_of_a_prepare_are_listed() -> None:
    assert "- edited: /etc/default/grub" in markdown.render(report(command="prepare"))


def test_a_clean_report_is_short_and_good() -> None:
    clean = replace(report(), results=(report().results[3],), notes=())

    assert markdown.render(clean).splitlines()[0] == "## ✅ web01.qcow2: Ready for Azure"


def test_names_of_an_image_stay_text() -> None:
    page = _html(markdown.render(nasty_report()))

    assert "<b>" not in page
    assert "</script>" not in page
    assert "<a " not in page
    assert page.count("<tr>") == 2
