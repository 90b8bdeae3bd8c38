"""The page as a browser shows it."""

from __future__ import annotations

import base64
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from bootworthy.model.finding import Outcome, Place
from bootworthy.model.report import Report, RuleResult
from bootworthy.report import html
from tests.report.samples import QUIET, report, verdict
from tests.report.test_formats import NASTY, nasty_report

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "browser" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = "BOOTWORTHY_SCREENSHOTS"
"""Names a folder where the pictures of the page are kept, to be looked at."""

DESKTOP = (1280, 900)
PHONE = (390, 844)

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = shutil.which("chromium") or "chromium"
    driver = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Iterator[Chrome]:
    _show(browser, tmp_path, report(command="prepare"))
    yield browser
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def _show(browser: Chrome, folder: Path, shown: Report, size: tuple[int, int] = DESKTOP) -> None:
    file = folder / "report.html"
    file.write_bytes(html.render(shown).encode("utf-8", "backslashreplace"))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
    )
    browser.get(file.as_uri())


def _cards(browser: Chrome) -> list[WebElement]:
    return [card for card in browser.find_elements(By.CSS_SELECTOR, ".card") if card.is_displayed()]


def _many(number: int) -> Report:
    findings = (
        replace(QUIET, message=f"finding {i}", place=Place(f"/etc/file{i}", i + 1))
        for i in range(number)
    )
    result = RuleResult(
        rule="quiet-boot", code="CMD-07", outcome=Outcome.FAIL, findings=tuple(findings)
    )
    return replace(report(), results=(result,))


def test_the_verdict_is_the_first_thing_read(page: Chrome) -> None:
    assert page.find_element(By.TAG_NAME, "h1").text == "Part of this image could not be judged"
    assert page.title.startswith("Part of this image could not be judged")


def test_findings_are_grouped_by_stage_in_the_order_of_the_boot(page: Chrome) -> None:
    heads = [head.text for head in page.find_elements(By.TAG_NAME, "h3")]

    assert heads == ["Container and disk", "Boot loader", "Initramfs", "Network and access"]
    assert len(_cards(page)) == 3


def test_a_finding_shows_why_and_what_was_changed(page: Chrome) -> None:
    card = page.find_element(By.ID, "cmd-07-0")
    assert not card.get_attribute("open")
    card.find_element(By.TAG_NAME, "summary").click()

    assert "The serial log is all there is to read." in card.text
    assert [line.text for line in card.find_elements(By.CSS_SELECTOR, ".added")] == ["+b"]
    assert [line.text for line in card.find_elements(By.CSS_SELECTOR, ".gone")] == ["-a"]


def test_partitions_are_drawn_to_scale(page: Chrome) -> None:
    whole, first = page.find_elements(By.CSS_SELECTOR, "svg rect")
    assert float(whole.get_attribute("width") or 0) == 1000
    # 2 MiB of 20 GiB could not be seen: it has the narrowest width there is.
    assert float(first.get_attribute("width") or 0) == 6


def test_search_and_filter_narrow_the_list(page: Chrome) -> None:
    search = page.find_element(By.ID, "search")
    search.send_keys("serial log")
    assert [card.get_attribute("id") for card in _cards(page)] == ["cmd-07-0"]
    assert page.find_element(By.ID, "shown").text == "1 of 3 findings shown"
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys(Keys.DELETE)
    page.find_element(By.CSS_SELECTOR, "input[value=warning]").click()
    assert len(_cards(page)) == 2


def test_keys_are_enough(page: Chrome) -> None:
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys("j")
    first = page.switch_to.active_element
    assert first.text.startswith("WARNING")
    first.send_keys("j")
    assert page.switch_to.active_element.text.startswith("ERROR")
    page.switch_to.active_element.send_keys("/")
    assert page.switch_to.active_element.get_attribute("id") == "search"


def test_dark_and_light_can_be_chosen(page: Chrome) -> None:
    body = page.find_element(By.TAG_NAME, "body")
    before = body.value_of_css_property("background-color")
    page.find_element(By.ID, "theme").click()

    assert body.value_of_css_property("background-color") != before


def test_nothing_is_loaded_from_elsewhere(page: Chrome) -> None:
    loaded = page.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )

    assert [name for name in loaded if not name.startswith("data:")] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_and_is_accessible(page: Chrome, size: tuple[int, int], theme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
    )
    page.find_element(By.ID, "unfold").click()
    _keep_picture(page, f"{size[0]}-{theme}")

    assert _violations(page) == []
    width = page.execute_script("return document.documentElement.scrollWidth")
    assert width <= size[0]


def _keep_picture(page: Chrome, name: str) -> None:
    picture = page.get_screenshot_as_png()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000
    if folder := os.environ.get(SHOTS):
        Path(folder, f"{name}.png").write_bytes(picture)


def test_names_of_an_image_stay_text(browser: Chrome, tmp_path: Path) -> None:
    _show(browser, tmp_path, nasty_report())

    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert browser.find_elements(By.CSS_SELECTOR, "main b") == []
    assert "</script><b>&" in browser.find_element(By.CSS_SELECTOR, ".remark").text
    assert NASTY not in browser.page_source


def test_three_hundred_findings_are_all_there(browser: Chrome, tmp_path: Path) -> None:
    _show(browser, tmp_path, _many(300))

    assert browser.find_element(By.ID, "shown").text == "300 of 300 findings shown"
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_file_tree_has_no_disk(browser: Chrome, tmp_path: Path) -> None:
    _show(browser, tmp_path, replace(report(), image=None))

    assert browser.find_elements(By.TAG_NAME, "svg") == []
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


@pytest.fixture
def rehearsed(browser: Chrome, tmp_path: Path) -> Iterator[Chrome]:
    _show(browser, tmp_path, replace(report(command="prepare"), rehearsal=verdict()))
    yield browser
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_rehearsal_shows_how_far_it_came_and_why_not_further(rehearsed: Chrome) -> None:
    part = rehearsed.find_element(By.ID, "rehearsal")
    steps = [item.text for item in part.find_elements(By.CSS_SELECTOR, ".milestones li")]

    assert steps[1].split("\n")[0] == "6.2 s"
    assert "kernel started" in steps[1]
    assert "Linux version 6.1.0-13-amd64" in steps[1]
    assert "MISSED" in steps[3]
    assert "cloud-init looks for another cloud" in part.text
    places = [
        float(mark.get_attribute("x") or 0)
        for mark in part.find_elements(By.CSS_SELECTOR, ".way .reached")
    ]
    assert places == [73.47, 253.06, 994]


def test_a_failed_rehearsal_shows_its_serial_log(rehearsed: Chrome) -> None:
    log = rehearsed.find_element(By.ID, "serial")

    assert log.get_attribute("open")
    assert "line 119 of the console" in log.text
    scrolled = (
        "const p = document.querySelector('#serial pre'); return p.scrollTop + p.clientHeight"
    )
    end = rehearsed.execute_script("return document.querySelector('#serial pre').scrollHeight")
    assert rehearsed.execute_script(scrolled) >= end - 1


def test_the_reason_is_no_finding_that_the_filter_counts(rehearsed: Chrome) -> None:
    assert rehearsed.find_element(By.ID, "shown").text == "3 of 3 findings shown"
    rehearsed.find_element(By.ID, "search").send_keys("no such word")
    assert rehearsed.find_element(By.CSS_SELECTOR, ".diagnosis").is_displayed()


@pytest.mark.parametrize("passed", [True, False], ids=["passed", "failed"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_rehearsal_fits_and_is_accessible(
    browser: Chrome, tmp_path: Path, size: tuple[int, int], theme: str, passed: bool
) -> None:
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    _show(browser, tmp_path, Report.of_rehearsal(verdict(passed=passed)), size)
    _unfold(browser)
    _keep_picture(browser, f"rehearsal-{size[0]}-{theme}-{'passed' if passed else 'failed'}")

    assert _violations(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_serial_log_stays_text(browser: Chrome, tmp_path: Path) -> None:
    hostile = replace(verdict(), serial=NASTY, observations=(NASTY,))
    _show(browser, tmp_path, replace(report(), rehearsal=hostile))

    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert browser.find_elements(By.CSS_SELECTOR, "#rehearsal pre b") == []
    assert "</script><b>&" in browser.find_element(By.CSS_SELECTOR, "#serial pre").text


def test_on_paper_everything_is_unfolded_and_no_control_is_left(
    browser: Chrome, tmp_path: Path
) -> None:
    _show(browser, tmp_path, replace(report(command="prepare"), rehearsal=verdict(passed=True)))
    folded = len(browser.find_elements(By.CSS_SELECTOR, "details:not([open])"))
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert folded > 2
        assert browser.find_elements(By.CSS_SELECTOR, "details:not([open])") == []
        for name in ("filter", "theme"):
            assert not browser.find_element(By.ID, name).is_displayed()
        tall = "return getComputedStyle(document.querySelector('#serial pre')).maxHeight"
        assert browser.execute_script(tall) == "none"
        _keep_picture(browser, "print")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert len(browser.find_elements(By.CSS_SELECTOR, "details:not([open])")) == folded


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen", "preferred"])
def test_paper_is_light_whatever_the_screen_is(page: Chrome, chosen: bool) -> None:
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    light = [{"name": "prefers-color-scheme", "value": "light"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": light if chosen else dark})
    if chosen:
        page.find_element(By.ID, "theme").click()
    body = page.find_element(By.TAG_NAME, "body")
    assert body.value_of_css_property("color") == "rgba(232, 234, 237, 1)"
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"media": "print", "features": light if chosen else dark}
    )
    try:
        assert body.value_of_css_property("color") == "rgba(27, 31, 36, 1)"
        assert body.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": light})


def test_it_prints(browser: Chrome, tmp_path: Path) -> None:
    _show(browser, tmp_path, replace(report(command="prepare"), rehearsal=verdict()))
    printed = base64.b64decode(browser.print_page())
    if folder := os.environ.get(SHOTS):
        Path(folder, "page.pdf").write_bytes(printed)

    assert printed.startswith(b"%PDF-")
    # The log of 120 lines alone fills more than a page; cut off at its frame, it would not.
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 3


def _unfold(browser: Chrome) -> None:
    browser.execute_script(
        "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
    )


def _violations(browser: Chrome) -> list[tuple[str, str]]:
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(result))"
    )
    assert len(found["passes"]) > 10
    return [(item["id"], item["nodes"][0]["html"]) for item in found["violations"]]
