"""Options of the Azure data source are misspelled, or take the network from the metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bootworthy.model.finding import Place, Severity, Violation, by_hand
from bootworthy.rules import sources
from bootworthy.rules.cloud_init.files import DATASOURCE, write
from bootworthy.rules.conditions import generalized, with_cloud_init
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_NAME = "Azure"
_OPTION = "apply_network_config"

# cloudinit/sources/DataSourceAzure.py, BUILTIN_DS_CONFIG, and what its schema documents.
_KNOWN = frozenset(
    (
        "agent_command",
        "apply_network_config",
        "apply_network_config_for_secondary_ips",
        "apply_network_config_set_name",
        "data_dir",
        "disk_aliases",
        "experimental_fail_on_missing_customdata",
        "experimental_skip_ready_report",
        "hostname_bounce",
        "never_destroy_ntfs",
        "set_hostname",
    )
)


@rule(
    code="CI-05",
    name="azure-options-wrong",
    severity=Severity.WARNING,
    why="A misspelled option is silently ignored; two sources of network settings contradict.",
    when=(generalized, with_cloud_init),
    article=(59,),
    sources=(sources.ARTICLE, sources.CLOUD_INIT_SOURCE),
)
def check(subject: Subject) -> Iterator[Violation]:
    """datasource.Azure has known keys only, and apply_network_config is false."""
    cloud_init = subject.linux.cloud_init
    place = Place(cloud_init.origin.get("datasource", "/etc/cloud/cloud.cfg"))
    datasource = _mapping(cloud_init.config.get("datasource"))
    options = _mapping(datasource.get(_NAME))
    unknown = sorted(str(key) for key in options if key not in _KNOWN)
    unknown += sorted(str(key) for key in datasource if _is_misspelled(key))
    if unknown:
        words = ", ".join(unknown)
        yield Violation(
            message=f"the Azure data source has no option {words}",
            place=place,
            found=words,
            expected="datasource, Azure, and options that cloud-init documents",
            fix=by_hand("correct the spelling"),
        )
    if options.get(_OPTION) is not False:
        yield Violation(
            message="network settings come from Azure's metadata as well as from the distribution",
            place=place,
            found=f"{_OPTION}: {options.get(_OPTION, 'not set, which means true')}",
            expected=f"{_OPTION}: False",
            fix=write(DATASOURCE, "datasource", cloud_init),
            severity=Severity.NOTE,
        )


def _mapping(value: object) -> Mapping[object, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_misspelled(key: object) -> bool:
    return isinstance(key, str) and key != _NAME and key.casefold() == _NAME.casefold()
