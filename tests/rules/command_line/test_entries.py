from __future__ import annotations

from bootworthy.model.finding import Severity
from bootworthy.model.steps import SetKernelArguments
from bootworthy.rules.command_line import entries
from bootworthy.rules.command_line.quiet_boot import check
from bootworthy.rules.subject import Subject
from tests.guest import grub_configurations
from tests.rules.command_line.menus import ENTRIES, booting
from tests.rules.healthy import GRUB_CFG, healthy
from tests.rules.making import findings, not_applicable, not_checked, subject


def booted(arguments: str) -> Subject:
    """A subject with these arguments."""
    return subject(healthy(booting(arguments)))


def test_a_menu_with_entries_is_looked_at() -> None:
    assert entries.with_entries(subject(healthy())) == ""


def test_a_guest_without_kernel_has_no_command_line() -> None:
    assert not_applicable(check, subject()) == "there is no guest"
    files = healthy({"/boot": None, "/usr/lib/modules": None})
    assert not_applicable(check, subject(files)) == "the guest has no kernel"


def test_a_menu_that_cannot_be_read_is_said() -> None:
    files = healthy({GRUB_CFG: None})
    assert not_checked(check, subject(files)) == "no boot loader configuration found"

    files = healthy({GRUB_CFG: "set timeout=5\n"})
    reason = "/boot/grub/grub.cfg: it has no entry that starts Linux"
    assert not_checked(check, subject(files)) == reason

    files = healthy({GRUB_CFG: b"\0\1\2"})
    assert not_checked(check, subject(files)) == "/boot/grub/grub.cfg: it is not text"


def test_what_can_be_read_of_a_broken_menu_is_looked_at() -> None:
    text = grub_configurations.debian("6.1.0-28-amd64") + "menuentry 'broken' {\n"
    whole = subject(healthy({GRUB_CFG: text}))

    assert whole.linux.boot_loader.problem
    assert len(findings(check, whole)) == 1


def test_places_and_lines() -> None:
    (entry, *_) = booted("a b=1").linux.boot_loader.entries

    assert entries.line_of(entry).endswith("ro a b=1")
    place = entries.place_of(entry)
    assert (place.path, place.within) == (GRUB_CFG, "Debian GNU/Linux")
    assert place.line == entry.line


def test_fixes() -> None:
    assert entries.add("a", "b=1").steps == (SetKernelArguments(add=("a", "b=1")),)
    assert entries.add("a", "b=1").title == "add a b=1"
    assert entries.drop("a").steps == (SetKernelArguments(remove=("a",)),)


def test_a_missing_token_is_one_violation_for_all_entries() -> None:
    (found,) = entries.missing_token(booted("a"), lambda entry: entry.has("b"), "b", "no b")

    assert found.message == "no b"
    assert found.expected == "b"
    assert found.place.within == "Debian GNU/Linux"
    assert len(found.related) == ENTRIES - 1
    assert found.fix == entries.add("b")

    assert not list(entries.missing_token(booted("a b"), lambda e: e.has("b"), "b", ""))


def test_only_the_entries_that_lack_it_are_named() -> None:
    whole = subject(healthy(booting("b", recovery="a")))

    (found,) = entries.missing_token(whole, lambda entry: entry.has("b"), "b", "no b")

    assert found.place.within.endswith("(recovery mode)")
    assert found.related == ()


def test_unwanted_tokens_are_one_violation() -> None:
    whole = subject(healthy(booting("x=1 y", recovery="x=2")))

    (found,) = entries.unwanted_tokens(whole, lambda word: word.startswith("x="), "bad: {}")

    assert found.message == "bad: x=1 x=2"
    assert found.expected == "no x=1, x=2"
    assert found.severity is None
    assert found.fix == entries.drop("x=1", "x=2")
    assert not list(entries.unwanted_tokens(whole, lambda word: word == "z", "{}"))


def test_a_violation_that_entries_share() -> None:
    several = booted("a").linux.boot_loader.entries

    found = entries.violation(
        several, "m", expected="e", fix=entries.add("b"), severity=Severity.NOTE
    )

    assert found.place == entries.place_of(several[0])
    assert found.related == tuple(entries.place_of(entry) for entry in several[1:])
    assert found.severity is Severity.NOTE


def test_defaults_count_as_well() -> None:
    """What only they say comes with the next kernel."""
    defaults = "/etc/default/grub"
    whole = subject(healthy({defaults: 'GRUB_CMDLINE_LINUX_DEFAULT="x=3 y"\n'}))

    (found,) = entries.unwanted_tokens(whole, lambda word: word.startswith("x="), "bad: {}")

    assert found.message == "bad: x=3"
    assert found.place.path == defaults
    assert found.found.endswith("x=3 y")
    assert found.fix == entries.drop("x=3")


def test_the_arguments_of_later_entries() -> None:
    files = {"/etc/default/grub": "GRUB_CMDLINE_LINUX='a \"b c\"'\nGRUB_CMDLINE_LINUX_DEFAULT=d\n"}
    loader = subject(healthy({**files, "/etc/default/grub.d": None})).linux.boot_loader
    assert entries.default_arguments(loader) == ("a", '"b c"', "d")
