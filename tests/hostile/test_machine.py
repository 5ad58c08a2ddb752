"""Whatever the machine does: no untrue verdict, no late one, nothing left, a whole log."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ark_testing import hostile
from hostile.instants import interrupt
from hostile.machine import DeadFilesystem, FullProcessTable, Namespace, WallClock
from hostile.world import MOMENT, World
from support import pairs_are_whole, wait_for

DAY = 86400

#: Holds an action inside a hook until the gate is opened.
GATE = """
import os, time
def hold(ctx):
    open(f"{ctx.options.home}/held", "w").close()
    while not os.path.exists(f"{ctx.options.home}/open"):
        time.sleep(0.01)
"""
HELD_START = f"{GATE}\ndef ark_start(ctx, default):\n    hold(ctx)\n    default(ctx)\n"
HELD_STOP = f"{GATE}\ndef ark_stop(ctx, default):\n    hold(ctx)\n    default(ctx)\n"


def held(world: World, action: str, **environment: str):
    """Start `action`, which is held inside its hook."""
    program = world.start(action, **environment)
    wait_for(lambda: (world.home / "held").exists())
    return program


def let_go(world: World) -> None:
    (world.home / "open").touch()


def life(world: World, **how: object) -> list[tuple[str, int, str]]:
    """A whole life: each action, how it ended, and what it wrote on stderr."""
    told = []
    for action in ("restore", "quickcheck", "recover", "remove"):
        program = world.start(action, **how)
        told.append((action, program.end(), program.stderr))
    return told


# Disks.

FULL = """
mount -t tmpfs -o size=256k,mode=755 none {where}
cp -a {saved}/. {where}/
rm -f {where}/ark/ras.log {where}/log/ark/ras.log
head -c 1m /dev/zero > {where}/filling 2>/dev/null || :
"""


@pytest.mark.parametrize("where", ["var/log", "var", "run"])
def test_a_full_disk_changes_no_verdict_and_stderr_tells(world, where):
    assert [code for _, code, _ in life(world)] == [0, 0, 0, 0]
    saved = shutil.copytree(world.prefix / where, world.prefix / "saved")
    here = Namespace(world, FULL.format(where=world.prefix / where, saved=saved))
    told = life(world, through=here.through)
    assert [code for _, code, _ in told] == [0, 0, 0, 0], told
    word = "ras.log: the disk is full|No space left" if where != "run" else "No space left"
    assert any(part in text for _, _, text in told for part in word.split("|"))
    assert world.strangers() == []


def test_a_full_disk_hinders_no_first_restore(world):
    empty = world.prefix / "empty"
    (empty / "log").mkdir(parents=True)
    (world.prefix / "var").mkdir()
    here = Namespace(world, FULL.format(where=world.prefix / "var", saved=empty))
    told = life(world, through=here.through)
    assert [code for _, code, _ in told] == [0, 0, 0, 0], told


READ_ONLY = "mount --bind {where} {where}\nmount -o remount,ro,bind {where}\n"


@pytest.mark.parametrize("where", ["var/log/ark", "var"])
def test_a_directory_that_became_read_only_changes_no_verdict_and_stderr_tells(world, where):
    assert [code for _, code, _ in life(world)] == [0, 0, 0, 0]
    here = Namespace(world, READ_ONLY.format(where=world.prefix / where))
    told = life(world, through=here.through)
    assert [code for _, code, _ in told] == [0, 0, 0, 0], told
    assert all("Read-only file system" in text for _, _, text in told)
    assert world.strangers() == []


def test_a_state_directory_that_became_read_only_never_says_stopped_of_what_lives(world):
    where = world.prefix / "run"
    where.mkdir()
    here = Namespace(world, f"mount --bind {where} {where}")
    assert world.start("restore", through=here.through).end() == 0
    here.do(f"mount -o remount,ro,bind {where}")
    assert world.start("quickcheck", through=here.through).end() == 0
    removed = world.start("remove", through=here.through).end()
    assert removed == (1 if world.own() else 0)
    assert pairs_are_whole(world.ras)


def test_with_a_read_only_state_directory_what_is_dead_is_told(world):
    """No lock can be taken there, by nobody; a check that says nothing for ever would be worse."""
    where = world.prefix / "run"
    where.mkdir()
    here = Namespace(world, f"mount --bind {where} {where}")
    assert world.start("restore", through=here.through).end() == 0
    here.do(f"mount -o remount,ro,bind {where}")
    for daemon in world.own():
        os.kill(daemon.pid, signal.SIGKILL)
    assert world.start("quickcheck", through=here.through).end() == 1
    assert "QuickCheck failed. It is STOPPED" in world.ras[-1]
    assert pairs_are_whole(world.ras)


@pytest.mark.parametrize("missing", ["var/log/ark", "var/lib/ark", "var", "run"])
def test_a_missing_directory_is_made_anew(world, missing):
    for action in ("restore", "quickcheck", "recover", "remove"):
        shutil.rmtree(world.prefix / missing, ignore_errors=True)
        world.after(world.start(action), code=0, within=5)
    assert world.ras[-1] == "Remove completed."


def test_directories_that_go_in_mid_action_change_no_verdict(world):
    world.hooks(HELD_START)
    program = held(world, "restore")
    for missing in ("var", "run"):
        # Moved away at once: what is at work goes on writing into what it has open.
        (world.prefix / missing).rename(world.prefix / f"{missing}.gone")
    let_go(world)
    world.after(program, code=0, within=10)
    assert world.run("quickcheck") == 0


def test_a_log_that_logrotate_moves_in_mid_action_loses_no_line(world):
    world.hooks(HELD_START)
    program = held(world, "restore")
    wait_for(lambda: world.ras[-1:] == ["Starting."])
    log = world.prefix / "var/log/ark/ras.log"
    log.rename(log.with_suffix(".1"))
    log.touch()
    let_go(world)
    assert program.end() == 0
    old = log.with_suffix(".1").read_text().splitlines()
    assert [line.split(" : ", 3)[3] for line in old][:2] == ["Restore start.", "Starting."]
    assert world.ras[-2:] == ["Start completed.", "Restore completed."]


def test_a_log_that_is_cut_to_nothing_in_mid_action_has_whole_lines_after_it(world):
    world.hooks(HELD_START)
    program = held(world, "restore")
    os.truncate(world.prefix / "var/log/ark/ras.log", 0)
    let_go(world)
    assert program.end() == 0
    assert world.ras[-2:] == ["Start completed.", "Restore completed."]


# No more processes, no more descriptors.


def test_without_a_free_process_nothing_untrue_is_said(world):
    assert world.run("restore") == 0
    table = FullProcessTable(world, free=0)
    try:
        began = time.monotonic()
        codes = {action: code for action, code, _ in life(world, through=table.through)}
        assert codes == {"restore": 1, "quickcheck": 0, "recover": 1, "remove": 1}
        assert time.monotonic() - began < 4 * MOMENT
        assert len(world.own()) == 1
    finally:
        table.close()
    world.is_whole()
    assert world.run("quickcheck") == 0
    world.after(world.start("remove"), code=0, within=2)


@pytest.mark.parametrize("free", [2])
def test_with_few_free_processes_nothing_untrue_is_said_and_nothing_is_left(world, free):
    world.configure(
        timers={"restore.process": 2, "restore.cleanup": 1, "lifekeeper.quickcheck_run": 2}
    )
    table = FullProcessTable(world, free)
    try:
        restored = world.start("restore", through=table.through).end()
        if restored == 0:
            assert len(world.own()) == 1
        checked = world.start("quickcheck", through=table.through).end()
        assert checked == (0 if world.own() else 1)
        removed = world.start("remove", through=table.through).end()
        if removed == 0:
            assert world.own() == []
        world.is_whole()
    finally:
        table.set(None)
        world.run("remove")
        table.close()
    world.is_whole()


def test_a_plugin_that_hangs_is_no_internal_error_where_no_process_is_free_to_record_it(world):
    world.configure(timers={"quickcheck.process": 1, "quickcheck.cleanup": 1})
    assert world.run("restore") == 0
    world.hooks("def ark_status(ctx, default):\n    import time\n    time.sleep(1000)\n")
    table = FullProcessTable(world, free=1)
    try:
        assert world.start("quickcheck", through=table.through).end() == 1
    finally:
        table.close()
    assert "undecided for" in world.ras[-1]
    world.is_whole()


def test_a_late_command_is_ended_where_no_process_is_free_to_record_it(world):
    world.configure(timers={"restore.process": 1, "restore.cleanup": 2})
    world.hooks(f"def ark_start(ctx, default):\n    ctx.run({hostile.hang()!r})\n")
    table = FullProcessTable(world, free=2)
    try:
        assert world.start("restore", through=table.through).end() == 1
    finally:
        table.close()
    assert any(line.startswith("Start failed. The start did not end") for line in world.ras)
    world.is_whole()


@pytest.mark.parametrize("limit", [5, 6, 7, 8, 10])
def test_with_few_descriptors_nothing_untrue_is_said(world, limit):
    assert world.run("restore") == 0
    through = ["prlimit", f"--nofile={limit}:{limit}", "--"]
    assert world.start("quickcheck", through=through).end() == 0
    if world.start("restore", through=through).end() == 0:
        assert len(world.own()) == 1
    if world.start("remove", through=through).end() == 0:
        assert world.own() == []
    assert world.strangers() == []
    world.after(world.start("restore"), code=0, within=5)


# Clocks.


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_set_by_a_day_in_mid_start_moves_no_deadline(world, days, tmp_path):
    clock = WallClock(tmp_path)
    world.configure(timers={"restore.process": 5})
    world.hooks(HELD_START)
    program = held(world, "restore", **clock.environment)
    clock.set(days * DAY)
    time.sleep(0.2)
    let_go(world)
    world.after(program, code=0, within=3)
    dates = {line[1:11] for line in world.ras_lines}
    assert len(dates) >= 2, dates  # the lines bear the clock's own date


def test_a_hanging_start_ends_at_its_timer_though_the_clock_is_set_back(world, tmp_path):
    clock = WallClock(tmp_path)
    world.configure(timers={"restore.process": 1, "restore.cleanup": 3})
    world.hooks(f"def ark_start(ctx, default):\n    ctx.run({hostile.ignore_term()!r})\n")
    program = world.start("restore", **clock.environment)
    wait_for(lambda: "Starting." in world.ras)
    clock.set(-DAY)
    world.after(program, code=1, within=4)


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_set_by_a_day_does_not_move_the_undecided_clock(world, days, tmp_path):
    clock = WallClock(tmp_path)
    world.configure(timers={"quickcheck.process": 2, "lifekeeper.quickcheck_run": 2})
    assert world.run("restore") == 0
    world.hooks("def ark_status(ctx, default):\n    return None\n")
    began = time.monotonic()
    codes = []
    while 1 not in codes and time.monotonic() - began < 4:
        codes.append(world.start("quickcheck", **clock.environment).end())
        clock.set(days * DAY)
    assert codes[0] == 0
    assert codes[-1] == 1
    # Of its last run a little is left to the worker, to tell its answer in.
    assert time.monotonic() - began >= 1.4


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_is_set_by_a_day_gives_no_restart_more_or_less(world, days, tmp_path):
    clock = WallClock(tmp_path)
    world.configure(timers={"recover.attempts": 2})
    assert world.run("restore") == 0
    codes = []
    for shift in (0, days * DAY, days * DAY):
        clock.set(shift)
        world.kill_daemons()
        codes.append(world.start("recover", **clock.environment).end())
    assert codes == [0, 0, 1]
    assert "used up" in world.ras[-1]


@pytest.mark.parametrize("days", [1, -1])
def test_an_aborted_action_is_told_though_the_clock_was_set_since(world, days, tmp_path):
    clock = WallClock(tmp_path)
    world.hooks(HELD_START)
    program = held(world, "restore")
    program.process.kill()
    program.end()
    world.hooks("")
    clock.set(days * DAY)
    assert world.start("restore", **clock.environment).end() == 0
    assert any(line.startswith("Restore aborted. It began 20") for line in world.ras)
    world.is_whole()


# The process table.


def test_processes_that_come_and_go_all_the_time_disturb_nothing(world):
    shutil.copy("/bin/true", world.home / "passing")
    # Some hundred a second; no more, for other tests run beside this one.
    loop = f"while :; do {world.home}/passing & /bin/true & sleep 0.01; done"
    churn = world.helper(["/bin/sh", "-c", loop])
    try:
        for action in ("restore", "quickcheck", "restore", "quickcheck", "remove", "remove"):
            assert world.run(action) == 0, "\n".join(world.ras)
        assert world.own() == []
    finally:
        os.killpg(churn.pid, signal.SIGKILL)
        churn.wait()
    assert pairs_are_whole(world.ras)


#: Goes on by way of its children: each makes one and ends, some thousand times a second.
COMET = """
    #include <signal.h>
    #include <time.h>
    #include <unistd.h>
    int main(int count, char **words) {
        signal(SIGTERM, SIG_IGN);
        for (long left = 100000; left > 0 && access(words[2], F_OK); left--) {
            struct timespec moment = {0, 200000};
            unlink(words[1]);
            nanosleep(&moment, 0);
            if (fork() > 0) _exit(0);
        }
        return count < 3;
    }
"""
#: Whose child the comet becomes again and again; nothing of it is left there.
SKY = (
    "import signal, subprocess, sys\n"
    "from arkcore.machine.descent import become_subreaper\n"
    "assert become_subreaper()\n"
    "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    "subprocess.Popen(sys.argv[1:], restore_signals=False)\n"
    "while True: signal.pause()\n"
)


def test_a_remove_never_says_stopped_of_what_goes_on_by_way_of_its_children(world, tmp_path):
    world.configure(timers={"remove.process": 2, "remove.cleanup": 4})
    source, beat, stop = tmp_path / "comet.c", tmp_path / "beat", tmp_path / "stop"
    source.write_text(COMET)
    (world.home / "daemon").unlink()
    subprocess.run(["cc", "-o", world.home / "daemon", source], check=True)

    def lives() -> bool:
        beat.touch()
        until = time.monotonic() + 2
        while beat.exists() and time.monotonic() < until:
            time.sleep(0.01)
        return not beat.exists()

    # The toy knows what bears its logical host's name for its own.
    world.helper(
        [sys.executable, "-c", SKY, str(world.home / "daemon"), str(beat), str(stop), "LHOST1"]
    )
    try:
        wait_for(lives)
        code = world.run("remove")
        assert (code == 0) != lives(), "\n".join(world.ras)
    finally:
        stop.touch()


# Locks and their holders.


def test_a_remove_takes_the_lock_of_a_restore_that_is_stopped_and_ends_its_command(world):
    world.hooks(f"def ark_start(ctx, default):\n    ctx.run({hostile.ignore_term()!r})\n")
    stopped = world.start("restore")
    wait_for(lambda: any("-IS" in line for line in world.ras))
    stopped.process.send_signal(signal.SIGSTOP)
    world.hooks("")
    # It wakes the holder, which yields.
    assert world.run("remove") == 0
    assert stopped.end() == 1
    world.is_whole()


def test_who_waits_for_a_holder_that_is_stopped_fails_at_its_own_timer_and_says_for_whom(world):
    world.configure(timers={"restore.process": 1})
    world.hooks(HELD_STOP)
    world.run("restore")
    stopped = held(world, "remove")
    stopped.process.send_signal(signal.SIGSTOP)
    waiting = world.start("restore")
    assert waiting.end() == 1
    assert waiting.seconds < 1 + MOMENT
    assert world.ras[-1] == f"Restore failed. remove (pid {stopped.process.pid}) is still at work"
    stopped.process.send_signal(signal.SIGCONT)
    let_go(world)
    assert stopped.end() == 0


@pytest.mark.parametrize(
    ("whose", "action"),
    [
        ("a dead process", "restore"),
        ("a dead process", "quickcheck"),
        ("another process of that pid", "recover"),
        ("another process of that pid", "remove"),
        ("nobody", "remove"),
    ],
)
def test_a_stale_lock_file_holds_nobody_up(world, action, whose):
    assert world.run("restore") == 0
    stranger = world.bystanders[0].pid
    holder = {
        "a dead process": ["remove", 4194303, 1, 1.0],
        "another process of that pid": ["remove", stranger, 1, 1.0],
        "nobody": None,
    }[whose]
    (world.prefix / "run/ark/resources/toy1/action.lock").write_text(json.dumps(holder))
    world.after(world.start(action), code=0, within=1)


# What is remembered.

MEMORY = [
    *(
        f"run/ark/resources/toy1/{name}.json"
        for name in (
            "wanted",
            "force",
            "commands",
            "processes",
            "attempts",
            "verdict",
            "blind",
            "preempted",
            "undecided",
        )
    ),
    "run/ark/resources/toy1/action.lock",
    *(f"var/lib/ark/{kind}/toy1.json" for kind in ("records", "restored", "open", "maintenance")),
]
#: Written in the file's place where nothing of its own is there to be cut short.
LIKENESS = {"boot": "?", "at": 1, "script": "Restore", "began": 1, "told": True}


def cut_short(path: Path) -> bytes:
    whole = path.read_bytes() if path.exists() else json.dumps(LIKENESS).encode()
    return whole[: len(whole) // 2]


def garbage(path: Path) -> bytes:
    return b"\0\xff\xfe[[[{\x1b[2J" * 50


def another_shape(path: Path) -> bytes:
    try:
        keys = list(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        keys = list(LIKENESS)
    return json.dumps({str(key): [{"nothing": None}, "1e999", -1] for key in keys}).encode()


@pytest.mark.parametrize("file", MEMORY, ids=lambda file: "-".join(Path(file).parts[-2:]))
def test_a_state_file_that_is_spoilt_changes_no_verdict(world, file):
    path = world.prefix / file
    ways = (cut_short, garbage, another_shape)
    actions = ("restore", "quickcheck", "recover", "remove")
    for turn, action in enumerate(actions, MEMORY.index(file)):
        spoil = ways[turn % len(ways)]
        if action == "recover":
            world.kill_daemons()
        path.parent.mkdir(parents=True, exist_ok=True)
        if "maintenance" not in file or spoil is not another_shape:  # that is one without an end
            path.write_bytes(spoil(path))
        world.after(world.start(action), code=0, within=5)
        assert len(world.own()) == (0 if action == "remove" else 1), "\n".join(world.ras)


def test_a_reboot_in_mid_recovery_leaves_a_node_that_a_restore_brings_up(world):
    assert world.run("restore") == 0
    world.kill_daemons()
    world.hooks(HELD_START)
    recover = held(world, "recover")
    recover.process.kill()
    recover.end()
    wait_for(lambda: world.strangers() == [])
    world.kill_daemons()
    shutil.rmtree(world.prefix / "run")
    world.hooks("")
    world.after(world.start("restore"), code=0, within=2)
    assert any(line.startswith("Recover aborted. It began 20") for line in world.ras)
    world.after(world.start("quickcheck"), code=0, within=2)


def test_a_remove_after_a_reboot_in_mid_recovery_is_done_at_once(world):
    assert world.run("restore") == 0
    world.kill_daemons()
    world.hooks(HELD_START)
    recover = held(world, "recover")
    recover.process.kill()
    recover.end()
    world.kill_daemons()
    shutil.rmtree(world.prefix / "run")
    world.hooks("")
    world.after(world.start("remove"), code=0, within=2)
    assert world.own() == []


# The machine goes down.

GOING_DOWN = """
mount -t tmpfs none /run
mkdir -p /run/systemd/system
printf '#!/bin/sh\\necho {answer}\\nexit 1\\n' > {fake}
chmod 755 {fake}
mount --bind {fake} "$(readlink -f /usr/bin/systemctl)"
"""


@pytest.mark.parametrize(
    ("answer", "code"), [("stopping", 0), ("degraded", 1), ("running", 1), ("", 1)]
)
def test_a_failure_is_not_answered_while_the_system_is_shutting_down(world, answer, code):
    if not os.path.exists("/usr/bin/systemctl"):
        pytest.skip("there is no systemctl here to stand in for")
    assert world.run("restore") == 0
    fake = world.prefix / "systemctl"
    here = Namespace(world, GOING_DOWN.format(fake=fake, answer=answer))
    world.kill_daemons()
    world.after(world.start("quickcheck", through=here.through), code=code, within=3)
    if answer == "stopping":
        assert world.ras[-1] == "QuickCheck completed. Skipped: the system is shutting down."
        world.after(world.start("recover", through=here.through), code=0, within=3)
        assert world.own() == []


def test_a_systemctl_that_hangs_while_a_failure_is_answered_costs_no_deadline(world):
    if not os.path.exists("/usr/bin/systemctl"):
        pytest.skip("there is no systemctl here to stand in for")
    assert world.run("restore") == 0
    fake = world.prefix / "systemctl"
    here = Namespace(world, GOING_DOWN.format(fake=fake, answer="$(sleep 100)"))
    world.kill_daemons()
    world.after(world.start("quickcheck", through=here.through), code=1, within=3)


def test_a_check_that_is_told_to_end_while_it_asks_a_deaf_manager_answers_no_failure(world):
    asked, root = world.prefix / "asked", world.prefix / "lifekeeper"
    program = root / "bin/ins_list"
    program.parent.mkdir(parents=True)
    deaf = shlex.join(hostile.ignore_term())
    program.write_text(f"#!/bin/sh\n: > {asked}\nexec {deaf}\n")
    program.chmod(0o755)
    assert world.run("restore") == 0
    world.kill_daemons()
    check = world.start("quickcheck", LKROOT=str(root))
    wait_for(asked.exists)
    check.process.terminate()
    assert check.end() == 0
    assert world.ras[-1] == "QuickCheck completed. Undecided: Ended by SIGTERM"
    world.is_whole()


# Signals to our own process, at any instant.


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGALRM, signal.SIGHUP], ids=lambda n: n.name
)
def test_a_signal_at_any_instant_gives_no_untrue_verdict_and_the_next_action_works(world, number):
    interrupt(world, number, seed=int(number), runs=12 if number == signal.SIGKILL else 4)


# What cannot be killed.


def test_an_unkillable_process_is_named_and_the_remove_fails_on_time(world):
    world.configure(timers={"remove.process": 1, "remove.cleanup": 8})
    dead = DeadFilesystem(world)
    try:
        shutil.copy("/bin/cat", world.home / "reader")
        command = f"setsid {world.home}/reader {dead.directory}/x >/dev/null 2>&1 &"
        world.hooks(
            "def ark_start(ctx, default):\n"
            "    default(ctx)\n"
            f"    ctx.run(['/bin/sh', '-c', {command!r}])\n"
        )
        assert world.run("restore") == 0
        program = world.start("remove")
        assert program.end() == 1, "\n".join(world.ras)
        assert program.seconds < 9 + MOMENT
        assert "reader (D); reboot this node before starting elsewhere" in world.ras[-1]
        assert world.own() == []
        assert pairs_are_whole(world.ras)
    finally:
        dead.close()
    wait_for(lambda: world.strangers() == [])
    world.after(world.start("remove"), code=0, within=2)


@pytest.mark.parametrize("hook", ["ark_status", "ark_start", "ark_stop"])
def test_a_command_that_cannot_be_killed_holds_nobody_up(world, hook):
    world.configure(
        timers={
            "restore.process": 2,
            "restore.cleanup": 8,
            "remove.process": 2,
            "remove.cleanup": 8,
            "lifekeeper.quickcheck_run": 2,
        }
    )
    action = {"ark_status": "quickcheck", "ark_start": "restore", "ark_stop": "remove"}[hook]
    if hook != "ark_start":
        assert world.run("restore") == 0
    dead = DeadFilesystem(world)
    try:
        argv = ["/bin/cat", f"{dead.directory}/x"]
        world.hooks(f"def {hook}(ctx, default):\n    ctx.run({argv!r})\n")
        program = world.start(action)
        code = program.end()
        assert program.seconds < 10 + MOMENT, "\n".join(world.ras)
        # A remove has taken the application down; its stop command is dead when it wakes.
        assert code == (1 if action == "restore" else 0), "\n".join(world.ras)
        assert action == "quickcheck" or any("cat (D)" in line for line in world.ras)
        assert len(world.own()) == (1 if action == "quickcheck" else 0)
        assert pairs_are_whole(world.ras)
    finally:
        dead.close()


@pytest.mark.parametrize(("hook", "action"), [("ark_status", "quickcheck"), ("ark_stop", "remove")])
def test_a_plugin_that_cannot_be_killed_holds_nobody_up(world, hook, action):
    world.configure(
        timers={"lifekeeper.quickcheck_run": 2, "remove.process": 1, "remove.cleanup": 8}
    )
    assert world.run("restore") == 0
    dead = DeadFilesystem(world)
    try:
        world.hooks(f"def {hook}(ctx, default):\n    open('{dead.directory}/x')\n")
        # Its end is seen by whoever reads its stderr to the end, too: the lost worker has it not.
        program = world.start(action)
        assert program.end() == 0, "\n".join(world.ras)
        assert program.seconds < 9 + MOMENT
        assert len(world.own()) == (1 if action == "quickcheck" else 0)
        assert pairs_are_whole(world.ras)
        # It lives on, and holds no lock: the next action has it at once.
        world.hooks("")
        assert world.run(action) == 0
        completed = {"quickcheck": "QuickCheck completed.", "remove": "Remove completed."}
        assert world.ras[-1].startswith(completed[action])
        assert "Skipped" not in world.ras[-1]
    finally:
        dead.close()
    wait_for(lambda: world.strangers() == [])
