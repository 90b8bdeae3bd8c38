from __future__ import annotations

import pytest

from bootworthy.model.finding import Severity
from bootworthy.rules.kernel.hyperv_companion_missing import check
from tests.rules.healthy import LOADABLE, healthy, kernel, without
from tests.rules.making import finding, findings, subject


def test_all_of_them_pass() -> None:
    assert findings(check, subject(healthy())) == ()


def test_either_driver_of_the_screen_does() -> None:
    loadable = (*without("hyperv_drm"), "kernel/drivers/video/fbdev/hyperv_fb")
    assert findings(check, subject(healthy(kernel(loadable=loadable)))) == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hv_balloon", "hv_balloon"),
        ("hyperv_drm", "hyperv_drm or hyperv_fb"),
        ("hyperv-keyboard", "hyperv_keyboard"),
        ("hid-hyperv", "hid_hyperv"),
    ],
)
def test_one_that_is_missing_is_a_note(name: str, words: str) -> None:
    assert any(path.endswith(f"/{name}") for path in LOADABLE)

    found = finding(check, subject(healthy(kernel(loadable=without(name)))))

    assert found.severity is Severity.NOTE
    assert found.message.endswith(f"has no {words}")
