"""What a resource remembers: across calls, not across boots, and nothing of a garbage file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from arkcore.base.paths import Paths
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.machine import processes
from arkcore.memory import files
from arkcore.memory.attempts import Attempt
from arkcore.memory.commands import Command
from arkcore.memory.files import boot_id, boottime, read_json, write_json
from arkcore.memory.intent import Wanted
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.open_script import OpenScript
from arkcore.memory.state import State


@pytest.fixture
def memory(paths: Paths) -> State:
    return State(paths, "toy1")


def wanted(memory: State) -> Wanted:
    return memory.intent.wanted


class Clock:
    """A boot clock that the test moves."""

    def __init__(self) -> None:
        self.now = 50_000.0
        self.boot = "boot-one"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(files, "boottime", lambda: made.now)
    monkeypatch.setattr(files, "boot_id", lambda: made.boot)
    return made


# Files.


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "a/b/x.json")
    assert write_json(path, {"a": [1, "あ", None]})
    assert read_json(path) == {"a": [1, "あ", None]}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(str(path), {"text": "a" * 50_000})
    writer = """
import sys
from arkcore.memory.files import write_json
for number in range(400):
    write_json(sys.argv[1], {"text": "ab"[number % 2] * 50_000})
"""
    with subprocess.Popen([sys.executable, "-c", writer, path]) as child:
        while child.poll() is None:
            assert len(read_json(str(path))["text"]) == 50_000
    assert child.returncode == 0


def test_a_disk_that_fills_up_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(str(path), {"old": True})
    writer = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
from arkcore.memory.files import write_json
print(write_json(sys.argv[1], {"new": "x" * 200}))
"""
    child = subprocess.run(
        [sys.executable, "-c", writer, path], capture_output=True, text=True, check=True
    )
    assert child.stdout == "False\n"
    assert f"cannot write {path}" in child.stderr
    assert read_json(str(path)) == {"old": True}
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_place_that_cannot_be_written_is_told_and_raises_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert not write_json("/proc/ark/x.json", {})
    assert "cannot write /proc/ark/x.json" in capfd.readouterr().err


def test_a_symlink_put_in_the_temporary_file_s_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / f"x.json.{os.getpid()}").symlink_to(victim)
    write_json(str(tmp_path / "x.json"), {"a": 1})
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_mapping_reads_as_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert read_json(str(path)) == {}


def test_a_directory_in_a_file_s_place_reads_as_nothing(tmp_path: Path) -> None:
    assert read_json(str(tmp_path)) == {}


@pytest.mark.parametrize("writer", ["with a writer", "without"])
def test_a_fifo_in_a_file_s_place_is_read_as_nothing_at_once(tmp_path: Path, writer: str) -> None:
    fifo = tmp_path / "x.json"
    os.mkfifo(fifo)
    descriptor = os.open(fifo, os.O_RDWR) if writer == "with a writer" else -1
    argv = [sys.executable, "-c", "import sys; from arkcore.memory.files import read_json as r"]
    argv[-1] += "; print(r(sys.argv[1]))"
    told = subprocess.run([*argv, fifo], stdout=subprocess.PIPE, text=True, timeout=20).stdout
    if descriptor >= 0:
        os.close(descriptor)
    assert told == "{}\n"


# Intent.


def test_intent_is_remembered_until_it_is_taken_back(memory: State) -> None:
    assert wanted(memory) is Wanted.NOTHING
    memory.intent.want(Wanted.DOWN)
    assert wanted(memory) is Wanted.DOWN
    memory.intent.want(Wanted.NOTHING)
    assert wanted(memory) is Wanted.NOTHING


# Forced stops, commands, processes, attempts.


def test_the_time_since_a_forced_stop_is_counted_in_this_boot_only(
    memory: State, clock: Clock
) -> None:
    assert memory.forced_stop.age() == float("inf")
    memory.forced_stop.note()
    clock.now += 7.5
    assert memory.forced_stop.age() == 7.5
    clock.boot = "boot-two"
    assert memory.forced_stop.age() == float("inf")


def test_a_forced_stop_that_found_nothing_leaves_an_earlier_one_noted(
    memory: State, clock: Clock
) -> None:
    nothing = memory.forced_stop.read()
    memory.forced_stop.note()
    clock.now += 3
    earlier = memory.forced_stop.read()
    memory.forced_stop.note()
    memory.forced_stop.put_back(earlier)
    assert memory.forced_stop.age() == 3
    memory.forced_stop.put_back(nothing)
    assert memory.forced_stop.age() == float("inf")


def told(commands: list[Command]) -> list[tuple[str, str, int, int]]:
    return [(each.mark, each.kind, each.pid, each.start) for each in commands]


def test_open_commands_are_remembered_until_forgotten(memory: State) -> None:
    memory.commands.note("r:1", "start")
    memory.commands.note("r:2", "force", 17, 4711)
    assert told(memory.commands.all()) == [("r:1", "start", 0, 0), ("r:2", "force", 17, 4711)]
    memory.commands.forget(["r:1", "r:9"])
    assert told(memory.commands.all()) == [("r:2", "force", 17, 4711)]
    memory.commands.forget(["r:2"])
    assert memory.commands.all() == []


class TestStartMarks:
    """What was written down of the marks of starts, and what is known where nothing was."""

    def test_they_outlive_the_command_s_being_forgotten(self, memory: State) -> None:
        memory.commands.begin_starts()
        memory.commands.note("toy1:1", "start")
        memory.commands.note("toy1:2", "stop")
        assert memory.commands.start_marks() == {"toy1:1"}
        memory.commands.forget(["toy1:1", "toy1:2"])
        assert memory.commands.start_marks() == {"toy1:1"}

    def test_nobody_knows_them_where_they_were_not_kept(self, memory: State) -> None:
        assert memory.commands.start_marks() is None
        memory.commands.note("toy1:1", "start")
        memory.commands.forget(["toy1:1"])
        assert memory.commands.start_marks() is None

    def test_there_are_none_before_the_first_restore_since_boot(
        self, memory: State, clock: Clock
    ) -> None:
        memory.restored.note()
        assert memory.commands.start_marks() is None
        clock.boot = "boot-two"
        assert memory.commands.start_marks() == set()

    def test_those_of_another_boot_are_none(self, memory: State, clock: Clock) -> None:
        memory.commands.begin_starts()
        memory.commands.note("toy1:1", "start")
        memory.commands.forget(["toy1:1"])
        clock.boot = "boot-two"
        assert memory.commands.start_marks() == set()

    def test_of_a_start_s_thousands_the_first_and_the_last_are_kept(self, memory: State) -> None:
        memory.commands.begin_starts()
        marks = [f"toy1:{number}" for number in range(1000)]
        write_json(f"{memory.directory}/commands.json", {mark: ["start", 0, 0] for mark in marks})
        memory.commands.forget_kind("start")
        kept = memory.commands.start_marks()
        assert kept is not None
        assert {marks[0], marks[-1]} <= kept
        assert len(kept) <= 256

    def test_one_that_cannot_be_written_down_leaves_none_that_is_known(
        self, memory: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        memory.commands.begin_starts()
        monkeypatch.setattr("arkcore.memory.files.write_json", lambda *_: False)
        memory.commands.note("toy1:1", "start")
        assert memory.commands.start_marks() is None


def test_the_users_of_new_processes_are_remembered_and_those_before(memory: State) -> None:
    me, one = processes.look(os.getpid()), processes.look(1)
    assert me is not None
    assert one is not None
    memory.processes.note([me], lambda _: {7})
    memory.processes.note([me, one], lambda pid: {pid})
    assert memory.processes.users() == {1, 7}


def test_processes_are_remembered_by_pid_and_start_in_this_boot_only(
    memory: State, clock: Clock
) -> None:
    me = processes.look(os.getpid())
    assert me is not None
    memory.processes.note([me])
    assert memory.processes.known() == {(me.pid, me.start)}
    clock.boot = "boot-two"
    assert memory.processes.known() == set()


def test_remembering_the_same_processes_writes_nothing(memory: State) -> None:
    me = processes.look(os.getpid())
    assert me is not None
    memory.processes.note([me])
    file = Path(memory.directory, "processes.json")
    before = file.stat().st_ino
    memory.processes.note([me])
    assert file.stat().st_ino == before


def test_a_second_remove_that_fails_puts_back_what_was_wanted_before_the_first(
    memory: State,
) -> None:
    first, second = (processes.Process(pid, 1, 1, 1, 1, "S", "ark-remove") for pid in (11, 12))
    memory.intent.want(Wanted.UP)
    memory.intent.want_down(first)
    memory.intent.want_down(second)
    memory.intent.settle_remove(second, well=False)
    assert wanted(memory) is Wanted.UP


def test_attempts_are_counted_by_kind_within_the_window(memory: State, clock: Clock) -> None:
    for _ in range(2):
        memory.attempts.note(Attempt.RESTART, 100)
        clock.now += 60
    memory.attempts.note(Attempt.FALSE_ALARM, 100)
    assert memory.attempts.count(Attempt.RESTART, 100) == 1
    assert memory.attempts.count(Attempt.RESTART, 200) == 1  # the other one was let go of
    assert memory.attempts.count(Attempt.FALSE_ALARM, 100) == 1
    clock.now += 101
    assert memory.attempts.count(Attempt.FALSE_ALARM, 100) == 0


def test_a_moment_that_is_still_to_come_is_garbage(memory: State, clock: Clock) -> None:
    """Else a restore would wait for it, and a restart would count, for ever."""
    memory.forced_stop.note()
    memory.attempts.note(Attempt.RESTART, 100)
    clock.now -= 1
    assert memory.forced_stop.age() == float("inf")
    assert memory.attempts.count(Attempt.RESTART, 100) == 0


def test_attempts_of_an_earlier_boot_do_not_count(memory: State, clock: Clock) -> None:
    memory.attempts.note(Attempt.RESTART, 100)
    clock.boot = "boot-two"
    assert memory.attempts.count(Attempt.RESTART, 100) == 0


def test_a_verdict_s_status_is_dated_from_when_it_began(memory: State) -> None:
    memory.verdict.note("quickcheck", Verdict(Outcome.WELL, status=Status.RUNNING))
    since = memory.verdict.read().since
    assert since is not None
    memory.verdict.note("quickcheck", Verdict(Outcome.WELL, status=Status.RUNNING))
    assert memory.verdict.read().since == since
    memory.verdict.note("quickcheck", Verdict(Outcome.FAILED, status=Status.STOPPED))
    assert (memory.verdict.read().since or 0) > since


def test_blindness_is_dated_from_when_it_began(memory: State) -> None:
    memory.blindness.note("one")
    first = memory.blindness.read()
    memory.blindness.note("two")
    second = memory.blindness.read()
    assert first is not None
    assert second is not None
    assert (second.since, second.reason) == (first.since, "two")
    memory.blindness.forget()
    assert memory.blindness.read() is None


def test_only_the_process_that_was_asked_to_yield_is_pre_empted(memory: State) -> None:
    memory.preemption.note(os.getpid() + 1, "remove")
    assert memory.preemption.by() == ""
    memory.preemption.note(os.getpid(), "remove")
    assert memory.preemption.by() == "remove"


def test_a_restore_is_remembered_beyond_a_reboot(memory: State, paths: Paths) -> None:
    assert not memory.ever_restored()
    memory.restored.note()
    assert memory.ever_restored()
    assert not Path(memory.directory).exists()


# The undecided clock.


def test_the_undecided_clock_goes_on_across_runs(memory: State, clock: Clock) -> None:
    for _ in range(5):
        memory.undecided_clock(timer=480, gap=360).observe()
        clock.now += 120
    judged = memory.undecided_clock(timer=480, gap=360)
    assert judged.elapsed() == 600
    assert judged.has_failed()


def test_the_undecided_clock_fails_at_the_timer_and_not_before(memory: State, clock: Clock) -> None:
    judged = memory.undecided_clock(timer=480, gap=1000)
    judged.observe()
    clock.now += 479.9
    assert not judged.has_failed()
    clock.now += 0.1
    assert judged.has_failed()


@pytest.mark.parametrize(("gap", "elapsed"), [(360.0, 360.0), (360.1, 0.0)])
def test_a_gap_in_the_observations_begins_the_clock_anew(
    memory: State, clock: Clock, gap: float, elapsed: float
) -> None:
    judged = memory.undecided_clock(timer=480, gap=360)
    judged.observe()
    clock.now += gap
    judged.observe()
    assert judged.elapsed() == pytest.approx(elapsed)


def test_a_reboot_begins_the_clock_anew(memory: State, clock: Clock) -> None:
    judged = memory.undecided_clock(timer=480, gap=360)
    judged.observe()
    clock.boot, clock.now = "boot-two", clock.now + 10
    assert judged.elapsed() == 0
    judged.observe()
    assert judged.elapsed() == 0


def test_once_failed_the_clock_stays_failed_until_it_is_reset(memory: State, clock: Clock) -> None:
    judged = memory.undecided_clock(timer=480, gap=360)
    judged.observe()
    judged.fail()
    clock.now += 10
    judged.observe()
    assert judged.has_failed()
    judged.reset()
    assert not judged.has_failed()


def test_an_observation_taken_back_was_never_made(memory: State, clock: Clock) -> None:
    judged = memory.undecided_clock(timer=480, gap=360)
    judged.observe()
    clock.now += 100
    judged.observe()
    clock.now += 300
    judged.observe()
    judged.withdraw()
    clock.now += 10_000
    assert judged.elapsed() == 100
    assert not judged.has_failed()


def test_once_failed_it_stays_failed_over_a_gap(memory: State, clock: Clock) -> None:
    judged = memory.undecided_clock(timer=480, gap=360)
    judged.observe()
    judged.fail()
    clock.now += 10_000
    judged.observe()
    assert judged.has_failed()


def test_a_first_observation_taken_back_leaves_nothing(memory: State, clock: Clock) -> None:
    judged = memory.undecided_clock(timer=480, gap=360)
    judged.observe()
    judged.withdraw()
    clock.now += 1000
    assert judged.elapsed() == 0


def test_the_boot_clock_is_the_kernel_s() -> None:
    assert boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert boottime() == pytest.approx(uptime, abs=5)


# Maintenance and open scripts.


def test_maintenance_without_an_end_goes_on_until_it_is_ended(paths: Paths) -> None:
    maintenance = Maintenance(paths, "toy1")
    assert not maintenance.active()
    maintenance.begin(None)
    assert maintenance.active()
    assert maintenance.describe() == "maintenance"
    maintenance.end()
    assert not maintenance.active()


def test_maintenance_ends_by_itself(paths: Paths) -> None:
    maintenance = Maintenance(paths, "toy1")
    maintenance.begin(time.time() - 1)
    assert not maintenance.active()


def test_maintenance_that_ends_on_another_day_is_told_with_the_date(paths: Paths) -> None:
    maintenance = Maintenance(paths, "toy1")
    maintenance.begin(time.mktime((2031, 2, 3, 18, 0, 0, 0, 0, -1)))
    assert maintenance.describe() == "maintenance until 2031/02/03 18:00"


def test_maintenance_that_ends_today_is_told_by_the_hour(paths: Paths) -> None:
    maintenance = Maintenance(paths, "toy1")
    today = time.localtime()
    maintenance.begin(time.mktime((*today[:3], 18, 0, 0, 0, 0, -1)))
    assert maintenance.describe() == "maintenance until 18:00"


def test_a_script_that_was_not_ended_is_found_open(paths: Paths) -> None:
    script = OpenScript(paths, "toy1")
    assert script.left_open() is None
    script.begin("Remove", told=True)
    left = OpenScript(paths, "toy1").left_open()
    assert left is not None
    assert (left.script, left.told, left.overdue) == ("Remove", True, False)
    assert left.began == pytest.approx(time.time(), abs=60)
    script.end()
    assert script.left_open() is None


def test_a_script_whose_beginning_was_not_told_is_found_as_such(paths: Paths) -> None:
    script = OpenScript(paths, "toy1")
    script.begin("QuickCheck", told=False)
    left = script.left_open()
    assert left is not None
    assert not left.told


@pytest.mark.parametrize(("within", "overdue"), [(-0.001, True), (60.0, False)])
def test_an_open_script_is_overdue_when_its_time_is_up(
    paths: Paths, within: float, overdue: bool
) -> None:
    script = OpenScript(paths, "toy1")
    script.begin("QuickCheck", told=True, within=within)
    left = script.left_open()
    assert left is not None
    assert left.overdue is overdue


# Garbage.

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([boot_id(), "restart", 10**400, 1e300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "wanted",
        "boot",
        "at",
        "processes",
        "attempts",
        "since",
        "status",
        "pid",
        "by",
        "reason",
        "first",
        "last",
        "failed",
        "until",
        "script",
        "began",
        "told",
        "name",
        "self",
    ]
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=5) | st.fixed_dictionaries(
    {"boot": st.just(boot_id()), "script": st.just("Remove"), "told": st.just(True)},
    optional={key: VALUES for key in ("at", "first", "last", "failed", "until", "began", "due")}
    | {"processes": VALUES, "attempts": VALUES, "users": VALUES, "marks": VALUES},
)


def everything(memory: State, paths: Paths) -> list[Callable[[], Any]]:
    clock = memory.undecided_clock(timer=480, gap=360)
    maintenance, script = Maintenance(paths, "toy1"), OpenScript(paths, "toy1")
    return [
        lambda: memory.intent.wanted,
        memory.forced_stop.age,
        memory.commands.all,
        memory.processes.known,
        memory.processes.users,
        memory.commands.start_marks,
        lambda: memory.attempts.count(Attempt.RESTART, 100),
        memory.verdict.read,
        memory.blindness.read,
        memory.preemption.by,
        clock.has_failed,
        clock.elapsed,
        clock.fail,
        clock.observe,
        clock.withdraw,
        clock.observe,
        clock.elapsed,
        maintenance.active,
        maintenance.describe,
        lambda: (left := script.left_open()) and time.localtime(left.began),
        lambda: memory.commands.note("m", "start"),
        lambda: memory.commands.forget(["m"]),
        lambda: memory.attempts.note(Attempt.RESTART, 100),
        lambda: memory.verdict.note("remove", Verdict(Outcome.WELL, status=Status.STOPPED)),
        lambda: memory.blindness.note("x"),
    ]


NAMES = ["wanted", "force", "commands", "processes", "attempts", "verdict", "blind", "preempted"]
NAMES += ["started"]


@given(MAPPINGS.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50))
@example(b'{"name": 1, "self": 2}')
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_garbage_in_every_file_hinders_nothing(paths: Paths, content: bytes) -> None:
    memory = State(paths, "toy1")
    files = [f"{memory.directory}/{name}.json" for name in [*NAMES, "undecided"]]
    for file in [*files, paths.maintenance("toy1"), paths.open_script("toy1")]:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        Path(file).write_bytes(content)
    for ask in everything(memory, paths):
        ask()


@given(MAPPINGS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_clock_counts_forward_whatever_it_found(paths: Paths, content: dict[str, Any]) -> None:
    memory = State(paths, "toy1")
    write_json(f"{memory.directory}/undecided.json", content)
    judged = memory.undecided_clock(timer=480, gap=360)
    judged.observe()
    first = read_json(f"{memory.directory}/undecided.json")["first"]
    assert 0 <= first <= boottime()
