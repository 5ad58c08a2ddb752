"""No verdict is untrue: what a failing disk, a killed remove or a broken neighbour must not do."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support import pairs_are_whole, wait_for

from arkcore.machine import processes

HOLD = """
import os, time
def hold(ctx):
    open(f"{ctx.options.home}/held", "w").close()
    while not os.path.exists(f"{ctx.options.home}/open"):
        time.sleep(0.01)
"""


def break_library(node):
    """Put a file where /var/lib/ark should be: nothing there can be read or written."""
    library = node.prefix / "var/lib/ark"
    shutil.rmtree(library)
    library.write_text("no directory")


def test_a_library_that_is_away_does_not_make_a_remove_say_stopped(node):
    assert node.run("restore") == 0
    break_library(node)
    assert node.run("remove") == 0
    assert node.daemons() == []


@pytest.mark.parametrize("action", ["restore", "recover", "quickcheck"])
def test_a_record_that_cannot_be_written_costs_nothing_but_time(node, action):
    assert node.run("restore") == 0
    break_library(node)
    if action != "quickcheck":
        node.kill_daemons()
    assert node.run(action) == 0
    assert len(node.daemons()) == 1
    assert "BLIND" not in node.ras[-1]


def test_a_broken_file_without_a_record_never_makes_a_remove_of_what_runs_succeed(node):
    assert node.run("restore") == 0
    shutil.rmtree(node.prefix / "var/lib/ark")
    (node.resources / "toy1.toml").write_text("][")
    assert node.run("remove") == 1
    assert len(node.daemons()) == 1


def test_a_remove_that_was_killed_does_not_silence_the_quickcheck(node):
    assert node.run("restore") == 0
    node.hooks(HOLD + "def ark_stop(ctx, default):\n    hold(ctx)\n")
    remove = node.start("remove")
    wait_for(lambda: (node.home / "held").exists())
    remove.process.kill()
    remove.end()
    node.hooks("")
    node.kill_daemons()
    assert node.run("quickcheck") == 1
    assert pairs_are_whole(node.ras)


@pytest.mark.parametrize("action", ["restore", "recover"])
def test_what_a_killed_start_has_left_in_the_background_starts_nothing_after_a_remove(node, action):
    assert node.run("restore") == 0
    node.kill_daemons()
    late = f"sleep 2; exec {node.home}/daemon 1000"
    node.hooks(
        "def ark_start(ctx, default):\n"
        f"    ctx.run(['/bin/sh', '-c', 'setsid sh -c \"{late}\" >/dev/null 2>&1 &'])\n"
        "    open(f'{ctx.options.home}/started', 'w').close()\n"
    )
    program = node.start(action)
    wait_for(lambda: (node.home / "started").exists())
    program.process.kill()
    program.end()
    node.hooks("")
    assert node.run("remove") == 0
    assert node.processes() == []


def test_a_child_that_is_forked_later_and_forgets_whose_it_is_is_stopped(node):
    """A worker that nginx makes anew, just before its master is killed."""
    node.configure(timers={"remove.force_reserve": 0.5})
    shutil.copy("/bin/sh", node.home / "leader")
    for name in ("now", "never"):
        os.mkfifo(node.home / name)
    wait = f"env -i {node.home}/leader -c 'read x <{node.home}/never'"
    child = f"read x <{node.home}/now; {wait} & wait"
    (node.home / "script").write_text(child)
    command = f"setsid {node.home}/leader {node.home}/script >/dev/null 2>&1 &"
    node.hooks(f"def ark_start(ctx, default):\n    ctx.run({['/bin/sh', '-c', command]!r})\n")
    assert node.run("restore") == 0
    leader = str(node.home / "leader")

    def running() -> list[int]:
        return [pid for pid in node.processes() if processes.executable(pid) == leader]

    [master] = running()
    (node.home / "now").write_text("now\n")
    wait_for(lambda: len(running()) == 2)
    os.kill(master, signal.SIGKILL)
    assert node.run("remove") == 0
    assert running() == []


def test_what_slips_through_two_looks_while_processes_come_and_go_is_stopped(node):
    assert node.run("restore") == 0
    for name in ("processes", "sessions"):  # nothing but the plugin tells of it
        (node.prefix / f"run/ark/resources/toy1/{name}.json").unlink()
    node.hooks("""
        import os, subprocess
        def ark_processes(ctx, default):
            subprocess.run(["/bin/true"])
            with open(f"{ctx.options.home}/looks", "a") as looks:
                looks.write("x")
            return [] if os.path.getsize(looks.name) <= 2 else default(ctx)
    """)
    assert node.run("remove") == 0
    assert node.daemons() == []


def test_what_a_watching_shell_makes_anew_is_not_told_as_stopped(node):
    """The shell is none of the product's processes; the control group of its start shows it."""
    node.configure(timers={"remove.process": 2, "remove.force_reserve": 0.5, "remove.cleanup": 1})
    watch = f"while :; do {node.home}/daemon 1000; sleep 0.02; done"
    command = f"setsid /bin/sh -c '{watch}' >/dev/null 2>&1 &"
    node.hooks(f"def ark_start(ctx, default):\n    ctx.run({['/bin/sh', '-c', command]!r})\n")
    assert node.run("restore") == 0
    [daemon] = node.daemons()
    watcher = processes.look(processes.look(daemon).ppid)
    try:
        stopped = node.run("remove") == 0
        time.sleep(0.1)  # five times what the shell waits before it makes the daemon anew
        assert stopped != (processes.still_lives(watcher) or bool(node.daemons()))
    finally:
        processes.send(watcher, signal.SIGKILL)


def test_another_s_process_of_the_same_program_in_a_session_of_its_own_is_left_alone(node):
    shutil.copy("/bin/sleep", node.home / "daemon")
    stranger = subprocess.Popen(
        [node.home / "daemon", "1000"], start_new_session=True, env={"ARK_ACTION": "other:1"}
    )
    try:
        assert node.run("restore") == 0
        assert node.run("remove") == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


#: Becomes the leader of a session whose number is the first argument, leaves the rest there, ends.
IN_SESSION = """
import ctypes, os, signal, sys
number = (ctypes.c_int * 1)(int(sys.argv[1]))
values = [0] * 11
values[4], values[8], values[9] = signal.SIGCHLD, ctypes.addressof(number), 1
made = ctypes.CDLL(None, use_errno=True).syscall(435, (ctypes.c_uint64 * 11)(*values), 88)
if made < 0:
    sys.exit(os.strerror(ctypes.get_errno()))
if made:
    sys.exit(os.wait()[1])
os.setsid()
if os.fork():
    os._exit(0)
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize(("stopped", "environment"), [(True, {}), (False, {"ARK_ACTION": "b:1"})])
def test_another_s_process_whose_session_has_the_number_of_one_that_is_gone_is_left_alone(
    node, stopped: bool, environment: dict[str, str]
):
    """A start long ago made the session; the kernel has given its number anew since.

    Where nobody has stopped what was in it, only the process itself can tell that it is another's.
    """
    assert node.run("restore") == 0
    session = os.getsid(node.daemons()[0])
    if stopped:
        assert node.run("remove") == 0
    node.kill_daemons()
    wait_for(lambda: _buried(session))
    daemon = [node.home / "daemon", "1000"]
    begin = [sys.executable, "-c", IN_SESSION, str(session), *daemon]
    subprocess.run(begin, check=True, env=environment)
    wait_for(node.daemons)
    [stranger] = node.daemons()
    try:
        assert os.getsid(stranger) == session
        assert node.run("remove") == 0
        assert node.daemons() == [stranger]
    finally:
        node.kill_daemons()


def _buried(pid: int) -> bool:
    """Whether the number is free. Another test may have made this process a subreaper."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not Path(f"/proc/{pid}").exists()


def test_without_cgroups_what_a_good_start_leaves_beside_its_daemons_is_left_alone_and_told(node):
    shutil.copy("/bin/sleep", node.prefix / "helper")
    node.hooks(
        "from arkcore.context import start_group\n"
        "def available():\n"
        "    raise start_group.Unavailable('none here')\n"
        "start_group.available = available\n"
        "def ark_start(ctx, default):\n"
        "    default(ctx)\n"
        f"    ctx.run(['/bin/sh', '-c', 'setsid {node.prefix}/helper 1000 >/dev/null 2>&1 &'])\n"
    )
    assert node.run("restore") == 0
    for action in ("quickcheck", "recover", "remove"):
        assert node.run(action) == 0
    [helper] = node.processes()
    told = f"left alone, though a start of this resource made it: pid {helper} helper"
    assert any(told in line for line in node.ras)


def test_a_process_that_is_not_seen_for_a_moment_is_not_taken_for_stopped(node):
    """As while it executes another program, when nothing shows whose it is."""
    assert node.run("restore") == 0
    (node.prefix / "run/ark/resources/toy1/processes.json").unlink()
    node.hooks("""
        import os
        def ark_processes(ctx, default):
            try:
                os.close(os.open(f"{ctx.options.home}/missed", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return default(ctx)
            return []
    """)
    assert node.run("remove") == 0
    assert node.daemons() == []


def test_a_daemon_that_forgot_who_started_it_is_known_by_the_start(node):
    """No plugin lists it: its executable is anywhere, and it bears no mark."""
    daemon = str(node.home / "daemon")
    path = node.resources / "cmd1.toml"
    path.write_text(f"""
plugin = "command"
logical_host = "LHOST2"
[options]
start = ["/bin/sh", "-c", "setsid env -i {daemon} 1000 >/dev/null 2>&1 & touch {node.home}/up"]
stop = ["/bin/rm", "{node.home}/up"]
status = ["/bin/ls", "{node.home}/up"]
[timers]
remove.process = 6
remove.force_reserve = 4
""")
    assert node.run("restore", "cmd1") == 0
    wait_for(lambda: len(node.daemons()) == 1)
    assert node.run("remove", "cmd1") == 0
    assert node.daemons() == []


def test_a_command_is_noted_before_it_runs(node):
    """Else one whose guard is killed in that moment would be nobody's."""
    assert node.run("restore") == 0
    noted = node.prefix / "run/ark/resources/toy1/commands.json"
    node.hooks(f"""
        def ark_status(ctx, default):
            ctx.run(["/bin/sh", "-c", 'grep -q "$ARK_ACTION" {noted}']).check()
            return default(ctx)
    """)
    assert node.run("quickcheck") == 0
    assert node.ras[-1] == "QuickCheck completed."


def test_a_hung_status_that_forgot_who_started_it_is_ended_after_its_guard_was_killed(node):
    assert node.run("restore") == 0
    sleeper = str(node.home / "status")
    shutil.copy("/bin/sleep", sleeper)
    node.hooks(f"""
        def ark_status(ctx, default):
            ctx.run(["/usr/bin/env", "-i", {sleeper!r}, "1000"])
    """)
    check = node.start("quickcheck")
    noted = lambda: [pid for _, pid, _ in node.state("commands").values() if pid]  # noqa: E731
    wait_for(noted)
    [pid] = noted()
    check.process.kill()
    check.end()
    assert executable(pid) == sleeper
    node.hooks("")
    assert node.run("quickcheck") == 0
    assert executable(pid) == ""


def test_a_failed_remove_does_not_undo_the_word_of_one_that_came_after_it(node):
    assert node.run("restore") == 0
    node.hooks(HOLD + "def ark_stop(ctx, default):\n    hold(ctx)\n    default(ctx)\n")
    first = node.start("remove")
    wait_for(lambda: (node.home / "held").exists())
    second = node.start("remove")
    wait_for(lambda: node.state("wanted").get("by", [0])[0] == second.process.pid)
    first.process.terminate()
    assert first.end() == 1
    (node.home / "open").touch()
    assert second.end() == 0
    assert node.state("wanted")["wanted"] == "down"
    assert node.run("recover") == 0
    assert node.daemons() == []


def test_a_process_whose_first_thread_has_ended_is_alive(node, tmp_path):
    source = tmp_path / "thread.c"
    source.write_text(
        "#include <pthread.h>\n#include <unistd.h>\n"
        "static void *go(void *_) { (void)_; for (;;) pause(); return 0; }\n"
        "int main(void) { pthread_t t; pthread_create(&t, 0, go, 0); pthread_exit(0); }\n"
    )
    (node.home / "daemon").unlink()
    subprocess.run(["cc", "-pthread", "-o", node.home / "daemon", source], check=True)
    assert node.run("restore") == 0
    assert node.run("quickcheck") == 0
    [[pid, _]] = node.state("processes")["processes"]
    assert "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    assert threads_of(pid) == 2
    assert node.run("remove") == 0
    assert threads_of(pid) <= 1


def threads_of(pid: int) -> int:
    """How many threads a process has; one that is dead and not yet reaped has one."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(text.partition("Threads:")[2].split()[0])


def test_what_a_machine_wide_daemon_starts_is_not_killed(node):
    shutil.copy("/bin/sh", node.home / "shared-daemon")
    node.hooks("""
        def ark_start(ctx, default):
            default(ctx)
            home = ctx.options.home
            script = f"{home}/daemon 1001 & wait"
            ctx.run(["/bin/sh", "-c", f"setsid {home}/shared-daemon -c '{script}' >&- 2>&- &"])
    """)
    assert node.run("restore") == 0
    wait_for(lambda: len(node.daemons()) == 2)
    assert node.run("remove") == 0
    assert len(node.daemons()) == 1


def test_a_child_of_the_caller_is_left_alone(node):
    assert node.run("restore") == 0
    program = shutil.which("ark-quickcheck", path=os.path.dirname(sys.executable))
    shell = subprocess.run(
        ["/bin/sh", "-c", f"sleep 300 >&- 2>&- & echo $!; exec {program} -t toy1"],
        env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    os.kill(int(shell.stdout), signal.SIGKILL)  # raises where it was not alive any more


def test_processes_recorded_before_an_option_changed_still_count(node):
    assert node.run("restore") == 0
    assert node.run("quickcheck") == 0
    elsewhere = node.prefix / "elsewhere"
    elsewhere.mkdir()
    node.configure(home=elsewhere)
    assert node.run("remove") == 0
    assert node.daemons() == []


def test_a_stderr_that_nobody_reads_holds_up_nobody(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 2})
    node.run("restore")
    node.hooks("def ark_status(ctx, default):\n    return None\n")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 65536)
    except BlockingIOError:
        os.set_blocking(writing, True)
    program = shutil.which("ark-quickcheck", path=os.path.dirname(sys.executable))
    environment = {"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin"}
    check = subprocess.run([program, "-t", "toy1"], stderr=writing, env=environment, timeout=30)
    os.close(reading)
    os.close(writing)
    assert check.returncode == 0


def upper(node, name="toy2", host="OTHERHOST"):
    """A second toy that requires the first, with a home of its own."""
    home = node.prefix / name
    home.mkdir()
    os.link(node.home / "daemon", home / "daemon")
    node.configure(name, host, text="requires = ['toy1']", home=home)
    assert node.run("restore", name) == 0
    return home


def of(node, home):
    wanted = str(home / "daemon")
    return [pid for pid in node.processes() if executable(pid) == wanted]


def executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""  # it has just ended


def held_recover(node):
    """A recover of toy1 that is held in its start, its dependents stopped."""
    node.hooks(HOLD + "def ark_start(ctx, default):\n    hold(ctx)\n    default(ctx)\n")
    node.kill_daemons()
    recover = node.start("recover")
    wait_for(lambda: (node.home / "held").exists())
    return recover


def test_a_remove_of_a_dependent_during_a_recover_is_done_at_once_and_stands(node):
    assert node.run("restore") == 0
    home = upper(node)
    recover = held_recover(node)
    assert node.run("remove", "toy2") == 0
    (node.home / "open").touch()
    assert recover.end() == 0
    assert of(node, home) == []
    assert len(node.daemons()) == 1


def test_a_restart_that_cannot_be_counted_is_not_begun(node):
    assert node.run("restore") == 0
    node.kill_daemons()
    (node.prefix / "run/ark/resources/toy1/attempts.json").mkdir()
    assert node.run("recover") == 1
    assert "the restart cannot be counted" in node.ras[-1]
    assert node.daemons() == []


@pytest.mark.parametrize("hook", ["ark_status", "ark_stop"])
def test_a_maintenance_that_begins_while_a_recover_is_at_work_lets_nothing_follow(node, hook):
    node.configure(timers={"restore.process": 2})
    assert node.run("restore") == 0
    node.hooks(f"""{HOLD}
from arkcore import Status, StatusReport
def ark_status(ctx, default):
    if {hook!r} == "ark_status":
        hold(ctx)
    return StatusReport(Status.PARTIAL)
def ark_stop(ctx, default):
    hold(ctx)
    default(ctx)
""")
    recover = node.start("recover")
    wait_for(lambda: (node.home / "held").exists())
    path = node.prefix / "var/lib/ark/maintenance/toy1.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"since": 1, "until": null}')
    (node.home / "open").touch()
    assert recover.end() == 0
    assert node.ras[-1] == "Recover completed. Skipped: maintenance."
    assert len(node.daemons()) == (1 if hook == "ark_status" else 0)
    assert node.ras.count("Starting.") == 1


def test_a_dependent_in_maintenance_that_was_stopped_by_hand_is_left_stopped(node):
    assert node.run("restore") == 0
    home = upper(node)
    path = node.prefix / "var/lib/ark/maintenance/toy2.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"since": 1, "until": null}')
    for pid in of(node, home):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not of(node, home))
    node.kill_daemons()
    assert node.run("recover") == 0
    assert of(node, home) == []


def test_a_broken_file_of_a_dependent_does_not_fail_the_recover(node):
    assert node.run("restore") == 0
    home = upper(node)
    [before] = of(node, home)
    path = node.resources / "toy2.toml"
    path.write_text(path.read_text() + 'unheard_of = "x"\n')
    node.kill_daemons()
    assert node.run("recover") == 0
    assert [before] != of(node, home) != []


def test_a_dependent_that_does_not_start_harms_nobody_else(node):
    assert node.run("restore") == 0
    home = upper(node)
    (home / "hooks.py").write_text("def ark_start(ctx, default):\n    raise RuntimeError('no')\n")
    node.kill_daemons()
    assert node.run("recover") == 1
    assert len(node.daemons()) == 1
    assert of(node, home) == []


def test_an_observer_that_hangs_is_no_part_of_the_answer(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 3})
    (node.prefix / "etc/ark/ark.toml").write_text('observers = ["toy-observer"]\n')
    assert node.run("restore") == 0
    (node.home / "observer-hangs").touch()
    program = node.start("quickcheck", TOY_HOME=str(node.home))
    assert program.end() == 0
    assert program.seconds < 5


def test_an_observer_hears_of_each_action(node):
    (node.prefix / "etc/ark/ark.toml").write_text('observers = ["toy-observer"]\n')
    assert node.start("restore", TOY_HOME=str(node.home)).end() == 0
    told = (node.home / "observed").read_text().splitlines()
    assert told == ["started toy1 LHOST1 restore", "finished toy1 LHOST1 restore well"]


def test_the_wait_after_a_forced_stop_begins_at_its_end(node):
    node.configure(timers={"force_stop_wait": 5})
    node.run("restore")
    node.hooks("""
        import time
        def ark_stop(ctx, default):
            raise RuntimeError("refused")
        def ark_force_stop(ctx, default):
            time.sleep(2.5)
            default(ctx)
    """)
    assert node.run("remove") == 0
    node.hooks("")
    program = node.start("restore")
    assert program.end() == 0
    assert program.seconds > 1.5


def test_ten_clients_of_the_lock_and_a_killed_holder_leave_it_usable(node):
    assert node.run("restore") == 0
    node.hooks(HOLD + "def ark_status(ctx, default):\n    hold(ctx)\n    return default(ctx)\n")
    holder = node.start("quickcheck")
    wait_for(lambda: (node.home / "held").exists())
    threads = [threading.Thread(target=node.run, args=("quickcheck",)) for _ in range(10)]
    for thread in threads:
        thread.start()
    holder.process.kill()
    holder.end()
    (node.home / "open").touch()
    for thread in threads:
        thread.join()
    assert node.run("quickcheck") == 0
    assert node.ras[-1] == "QuickCheck completed."


def sleeper_of(node):
    """A program of the node's own that hangs: what is left of it is found by its path."""
    path = node.home / "left"
    shutil.copy("/bin/sleep", path)
    return str(path)


def test_an_observer_that_hangs_leaves_nothing_behind_and_is_told(node):
    (node.prefix / "etc/ark/ark.toml").write_text('observers = ["toy-observer"]\n')
    assert node.run("restore") == 0
    (node.home / "observer-hangs").write_text(sleeper_of(node))
    program = node.start("remove", TOY_HOME=str(node.home))
    assert program.end() == 0
    assert node.processes() == []
    assert re.search(r"observers: no end after .* black box", program.stderr)


def put_words(node, size):
    """Give the resource an option of `size` characters."""
    path = node.configure()
    path.write_text(f'{path.read_text()}words = ["{"w" * size}"]\n')


def test_large_values_reach_the_action_whole_also_without_a_record(node):
    put_words(node, 390_000)
    assert node.run("restore") == 0
    break_library(node)
    node.kill_daemons()
    assert node.run("restore") == 0
    assert len(node.daemons()) == 1


def test_values_that_are_too_large_are_told_in_one_clear_line(node):
    put_words(node, 400_000)
    assert node.run("restore") == 1
    assert re.search(r"toy1.toml: its values fill \d+ characters; at most 400000", node.ras[-1])


@pytest.mark.parametrize("then", ["raise RuntimeError", "subprocess.run([LEFT, '1000'])"])
def test_a_module_that_leaves_a_process_when_it_is_loaded_leaves_it_not_for_long(node, then):
    place = node.prefix / "packages"
    metadata = place / "ark_leaves-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ark-leaves\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[arkcore.plugins]\nleaves = ark_leaves:Leaves\n")
    (place / "ark_leaves.py").write_text(
        f"import subprocess\nLEFT = {sleeper_of(node)!r}\n"
        f"subprocess.Popen(['setsid', LEFT, '1000'])\n{then}\n"
    )
    path = node.configure(timers={"lifekeeper.quickcheck_run": 3})
    path.write_text(path.read_text().replace('"toy"', '"leaves"'))
    environment = {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    assert node.start("quickcheck", **environment).end() == 0
    assert "BLIND" in node.ras[-1]
    assert node.processes() == []
