"""Resource agents as Pacemaker calls them: the action, an environment, an exit code, a reason."""

from __future__ import annotations

import os
import subprocess
import time
from itertools import pairwise
from pathlib import Path

from arkcore.managers.pacemaker import agent

SUCCESS, GENERIC, ARGS, UNIMPLEMENTED, PERM, INSTALLED, CONFIGURED, NOT_RUNNING = range(8)
DEGRADED = 190


class Call:
    """One call of an agent that is at work or over."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.began = time.monotonic()
        self.seconds = 0.0
        self.stdout, self.stderr = "", ""

    def end(self, timeout: float = 60) -> int:
        self.stdout, self.stderr = self.process.communicate(timeout=timeout)
        self.seconds = time.monotonic() - self.began
        return self.process.returncode

    @property
    def code(self) -> int:
        return self.process.returncode

    @property
    def reason(self) -> str:
        """What crm_mon would show: the last line that says so."""
        mark = "ocf-exit-reason:"
        lines = [line for line in self.stderr.splitlines() if line.startswith(mark)]
        return lines[-1].removeprefix(mark) if lines else ""

    @property
    def whole_reason(self) -> str:
        """It, also where crm_mon would show but its beginning and its end."""
        if "…" not in self.reason:
            return self.reason
        lines = self.stderr.splitlines()
        return next(before for before, line in pairwise(lines) if line.endswith(self.reason))


class Agent:
    """The agent of one plugin on one node, for one resource with its parameters."""

    def __init__(
        self, prefix: Path, plugin: str, resource: str = "toy1", **parameters: object
    ) -> None:
        self.resource = resource
        self.parameters = parameters
        self.path = prefix / f"agents/{plugin}"
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(agent(plugin, str(prefix)))
        self.path.chmod(0o755)

    def begin(
        self,
        *words: str,
        timeout: float | None = None,
        interval: float | None = None,
        environment: dict[str, str] | None = None,
        **parameters: object,
    ) -> Call:
        """Call it. Seconds; `parameters`: beside the resource's own, or instead of them."""
        given = {**self.parameters, **parameters}
        variables = {f"OCF_RESKEY_{key}": str(value) for key, value in given.items()}
        if timeout is not None:
            variables["OCF_RESKEY_CRM_meta_timeout"] = f"{timeout * 1000:.0f}"
        if interval is not None:
            variables["OCF_RESKEY_CRM_meta_interval"] = f"{interval * 1000:.0f}"
        process = subprocess.Popen(
            [self.path, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={
                "PATH": "/usr/bin:/bin",
                "OCF_ROOT": "/usr/lib/ocf",
                "OCF_RESOURCE_INSTANCE": self.resource,
                "OCF_RESKEY_crm_feature_set": "3.16.2",
                **variables,
                **(environment or {}),
            },
        )
        return Call(process)

    def call(self, *words: str, **more: object) -> Call:
        call = self.begin(*words, **more)  # type: ignore[arg-type]
        call.end()
        return call

    def start(self, **more: object) -> Call:
        return self.call("start", **{"timeout": 40, **more})

    def stop(self, **more: object) -> Call:
        return self.call("stop", **{"timeout": 40, **more})

    def monitor(self, **more: object) -> Call:
        return self.call("monitor", **{"timeout": 40, "interval": 10, **more})

    def probe(self, **more: object) -> Call:
        return self.call("monitor", **{"timeout": 40, "interval": 0, **more})


def group_of(call: Call) -> int:
    """The process group that Pacemaker kills when an operation is over its time."""
    return os.getpgid(call.process.pid)
