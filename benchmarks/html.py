"""How long the HTML report takes to make and to open: ``python -m benchmarks.html``.

Opening is what the browser itself says: from the start of the navigation to the end of the load
event, by which the list is filtered and every finding can be read.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from bootworthy.model.finding import Outcome, Place
from bootworthy.model.report import Report, RuleResult
from bootworthy.report import html
from tests.report.samples import QUIET, report

_RUNS = 5
_SIZES = (3, 300, 3000)


def main() -> None:
    """Measure and print a table."""
    print("| findings | size, KiB | made in, ms | opens in, ms |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="bootworthy-bench-") as folder:
        options = ChromeOptions()
        for flag in ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/p"):
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium") or "chromium"
        driver = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
        try:
            for size in _SIZES:
                _measure(driver, size, Path(folder, "report.html"))
        finally:
            driver.quit()


def _measure(driver: Chrome, size: int, file: Path) -> None:
    made, opened = [], []
    for _ in range(_RUNS):
        began = time.monotonic()
        file.write_text(html.render(_report(size)), encoding="utf-8")
        made.append(time.monotonic() - began)
        driver.get(file.as_uri())
        opened.append(
            driver.execute_script(
                "return performance.getEntriesByType('navigation')[0].loadEventEnd"
            )
        )
    print(
        f"| {size} | {file.stat().st_size >> 10} | {statistics.median(made) * 1000:.0f} "
        f"| {statistics.median(opened):.0f} |"
    )


def _report(size: int) -> Report:
    findings = (
        replace(QUIET, message=f"finding {i}", place=Place(f"/etc/file{i}", i + 1))
        for i in range(size)
    )
    result = RuleResult(
        rule="quiet-boot", code="CMD-07", outcome=Outcome.FAIL, findings=tuple(findings)
    )
    return replace(report(), results=(result,))


if __name__ == "__main__":
    main()
