"""What counts as the application's own while actions run, and what only pretends to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ToyNode, wait_for

from arkcore.machine import processes

#: Goes on by way of its children, none of which lives for long, until a file is gone.
RELAY = """
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    (void)argc;
    setsid();
    while (access(argv[1], F_OK) == 0) {
        pid_t child = fork();
        if (child != 0)
            _exit(0);
        usleep(60000);
    }
    return 0;
}
"""


@pytest.fixture
def relay(node: ToyNode, tmp_path: Path) -> Iterator[Path]:
    """The start also makes a relay, which no plugin knows; the file that keeps it at work."""
    goes_on = tmp_path / "goes-on"
    goes_on.touch()
    source = tmp_path / "relay.c"
    source.write_text(RELAY)
    subprocess.run(["cc", "-o", node.prefix / "relay", source], check=True)
    node.hooks(
        "def ark_start(ctx, default):\n"
        "    default(ctx)\n"
        f"    ctx.run(['{node.prefix}/relay', '{goes_on}'])\n"
    )
    yield goes_on
    goes_on.unlink(missing_ok=True)


def test_a_remove_does_not_say_stopped_while_something_of_a_start_goes_on(node, relay):
    node.configure(timers={"remove.process": 2, "remove.cleanup": 1})
    assert node.run("restore") == 0
    if node.run("remove") == 0:  # the control group of its start has shown all of it
        assert node.processes() == []
        return
    relay.unlink()
    wait_for(lambda: not node.processes())
    assert node.run("remove") == 0


def test_a_mark_that_nobody_was_given_keeps_no_remove_and_is_not_killed(node):
    assert node.run("restore") == 0
    environment = {"ARK_ACTION": f"toy1:{'0' * 32}", "ARK_PREFIX": str(node.prefix)}
    pretender = subprocess.Popen([node.home / "daemon", "1000"], env=environment)
    try:
        wait_for(lambda: len(processes.environment(pretender.pid)) == 2)
        for action in ("quickcheck", "remove", "restore", "remove"):
            assert node.run(action) == 0
            assert pretender.poll() is None
    finally:
        pretender.kill()
        pretender.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_a_stranger_with_a_mark_that_leaked_keeps_no_remove_and_is_not_killed(node):
    assert node.run("restore") == 0
    [mark] = node.state("started")["marks"]
    environment = {"ARK_ACTION": mark, "ARK_PREFIX": str(node.prefix)}
    stranger = subprocess.Popen(
        ["/bin/sleep", "1000"], env=environment, user=65534, group=65534, extra_groups=[], cwd="/"
    )
    try:
        wait_for(lambda: len(processes.environment(stranger.pid)) == 2)
        for action in ("quickcheck", "remove"):
            assert node.run(action) == 0
            assert stranger.poll() is None
        assert not any(f"pid {stranger.pid} " in line for line in node.ras)
    finally:
        stranger.kill()
        stranger.wait()


def test_a_product_that_runs_while_the_state_is_deleted_is_still_known(node):
    assert node.run("restore") == 0
    [daemon] = node.daemons()
    shutil.rmtree(node.prefix / "run")
    assert node.run("quickcheck") == 0
    assert node.run("restore") == 0
    assert node.daemons() == [daemon]
    shutil.rmtree(node.prefix / "run")
    assert node.run("remove") == 0
    assert node.daemons() == []


def test_a_product_in_service_is_known_after_an_update_from_a_state_without_marks(node):
    assert node.run("restore") == 0
    state = node.prefix / "run/ark/resources/toy1"
    (state / "started.json").unlink()
    (state / "processes.json").unlink()
    assert node.run("quickcheck") == 0
    assert node.run("remove") == 0
    assert node.daemons() == []


def test_whom_a_forced_stop_ended_is_named(node):
    assert node.run("restore") == 0
    [daemon] = node.daemons()
    node.hooks("def ark_stop(ctx, default):\n    ctx.run(['/bin/false']).check()\n")
    assert node.run("remove") == 0
    assert f"ended by force: pid {daemon} daemon (S)" in node.ras


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a daemon of another user")
def test_a_daemon_that_gives_up_root_is_known_after_its_start(node):
    (node.prefix / "run").mkdir(exist_ok=True)
    path = node.home
    while path != Path("/tmp") and path != path.parent:
        path.chmod(0o755)
        path = path.parent
    give_up = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    node.hooks(
        "def ark_start(ctx, default):\n"
        "    ctx.run(['/bin/sh', '-c',\n"
        f"             'setsid {give_up} {node.home}/daemon 1000 >/dev/null 2>&1 &'])\n"
    )
    assert node.run("restore") == 0
    [daemon] = node.daemons()
    assert processes.owner(daemon) == 65534
    assert node.run("quickcheck") == 0
    assert node.run("remove") == 0
    assert node.daemons() == []
