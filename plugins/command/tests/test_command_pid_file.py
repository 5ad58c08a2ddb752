"""A pid file is believed where its process can only be the application, and else refused."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import threading
import time
from pathlib import Path

import pytest
from ark_command import Command

from arkcore import Belief, Status, StepFailed, processes
from arkcore.context.context import engine_side
from arkcore.context.pid_file import Birth
from arkcore.machine.pid_reading import PidFile, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore import Sighting
    from arkcore.context.context import Context
    from arkcore.machine.processes import Process

    MakeContext = Callable[..., Context]
    Live = Callable[..., subprocess.Popen[bytes]]
    Marked = Callable[[Context], dict[str, str]]

#: A user id that nobody has.
STRANGER = 54321

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "app.pid"


def write(pid_file: Path, text: object, *, age: float = 0.0) -> None:
    pid_file.write_text(f"{text}\n")
    pid_file.chmod(0o644)
    then = time.time() - age
    os.utime(pid_file, (then, then))


def as_read(pid_file: Path) -> PidFile:
    return read(str(pid_file), "", {os.geteuid()}, ())


def since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def look(ctx: Context, *, shared: bool = False, birth: Birth | None = None) -> Sighting:
    """What is made of the file; `shared`: it lies where another node may write, too."""
    directory = os.path.dirname(ctx.options.pid_file)
    options, where = ctx.options, () if shared else (directory,)
    vars(ctx)["_births"] = {options.pid_file: birth}
    name, user = options.process_name, options.user
    return ctx.pid_file(options.pid_file, name=name, user=user, of_this_node=where)


def seen(pid: int) -> Process:
    process = processes.look(pid)
    assert process is not None
    return process


def plugin(pid_file: Path) -> Command:
    return Command(of_this_node=(str(pid_file.parent),))


# Believed.


def test_a_process_older_than_its_file_is_ours(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live()
    write(pid_file, child.pid)
    ctx = make_context(pid_file=str(pid_file), process_name="sleep")
    assert look(ctx).belief is Belief.OURS
    assert plugin(pid_file).ark_status(ctx).status is Status.RUNNING
    assert [each.pid for each in plugin(pid_file).ark_processes(ctx)] == [child.pid]


def test_only_the_first_line_counts(make_context: MakeContext, live: Live, pid_file: Path) -> None:
    write(pid_file, f"{live().pid}\n/var/lib/data\n5432")
    assert look(make_context(pid_file=str(pid_file))).belief is Belief.OURS


@pytest.mark.parametrize("name", ["a-name-longer-than-15", "called"])
def test_the_name_may_be_the_short_one_or_the_one_it_was_called_by(
    make_context: MakeContext, live: Live, pid_file: Path, tmp_path: Path, name: str
) -> None:
    program = tmp_path / name
    program.symlink_to("/bin/sleep")
    write(pid_file, live(str(program), "300").pid)
    ctx = make_context(pid_file=str(pid_file), process_name=name)
    assert look(ctx).belief is Belief.OURS


def test_its_descendants_are_ours_too(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live("/bin/sh", "-c", "sleep 300 & wait")
    write(pid_file, child.pid)
    ctx = make_context(pid_file=str(pid_file))
    assert ctx.wait_until(lambda: len(plugin(pid_file).ark_processes(ctx)) == 2, within=5)


def test_no_process_table_is_read_to_believe_a_file(
    make_context: MakeContext, live: Live, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A healthy check asks this each time."""
    write(pid_file, live().pid)
    ctx = make_context(pid_file=str(pid_file))
    monkeypatch.setattr(processes, "pids", lambda: pytest.fail("the table was read"))
    assert look(ctx).report.status is Status.RUNNING


def test_what_the_file_has_shown_can_be_signalled(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live("/bin/sh", "-c", "sleep 300 & wait")
    write(pid_file, child.pid)
    ctx = make_context(pid_file=str(pid_file))
    engine_side(ctx).step.kind = "stop"
    sighting = look(ctx)
    assert ctx.signal([seen(child.pid)], "CONT") == [seen(child.pid)]
    assert ctx.wait_until(lambda: len(sighting.processes) == 2, within=5)
    found = sighting.processes
    assert ctx.signal(found) == found


# The clock was set.


def test_a_recorded_process_stays_ours_whatever_the_file_says_of_its_age(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live()
    ctx = make_context(pid_file=str(pid_file))
    ctx._state.processes.note([seen(child.pid)])
    for age in (3600, -3600):
        write(pid_file, child.pid, age=age)
        assert look(ctx).belief is Belief.OURS
        assert look(ctx, shared=True).belief is Belief.OURS


def test_a_marked_process_stays_ours_whatever_the_file_says_of_its_age(
    make_context: MakeContext, live: Live, marked: Marked, pid_file: Path
) -> None:
    ctx = make_context(pid_file=str(pid_file))
    write(pid_file, live(**marked(ctx)).pid, age=3600)
    assert look(ctx, shared=True).belief is Belief.OURS


def test_one_that_was_never_seen_before_but_has_the_name_is_in_doubt(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid, age=min(3600.0, since_boot() / 2))
    ctx = make_context(pid_file=str(pid_file), process_name="sleep")
    assert look(ctx).belief is Belief.DOUBT
    assert "or the clock was set" in look(ctx).detail
    assert plugin(pid_file).ark_status(ctx).status is Status.UNKNOWN
    assert plugin(pid_file).ark_processes(ctx) == []


def test_a_file_from_the_future_is_in_doubt(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid, age=-3600)
    assert look(make_context(pid_file=str(pid_file))).belief is Belief.DOUBT


# Refused: a stranger, never ended.


def test_a_younger_process_has_only_the_number(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live()
    write(pid_file, child.pid, age=60)
    ctx = make_context(pid_file=str(pid_file))
    command = plugin(pid_file)
    assert look(ctx).belief is Belief.NONE
    assert command.ark_status(ctx).status is Status.STOPPED
    command.ark_force_stop(ctx)
    assert child.poll() is None


def test_one_of_another_name_is_a_stranger(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid)
    ctx = make_context(pid_file=str(pid_file), process_name="nginx")
    assert look(ctx).belief is Belief.NONE
    assert plugin(pid_file).ark_processes(ctx) == []


@as_root
def test_no_memory_is_read_of_the_process_of_a_user_who_may_have_none_here(
    make_context: MakeContext, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can keep whoever reads its arguments waiting, and has taken over a dead one's number."""
    child = subprocess.Popen(["/bin/sleep", "300"], user=STRANGER)
    write(pid_file, child.pid)
    read: list[int] = []
    monkeypatch.setattr(processes, "arguments", lambda pid: read.append(pid) or [])
    monkeypatch.setattr(processes, "mark_of", lambda pid: read.append(pid) or "")
    try:
        for name in ("", "sleep", "nginx"):
            ctx = make_context(pid_file=str(pid_file), process_name=name)
            assert look(ctx).belief is not Belief.OURS
    finally:
        child.kill()
        child.wait()
    assert child.pid not in read


def test_our_own_process_and_our_parents_are_strangers(
    make_context: MakeContext, pid_file: Path
) -> None:
    ctx = make_context(pid_file=str(pid_file))
    for pid in (os.getpid(), os.getppid()):
        write(pid_file, pid)
        assert look(ctx).belief is Belief.NONE
        assert plugin(pid_file).ark_processes(ctx) == []


def test_a_thread_is_a_stranger(make_context: MakeContext, live: Live, pid_file: Path) -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        write(pid_file, thread.native_id)
        sighting = look(make_context(pid_file=str(pid_file)))
    finally:
        end.set()
        thread.join()
    assert sighting.belief is Belief.NONE
    assert "is a thread of" in sighting.detail


def test_a_dead_process_is_none(make_context: MakeContext, live: Live, pid_file: Path) -> None:
    child = live("/bin/true")
    child.wait()
    write(pid_file, child.pid)
    ctx = make_context(pid_file=str(pid_file))
    assert look(ctx).belief is Belief.NONE
    assert plugin(pid_file).ark_status(ctx).status is Status.STOPPED


def test_no_file_is_stopped(make_context: MakeContext, pid_file: Path) -> None:
    for path in (str(pid_file), str(pid_file / "missing" / "too")):
        ctx = make_context(pid_file=path)
        report = Command().ark_status(ctx)
        assert (report.status, report.detail) == (Status.STOPPED, f"there is no {path}")


def test_a_kernel_thread_runs_no_program(make_context: MakeContext, pid_file: Path) -> None:
    if processes.look(2) is None or processes.arguments(2):
        pytest.skip("no kernel threads are to be seen here")
    write(pid_file, 2)
    assert look(make_context(pid_file=str(pid_file))).belief is Belief.NONE


# Refused: garbage.


@pytest.mark.parametrize(
    "text", ["", "\n7", "abc", "-5", "+5", "12 13", "0", "1", "4194305", "9" * 30, "1e3", "٣"]
)
def test_garbage_names_no_process(make_context: MakeContext, pid_file: Path, text: str) -> None:
    write(pid_file, text)
    ctx = make_context(pid_file=str(pid_file))
    assert look(ctx).belief is Belief.NOTHING
    assert plugin(pid_file).ark_processes(ctx) == []


def test_garbage_is_stopped_where_nothing_of_ours_lives_and_else_unknown(
    make_context: MakeContext, live: Live, marked: Marked, pid_file: Path
) -> None:
    write(pid_file, "")
    ctx = make_context(pid_file=str(pid_file))
    assert plugin(pid_file).ark_status(ctx).status is Status.STOPPED
    live(**marked(ctx))
    assert plugin(pid_file).ark_status(ctx).status is Status.UNKNOWN


@as_root
def test_a_link_of_another_user_is_not_followed(
    make_context: MakeContext, live: Live, pid_file: Path, tmp_path: Path
) -> None:
    write(tmp_path / "other.pid", live().pid)
    pid_file.symlink_to(tmp_path / "other.pid")
    os.chown(pid_file, STRANGER, STRANGER, follow_symlinks=False)
    sighting = look(make_context(pid_file=str(pid_file)))
    assert sighting.belief is Belief.NONE
    assert f"is a link of user id {STRANGER}" in sighting.detail


def test_a_link_in_a_circle_names_no_process(make_context: MakeContext, pid_file: Path) -> None:
    pid_file.symlink_to(pid_file.name)
    assert look(make_context(pid_file=str(pid_file))).belief in (Belief.NONE, Belief.NOTHING)


def test_a_pipe_is_not_waited_for(make_context: MakeContext, pid_file: Path) -> None:
    os.mkfifo(pid_file)
    assert look(make_context(pid_file=str(pid_file))).belief is Belief.DOUBT


# Refused: a file that somebody else can have put there.


def test_a_file_that_anybody_can_write_does_not_count(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid)
    pid_file.chmod(0o666)
    sighting = look(make_context(pid_file=str(pid_file)))
    assert sighting.belief is Belief.NONE
    assert "anybody can write" in sighting.detail


@as_root
def test_a_file_of_another_user_does_not_count(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid)
    os.chown(pid_file, STRANGER, 0)
    ctx = make_context(pid_file=str(pid_file))
    assert look(ctx).belief is Belief.NONE
    assert f"belongs to user id {STRANGER}" in look(ctx).detail
    assert plugin(pid_file).ark_processes(ctx) == []


@as_root
def test_a_file_of_another_user_in_a_sticky_directory_does_not_count(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    pid_file.parent.chmod(0o1777)
    write(pid_file, live().pid)
    os.chown(pid_file, STRANGER, 0)
    assert look(make_context(pid_file=str(pid_file))).belief is Belief.NONE


@as_root
def test_a_directory_of_another_user_on_the_way_does_not_count(
    make_context: MakeContext, live: Live, tmp_path: Path
) -> None:
    run = tmp_path / "theirs" / "run"
    run.mkdir(parents=True)
    os.chown(run.parent, STRANGER, 0)
    write(run / "app.pid", live().pid)
    sighting = look(make_context(pid_file=str(run / "app.pid")))
    assert sighting.belief is Belief.NONE
    assert f"{run.parent} belongs to user id {STRANGER}" in sighting.detail


@as_root
def test_a_file_of_root_that_a_group_can_write_does_not_count(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid)
    os.chown(pid_file, 0, STRANGER)
    pid_file.chmod(0o664)
    assert look(make_context(pid_file=str(pid_file))).belief is Belief.NONE


def account_with_a_group_of_its_own() -> pwd.struct_passwd:
    """An account besides root's in whose primary group there is nobody else."""
    accounts = pwd.getpwall()
    groups = [each.pw_gid for each in accounts]
    return next(
        each
        for each in accounts
        if each.pw_uid and groups.count(each.pw_gid) == 1 and not _members(each.pw_gid)
    )


def _members(group: int) -> list[str]:
    try:
        return grp.getgrgid(group).gr_mem
    except KeyError:
        return ["unknown"]


@as_root
def test_the_user_s_own_group_may_write_the_file(
    make_context: MakeContext, live: Live, passable: Path
) -> None:
    pid_file = passable / "app.pid"
    account = account_with_a_group_of_its_own()
    theirs = subprocess.Popen(["/bin/sleep", "300"], user=account.pw_uid)
    try:
        write(pid_file, theirs.pid)
        pid_file.chmod(0o664)
        os.chown(pid_file, account.pw_uid, account.pw_gid)
        ctx = make_context(pid_file=str(pid_file), user=account.pw_name)
        assert look(ctx).belief is Belief.OURS
        os.chown(pid_file, account.pw_uid, STRANGER)
        assert look(ctx).belief is Belief.NONE
    finally:
        theirs.kill()
        theirs.wait()


@as_root
def test_the_user_s_own_file_names_only_that_user_s_processes(
    make_context: MakeContext, live: Live, passable: Path
) -> None:
    pid_file = passable / "app.pid"
    nobody = pwd.getpwnam("nobody")
    ctx = make_context(pid_file=str(pid_file), user="nobody")
    write(pid_file, live().pid)
    os.chown(pid_file, nobody.pw_uid, nobody.pw_gid)
    assert look(ctx).belief is Belief.NONE
    assert plugin(pid_file).ark_processes(ctx) == []
    theirs = subprocess.Popen(["/bin/sleep", "300"], user=nobody.pw_uid)
    try:
        write(pid_file, theirs.pid)
        assert look(ctx).belief is Belief.OURS
    finally:
        theirs.kill()
        theirs.wait()


@as_root
def test_a_link_of_the_user_leads_to_none_of_root_s_processes(
    make_context: MakeContext, live: Live, passable: Path
) -> None:
    nobody = pwd.getpwnam("nobody")
    write(passable / "app.pid", live().pid)
    home = passable / "home"
    home.mkdir()
    (home / "run").symlink_to(passable)
    for place in (home, home / "run"):
        os.chown(place, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    ctx = make_context(pid_file=str(home / "run" / "app.pid"), user="nobody")
    assert look(ctx).belief is Belief.NONE


def test_a_known_process_stays_ours_whoever_can_write_the_file(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live()
    write(pid_file, child.pid)
    pid_file.chmod(0o666)
    ctx = make_context(pid_file=str(pid_file))
    ctx._state.processes.note([seen(child.pid)])
    assert [each.pid for each in plugin(pid_file).ark_processes(ctx)] == [child.pid]


# Left over from before the boot.


def test_a_file_older_than_the_boot_names_none_of_its_processes(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid, age=since_boot() + 3600)
    ctx = make_context(pid_file=str(pid_file), process_name="sleep")
    assert look(ctx).belief is Belief.NONE
    assert "older than the boot" in look(ctx).detail
    assert plugin(pid_file).ark_status(ctx).status is Status.STOPPED


def test_a_file_older_than_the_boot_leaves_doubt_while_something_of_ours_lives(
    make_context: MakeContext, live: Live, marked: Marked, pid_file: Path
) -> None:
    ctx = make_context(pid_file=str(pid_file), process_name="sleep")
    live(**marked(ctx))
    write(pid_file, live().pid, age=since_boot() + 3600)
    assert look(ctx).belief is Belief.DOUBT


def test_a_stop_command_is_not_run_where_it_could_stop_a_stranger(
    make_context: MakeContext,
    live: Live,
    marked: Marked,
    pid_file: Path,
    script: Callable[[str, str], str],
) -> None:
    stranger = live()
    stop = script("stop", f"kill $(cat {pid_file})")
    ctx = make_context(pid_file=str(pid_file), process_name="sleep", stop=[stop], force_stop=[stop])
    ours = live(**marked(ctx))
    write(pid_file, stranger.pid, age=min(3600.0, since_boot() / 2))
    command = plugin(pid_file)
    with pytest.raises(StepFailed, match="is not run: it could stop a stranger"):
        command.ark_stop(ctx)
    command.ark_force_stop(ctx)
    assert stranger.poll() is None
    assert ours.wait(5) is not None


def test_in_doubt_a_start_goes_on_after_its_forced_stop_and_a_stop_does_not(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid, age=min(3600.0, since_boot() / 2))
    ctx = make_context(pid_file=str(pid_file), process_name="sleep")
    starting, stopping = plugin(pid_file), plugin(pid_file)
    starting.ark_force_stop(ctx)
    assert starting.ark_status(ctx).status is Status.STOPPED
    with pytest.raises(StepFailed):
        stopping.ark_stop(ctx)
    stopping.ark_force_stop(ctx)
    assert stopping.ark_status(ctx).status is Status.UNKNOWN


def test_a_process_of_another_resource_is_in_doubt(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live(ARK_ACTION="some-other:00").pid)
    sighting = look(make_context(pid_file=str(pid_file)))
    assert sighting.belief is Belief.DOUBT
    assert "resource some-other started" in sighting.detail


# A disk that another node writes to, too.


def test_on_a_shared_disk_a_number_alone_is_nobody(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    write(pid_file, live().pid)
    assert look(make_context(pid_file=str(pid_file)), shared=True).belief is Belief.NONE


def test_on_a_shared_disk_name_and_age_say_running_but_end_nothing(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live()
    write(pid_file, child.pid)
    ctx = make_context(pid_file=str(pid_file), process_name="sleep")
    command = Command(of_this_node=())
    assert look(ctx, shared=True).belief is Belief.LIKELY
    assert command.ark_status(ctx).status is Status.RUNNING
    command.ark_force_stop(ctx)
    assert child.poll() is None


def test_on_a_shared_disk_a_much_older_process_is_in_doubt(
    make_context: MakeContext, live: Live, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(pid_file, live().pid)
    monkeypatch.setattr("arkcore.context.pid_file._LONGEST_START", -10.0)
    ctx = make_context(pid_file=str(pid_file), process_name="sleep")
    assert look(ctx, shared=True).belief is Belief.DOUBT


# What this worker started itself.


def test_what_a_start_made_is_ours_though_it_shed_its_mark(
    make_context: MakeContext, live: Live, pid_file: Path, script: Callable[[str, str], str]
) -> None:
    start = script("start", f"setsid env -i sleep 300 >/dev/null 2>&1 & echo $! >{pid_file}")
    ctx = make_context(pid_file=str(pid_file), start=[start])
    # A file left over from before, naming an older process.
    write(pid_file, live().pid)
    command = Command(of_this_node=())
    assert command.ark_status(ctx).status is Status.STOPPED
    command.ark_start(ctx)
    pid = int(pid_file.read_text())
    try:
        assert ctx.wait_until(lambda: seen(pid).name == "sleep", within=5)
        assert not processes.mark_of(pid)
        assert command.ark_status(ctx).status is Status.RUNNING
        assert [each.pid for each in command.ark_processes(ctx)] == [pid]
        # Another worker knows nothing of that start.
        another = make_context(pid_file=str(pid_file), start=[start])
        assert Command(of_this_node=()).ark_processes(another) == []
    finally:
        ctx.terminate([seen(pid)])


def test_a_birth_needs_a_new_process_and_a_new_file(live: Live, pid_file: Path) -> None:
    old = seen(live().pid)
    write(pid_file, "1234", age=5)
    time.sleep(0.02)  # the next clock tick, of which processes are dated
    birth = Birth(str(pid_file), "")
    new = seen(live().pid)
    assert not birth.gave(new, as_read(pid_file))
    write(pid_file, new.pid)
    assert birth.gave(new, as_read(pid_file))
    assert not birth.gave(old, as_read(pid_file))


def test_a_birth_knows_an_old_file_behind_a_link(live: Live, pid_file: Path) -> None:
    write(pid_file.with_name("real.pid"), "1234", age=5)
    pid_file.symlink_to("real.pid")
    birth = Birth(str(pid_file), "")
    time.sleep(0.02)
    assert not birth.gave(seen(live().pid), as_read(pid_file))


def test_a_forced_stop_ends_the_application_with_its_descendants(
    make_context: MakeContext, live: Live, pid_file: Path
) -> None:
    child = live("/bin/sh", "-c", "sleep 300 & wait")
    write(pid_file, child.pid)
    ctx = make_context(pid_file=str(pid_file))
    command = plugin(pid_file)
    assert ctx.wait_until(lambda: len(command.ark_processes(ctx)) == 2, within=5)
    family = command.ark_processes(ctx)
    command.ark_force_stop(ctx)
    assert not any(processes.still_lives(each) for each in family)
