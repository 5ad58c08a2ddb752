"""The rules of the four actions, on the toy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support import pairs_are_whole, wait_for


def test_the_whole_life_of_a_resource(node):
    assert node.run("remove") == 0
    assert node.run("restore") == 0
    assert node.run("restore") == 0
    assert node.run("quickcheck") == 0
    node.kill_daemons()
    assert node.run("quickcheck") == 1
    assert node.run("recover") == 0
    assert node.run("quickcheck") == 0
    assert node.run("remove") == 0
    assert node.run("remove") == 0
    assert node.run("quickcheck") == 0
    assert node.ras[-1] == "QuickCheck completed. Skipped: wanted = down."
    assert node.processes() == []
    assert pairs_are_whole(node.ras)


def test_a_healthy_quickcheck_is_two_lines(node):
    node.run("restore")
    before = len(node.ras)
    node.run("quickcheck")
    assert node.ras[before:] == ["QuickCheck start.", "QuickCheck completed."]


def test_with_changes_only_a_quickcheck_is_told_when_its_verdict_differs(node):
    node.configure(text="[ras]\nquickcheck = 'changes'")
    node.run("restore")
    before = len(node.ras)
    node.run("quickcheck")
    assert node.ras[before:] == []
    node.kill_daemons()
    assert node.run("quickcheck") == 1
    assert node.run("quickcheck") == 1
    told = node.ras[before:]
    assert told[0] == "QuickCheck start."
    assert told[-1] == "QuickCheck failed. It is STOPPED."
    assert told.count("QuickCheck start.") == 1


def test_full_detail_tells_every_status_poll(node):
    node.configure(text="[ras]\ndetail = 'full'")
    node.run("restore")
    node.run("remove")
    assert any("kill returned 0" in line for line in node.ras)


def test_a_disk_that_is_not_mounted_fails_a_restore_before_anything(node):
    node.configure(text=f"mount_points = ['/proc', '{node.home}']")
    assert node.run("restore") == 1
    assert node.ras == ["Restore start.", f"Restore failed. not mounted: {node.home}"]


def test_a_start_code_is_only_told(node):
    node.hooks("def ark_start(ctx, default):\n    default(ctx)\n    ctx.run(['/bin/false'])\n")
    assert node.run("restore") == 0


def test_a_product_that_dies_at_once_fails_the_restore_long_before_its_timer(node):
    node.hooks("def ark_start(ctx, default):\n    ctx.run(['/bin/echo', 'no licence'])\n")
    program = node.start("restore")
    assert program.end() == 1
    assert program.seconds < 60  # its timer is 480 s
    assert "| no licence" in node.ras
    assert "it has died" in node.ras[-1]


def test_leftovers_are_stopped_by_force_before_a_start(node):
    node.run("restore")
    [old] = node.daemons()
    node.hooks(
        """
        from arkcore import Status, StatusReport, processes
        def ark_status(ctx, default):
            found = default(ctx)
            return StatusReport(Status.STOPPED) if processes.look(OLD) else found
    """.replace("OLD", str(old))
    )
    assert node.run("restore") == 0
    [new] = node.daemons()
    assert new != old
    assert "Force stopping." in node.ras
    assert any("PARTIAL" in line for line in node.ras)


def test_no_start_before_the_wait_after_a_forced_stop_of_an_earlier_action(node):
    node.configure(timers={"force_stop_wait": 5})
    node.run("restore")
    node.hooks("def ark_stop(ctx, default):\n    raise RuntimeError('refused')\n")
    before_the_stop = time.monotonic()
    node.run("remove")
    node.hooks("")
    assert node.run("restore") == 0
    assert time.monotonic() - before_the_stop > 5


#: A stop that ends all, and says that it has not.
ENDS_ALL = """
def ark_stop(ctx, default):
    default(ctx)
    assert ctx.wait_until(lambda: not ctx.find_processes([ctx.options.home]), within=30)
    raise RuntimeError("refused")
"""


def test_a_forced_stop_that_saw_nothing_is_waited_for_where_no_maker_asks_for_it(node):
    """It may have handed its work to a daemon: JP1's is known, this one's is not."""
    node.run("restore")
    node.hooks(ENDS_ALL)
    assert node.run("remove") == 0
    assert "Force stopping." in node.ras
    assert (node.prefix / "run/ark/resources/toy1/force.json").exists()


def test_a_forced_stop_that_may_still_be_at_work_is_waited_for(node):
    node.configure(timers={"force_stop_wait": 5})
    node.run("restore")
    # What goes on is in a session of its own, and bears no mark.
    node.hooks(
        ENDS_ALL
        + """
def ark_force_stop(ctx, default):
    ctx.run(["/bin/sh", "-c", "env -i setsid sleep 2.5 >/dev/null 2>&1 &"])
"""
    )
    before_the_stop = time.monotonic()
    assert node.run("remove") == 0
    node.hooks("")
    assert node.run("restore") == 0
    assert time.monotonic() - before_the_stop > 5


def test_no_start_while_a_forced_stop_goes_on_in_the_background(node):
    node.configure(timers={"force_stop_wait": 0, "remove.force_reserve": 1, "remove.process": 3})
    node.run("restore")
    # What a forced stop leaves behind escapes its session, as a late killer does.
    node.hooks("""
        def ark_stop(ctx, default):
            raise RuntimeError("refused")
        def ark_force_stop(ctx, default):
            ctx.run(["/bin/sh", "-c", "setsid sleep 3.5 >/dev/null 2>&1 &"])
            default(ctx)
            # the guard is killed before it could clear up
            import os
            os.kill(os.getppid(), 9)
    """)
    assert node.run("remove") == -signal.SIGKILL
    node.hooks("")
    assert node.run("restore") == 0
    assert len(node.daemons()) == 1
    assert not any("sleep" in line for line in _commands(node))


def test_a_remove_that_has_left_nothing_leaves_no_command_to_look_for(node):
    assert node.run("restore") == 0
    node.hooks("""
        def ark_stop(ctx, default):
            ctx.run(["/bin/true"])
            default(ctx)
    """)
    assert node.run("remove") == 0
    assert node.state("commands") == {}


def test_a_check_forgets_no_stop_of_an_action_before_it(node):
    assert node.run("restore") == 0
    noted = node.prefix / "run/ark/resources/toy1/commands.json"
    noted.write_text('{"toy1:an-earlier-one": ["stop", 0, 0]}')
    noted.chmod(0o600)
    assert node.run("quickcheck") == 0
    assert list(node.state("commands")) == ["toy1:an-earlier-one"]


def _commands(node) -> list[str]:
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in node.processes()]


def test_a_restart_is_refused_when_they_are_used_up(node):
    node.configure(timers={"recover.attempts": 1})
    node.run("restore")
    node.kill_daemons()
    assert node.run("recover") == 0
    node.kill_daemons()
    assert node.run("recover") == 1
    assert "used up" in node.ras[-1]
    assert node.daemons() == []


def test_a_restore_by_the_manager_clears_the_count(node):
    node.configure(timers={"recover.attempts": 1})
    node.run("restore")
    node.kill_daemons()
    node.run("recover")
    node.run("restore")
    node.kill_daemons()
    assert node.run("recover") == 0


def test_a_false_alarm_is_not_restarted_but_the_third_is(node):
    node.run("restore")
    [first] = node.daemons()
    assert node.run("recover") == 0
    assert node.run("recover") == 0
    assert node.daemons() == [first]
    assert node.run("recover") == 0
    assert node.daemons() != [first]


def test_a_recover_behind_a_remove_does_nothing(node):
    node.run("restore")
    node.hooks("def ark_stop(ctx, default):\n    import time; time.sleep(1)\n    default(ctx)\n")
    remove = node.start("remove")
    wait_for(lambda: "Stopping." in node.ras)
    recover = node.start("recover")
    assert remove.end() == 0
    assert recover.end() == 0
    assert node.daemons() == []
    assert node.ras[-1] == "Recover completed. Skipped: wanted = down."


def test_a_failed_remove_puts_the_intent_back(node):
    node.configure(timers={"remove.process": 1, "remove.cleanup": 1})
    node.run("restore")
    node.hooks("def ark_processes(ctx, default):\n    raise RuntimeError('blind')\n")
    assert node.run("remove") == 1
    assert node.state("wanted")["wanted"] == "up"


def test_a_quickcheck_that_was_killed_counts_as_an_observation(node):
    node.configure(timers={"quickcheck.process": 2, "lifekeeper.quickcheck_run": 30})
    node.run("restore")
    node.hooks("def ark_status(ctx, default):\n    import time; time.sleep(1000)\n")
    killed = node.start("quickcheck")
    wait_for(lambda: node.state("undecided"))
    killed.process.kill()
    killed.end()
    time.sleep(2)
    node.hooks("def ark_status(ctx, default):\n    return None\n")
    assert node.run("quickcheck") == 1


def test_the_next_action_tells_of_one_that_was_killed(node):
    node.hooks("def ark_start(ctx, default):\n    ctx.run(['/bin/sleep', '1000'])\n")
    killed = node.start("restore")
    wait_for(lambda: any("sleep" in line for line in node.ras))
    killed.process.kill()
    killed.end()
    node.hooks("")
    assert node.run("restore") == 0
    [told] = [line for line in node.ras if "aborted" in line]
    assert told.startswith("Restore aborted. It began 20")
    assert len(node.processes()) == 1
    assert pairs_are_whole(node.ras)


def test_a_stopped_guard_does_not_keep_a_remove_waiting(node):
    node.run("restore")
    node.hooks("def ark_status(ctx, default):\n    import time; time.sleep(1000)\n")
    stuck = node.start("quickcheck")
    wait_for(lambda: node.state("undecided"))
    stuck.process.send_signal(signal.SIGSTOP)
    assert node.run("remove") == 0
    assert node.daemons() == []
    stuck.end()


def test_sigterm_ends_a_restore_within_two_seconds_and_leaves_no_command(node):
    node.hooks(
        "def ark_start(ctx, default):\n    ctx.run(['/bin/sh', '-c', 'trap \"\" TERM; sleep 99'])\n"
    )
    program = node.start("restore")
    wait_for(lambda: any("trap" in line for line in node.ras))
    began = time.monotonic()
    program.process.terminate()
    assert program.end() == 1
    assert time.monotonic() - began < 2.5
    assert node.processes() == []
    assert node.ras[-1] == "Restore failed. Ended by SIGTERM."
    assert pairs_are_whole(node.ras)


def test_a_remove_preempts_a_restore(node):
    node.hooks(
        "def ark_start(ctx, default):\n    default(ctx)\n    ctx.run(['/bin/sleep', '99'])\n"
    )
    restore = node.start("restore")
    wait_for(lambda: node.daemons())
    assert node.run("remove") == 0
    assert restore.end() == 1
    assert "Restore failed. Pre-empted by remove." in node.ras
    assert node.processes() == []


def test_a_lifekeeper_alarm_is_no_failure(node):
    node.run("restore")
    node.hooks("def ark_status(ctx, default):\n    ctx.run(['/bin/sleep', '99'])\n")
    program = node.start("quickcheck")
    wait_for(lambda: node.state("undecided"))
    program.process.send_signal(signal.SIGALRM)
    assert program.end() == 0
    assert "SIGALRM" in node.ras[-1]
    wait_for(lambda: len(node.processes()) == 1)


def test_maintenance_is_a_reason_to_do_nothing(node):
    node.run("restore")
    path = node.prefix / "var/lib/ark/maintenance/toy1.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"since": 1, "until": null}')
    node.kill_daemons()
    assert node.run("quickcheck") == 0
    assert node.ras[-1] == "QuickCheck completed. Skipped: maintenance."
    assert node.run("recover") == 0
    assert node.daemons() == []


def test_a_daemon_holds_nothing_of_ours(node):
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    node.run("restore")
    os.close(reading)
    os.close(writing)
    [daemon] = node.daemons()
    files = {os.readlink(f"/proc/{daemon}/fd/{fd}") for fd in os.listdir(f"/proc/{daemon}/fd")}
    assert files == {"/dev/null"}


def test_an_unusable_resource_file_blinds_the_quickcheck_and_fails_the_rest(node):
    node.run("restore")
    path = node.resources / "toy1.toml"
    good = path.read_text()
    path.write_text("plugin = ")
    program = node.start("quickcheck")
    assert program.end() == 0
    assert "BLIND" in program.stderr
    assert "not TOML" in node.ras[-1]
    assert node.state("blind")["reason"]
    assert node.run("recover") == 1
    assert node.run("remove") == 0
    assert node.daemons() == []
    assert any("the recorded copy serves" in line for line in node.ras)
    assert node.run("restore") == 1
    path.write_text(good)
    assert node.run("restore") == 0


def test_a_remove_of_what_was_never_here_is_done_with_a_warning(node):
    assert node.run("remove", "unheard-of") == 0
    assert "Nothing was ever restored here" in node.ras[-1]


def test_resources_that_require_this_one_are_stopped_first_and_started_again(node):
    upper = node.prefix / "upper"
    upper.mkdir()
    os.link(node.home / "daemon", upper / "daemon")
    node.configure("toy2", "OTHERHOST", text="requires = ['toy1']", home=upper)
    assert node.run("restore") == 0
    assert node.run("restore", "toy2") == 0
    before = set(node.processes())
    node.kill_daemons()
    assert node.run("recover") == 0
    assert len(node.processes()) == 2
    assert not before & set(node.processes())
    order = [
        line.split(" : ", 3)[1::2]
        for line in node.ras_lines
        if line.endswith(("Stop completed.", "Start completed."))
    ]
    assert order[-3:] == [
        ["toy2", "Stop completed."],
        ["toy1", "Start completed."],
        ["toy2", "Start completed."],
    ]


def test_a_requirement_that_does_not_run_makes_a_failure_undecided(node):
    upper = node.prefix / "upper"
    upper.mkdir()
    os.link(node.home / "daemon", upper / "daemon")
    node.configure("toy2", "OTHERHOST", text="requires = ['toy1']", home=upper)
    node.run("restore")
    node.run("restore", "toy2")
    for pid in node.processes():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not node.processes())
    assert node.run("quickcheck", "toy2") == 0
    assert "waits for toy1, which is STOPPED" in node.ras[-1]
    assert node.run("restore", "toy2") == 1
    assert "requires toy1" in node.ras[-1]


def test_a_remove_that_could_not_be_done_for_our_own_fault_puts_the_intent_back(node):
    node.run("restore")
    path = node.resources / "toy1.toml"
    good = path.read_text()
    path.write_text("][")
    (node.prefix / "var/lib/ark/records/toy1.json").unlink()
    assert node.run("remove") == 1
    path.write_text(good)
    node.kill_daemons()
    assert node.run("quickcheck") == 1


def test_a_plugin_that_hangs_at_import_does_not_hang_a_quickcheck(node, tmp_path):
    assert node.run("restore") == 0
    (node.prefix / "var/lib/ark/records/toy1.json").unlink()
    program = node.start("quickcheck", TOY_HANGS_AT_IMPORT="1")
    assert program.end() == 0
    assert program.seconds < 18.5
    assert "BLIND" in program.stderr


def test_without_a_place_for_the_lock_an_action_goes_on(node):
    assert node.run("restore") == 0
    state = node.prefix / "run/ark/resources"
    for path in sorted(state.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    state.rmdir()
    state.symlink_to(state)
    program = node.start("remove")
    assert program.end() == 0
    assert "without a lock" in program.stderr
    assert node.daemons() == []


def test_the_time_that_loading_took_is_none_of_an_action_s_own(node):
    assert node.run("restore") == 0
    node.hooks("import time\ndef ark_status(ctx, default): time.sleep(1000)\n")
    program = (
        "import time\n"
        "from arkcore.base.call import Action\n"
        "from arkcore.managers.lifekeeper import main\n"
        f"call = [Action.QUICK_CHECK, {str(node.prefix)!r}, ['x', '-t', 'toy1']]\n"
        "main(*call, called_at=time.monotonic() - 16)\n"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert time.monotonic() - began < 9  # of LifeKeeper's 18 s, 2 s were left
    assert "Undecided" in node.ras[-1]
