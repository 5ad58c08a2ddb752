"""The plugin `systemd` keeps every promise of a plugin, with services of a real systemd."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import pytest
from ark_testing import Capability, Command, Conformance, Installation, LogicalHost
from own_systemd import Manager

#: It serves once its pid file is there, and ends when its child does.
DAEMON = """\
trap 'kill $child; rm -f "$1/pid"; exit 0' TERM
"$2" 86400 &
child=$!
echo $$ >"$1/pid"
wait $child
rm -f "$1/pid"
exit 1
"""
SERVICE = """\
Type=exec
ExecStart={program} {script} {data} {child}
ExecStartPost=/bin/sh -c 'until [ -e {data}/pid ]; do sleep 0.01; done'
ExecStopPost=/bin/rm -f {data}/pid
TimeoutStopSec=10
"""


@pytest.fixture(scope="module")
def installation(manager: Manager) -> Installation:
    home = manager.directory / f"own-{secrets.token_hex(3)}"
    (home / "bin").mkdir(parents=True)
    for program, model in ((home.name, "/bin/sh"), (f"{home.name}-child", "/bin/sleep")):
        shutil.copy(os.path.realpath(model), home / "bin" / program)
    (home / "bin/daemon.sh").write_text(DAEMON)
    hosts = [_logical_host(manager, home, name) for name in ("UNIT1", "UNIT2")]
    return Installation(*hosts, starts_within=10, stops_within=5, notices_within=5)


def _logical_host(manager: Manager, home: Path, host: str) -> LogicalHost:
    data = home / host
    data.mkdir()
    program = home / "bin" / home.name
    service = SERVICE.format(
        program=program, script=home / "bin/daemon.sh", data=data, child=f"{program}-child"
    )
    unit = manager.unit(f"{home.name}-{host.lower()}", service)
    # One for each host: the kit exchanges it.
    control = home / host.lower() / "systemctl"
    control.parent.mkdir()
    shutil.copy(manager.systemctl, control)
    return LogicalHost(
        host,
        options={"unit": unit, "systemctl": str(control)},
        serves=(data / "pid").exists,
        commands={
            "start": Command(control, "restart"),
            "stop": Command(control, "stop"),
            "force_stop": Command(control, "kill"),
            "status": Command(control, "show"),
        },
        shared=[data],
        product=[manager.units / unit, home / "bin"],
        pids=lambda: manager.pids(unit),
    )


class TestSystemd(Conformance):
    plugin = "systemd"
    capabilities = frozenset(Capability)
