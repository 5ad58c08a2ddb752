"""What the engine promises of hangs, and of what it starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ark_testing import hostile
from hostile.world import MOMENT, World
from support import PROGRAMS, wait_for


def hang(hook: str) -> str:
    return f"def {hook}(ctx, default):\n    ctx.run({hostile.hang()!r})\n"


# A status that hangs for ever, under LifeKeeper's rules: 18 s, 22 s and 480 s, at a ninth or less.


def test_a_status_that_hangs_for_ever_fails_at_the_timer_and_recover_then_works(world):
    world.configure(timers={"lifekeeper.quickcheck_run": 2, "quickcheck.process": 3})
    assert world.run("restore") == 0
    world.hooks(hang("ark_status"))
    began, ends = time.monotonic(), []
    while not ends or ends[-1] == 0:
        program = world.start("quickcheck")
        ends.append(program.end())
        assert program.seconds <= 2 + MOMENT
        world.is_whole()
    spent = time.monotonic() - began
    assert ends[-1] == 1
    # What a worker needs to tell its answer counts as used up: half a second at most here.
    assert 3 - 0.5 <= spent < 3 + 2 + 2 * MOMENT
    assert re.search(r"undecided for [3-6] s, the timer is 3 s", world.ras[-1])
    world.hooks("")
    world.after(world.start("recover"), code=0, within=4)
    world.after(world.start("quickcheck"), code=0, within=1)


def test_the_black_box_of_the_first_hang_shows_where_in_the_kernel_it_waits(world):
    world.configure(timers={"lifekeeper.quickcheck_run": 5})
    assert world.run("restore") == 0
    world.hooks(hang("ark_status"))
    world.after(world.start("quickcheck"), code=0, within=5)
    boxes = [path.read_text() for path in (world.prefix / "var/log/ark/blackbox").iterdir()]
    [line, *_] = [line for box in boxes for line in box.splitlines() if line.endswith("sleep 3600")]
    # hrtimer_nanosleep, or what another kernel calls it; "0" and "-" would be none.
    assert line.split()[3].isidentifier()


def test_the_black_box_of_the_first_hang_is_named_in_the_log(world):
    world.configure(timers={"lifekeeper.quickcheck_run": 5})
    assert world.run("restore") == 0
    world.hooks(hang("ark_status"))
    assert world.run("quickcheck") == 0
    boxes = [path.name for path in (world.prefix / "var/log/ark/blackbox").iterdir()]
    assert any(box in line for box in boxes for line in world.ras), "\n".join(world.ras)


def test_black_boxes_of_a_hang_that_goes_on_are_bounded(world):
    boxes = world.prefix / "var/log/ark/blackbox"
    boxes.mkdir(parents=True)
    for number in range(30):
        (boxes / f"toy1-20200101-000000-1-{number:06d}.txt").write_text("old")
    world.configure(timers={"lifekeeper.quickcheck_run": 2})
    assert world.run("restore") == 0
    world.hooks(hang("ark_status"))
    assert world.run("quickcheck") == 0
    kept = sorted(path.name for path in boxes.iterdir())
    assert len(kept) == 20
    assert kept[-1] > "toy1-2020010"
    assert sum(path.stat().st_size for path in boxes.iterdir()) < 20 * 256 * 1024


# Daemons of a start that went well.


@pytest.fixture
def daemon(world: World) -> int:
    """The pid of a daemon, made by programs that were called from the worst of surroundings."""
    kept = os.open(world.prefix, os.O_RDONLY)
    os.set_inheritable(kept, True)
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    script = (
        "import os, signal, sys\n"
        "os.umask(0o077)\n"
        f"os.chdir({str(world.home)!r})\n"
        "for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE, signal.SIGINT):\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR2])\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    os.set_blocking(reading, False)
    # A daemon of its own: nothing but what the engine does for it; setsid is the product's.
    world.hooks(
        "def ark_start(ctx, default):\n"
        f"    ctx.run(['/bin/sh', '-c', 'setsid -f {world.home}/daemon 1000'])\n"
    )
    through = [sys.executable, "-IS", "-c", script]
    primary, secondary = os.openpty()
    program = subprocess.Popen(
        [*through, PROGRAMS / "ark-restore", "-t", "toy1"],
        env={"ARK_PREFIX": str(world.prefix), "SECRET": "of the manager's", "LD_BIND_NOW": "1"},
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        close_fds=False,
        start_new_session=True,
    )
    assert program.wait(20) == 0
    for descriptor in (kept, reading, writing, primary, secondary):
        os.close(descriptor)
    [found] = world.own()
    return found.pid


def test_a_daemon_holds_no_descriptor_of_ours_or_of_the_manager_s(world, daemon):
    held = {
        name: os.readlink(f"/proc/{daemon}/fd/{name}") for name in os.listdir(f"/proc/{daemon}/fd")
    }
    output = str(world.prefix / "var/log/ark/output/toy1.start")
    assert held == {"0": "/dev/null", "1": output, "2": output}


def test_a_daemon_holds_no_lock_of_ours(world, daemon):
    lock = world.prefix / "run/ark/resources/toy1/action.lock"
    node = f":{lock.stat().st_ino}"
    assert not any(node in line for line in Path("/proc/locks").read_text().splitlines())
    # And so the next action has it at once.
    world.after(world.start("quickcheck"), code=0, within=1)


def test_a_daemon_has_no_terminal(daemon):
    fields = Path(f"/proc/{daemon}/stat").read_text().rpartition(") ")[2].split()
    assert fields[4] == "0"  # tty_nr


def test_a_daemon_blocks_and_ignores_no_signal(daemon):
    status = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{daemon}/status").read_text().splitlines()
        if ":\t" in line
    )
    # 32 and 33 are the C library's own, which nobody can set.
    unchangeable = 1 << 31 | 1 << 32
    assert int(status["SigBlk"], 16) & ~unchangeable == 0
    assert int(status["SigIgn"], 16) & ~unchangeable == 0


def test_a_daemon_has_the_surroundings_that_are_documented(world, daemon):
    assert os.readlink(f"/proc/{daemon}/cwd") == "/"
    [umask] = [
        line.split()[1]
        for line in Path(f"/proc/{daemon}/status").read_text().splitlines()
        if line.startswith("Umask:")
    ]
    assert umask == "0022"
    environment = dict(
        entry.split("=", 1)
        for entry in Path(f"/proc/{daemon}/environ").read_text().split("\0")
        if entry
    )
    user = {"USER", "LOGNAME"} if os.geteuid() == 0 else set()
    # PWD and such are the shell's that made it.
    assert set(environment) - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH",
        "HOME",
        "SHELL",
        "LANG",
        "ARK_ACTION",
        "ARK_PREFIX",
        *user,
    }


def test_a_daemon_that_writes_without_end_neither_dies_nor_fills_the_disk_while_we_run(world):
    world.configure(timers={"restore.process": 10})
    output = world.prefix / "var/log/ark/output/toy1.start"
    flood = (
        f"while :; do dd if=/dev/zero bs=64k count=64 2>/dev/null; {world.home}/daemon 0.01; done"
    )
    world.hooks(
        "def ark_start(ctx, default):\n"
        "    default(ctx)\n"
        f"    ctx.run(['/bin/sh', '-c', {f'({flood}) & sleep 1.5'!r}])\n"
    )
    program = world.start("restore")
    largest = 0
    while program.process.poll() is None:
        largest = max(largest, output.stat().st_size if output.exists() else 0)
        time.sleep(0.002)
    assert program.end() == 0
    # 1 MiB is when it is cut back; between two looks it may grow by what a disk takes.
    assert largest < 1 << 30
    # One shell, and for a moment its copy that becomes the next command.
    alive = [each for each in world.strangers() if each.name == "sh"]
    assert alive
    before = output.stat().st_size
    wait_for(lambda: output.stat().st_size != before)  # it goes on writing: nothing broke for it
    for each in alive:
        os.kill(each.pid, signal.SIGKILL)
