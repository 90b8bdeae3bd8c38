"""YAML files of a guest that hold one mapping, read within bounds and with duplicates noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

# The largest cloud.cfg.d files seen are 20 KB; user data as a whole may have 64 KB.
_MAX_TEXT = 512 << 10
_MAX_DEPTH = 40
_MAX_NODES = 50_000

# Everything that the constructors of PyYAML raise on values that do not fit their tag.
_VALUE_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)

# libyaml is far faster; not every build of PyYAML has it.
_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]
    """The safe loader with the one tag more that cloud-init knows (cloudinit/safeyaml.py)."""


_Loader.add_constructor(
    "tag:yaml.org,2002:python/unicode", lambda loader, node: loader.construct_scalar(node)
)


@dataclass(frozen=True)
class YamlMapping:
    """The mapping in one file; ``data`` is empty where there is a ``problem``."""

    data: Mapping[str, Any] = field(default_factory=dict)
    duplicate_keys: tuple[str, ...] = ()
    problem: str = ""


class _NotUsableError(Exception):
    """The text is too large, too deep, or no mapping."""


def parse(text: str) -> YamlMapping:
    """The mapping in ``text``; empty text is an empty mapping. Never raises."""
    try:
        return _parse(text)
    except yaml.YAMLError as error:
        return YamlMapping(problem=_one_line(error))
    except _NotUsableError as error:
        return YamlMapping(problem=str(error))
    except _VALUE_ERRORS as error:
        return YamlMapping(problem=f"it has a value that does not fit its tag: {error}")


def _parse(text: str) -> YamlMapping:
    if len(text) > _MAX_TEXT:
        raise _NotUsableError(f"it is longer than {_MAX_TEXT >> 10} KiB")
    _check_shape(text)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return YamlMapping()
        _check_growth(root)
        data = loader.construct_document(root)
    finally:
        loader.dispose()
    if data is None:
        return YamlMapping()
    if not isinstance(data, dict):
        raise _NotUsableError(f"it holds a {type(data).__name__}, not a mapping")
    named = {key: value for key, value in data.items() if isinstance(key, str)}
    return YamlMapping(named, _duplicates(root))


def _check_shape(text: str) -> None:
    """Refuse what would overflow the stack of the composer, before it is composed."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise _NotUsableError(f"it is nested more than {_MAX_DEPTH} levels deep")
        if count > 2 * _MAX_NODES:
            raise _NotUsableError(f"it has more than {_MAX_NODES} values")


def _check_growth(root: yaml.Node) -> None:
    """Refuse aliases that lead in circles, or that make a document many times its size."""
    sizes: dict[int, int] = {}
    pending = [(root, False)]
    open_nodes: set[int] = set()
    while pending:
        node, children_done = pending.pop()
        key = id(node)
        if children_done:
            open_nodes.discard(key)
            sizes[key] = 1 + sum(sizes[id(child)] for child in _children(node))
            if sizes[key] > _MAX_NODES:
                raise _NotUsableError(f"its aliases expand it to more than {_MAX_NODES} values")
        elif key in open_nodes:
            raise _NotUsableError("one of its aliases leads back to itself")
        elif key not in sizes:
            open_nodes.add(key)
            pending.append((node, True))
            pending += [(child, False) for child in _children(node)]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _duplicates(root: yaml.Node) -> tuple[str, ...]:
    names = Counter(key.value for key, _ in root.value if isinstance(key, yaml.ScalarNode))
    return tuple(name for name, count in names.items() if count > 1)


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"it is not YAML: {what}" + (f" at line {mark.line + 1}" if mark else "")
