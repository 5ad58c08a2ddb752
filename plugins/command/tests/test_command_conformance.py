"""The plugin `command` keeps every promise of a plugin, with an application of its own scripts."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import pytest
from ark_testing import Capability, Command, Conformance, Installation, LogicalHost

#: start and stop wait; the daemon is known by its pid file, and its child dies with it.
CONTROL = """\
#!/bin/sh
home=${0%/bin/*} host=$2
pid=$(cat "$home/$host/pid" 2>/dev/null)
lives() { [ -n "$pid" ] && [ "/proc/$pid/exe" -ef "$home/bin/$3" ]; }
case $1 in
start)
    [ -d "$home/$host" ] || exit 1
    lives "$@" && exit 0
    setsid "$home/bin/$3" "$home/bin/daemon.sh" "$home/$host" "$3" </dev/null >/dev/null 2>&1 &
    ;;
stop)
    [ -d "$home/$host" ] || exit 1
    lives "$@" || exit 0
    kill "$pid"
    while lives "$@"; do sleep 0.05; done
    ;;
status)
    lives "$@" || exit 3
    while read -r _ _ state _ <"/proc/$pid/stat" && [ "$state" = T ]; do sleep 0.05; done
    read -r children <"/proc/$pid/task/$pid/children"
    [ -n "$children" ] || exit 1
    ;;
esac
"""
DAEMON = """\
trap 'kill $child; rm -f "$1/pid"; exit 0' TERM
"${0%/*}/$2-child" 86400 &
child=$!
echo $$ >"$1/pid"
wait $child
rm -f "$1/pid"
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    home = tmp_path_factory.mktemp("own")
    name = f"own-{secrets.token_hex(3)}"
    (home / "bin").mkdir()
    for program, model in ((name, "/bin/sh"), (f"{name}-child", "/bin/sleep")):
        shutil.copy(os.path.realpath(model), home / "bin" / program)
    for script, text in (("ctl", CONTROL), ("daemon.sh", DAEMON)):
        (home / "bin" / script).write_text(text)
        (home / "bin" / script).chmod(0o755)
    return Installation(
        _logical_host(home, name, "OWN1"),
        _logical_host(home, name, "OWN2"),
        starts_within=5,
        stops_within=2,
        notices_within=2,
    )


def _logical_host(home: Path, name: str, host: str) -> LogicalHost:
    (home / host).mkdir()
    control = home / "bin/ctl"
    return LogicalHost(
        host,
        options={
            "start": [str(control), "start", host, name],
            "stop": [str(control), "stop", host, name],
            "status": [str(control), "status", host, name],
            "status_codes": {"0": "RUNNING", "1": "PARTIAL", "3": "STOPPED"},
        },
        serves=(home / host / "pid").exists,
        commands={word: Command(control, word) for word in ("start", "stop", "status")},
        shared=[home / host],
        product=[home / "bin"],
    )


class TestCommand(Conformance):
    plugin = "command"
    capabilities = frozenset(Capability)
