from __future__ import annotations

import pytest

from bootworthy.model.finding import Safety, Severity
from bootworthy.model.steps import SetKeys, Step, WriteFile
from bootworthy.rules.cloud_init.locale_missing import check
from tests.rules.healthy import healthy
from tests.rules.making import Entry, finding, findings, not_applicable, subject

LOCALE = "/etc/default/locale"
LISTED = "/etc/locale.gen"
DROP_IN = "/etc/cloud/cloud.cfg.d/99-locale.cfg"
VERSION = "/usr/lib/python3/dist-packages/cloudinit/version.py"
UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n'


@pytest.mark.parametrize(
    "files",
    [
        {LOCALE: "#LANG=x\nLANG=C.UTF-8\n"},
        {LOCALE: 'LANG="de_AT.UTF-8"\n'},
        {LOCALE: None, LISTED: "# de_AT.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n"},
        {LOCALE: None, DROP_IN: "locale: false\n"},
        {LOCALE: None, DROP_IN: "locale: 'off'\n"},
        {LOCALE: None, DROP_IN: "locale: C.UTF-8\n"},
        {LOCALE: "LANG=de_AT.UTF-8\n", DROP_IN: "locale: de_AT.UTF-8\n"},
        {LOCALE: None, VERSION: '__VERSION__ = "25.1.4"\n'},
        {LOCALE: None, "/usr/lib/os-release": UBUNTU},
        {LOCALE: None, DROP_IN: "cloud_config_modules: [ssh]\n"},
    ],
)
def test_the_module_has_nothing_to_fail_at(files: dict[str, Entry | None]) -> None:
    assert findings(check, subject(healthy(files))) == ()


_WRITTEN = WriteFile(path=LOCALE, text="LANG=C.UTF-8\n")
_SET = SetKeys(path=LOCALE, settings=(("LANG", "C.UTF-8"),))


@pytest.mark.parametrize(
    ("text", "step"),
    [(None, _WRITTEN), ("", _SET), ("# LANG=C.UTF-8\nLANGUAGE=en\n", _SET)],
)
def test_debians_locale_gen_does_not_make_the_default(text: str | None, step: Step) -> None:
    files: dict[str, Entry | None] = {LOCALE: text, LISTED: "# en_US.UTF-8 UTF-8\n"}
    found = finding(check, subject(healthy(files)))

    assert found.severity is Severity.WARNING
    assert "en_US.UTF-8" in found.message
    assert str(found.place) == LOCALE
    assert found.fix is not None
    assert found.fix.steps == (step,)


def test_a_locale_that_somebody_asked_for_is_theirs_to_list() -> None:
    files: dict[str, Entry | None] = {DROP_IN: "locale: fr_CA.UTF-8\n"}
    found = finding(check, subject(healthy(files)))

    assert "fr_CA.UTF-8" in found.message
    assert str(found.place) == DROP_IN
    assert found.fix is not None
    assert found.fix.safety is Safety.BY_HAND


def test_no_cloud_init() -> None:
    assert not_applicable(check, subject(healthy({"/usr/bin/cloud-init": None})))
