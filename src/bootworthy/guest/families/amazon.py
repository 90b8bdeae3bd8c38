"""Amazon Linux: rpm with yum in release 2, with dnf since 2023; no agent of Azure's."""

from __future__ import annotations

from bootworthy.guest.families.family import Need
from bootworthy.guest.families.redhat import RedHat

_LAST_YUM = 2


class Amazon(RedHat):
    """Red Hat's names; the agent is in none of Amazon's repositories."""

    @property
    def program(self) -> str:
        """The package manager of this release (2018.03 is older than 2)."""
        text = self.release.version_id
        return "yum" if text == str(_LAST_YUM) or text.startswith("201") else "dnf"

    def packages_for(self, need: Need) -> tuple[str, ...]:
        """All but the agent, which has to come from elsewhere."""
        return () if need is Need.AGENT else super().packages_for(need)
