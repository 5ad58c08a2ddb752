"""A pair of nodes, of which the attacked one is the first."""

from __future__ import annotations

import os
from collections.abc import Mapping

from attacks.victim import Victim

_SITE = """\
topology = "standby"
manager = "lifekeeper"
packages = []

[[nodes]]
name = "{here}"
service = "192.0.2.1"
heartbeat = ["198.51.100.1"]

[[nodes]]
name = "ark-other-node"
service = "192.0.2.2"
heartbeat = ["198.51.100.2"]

[[logical_hosts]]
name = "LHWEB"
address = "192.0.2.10"
active = "{here}"
mount_point = "{mounted}"
device = "/dev/null"
storage = "shared"
multipath = false

[logical_hosts.resources]
"""


def write_site(victim: Victim, resources: Mapping[str, str]) -> None:
    """Write the site file, with the plugin of each resource."""
    text = _SITE.format(here=os.uname().nodename, mounted=victim.home)
    text += "".join(f'{name} = "{plugin}"\n' for name, plugin in resources.items())
    (victim.prefix / "etc/ark/site.toml").write_text(text)
