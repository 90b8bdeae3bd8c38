from __future__ import annotations

from bootworthy.model.acceptance import choose
from bootworthy.model.quantities import human_seconds, human_size, plural
from bootworthy.report import styled, text
from tests.report.samples import report


def test_findings_read_like_a_compilers() -> None:
    lines = text.render(report()).splitlines()

    assert lines[:3] == [
        "web01.qcow2: qcow2, 20.0 GiB, boots as generation 2",
        "Debian GNU/Linux 12 (bookworm) (x64) on partition 2, 6.1.0-13-amd64",
        "",
    ]
    assert lines[3:11] == [
        (
            "error[hv-driver-not-in-initramfs] INIT-01: "
            "hv_storvsc not in the initramfs of kernel 6.1.0-13-amd64"
        ),
        "  --> /boot/initrd.img-6.1.0-13-amd64 (initramfs-tools, 214 modules)",
        "  ::: /etc/initramfs-tools/modules",
        "   = found     no hv_storvsc",
        "   = expected  hv_vmbus, hv_storvsc, hv_netvsc",
        "   = why       The OS disk is never found.",
        "   = fix       put it in  [safe]",
        "",
    ]


def test_the_worst_comes_first() -> None:
    heads = [line.split("[")[0] for line in text.render(report()).splitlines() if "[" in line[:9]]

    assert heads == ["error", "warning", "note", "error", "error"]


def test_the_summary_counts_everything() -> None:
    lines = text.render(report()).splitlines()

    assert lines[-2] == (
        "8 rules in 1.9 s: 1 error, 1 warning, 1 note, 1 passed, 1 fixed, "
        "1 not applicable, 1 not checked, 1 crashed"
    )
    assert lines[-1] == "2 fixable: bootworthy prepare web01.qcow2 -o OUT.vhd"


def test_what_cannot_be_read_is_an_error_with_its_hint() -> None:
    lines = text.render(report()).splitlines()

    at = lines.index("error[guest-file-corrupt]: /etc/x: garbage")
    assert lines[at + 1] == "  hint: mend it"
    assert "error[rule-crashed] VHD-08: KeyError: 'x'" in lines


def test_verbose_says_what_was_not_looked_at() -> None:
    assert "VHD-06 e-f: not applicable: no GPT" in text.render(report(), verbose=True)
    assert "VHD-06" not in text.render(report())


def test_changes_show_their_rules_and_diffs() -> None:
    changes = report(command="prepare").changes
    lines = ["".join(span.text for span in line) for line in text.change_lines(changes, diffs=True)]

    assert lines[0] == "ran      update-grub"
    assert lines[1] == "edited   /etc/default/grub  (CMD-07)"
    assert lines[-2:] == ["    -a", "    +b"]
    assert len(list(text.change_lines(changes, diffs=False))) == 2


def test_quantities() -> None:
    assert [human_size(n) for n in (0, 1023, 1024, 21475270656, 1 << 50)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "20.0 GiB",
        "1024.0 TiB",
    ]
    assert [human_seconds(s) for s in (0.04, 9.94, 10, 119.4, 200)] == [
        "0.0 s",
        "9.9 s",
        "10 s",
        "119 s",
        "3 min 20 s",
    ]
    assert [plural(1, "error"), plural(2, "error"), plural(3, "entry")] == [
        "1 error",
        "2 errors",
        "3 entries",
    ]


def test_rules_that_nobody_asked_for_are_not_listed() -> None:
    chosen = choose(report(), {"CMD-07"}, {"VHD-04"})

    told = styled.as_text(text.lines(chosen, verbose=True))
    assert "VHD-04 a-b: not checked: ignored" in told
    assert "not selected" not in told
