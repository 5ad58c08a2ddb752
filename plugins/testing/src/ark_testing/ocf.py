"""A driver that calls a resource agent as Pacemaker's executor does.

The agent leads a process group of its own, with no terminal, its signals as they are at a
machine's start, and beside PATH only what the executor tells by OCF_ variables. An operation that
is over its timeout is ended by SIGKILL to that group, with no warning. The cluster itself,
fencing and scores are not here: see the cluster tests for those.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from ark_testing.invocation import Invocation, RunEnd, run
from arkcore.managers.pacemaker import agent

#: What Pacemaker 2.1 tells every agent of itself.
_OF_PACEMAKER = {
    "OCF_ROOT": "/usr/lib/ocf",
    "OCF_RA_VERSION_MAJOR": "1",
    "OCF_RA_VERSION_MINOR": "1",
    "OCF_RESOURCE_PROVIDER": "ark",
    "OCF_EXIT_REASON_PREFIX": "ocf-exit-reason:",
    "OCF_RESKEY_crm_feature_set": "3.16.2",
}


class Agent:
    """The agent of one plugin on one node, for one resource with the cluster's parameters.

    It is written into `directory`, with `prefix` baked in.
    """

    def __init__(
        self,
        directory: Path,
        plugin: str,
        prefix: str,
        resource: str,
        parameters: Mapping[str, object],
    ) -> None:
        self.plugin = plugin
        self.resource = resource
        self.parameters = {name: parameter_text(value) for name, value in parameters.items()}
        self.path = directory / plugin
        directory.mkdir(parents=True, exist_ok=True)
        self.path.write_text(agent(plugin, prefix))
        self.path.chmod(0o755)

    def invocation(self, action: str, timeout: float, interval: float = 0.0) -> Invocation:
        """How the executor calls it: `action` as OCF names it, times in seconds."""
        variables = {f"OCF_RESKEY_{name}": text for name, text in self.parameters.items()}
        return Invocation(
            [str(self.path), action],
            {
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                **_OF_PACEMAKER,
                "OCF_RESOURCE_TYPE": self.plugin,
                "OCF_RESOURCE_INSTANCE": self.resource,
                **variables,
                "OCF_RESKEY_CRM_meta_name": action,
                "OCF_RESKEY_CRM_meta_timeout": f"{timeout * 1000:.0f}",
                "OCF_RESKEY_CRM_meta_interval": f"{interval * 1000:.0f}",
                "OCF_RESKEY_CRM_meta_on_node": "conformance",
            },
            limit=timeout,
            ends_group=True,
            leads="group",
        )

    def call(self, action: str, timeout: float = 60.0, interval: float = 0.0) -> RunEnd:
        """Call it and wait; `late` where it was ended for being over its timeout."""
        return run(self.invocation(action, timeout, interval))


def parameter_text(value: object) -> str:
    """An option's value as a cluster's configuration holds it: lists and tables as shell words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return shlex.join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return shlex.join(str(each) for each in value)
    return str(value)
