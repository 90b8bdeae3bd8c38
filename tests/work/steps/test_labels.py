from __future__ import annotations

import pytest

from bootworthy.guest.facts.selinux import CONFIG, RELABEL_MARK
from bootworthy.model.plan import Change, ChangeKind
from bootworthy.work.steps.labels import mark
from tests.work.steps.targets import target

ON = {
    CONFIG: "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
    "/etc/selinux/targeted/contexts/files/file_contexts": "/.* system_u:object_r:default_t:s0\n",
}


def changes(*kinds: ChangeKind) -> list[Change]:
    return [Change(kind=kind, what="/x", step="") for kind in kinds]


@pytest.mark.parametrize("kind", [ChangeKind.CREATED, ChangeKind.PROGRAM])
def test_new_files_are_labelled_at_the_next_boot(kind: ChangeKind) -> None:
    done = target(ON)
    mark(changes(ChangeKind.EDITED, kind), done)

    assert done.tree.text(RELABEL_MARK) == "-F\n"


def test_what_was_only_edited_or_removed_keeps_its_label() -> None:
    done = target(ON)
    mark(changes(ChangeKind.EDITED, ChangeKind.REMOVED), done)

    assert not done.tree.exists(RELABEL_MARK)


def test_a_guest_without_selinux_is_left_alone() -> None:
    done = target({})
    mark(changes(ChangeKind.CREATED), done)

    assert not done.tree.exists(RELABEL_MARK)
