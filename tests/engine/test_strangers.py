"""Other users of the node, a full disk and odd files: none of them decides what an action does."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import ToyNode, wait_for

SOMEBODY = 65534
HOLD = """
import fcntl, os, sys, time
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
fcntl.flock(int(sys.argv[1]), fcntl.LOCK_EX)
print(flush=True)
time.sleep(1000)
"""


@pytest.fixture
def running(node: ToyNode) -> ToyNode:
    assert node.run("restore") == 0
    return node


@pytest.fixture
def stranger(running):
    """Somebody who opened the lock of an earlier version while anybody could, and holds it."""
    lock = running.prefix / "run/ark/resources/toy1/lock"
    lock.touch(0o644)
    opened = os.open(lock, os.O_RDONLY)
    argv = [sys.executable, "-c", HOLD, str(opened)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, pass_fds=[opened]) as child:
        os.close(opened)
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        yield running
        child.kill()


def test_a_held_lock_of_an_earlier_version_hides_no_dead_product(stranger):
    stranger.kill_daemons()
    assert stranger.run("quickcheck") == 1


@pytest.mark.parametrize("action", ["remove", "restore", "recover"])
def test_a_held_lock_of_an_earlier_version_keeps_no_action(stranger, action):
    assert stranger.run(action) == 0
    assert any("is held by a process that is no action of ours" in line for line in stranger.ras)


def test_where_no_living_action_holds_the_lock_a_check_is_undecided(running):
    """A process that an action has left may still be at work; but a check has seen nothing."""
    lock = running.prefix / "run/ark/resources/toy1/action.lock"
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert running.run("quickcheck") == 0
        assert running.ras[-1].startswith("QuickCheck completed. Undecided: ")
        assert "no action that lives holds it" in running.ras[-1]
        running.configure(timers={"quickcheck.process": 1})
        wait_for(lambda: running.run("quickcheck") == 1)


def test_a_remove_behind_a_lock_that_no_action_holds_fails_and_says_what_to_do(running):
    running.configure(timers={"remove.process": 1})
    lock = running.prefix / "run/ark/resources/toy1/action.lock"
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert running.run("remove") == 1
    assert f"(fuser -v {lock})" in running.ras[-1]


# A full /run.

ON_A_FULL_RUN = """
mount -t tmpfs -o size=256k,mode=755 none "$1/run"
PATH=/usr/bin:/bin ARK_PREFIX=$1 "$2/ark-restore" -t toy1 || exit 10
head -c 1M /dev/zero > "$1/run/filler" 2>/dev/null
PATH=/usr/bin:/bin ARK_PREFIX=$1 "$2/ark-remove" -t toy1 || exit 11
PATH=/usr/bin:/bin ARK_PREFIX=$1 "$2/ark-recover" -t toy1
exit $?
"""


def test_a_recover_after_a_remove_on_a_full_disk_starts_nothing(node):
    (node.prefix / "run/ark").mkdir(parents=True, mode=0o755)
    programs = Path(sys.executable).parent
    own = [] if os.geteuid() == 0 else ["-r"]
    argv = ["unshare", *own, "-m", "sh", "-c", ON_A_FULL_RUN, "sh", node.prefix, programs]
    assert subprocess.run(argv, stderr=subprocess.DEVNULL).returncode == 0
    assert node.daemons() == []
    assert "Skipped: wanted = down" in node.ras[-1]


# Our own sinks.


def test_a_fifo_in_the_json_log_s_place_holds_up_no_action(node):
    log = node.prefix / "log.json"
    os.mkfifo(log)
    file = node.prefix / "etc/ark/ark.toml"
    file.write_text(f'[log]\njson = "{log}"\n')
    assert node.start("restore").end(timeout=60) == 0


def test_a_fifo_among_the_resource_files_holds_up_no_recover(running):
    os.mkfifo(running.resources / "other.toml", 0o644)
    running.kill_daemons()
    assert running.start("recover").end(timeout=60) == 0


def test_what_daemons_write_after_their_start_is_cut_back_by_a_check(running):
    output = running.prefix / "var/log/ark/output/toy1.start"
    with output.open("ab") as file:
        file.write(b"x" * (3 << 20) + b"the last word\n")
    assert running.run("quickcheck") == 0
    assert output.stat().st_size < 1 << 17
    assert output.read_bytes().endswith(b"the last word\n")


# State that others could have written.


def test_a_stranger_s_word_that_nothing_is_wanted_here_hides_no_dead_product(running):
    directory = running.prefix / "run/ark/resources/toy1"
    (directory / "wanted.json").write_text(json.dumps({"wanted": "down", "since": time.time()}))
    os.chown(directory / "wanted.json", SOMEBODY, SOMEBODY)
    os.chown(directory, SOMEBODY, SOMEBODY)
    running.kill_daemons()
    assert running.run("quickcheck") == 1


def test_a_stranger_s_maintenance_hides_no_dead_product(running):
    file = running.prefix / "var/lib/ark/maintenance/toy1.json"
    file.parent.mkdir(mode=0o755, exist_ok=True)
    file.parent.chmod(0o777)
    file.write_text(json.dumps({"since": time.time(), "until": None}))
    os.chown(file, SOMEBODY, SOMEBODY)
    running.kill_daemons()
    assert running.run("quickcheck") == 1
    assert file.parent.stat().st_mode & 0o777 == 0o700
