"""Whatever a product's commands do: the right verdict, in time, nothing left, a whole log."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import time

import pytest
from ark_testing import hostile
from hostile.world import World
from support import wait_for

ENDLESS = {
    "ignores TERM": hostile.ignore_term(),
    "escapes its session": hostile.escape(),
    "escapes its session and forgets its environment": hostile.escape(forget=True),
    "is a fork bomb": hostile.fork_bomb(),
    "stops itself": hostile.stop_itself(),
    "floods without end": hostile.flood(1 << 50),
}
every_endless = pytest.mark.parametrize("argv", ENDLESS.values(), ids=ENDLESS.keys())
#: Those that are hardest to end.
WORST = {name: ENDLESS[name] for name in ENDLESS if "TERM" in name or "forgets" in name}
the_worst = pytest.mark.parametrize("argv", WORST.values(), ids=WORST.keys())

#: A daemon of the toy's, as its start makes it.
START = "    default(ctx)\n"
#: The toy never comes further than STARTING.
NEVER_RUNNING = """
from arkcore import Status, StatusReport
def ark_status(ctx, default):
    alive = ctx.find_processes([ctx.options.home])
    return StatusReport(Status.STARTING if alive else Status.STOPPED)
"""


RUNNING_WHEN_SECOND = """
from arkcore import Status, StatusReport, processes
def ark_status(ctx, default):
    alive = ctx.find_processes([ctx.options.home])
    if any(b"1000" in processes.arguments(each.pid) for each in alive):
        return StatusReport(Status.RUNNING)
    return StatusReport(Status.STARTING if alive else Status.STOPPED)
"""


def runs(hook: str, argv: list[str], before: str = "", after: str = "") -> str:
    """The source of a hook that runs `argv`."""
    return f"def {hook}(ctx, default):\n{before}    result = ctx.run({argv!r})\n{after}"


# Commands that do not end. One that only hangs: tests/engine and test_promises.py.


@every_endless
def test_a_start_that_never_ends_fails_at_its_timer_and_leaves_a_clean_node(world, argv):
    world.configure(timers={"restore.process": 1, "restore.cleanup": 4})
    world.hooks(NEVER_RUNNING + runs("ark_start", argv, before=START))
    world.after(world.start("restore"), code=1, within=5)
    assert world.own() == []
    assert any("had not ended after" in line and "black box" in line for line in world.ras)


@the_worst
def test_a_stop_that_never_ends_is_followed_by_the_forced_stop(world, argv):
    world.configure(timers={"remove.process": 1, "remove.cleanup": 8})
    assert world.run("restore") == 0
    world.hooks(runs("ark_stop", argv))
    world.after(world.start("remove"), code=0, within=9)
    assert world.own() == []
    assert "Force stopping." in world.ras


@pytest.mark.parametrize(
    "name",
    ["escapes its session and forgets its environment", "is a fork bomb", "floods without end"],
)
def test_a_status_that_never_ends_is_undecided_until_the_clock_ends_and_kills_nothing(world, name):
    world.configure(timers={"quickcheck.process": 1, "quickcheck.cleanup": 2})
    assert world.run("restore") == 0
    daemons = world.own()
    world.hooks(runs("ark_status", ENDLESS[name]))
    world.after(world.start("quickcheck"), code=1, within=3)
    assert "undecided for" in world.ras[-1]
    assert world.own() == daemons


def test_a_forced_stop_that_never_ends_is_followed_by_a_kill(world):
    world.configure(timers={"remove.process": 1, "remove.cleanup": 8})
    assert world.run("restore") == 0
    world.hooks(
        "def ark_stop(ctx, default):\n    raise ValueError\n"
        + runs("ark_force_stop", hostile.ignore_term())
    )
    world.after(world.start("remove"), code=0, within=9)
    assert world.own() == []


# Commands that end, and leave or write something.


def test_a_start_whose_child_keeps_stdout_open_holds_nobody_up(world):
    world.hooks(runs("ark_start", hostile.keep_stdout(), before=START))
    program = world.start("restore")
    assert program.end() == 0
    assert program.seconds < 3
    assert len(world.own()) == 1


def test_a_remove_tells_what_a_start_has_left_beside_its_daemons(world):
    # The plugin does not know it for the application's. It ends with the control group of the
    # start; where there is none, nobody may kill it.
    world.hooks(runs("ark_start", hostile.keep_stdout(), before=START))
    assert world.run("restore") == 0
    assert world.run("remove") == 0
    assert world.own() == []
    left = world.strangers()
    if left:
        assert any(f"pid {each.pid} sleep" in line for each in left for line in world.ras)
    else:
        told = "ending what the stop has left of the start: pid "
        assert any(line.startswith(told) and " sleep (" in line for line in world.ras)


def test_a_status_whose_child_keeps_stdout_open_holds_nobody_up_and_leaves_nothing(world):
    assert world.run("restore") == 0
    answer = "    return default(ctx)\n"
    world.hooks(runs("ark_status", hostile.keep_stdout(), after=answer))
    world.after(world.start("quickcheck"), code=0, within=1)
    assert len(world.own()) == 1


@pytest.mark.parametrize("hook", ["ark_start", "ark_status"])
def test_a_gigabyte_of_output_is_cut_back_and_its_end_is_told(world, hook):
    world.configure(text="[ras]\ndetail = 'full'")
    after = "    assert result.raw.endswith(b'the end\\n') and len(result.raw) < 100_000\n"
    world.hooks(runs(hook, hostile.flood(1 << 30), after=f"{after}    return default(ctx)\n"))
    assert world.run("restore") == 0
    assert "| the end" in world.ras
    assert written(world) < 3 << 20
    world.is_whole()


def written(world: World) -> int:
    """The bytes of all that we wrote to this node's disk."""
    return sum(path.stat().st_size for path in (world.prefix / "var").rglob("*") if path.is_file())


@pytest.mark.parametrize("data", hostile.BYTES.values(), ids=hostile.BYTES.keys())
def test_what_a_product_writes_stands_in_the_log_as_text_and_forges_nothing(world, data):
    world.hooks(runs("ark_start", hostile.write(data, returncode=7), after="    result.check()\n"))
    world.after(world.start("restore"), code=1, within=3)
    lines = (world.prefix / "var/log/ark/ras.log").read_bytes().split(b"\n")
    assert any(b" : | " in line for line in lines)
    assert all(len(line) < 1000 for line in lines)
    assert all(line.decode("utf-8").isprintable() for line in lines)
    assert not any(line.startswith("Restore completed.") for line in world.ras)


def test_output_in_the_product_s_own_encoding_is_readable(world):
    argv = hostile.write(hostile.BYTES["Shift JIS"], returncode=1)
    world.hooks(f"def ark_start(ctx, default):\n    ctx.run({argv!r}, encoding='cp932').check()\n")
    world.after(world.start("restore"), code=1, within=3)
    assert "| サービスの起動に失敗しました" in world.ras


def test_a_status_command_may_end_by_any_signal(world):
    harmless = {"SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCHLD", "SIGCONT", "SIGURG"}
    harmless |= {"SIGWINCH"}
    every = sorted(signal.valid_signals())
    deadly = [int(each) for each in every if getattr(each, "name", "") not in harmless]
    world.hooks(f"""
        from ark_testing import hostile
        def ark_status(ctx, default):
            for number in {deadly}:
                result = ctx.run(hostile.die_by(number))
                assert result.returncode == -number, (number, result.told())
            return default(ctx)
    """)
    world.configure(timers={"lifekeeper.quickcheck_run": 30})
    assert world.run("restore") == 0
    world.after(world.start("quickcheck"), code=0, within=8)


@pytest.mark.parametrize("hook", ["ark_start", "ark_stop"])
def test_a_command_that_is_ended_by_a_signal_is_told_by_its_name(world, hook):
    world.configure(timers={"restore.process": 2})
    argv = hostile.die_by(signal.SIGSEGV)
    world.hooks(runs(hook, argv, after="    result.check()\n"))
    codes = [world.run("restore"), world.run("remove")]
    assert codes == ([1, 0] if hook == "ark_start" else [0, 0])
    assert any("was ended by SIGSEGV" in line for line in world.ras)
    assert world.own() == []
    world.is_whole()


# Products that start wrongly, or answer wrongly.


def test_a_start_that_returns_0_and_starts_nothing_is_no_start(world):
    world.configure(timers={"restore.process": 1, "restore.cleanup": 1})
    world.hooks(runs("ark_start", hostile.nothing()))
    world.after(world.start("restore"), code=1, within=2)
    assert any(
        line.startswith("Start failed. Expected RUNNING, seen STOPPED") for line in world.ras
    )


# Two daemons make a whole product; one is PARTIAL.
TWO = """
from arkcore import Status, StatusReport
def ark_status(ctx, default):
    alive = len(ctx.find_processes([ctx.options.home]))
    return StatusReport([Status.STOPPED, Status.PARTIAL, Status.RUNNING][min(alive, 2)])
"""


def test_a_product_that_starts_half_is_not_running_and_is_cleared_away(world):
    world.configure(timers={"restore.process": 1, "restore.cleanup": 8})
    daemon = [str(world.home / "daemon"), "1000"]
    world.hooks(TWO + runs("ark_start", hostile.start_half([daemon, daemon])))
    world.after(world.start("restore"), code=1, within=9)
    assert world.own() == []
    assert any("seen PARTIAL" in line for line in world.ras)


def test_a_product_that_has_lost_a_half_fails_its_check_and_is_restarted(world):
    daemon = [str(world.home / "daemon"), "1000"]
    start = runs("ark_start", hostile.start_half([daemon] * 4))
    world.hooks(TWO + start)
    assert world.run("restore") == 0
    processes = world.own()
    assert len(processes) == 2
    os.kill(processes[0].pid, signal.SIGKILL)
    wait_for(lambda: len(world.own()) == 1)
    world.after(world.start("quickcheck"), code=1, within=2)
    assert "PARTIAL" in world.ras[-1]
    world.after(world.start("recover"), code=0, within=5)
    assert len(world.own()) == 2
    assert processes[1] not in world.own()


def test_a_product_that_dies_a_second_after_its_start_is_found_dead_by_the_check(world):
    world.hooks(runs("ark_start", hostile.die_later([str(world.home / "daemon"), "1000"], 0.6)))
    assert world.run("restore") == 0
    wait_for(lambda: not world.own())
    world.after(world.start("quickcheck"), code=1, within=2)
    assert "It is STOPPED" in world.ras[-1]


def test_a_product_that_dies_while_it_is_starting_is_no_start(world):
    world.configure(timers={"restore.process": 4, "restore.cleanup": 2})
    world.hooks(
        NEVER_RUNNING
        + runs("ark_start", hostile.die_later([str(world.home / "daemon"), "1000"], 0.3))
    )
    world.after(world.start("restore"), code=1, within=6)
    assert any("nothing that the start made lives" in line for line in world.ras)


def test_a_death_while_a_start_is_awaited_ends_the_wait_at_once(world):
    world.configure(timers={"restore.process": 60, "restore.cleanup": 5})
    world.hooks(
        NEVER_RUNNING
        + runs("ark_start", hostile.die_later([str(world.home / "daemon"), "1000"], 0.7))
    )
    # Far less than the five seconds for which a product that others start would be looked for.
    world.after(world.start("restore"), code=1, within=0.7 + 3)
    assert any("it has died: nothing that the start made lives" in line for line in world.ras)


def test_a_process_that_hands_over_to_another_while_it_starts_is_no_death(world):
    world.configure(timers={"restore.process": 30})
    daemon = world.home / "daemon"
    # The first ends before the second bears the daemon's name; a shell lives between the two.
    script = f"{daemon} 0.4; sleep 0.4; exec {daemon} 1000"
    world.hooks(
        runs("ark_start", ["/bin/sh", "-c", f"setsid sh -c '{script}' >/dev/null 2>&1 &"])
        + RUNNING_WHEN_SECOND
    )
    world.after(world.start("restore"), code=0, within=5)


def test_a_start_that_goes_on_in_the_background_for_long_is_no_death(world):
    world.configure(timers={"restore.process": 30})
    # For longer than a product is looked for that others start.
    script = f"sleep 6.5; exec {world.home}/daemon 1000"
    world.hooks(runs("ark_start", ["/bin/sh", "-c", f"setsid sh -c '{script}' >/dev/null 2>&1 &"]))
    assert world.run("restore") == 0, "\n".join(world.ras)
    assert len(world.own()) == 1


def service_manager(world: World, script: str) -> str:
    """Have a helper do `script` when it is asked to; what asks it, for a shell.

    `DAEMON` in it is the toy's daemon, which bears the mark of the start that asks.
    """
    asked = world.prefix / "asked"
    mark = f"ARK_ACTION=$(cat {asked}) ARK_PREFIX={world.prefix}"
    daemon = f"env {mark} {world.home}/daemon"
    waits = f"until [ -s {asked} ]; do sleep 0.05; done; "
    world.helper(["/bin/sh", "-c", waits + script.replace("DAEMON", daemon)])
    return f"echo $ARK_ACTION > {asked}"


def test_a_helper_of_the_start_that_asks_a_service_manager_and_ends_is_no_death(world):
    world.configure(timers={"restore.process": 30})
    shutil.copy("/bin/sleep", world.home / "ctl")
    ask = service_manager(world, "sleep 2; exec DAEMON 1000")
    helper = f"setsid {world.home}/ctl 0.5 >/dev/null 2>&1 & {ask}"
    world.hooks(runs("ark_start", ["/bin/sh", "-c", helper]) + RUNNING_WHEN_SECOND)
    assert world.run("restore") == 0, "\n".join(world.ras)
    assert len(world.own()) == 1


def test_a_helper_that_dies_beside_what_a_service_manager_starts_anew_is_no_death(world):
    world.configure(timers={"restore.process": 30})
    shutil.copy("/bin/sleep", world.home / "ctl")
    ask = service_manager(world, "DAEMON 1.5; sleep 1.5; exec DAEMON 1001")
    *shell, dies = hostile.die_later([str(world.home / "ctl"), "600"], 0.5)
    world.hooks(
        runs("ark_start", [*shell, f"{ask}; {dies}"]) + RUNNING_WHEN_SECOND.replace("1000", "1001")
    )
    assert world.run("restore") == 0, "\n".join(world.ras)
    assert len(world.own()) == 1


def test_a_supervisor_that_starts_anew_what_died_is_no_death_though_it_bears_no_mark(world):
    world.configure(timers={"restore.process": 30})
    script = world.prefix / "supervisor"
    *_, dies = hostile.die_later([str(world.home / "daemon"), "600"], 0.5)
    known_by = f"ARK_ACTION=$KNOWN_BY ARK_PREFIX={world.prefix}"
    # The first daemon becomes the guard's child, the second's starter lives between the two.
    script.write_text(
        f"env {known_by} /bin/sh -c {shlex.quote(dies)}\n"
        f"sleep 2\nexec env {known_by} {world.home}/daemon 1000\n"
    )
    clean = "env -i PATH=/usr/bin:/bin KNOWN_BY=$ARK_ACTION"
    start = f"setsid {clean} /bin/sh {script} >/dev/null 2>&1 &"
    world.hooks(runs("ark_start", ["/bin/sh", "-c", start]) + RUNNING_WHEN_SECOND)
    assert world.run("restore") == 0, "\n".join(world.ras)
    assert len(world.own()) == 1


def test_processes_that_come_and_go_while_it_starts_make_nobody_ask_more_often(world):
    world.configure(timers={"restore.process": 3, "restore.cleanup": 2})
    churn = f"while :; do {world.home}/daemon 0.01 & {world.home}/daemon 0.01; done"
    world.hooks(f"""
        from arkcore import Status, StatusReport
        def ark_status(ctx, default):
            with open("{world.prefix}/asked", "a") as file:
                file.write("x")
            alive = ctx.find_processes([ctx.options.home])
            return StatusReport(Status.STARTING if alive else Status.STOPPED)
        def ark_start(ctx, default):
            ctx.run(["/bin/sh", "-c", {f"setsid sh -c '{churn}' >/dev/null 2>&1 &"!r}])
    """)
    assert world.run("restore") == 1
    # In three seconds, with 0.15 s between two questions as soon as 1.5 s have passed.
    assert len((world.prefix / "asked").read_text()) < 45


def answers(world: World, *texts: str) -> str:
    """A status hook that believes a command which answers `texts` in turn."""
    argv = hostile.alternate(str(world.home / "answers"), *texts)
    return runs(
        "ark_status",
        argv,
        after="    from arkcore import Status, StatusReport\n"
        "    return StatusReport(Status(result.output.strip()))\n",
    )


@pytest.mark.parametrize("first", ["RUNNING", "STOPPED"])
def test_a_status_that_says_running_and_stopped_in_turn_is_no_failure(world, first):
    assert world.run("restore") == 0
    second = "STOPPED" if first == "RUNNING" else "RUNNING"
    world.hooks(answers(world, first, second))
    for _ in range(3):
        world.after(world.start("quickcheck"), code=0, within=2)
    assert len(world.own()) == 1


def test_a_status_that_says_running_and_stopped_in_turn_never_makes_a_remove_say_stopped(world):
    world.configure(timers={"remove.process": 1, "remove.cleanup": 1})
    assert world.run("restore") == 0
    world.hooks(answers(world, "STOPPED", "RUNNING"))
    world.after(world.start("remove"), code=0, within=2)
    assert world.own() == []


def test_a_recover_under_a_status_that_changes_its_mind_ends_with_a_product_that_runs(world):
    assert world.run("restore") == 0
    world.hooks(answers(world, "RUNNING", "STOPPED"))
    world.after(world.start("recover"), code=0, within=5)
    assert len(world.own()) == 1


def test_a_start_that_takes_nearly_all_of_its_time_is_in_time(world):
    # 59 of 60 seconds, at a twentieth, with room for a machine that is at other work too.
    world.configure(timers={"restore.process": 3})
    world.hooks(runs("ark_start", hostile.slow(2.2), before=START))
    began = time.monotonic()
    assert world.run("restore") == 0
    assert time.monotonic() - began >= 2.2
    world.is_whole()


def test_a_status_that_takes_nearly_all_of_its_run_is_in_time(world):
    world.configure(timers={"lifekeeper.quickcheck_run": 3})
    assert world.run("restore") == 0
    world.hooks(runs("ark_status", hostile.slow(1.8), after="    return default(ctx)\n"))
    world.after(world.start("quickcheck"), code=0, within=3)
    assert world.ras[-1] == "QuickCheck completed."


def test_a_start_that_changes_its_surroundings_changes_none_of_ours(world):
    argv = hostile.change_surroundings(str(world.home / "daemon"), "0.01")
    world.hooks(runs("ark_start", argv, before=START))
    assert world.run("restore") == 0
    assert world.run("quickcheck") == 0
    made = [path for path in world.prefix.rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o400 for path in made)
    assert len(world.own()) == 1
    assert world.run("remove") == 0
    world.is_whole()


def test_a_start_that_fails_leaves_nothing_though_its_child_forgot_who_started_it(world):
    world.configure(timers={"restore.process": 1, "restore.cleanup": 2})
    world.hooks(runs("ark_start", hostile.escape(forget=True, wait=False)))
    world.after(world.start("restore"), code=1, within=3)


def test_a_status_leaves_nothing_though_its_child_forgot_who_started_it(world):
    assert world.run("restore") == 0
    argv = hostile.escape(forget=True, wait=False)
    world.hooks(runs("ark_status", argv, after="    return default(ctx)\n"))
    world.after(world.start("quickcheck"), code=0, within=2)
    assert len(world.own()) == 1
