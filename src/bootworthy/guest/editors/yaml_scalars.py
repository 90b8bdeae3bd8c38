"""Single values at the outermost level of a YAML file, with comments and order kept.

The text is edited where the parser says a value begins and ends. The result is parsed again; a
file for which that way does not give what is wanted, such as one in flow style, is written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from bootworthy.guest.facts import yaml_mapping
from bootworthy.guest.plain_text import corrupt, require_text

Scalar = str | bool | int


def set_scalars(text: str, settings: Mapping[str, Scalar], *, path: str) -> str:
    """``text`` with these values set, others as they are.

    Raises:
        GuestError: ``guest-file-corrupt``, when it is not a mapping.
    """
    parsed = yaml_mapping.parse(require_text(text, path))
    if parsed.problem:
        raise corrupt(path, 1, parsed.problem)
    wanted = {**parsed.data, **settings}
    if wanted == parsed.data:
        return text
    edited = _edited(text, {k: v for k, v in settings.items() if parsed.data.get(k) != v})
    again = yaml_mapping.parse(edited)
    if not again.problem and again.data == wanted:
        return edited
    return yaml.safe_dump(wanted, sort_keys=False)


def _edited(text: str, settings: Mapping[str, Scalar]) -> str:
    values = dict(_values(text))
    for name in sorted(settings.keys() & values, key=lambda name: values[name][0], reverse=True):
        start, end = values[name]
        old = text[start:end]
        # A value that is not there begins behind the colon; one in a block ends with its line.
        blank = "" if old else " "
        text = text[:start] + blank + _written(settings[name]) + _tail(old) + text[end:]
    gap = "" if not text or text.endswith("\n") else "\n"
    new = [f"{name}: {_written(value)}\n" for name, value in settings.items() if name not in values]
    return text + gap + "".join(new) if new else text


def _values(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Where the value of each key stands; of two keys of one name the last one counts."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        yield key.value, (value.start_mark.index, value.end_mark.index)


def _tail(old: str) -> str:
    return old[len(old.rstrip()) :]


def _written(value: Scalar) -> str:
    """The value on one line, in quotes where it needs them."""
    style = '"' if isinstance(value, str) and "\n" in value else None
    text = yaml.safe_dump({"": value}, default_style=style, default_flow_style=False, width=1 << 20)
    return text.partition(": ")[2].strip()
