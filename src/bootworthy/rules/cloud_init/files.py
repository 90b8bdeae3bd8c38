"""The drop-ins that bootworthy writes for cloud-init; /etc/cloud/cloud.cfg itself is not edited."""

from __future__ import annotations

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
