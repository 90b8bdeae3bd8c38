"""The drop-ins that bootworthy writes for cloud-init; /etc/cloud/cloud.cfg itself is not edited."""

from __future__ import annotations

import posixpath

from bootworthy.guest.facts.cloud_init import CloudInit
from bootworthy.model.finding import Fix
from bootworthy.model.steps import WriteFile

_FOLDER = "/etc/cloud/cloud.cfg.d"

# Article, step 7.3, under the name it gives the file.
DATASOURCE = WriteFile(
    path=f"{_FOLDER}/91-azure_datasource.cfg",
    text="""\
# Only Azure's data source, so that nothing is probed; ds-identify needs the list on one line.
datasource_list: [ Azure ]
datasource:
  Azure:
    apply_network_config: False
""",
)

# Article, step 7.5; a file of its own, since appending to 05_logging.cfg doubles the key there.
LOGGING = WriteFile(
    path=f"{_FOLDER}/06-azure_logging.cfg",
    text="""\
# What cloud-init and its children print ends up in a file as well.
output: {all: '| tee -a /var/log/cloud-init-output.log'}
""",
)

# Azure gives each machine a name of its own (cc_set_hostname.py).
HOST_NAME = WriteFile(
    path=f"{_FOLDER}/93-azure_host_name.cfg",
    text="""\
# The name is the one that Azure gives the machine.
preserve_hostname: false
""",
)

# What the installer of Ubuntu Server (subiquity, curtin) leaves; Microsoft's page on Ubuntu
# removes them. The first is the network of the machine it installed, the second a data source of
# its own with the first user's name and password hash.
INSTALLER_FILES = (
    f"{_FOLDER}/50-curtin-networking.cfg",
    f"{_FOLDER}/99-installer.cfg",
    f"{_FOLDER}/curtin-preserve-sources.cfg",
)


def write(drop_in: WriteFile, key: str, cloud_init: CloudInit) -> Fix:
    """Write a drop-in; the title says when a file that is read later has ``key`` too and wins."""
    title = f"write {drop_in.path}"
    later = [
        file.path
        for file in cloud_init.files
        if posixpath.dirname(file.path) == _FOLDER
        and file.path > drop_in.path
        and key in file.data
        and file.path not in INSTALLER_FILES
    ]
    if later:
        title += f"; take {key} out of {', '.join(later)}, which is read later, by hand"
    return Fix(title=title, steps=(drop_in,))
