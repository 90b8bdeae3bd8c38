"""The documentation site: ``sphinx-build -W docs build/docs``; offline, nothing is fetched."""

from __future__ import annotations

import bootworthy

project = "bootworthy"
author = "the authors of bootworthy"
release = bootworthy.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["man", "*.py", "catalogue.yaml"]
html_theme = "furo"
html_title = f"bootworthy {release}"
html_show_copyright = False

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
