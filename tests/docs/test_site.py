from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs import generate


def _build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    words = ["-q", "-W", "--keep-going", "-b", "html", str(source), str(target)]
    command = [sys.executable, "-m", "sphinx", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=target.parent)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = _build(generate.HERE, folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_every_page_is_built(site: Path) -> None:
    pages = [path.relative_to(generate.HERE) for path in generate.HERE.rglob("*.md")]
    assert [page for page in pages if not (site / page.with_suffix(".html")).is_file()] == []


def test_a_rule_has_a_place_to_link_to(site: Path) -> None:
    text = (site / "reference" / "rules.html").read_text(encoding="utf-8")
    assert 'id="hv-driver-not-in-initramfs"' in text


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    text = (site / "tutorial.html").read_text(encoding="utf-8")
    assert 'src="http' not in text
    assert 'rel="stylesheet" type="text/css" href="http' not in text


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text((generate.HERE / "conf.py").read_text(encoding="utf-8"))
    (source / "index.md").write_text("# Here\n\n[there](nowhere.md)\n")
    done = _build(source, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
