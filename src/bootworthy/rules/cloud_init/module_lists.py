"""cloud-init's lists of modules: what an entry may be, and lists written anew.

An entry is a name, a list of name and frequency, or a mapping with a name (cloudinit/config/
modules.py, Modules._read_modules); ``-`` and ``_`` mean the same in names.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bootworthy.guest.facts.cloud_init import CloudInit

STAGES = ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules")

# What YAML takes for text without quotes.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


def lists(cloud_init: CloudInit) -> dict[str, Any]:
    """The three lists by their keys, None where a key is missing."""
    return {stage: cloud_init.config.get(stage) for stage in STAGES}


def is_list(value: Any) -> bool:  # noqa: ANN401 - YAML of any shape
    """Whether a stage's value is missing or a list of entries."""
    return value is None or (isinstance(value, list) and all(map(_name, value)))


def names(value: Any) -> list[str]:  # noqa: ANN401 - YAML of any shape
    """The names in a list, with underscores."""
    return [_name(item) for item in value] if isinstance(value, list) else []


def without(value: Any, unwanted: tuple[str, ...]) -> list[Any]:  # noqa: ANN401 - as above
    """The entries of a list but those of these names."""
    items = value if isinstance(value, list) else []
    return [item for item in items if _name(item) not in unwanted]


def entry_of(found: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - YAML of any shape
    """The entry of this name in any list, with its frequency; the name where there is none."""
    items = (item for stage in STAGES if isinstance(found[stage], list) for item in found[stage])
    return next((item for item in items if _name(item) == name), name)


def to_yaml(key: str, items: list[Any]) -> str:
    """A list as YAML, an entry a line; JSON is YAML for whatever is not a plain name."""
    return f"{key}:\n" + "".join(f"  - {_entry(item)}\n" for item in items)


def _name(item: Any) -> str:  # noqa: ANN401 - YAML of any shape
    """The name in an entry, empty when it is not one."""
    name = item
    if isinstance(item, list) and item:
        name = item[0]
    elif isinstance(item, dict):
        name = item.get("name")
    is_name = isinstance(name, str) and not set(name) & set(" \t\n")
    return name.replace("-", "_") if is_name else ""


def _entry(item: Any) -> str:  # noqa: ANN401 - YAML of any shape
    if isinstance(item, str) and _PLAIN.fullmatch(item) and item.lower() not in _WORDS:
        return item
    return json.dumps(item, default=str)
