from __future__ import annotations

import pytest

from bootworthy.model.steps import SetKeys
from bootworthy.work.steps.files import set_keys
from bootworthy.work.target import StepFailedError
from tests.work.steps.targets import target

GRUB = "/etc/default/grub"
SETTINGS = (("GRUB_TERMINAL", "console serial"), ("GRUB_TIMEOUT", "5"))


def test_what_a_shell_reads_is_quoted() -> None:
    done = target({GRUB: "GRUB_TIMEOUT=0 # at once\nGRUB_TERMINAL=gfxterm\n"})
    set_keys(SetKeys(path=GRUB, settings=SETTINGS), done)

    assert done.tree.text(GRUB) == 'GRUB_TIMEOUT=5 # at once\nGRUB_TERMINAL="console serial"\n'
    list(done.take_changes())
    set_keys(SetKeys(path=GRUB, settings=SETTINGS), done)
    assert list(done.take_changes()) == []


def test_what_no_shell_reads_is_not() -> None:
    done = target({"/etc/waagent.conf": "Logs.Verbose=n\n"})
    step = SetKeys(path="/etc/waagent.conf", settings=(("OS.SshDir", "/etc/my ssh"),))
    set_keys(step, done)

    assert done.tree.text("/etc/waagent.conf") == "Logs.Verbose=n\nOS.SshDir=/etc/my ssh\n"


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(StepFailedError, match="is not there"):
        set_keys(SetKeys(path=GRUB, settings=SETTINGS), target({"/etc/fstab": ""}))
