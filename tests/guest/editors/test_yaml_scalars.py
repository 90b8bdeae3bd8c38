from __future__ import annotations

import pytest
import yaml

from bootworthy.guest.editors.yaml_scalars import Scalar, set_scalars
from bootworthy.model.errors import GuestError

PATH = "/etc/booster.yaml"
TEXT = """\
# how images are made
network:
  dhcp: on  # for tang
universal: false  # of this machine
modules: -*,usbhid
compression: zstd
"""


def test_comments_and_order_stay() -> None:
    changed = set_scalars(TEXT, {"universal": True, "modules": "-*,usbhid,hv_vmbus"}, path=PATH)

    assert changed == TEXT.replace("universal: false", "universal: true").replace(
        "-*,usbhid", "-*,usbhid,hv_vmbus"
    )
    assert set_scalars(changed, {"universal": True}, path=PATH) == changed


def test_what_is_new_goes_to_the_end() -> None:
    assert set_scalars("a: 1", {"b": True, "a": 1}, path=PATH) == "a: 1\nb: true\n"
    assert set_scalars("", {"b": "x"}, path=PATH) == "b: x\n"
    assert set_scalars("# nothing\n", {"b": "x"}, path=PATH) == "# nothing\nb: x\n"


@pytest.mark.parametrize(
    "value", ["*", "-a", "a: b", "yes", "", "'", '"#', "x" * 500, "a\nb", True, 7]
)
def test_values_are_read_back(value: Scalar) -> None:
    for text in (TEXT, "modules:\n", "modules: |\n  a\n  b\nx: 1\n", "modules: 'a,b' # c\n"):
        changed = set_scalars(text, {"modules": value}, path=PATH)
        assert yaml.safe_load(changed) == {**yaml.safe_load(text), "modules": value}


@pytest.mark.parametrize(
    "text",
    ["{modules: a, b: 1}\n", "x: &x a\nmodules: *x\n", "modules: [a]\n", "a: 1\n...\n", "--- {}\n"],
)
def test_other_ways_to_write_it_are_read_back_too(text: str) -> None:
    changed = set_scalars(text, {"modules": "b", "universal": True}, path=PATH)
    before = yaml.safe_load(text) or {}
    assert yaml.safe_load(changed) == {**before, "modules": "b", "universal": True}


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "a\0b: 1\n", "a: *b\n"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(GuestError):
        set_scalars(text, {"a": True}, path=PATH)
