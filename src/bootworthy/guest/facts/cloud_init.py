"""cloud-init: version, merged configuration with the file each part comes from, what stops it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bootworthy.guest.facts import yaml_mapping
from bootworthy.guest.tree import Tree
from bootworthy.model.errors import GuestError
from bootworthy.model.finding import Place

_PROGRAMS = ("/usr/bin/cloud-init", "/usr/local/bin/cloud-init", "/opt/bin/cloud-init")
_PACKAGES = ("/usr/lib*/python*/*-packages", "/usr/local/lib*/python*/*-packages")
_CONFIG = "/etc/cloud/cloud.cfg"
_MARKER = "/etc/cloud/cloud-init.disabled"
_DS_IDENTIFY = "/etc/cloud/ds-identify.cfg"

# cloudinit/version.py; distributions fill in _PACKAGED_VERSION, some leave it a placeholder.
_ASSIGNED = re.compile(
    r"""^(__VERSION__|_PACKAGED_VERSION)\s*=\s*["'](\d+(?:\.\d+)*)""", re.MULTILINE
)
_METADATA = re.compile(r"cloud_init-(\d+(?:\.\d+)*)")
_MAX_FILE = 1 << 20

# tools/ds-identify, parse_policy: these words set the mode, the last of them wins.
_POLICY_MODES = frozenset({"disabled", "enabled", "search", "report"})

_MERGE_KEYS = ("merge_how", "merge_type")


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """One YAML file; ``problem`` says why it could not be read (``data`` is then empty)."""

    path: str
    data: Mapping[str, Any]
    problem: str = ""
    duplicate_keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CloudInit:
    """cloud-init as it would start.

    ``program`` is None when it is not installed; ``version`` its upstream version as numbers
    ((22, 4, 2)), empty when unknown. ``files`` are in the order in which later ones win.
    ``config`` is the merge of cloud.cfg and cloud.cfg.d in name order (top-level keys of later
    files win, as cloud-init's own merge has it for lists and strings; dictionaries merge); a
    file's ``merge_how`` is not followed. ``origin`` names the file that decided each top-level
    key. ``disabled_by`` lists what keeps it from starting: marker files, a ds-identify policy.
    """

    program: str | None
    version: tuple[int, ...]
    files: tuple[ConfigFile, ...]
    config: Mapping[str, Any]
    origin: Mapping[str, str]
    disabled_by: tuple[Place, ...]

    @property
    def installed(self) -> bool:
        """Whether cloud-init is there."""
        return self.program is not None


def read(tree: Tree) -> CloudInit:
    """cloud-init of the guest."""
    files = tuple(_config_files(tree))
    config, origin = merge(files)
    return CloudInit(
        program=next((path for path in _PROGRAMS if tree.is_file(path)), None),
        version=_version(tree),
        files=files,
        config=config,
        origin=origin,
        disabled_by=tuple(_disabled_by(tree)),
    )


def _config_files(tree: Tree) -> Iterator[ConfigFile]:
    """cloud.cfg and its directory, as util.read_conf_with_confd finds them."""
    directory: Any = f"{_CONFIG}.d"
    if tree.is_file(_CONFIG):
        main = _config_file(tree, _CONFIG)
        yield main
        directory = main.data.get("conf_d", directory)
    if not directory or not isinstance(directory, str):
        return
    for name in tree.names(directory.strip()):
        path = posixpath.join(directory.strip(), name)
        if name.endswith(".cfg") and tree.is_file(path):
            yield _config_file(tree, path)


def _config_file(tree: Tree, path: str) -> ConfigFile:
    try:
        text = tree.text(path, limit=_MAX_FILE)
    except (OSError, GuestError) as error:
        return ConfigFile(path=path, data={}, problem=f"it cannot be read: {error}")
    found = yaml_mapping.parse(text)
    return ConfigFile(
        path=path,
        data=found.data,
        problem=found.problem,
        duplicate_keys=found.duplicate_keys,
    )


def merge(files: tuple[ConfigFile, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    """What cloud-init makes of these files, and the file that decided each top-level key.

    util.mergemanydict starts at the last file and puts in what earlier ones have besides.
    """
    config: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for file in reversed(files):
        for key, value in file.data.items():
            if key in _MERGE_KEYS:
                continue
            if key not in config or _replaces(value, config[key]):
                origin[key] = file.path
            config[key] = _merged(config[key], value) if key in config else value
    return config, origin


def _merged(later: Any, earlier: Any) -> Any:  # noqa: ANN401 - YAML data has no narrower type
    if _replaces(earlier, later):
        return earlier
    if not isinstance(later, dict) or not isinstance(earlier, dict):
        return later
    both = {key: _merged(later[key], earlier[key]) for key in later if key in earlier}
    return earlier | later | both


def _replaces(earlier: object, later: object) -> bool:
    # A peculiarity of mergers/m_list.py and m_str.py: told to merge a dictionary into a list or
    # a string, they give the dictionary, although it comes from the earlier file.
    return isinstance(earlier, dict) and isinstance(later, (list, str))


def _version(tree: Tree) -> tuple[int, ...]:
    found = (version for pattern in _PACKAGES for version in _versions_in(tree, pattern))
    text = next(found, "")
    return tuple(int(part[:9]) for part in text.split(".")) if text else ()


def _versions_in(tree: Tree, pattern: str) -> Iterator[str]:
    for path in tree.glob(f"{pattern}/cloudinit/version.py"):
        assigned = dict(_ASSIGNED.findall(_source(tree, path)))
        yield from (
            assigned[name] for name in ("__VERSION__", "_PACKAGED_VERSION") if name in assigned
        )
    for path in tree.glob(f"{pattern}/cloud_init-*-info"):
        named = _METADATA.match(posixpath.basename(path))
        if named:
            yield named[1]


def _source(tree: Tree, path: str) -> str:
    try:
        return tree.text(path, limit=_MAX_FILE)
    except (OSError, GuestError):
        return ""


def _disabled_by(tree: Tree) -> Iterator[Place]:
    if tree.exists(_MARKER):
        yield Place(_MARKER)
    policy: tuple[int, str] | None = None
    for number, line in enumerate(tree.text_or(_DS_IDENTIFY).splitlines(), start=1):
        key, colon, value = line.split("#", 1)[0].partition(":")
        if colon and key.strip() == "policy":
            policy = (number, value.strip().strip("\"'"))
    if policy and _mode(policy[1]) == "disabled":
        yield Place(_DS_IDENTIFY, policy[0])


def _mode(policy: str) -> str:
    modes = [word for word in policy.split(",") if word in _POLICY_MODES]
    return modes[-1] if modes else ""
