"""One product command: what it is started with, how its end is told, and that it always has one."""

from __future__ import annotations

import os
import pwd
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from arkcore.base.deadline import Deadline
from arkcore.base.errors import PluginError, StepFailed
from arkcore.machine import processes
from arkcore.machine.child import Child
from arkcore.machine.command import CommandResult, run
from arkcore.machine.descent import prctl
from arkcore.machine.output import Output
from arkcore.machine.processes import Process
from arkcore.machine.spawn import close_others

ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def output() -> Iterator[Output]:
    made = Output.discarded()
    yield made
    made.close()


@pytest.fixture
def do(started: Any, output: Output) -> Callable[..., CommandResult]:
    """Run a command as the engine does; a text is a shell script whose $1 is the test's word."""

    def do(command: str | list[str], *, within: float = 20, **options: Any) -> CommandResult:
        argv = command
        if isinstance(command, str):
            argv = ["/bin/sh", "-c", command, "sh", started.word]
        options = {"output": output, "grace": 0.3, **options}
        return run(argv, mark=started.mark, deadline=Deadline.after(within), **options)

    return do


Do = Callable[..., CommandResult]


# How it ends.


def test_the_return_code_is_told_and_never_raised(do: Do) -> None:
    result = do("exit 3")
    assert (result.returncode, result.ok, result.late, result.error) == (3, False, False, "")
    assert result.told() == "sh returned 3"


def test_a_signal_is_told_by_name(do: Do) -> None:
    result = do("kill -SEGV $$")
    assert result.returncode == -signal.SIGSEGV
    assert result.told() == "sh was ended by SIGSEGV"


def test_a_real_time_signal_is_told_by_number(do: Do) -> None:
    assert do("kill -40 $$").told() == "sh was ended by signal 40"


def test_check_raises_what_was_expected_and_seen(do: Do) -> None:
    with pytest.raises(StepFailed, match=r"^sh returned 3, expected 0$"):
        do("exit 3").check()
    assert do("exit 0").check().ok


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (None, 0, "No such file or directory"),
        (b"#!/bin/sh\n", 0o644, "Permission denied"),
        (b"echo no interpreter\n", 0o755, "Exec format error"),
        (b"#!/nosuch/interpreter\n", 0o755, "No such file or directory"),
        (b"", 0o755, "Exec format error"),
    ],
)
@pytest.mark.parametrize("user", [None, ME])
def test_a_command_that_cannot_be_run_is_an_answer(
    do: Do, tmp_path: Path, content: bytes | None, mode: int, why: str, user: str | None
) -> None:
    program = tmp_path / "command"
    if content is not None:
        program.write_bytes(content)
        program.chmod(mode)
    result = do([str(program)], user=user)
    assert (result.returncode, result.ok, result.error) == (None, False, why)
    assert result.told() == f"{program} cannot be run: {why}"


def test_a_directory_cannot_be_run(do: Do, tmp_path: Path) -> None:
    assert do([str(tmp_path)]).error == "Permission denied"


def test_a_nul_in_an_argument_is_an_answer(do: Do) -> None:
    assert "null" in do(["/bin/echo", "a\0b"]).error


@pytest.mark.parametrize("argv", [[], ["echo"], ["./echo"], [""]])
def test_what_is_no_absolute_path_is_the_plugin_s_fault(do: Do, argv: list[str]) -> None:
    with pytest.raises(PluginError, match="absolute path"):
        do(argv)


@pytest.mark.parametrize("encoding", ["nosuch", "hex", "undefined"])
def test_an_encoding_that_is_none_is_refused_before_anything_runs(
    do: Do, tmp_path: Path, encoding: str
) -> None:
    with pytest.raises(PluginError, match="encoding"):
        do(f"touch {tmp_path}/ran", encoding=encoding)
    assert not (tmp_path / "ran").exists()


def test_a_child_of_somebody_else_s_is_left_to_them(do: Do) -> None:
    other = subprocess.Popen(["/bin/sh", "-c", "exit 7"])
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert do("exit 3").returncode == 3
    assert other.wait() == 7


def test_an_end_is_seen_where_the_kernel_has_no_pidfd(
    do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", missing)
    assert do("sleep 0.1; exit 3").returncode == 3
    assert do('sleep "$1"', within=0.2).late


def test_no_zombie_is_left(do: Do) -> None:
    prctl(36, 0)  # PR_SET_CHILD_SUBREAPER: a test before this one may have made us one
    before = processes.children(os.getpid())  # other tests' among them
    do("exit 0")
    do('sleep "$1"', within=0.1)
    assert before is not None
    assert (processes.children(os.getpid()) or set()) <= before


def test_the_wait_is_ended_by_a_signal_at_once(do: Do) -> None:
    class Told(Exception):
        pass

    def tell(*_: object) -> None:
        raise Told

    before = signal.signal(signal.SIGUSR1, tell)
    try:
        began = time.monotonic()
        with pytest.raises(Told):
            do(f'kill -USR1 {os.getpid()}; exec sleep "$1"')
        assert time.monotonic() - began < 2
    finally:
        signal.signal(signal.SIGUSR1, before)


# What it is started with.


@pytest.mark.parametrize("user", [None, ME])
def test_the_environment_is_clean(
    do: Do, started: Any, user: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/nosuch")
    monkeypatch.setenv("PYTHONPATH", "/nosuch")
    lines = do(["/usr/bin/env"], user=user, env={"JP1_HOSTNAME": "LHOST1"}).output.splitlines()
    found = dict(line.split("=", 1) for line in lines)
    assert set(found) <= {"PATH", "HOME", "SHELL", "LANG", "USER", "LOGNAME"} | {
        "JP1_HOSTNAME",
        "ARK_ACTION",
    }
    assert found["PATH"] == "/usr/sbin:/usr/bin:/sbin:/bin"
    assert (found["LANG"], found["JP1_HOSTNAME"]) == ("C", "LHOST1")
    assert found["ARK_ACTION"] == started.mark


@pytest.mark.parametrize("user", [None, ME])
def test_what_is_asked_for_comes_before_the_defaults(do: Do, user: str | None) -> None:
    env = {"LANG": "ja_JP.UTF-8", "HOME": "/srv", "PATH": "/opt", "ARK_ACTION": "forged"}
    found = do(["/usr/bin/env"], user=user, env=env).output.splitlines()
    assert {"LANG=ja_JP.UTF-8", "HOME=/srv", "PATH=/opt"} <= set(found)
    assert "ARK_ACTION=forged" not in found


def test_a_variable_can_be_taken_away(do: Do) -> None:
    assert "LANG=" not in do(["/usr/bin/env"], env={"LANG": None}).output


@pytest.mark.parametrize("user", [None, ME])
def test_it_begins_in_the_root_directory_and_its_caller_stays_where_it_was(
    do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    assert do(["/bin/pwd"], user=user).output == "/\n"
    assert os.getcwd() == str(tmp_path)


def test_a_working_directory_that_is_gone_hinders_nothing(
    do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert do(["/bin/pwd"]).output == "/\n"


@pytest.mark.parametrize("user", [None, ME])
def test_it_reads_from_dev_null(do: Do, user: str | None) -> None:
    assert do(["/bin/readlink", "/proc/self/fd/0"], user=user).output == "/dev/null\n"


@pytest.mark.parametrize("user", [None, ME])
def test_it_leads_a_process_group_of_its_own(do: Do, user: str | None) -> None:
    pid, group = do("echo $$ $(ps -o pgid= -p $$)", user=user).output.split()
    assert pid == group


@pytest.mark.parametrize("user", [None, ME])
def test_it_has_default_signals_and_none_is_blocked(do: Do, user: str | None) -> None:
    numbers = (signal.SIGINT, signal.SIGPIPE, signal.SIGHUP, signal.SIGUSR2, signal.SIGRTMIN + 3)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGCHLD])
    try:
        told = do(["/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"], user=user).output
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1, signal.SIGCHLD])
        for number, handler in before.items():
            signal.signal(number, handler)
    the_c_library_s_own = 1 << 31 | 1 << 32  # 32 and 33, which no program sees
    found = [int(line.split()[1], 16) & ~the_c_library_s_own for line in told.splitlines()]
    assert found == [0, 0]


INHERITS = """
import os, sys
os.dup2(os.open("/etc/passwd", os.O_RDONLY), 9)  # inheritable, as a manager may hand it on
from arkcore.worker.signals import prepare_process
from arkcore.machine.command import run
from arkcore.machine.output import Output
from arkcore.base.deadline import Deadline
if sys.argv[1] == "closed":
    os.close(0), os.close(1), os.close(2)
prepare_process()
output = Output.discarded()
listing = ["/bin/sh", "-c", "ls -l /proc/$$/fd"]
result = run(
    listing, mark=sys.argv[2], deadline=Deadline.after(10), output=output, user=sys.argv[3] or None
)
with open(sys.argv[4], "w") as file:
    file.write(result.output)
"""


@pytest.mark.parametrize("user", ["", ME])
@pytest.mark.parametrize("caller", ["open", "closed"])
def test_nothing_of_the_caller_s_descriptors_is_inherited(
    started: Any, tmp_path: Path, user: str, caller: str
) -> None:
    told = tmp_path / "told"
    argv = [sys.executable, "-c", INHERITS, caller, started.mark, user, str(told)]
    subprocess.run(argv, check=True)
    assert sorted(re.findall(r"(\d+) -> ", told.read_text())) == ["0", "1", "2"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_command_of_another_user_s_runs_as_that_user(do: Do) -> None:
    nobody = pwd.getpwnam("nobody")
    told = do('id -u; id -g; echo "$HOME $USER $LOGNAME"', user="nobody").output.splitlines()
    assert told == [str(nobody.pw_uid), str(nobody.pw_gid), f"{nobody.pw_dir} nobody nobody"]


def test_a_command_of_another_user_s_that_may_not_be_run_is_an_answer(
    do: Do, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    def run_as_root() -> None:
        assert do("exit 0", user="root").error == "Operation not permitted"

    as_ordinary_user(run_as_root)


def test_a_user_that_does_not_exist_is_an_answer(do: Do) -> None:
    assert do("exit 0", user="nosuchuser").error == "there is no user 'nosuchuser' here"


# What it writes.


def test_both_streams_are_kept_in_order(do: Do) -> None:
    assert do("echo one; echo two >&2; echo three").output == "one\ntwo\nthree\n"


def test_bytes_that_are_not_of_the_encoding_are_shown(do: Do) -> None:
    assert do(r"printf 'a\377b\n'").output == "a\\xffb\n"


def test_output_is_read_in_the_encoding_asked_for(do: Do) -> None:
    told = "KAJP1003-I 処理を開始"
    octal = "".join(f"\\{each:03o}" for each in told.encode("cp932"))
    assert do(f"printf '{octal}'", encoding="cp932").output == told


def test_the_last_lines_are_those_that_hold_something(do: Do) -> None:
    assert do(r"printf '1\n2\n\n  \n3  \n\n'").last_lines(2) == ["2", "3"]


def test_a_daemon_that_keeps_stdout_open_holds_nobody_up(do: Do, started: Any) -> None:
    result = do('setsid sleep "$1" & echo started')
    assert (result.returncode, result.output) == (0, "started\n")
    assert result.seconds < 3
    assert len(started.pids()) == 1


def test_a_start_s_output_is_appended_and_a_result_holds_only_its_own(
    do: Do, tmp_path: Path
) -> None:
    path = tmp_path / "log/output/toy1.start"
    for text in ("one", "two"):
        output = Output.kept(str(path))
        assert do(f"echo {text}", output=output).output == f"{text}\n"
        output.close()
    assert path.read_text() == "one\ntwo\n"


def test_what_a_daemon_writes_later_is_kept_too(
    do: Do, tmp_path: Path, wait_for: Callable[..., None]
) -> None:
    path = tmp_path / "toy1.start"
    output = Output.kept(str(path))
    do("(sleep 0.2; echo later) & exit 0", output=output)
    output.close()
    wait_for(lambda: path.read_text() == "later\n")


def test_a_symlink_in_the_output_s_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "toy1.start").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        Output.kept(str(tmp_path / "toy1.start"))


def test_a_fifo_in_the_output_s_place_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "toy1.start")
    with pytest.raises(OSError, match="not a regular file"):
        Output.kept(str(tmp_path / "toy1.start"))


class Watch:
    """Watches how large a file grows, from a thread."""

    def __init__(self, output: Output) -> None:
        self.peak = 0
        self._descriptor = os.dup(output.descriptor)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(0.002):
            self.peak = max(self.peak, os.fstat(self._descriptor).st_size)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        os.close(self._descriptor)


@pytest.fixture(params=["discarded", "kept"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Output]:
    """Both kinds of output."""
    path = tmp_path / "toy1.start"
    made = Output.discarded() if request.param == "discarded" else Output.kept(str(path))
    yield made
    made.close()


def test_a_flood_of_output_is_cut_back_and_its_end_is_kept(do: Do, either: Output) -> None:
    result = do("timeout 0.4 yes; sleep 0.2; echo; echo the end", output=either)
    assert result.ok
    assert re.search(r"y\n+the end\n\Z", result.output)
    assert os.fstat(either.descriptor).st_size <= 1 << 20


def test_what_is_written_while_it_is_cut_back_is_kept(
    either: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.write(either.descriptor, b"x" * (2 << 20))
    words = [b"last ", b"words"]
    read = os.pread

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        found = read(descriptor, length, offset)
        if words:
            os.write(either.descriptor, words.pop(0))
        return found

    monkeypatch.setattr(os, "pread", pread)
    assert either.trim()
    assert either.end().endswith(b"xlast words")
    assert os.fstat(either.descriptor).st_size < 1 << 17


def test_a_flood_fills_neither_memory_nor_disk_meanwhile(do: Do, either: Output) -> None:
    flood = "for n in 1 2 3 4 5 6; do head -c 8000000 /dev/zero; sleep 0.15; done"
    with Watch(either) as watch:
        do(flood, output=either)
    assert watch.peak < 40_000_000  # of 48


def test_a_flood_that_does_not_hear_term_is_cut_back_while_it_is_ended(
    do: Do, either: Output
) -> None:
    flood = 'trap "" TERM; : "$1"; while :; do head -c 2000000 /dev/zero; sleep 0.05; done'
    with Watch(either) as watch:
        assert do(flood, output=either, within=0.2, grace=1.8).late
    assert watch.peak < 40_000_000  # of up to 80


def test_earlier_output_cut_back_is_not_taken_for_this_command_s(do: Do, tmp_path: Path) -> None:
    path = tmp_path / "toy1.start"
    path.write_bytes(b"earlier\n" * 200_000)
    output = Output.kept(str(path))
    do("echo mine", output=output)
    assert path.stat().st_size < 1 << 17
    output.close()


# A late one.


def test_a_late_command_is_ended_and_told(do: Do, started: Any) -> None:
    result = do('echo before; exec sleep "$1"', within=0.3)
    assert result.late
    assert (result.returncode, result.left) == (None, ())
    assert result.output == "before\n"
    assert 0.3 <= result.seconds < 2
    assert result.told() == f"sh had not ended after {result.seconds:.1f} s"
    assert started.pids() == []


TREES = {
    "child": 'sleep "$1" & wait',
    "setsid": 'setsid sleep "$1" & wait',
    "double-fork": '(setsid sh -c "sleep $1 & exit 0" & exit 0); sleep "$1"',
    "orphan in our group": '(sleep "$1" & exit 0); sleep "$1"',
    "no environment": 'env -i setsid sleep "$1" & wait',
    "deaf": 'trap "" TERM HUP INT; sleep "$1" & wait; sleep "$1"',
    "stops itself": 'sleep "$1" & kill -STOP $$',
    "stopped child": 'sleep "$1" & kill -STOP $!; wait',
    "deaf daemon": 'trap "" TERM; setsid sh -c "setsid sleep $1 & sleep $1" & wait',
    "breeder": 'trap \'setsid sleep "$1" & sleep "$1"\' TERM; sleep "$1" & wait',
    "leader gone": 'setsid sh -c "sleep $1" & sleep 0.1; exec sleep "$1"',
    "many": 'n=0; while [ $n -lt 30 ]; do sleep "$1" & n=$((n+1)); done; wait',
}


@pytest.mark.parametrize("tree", TREES)
def test_a_late_command_is_ended_with_all_it_made(do: Do, started: Any, tree: str) -> None:
    result = do(TREES[tree], within=0.3)
    assert result.late
    assert result.left == ()
    assert started.pids() == []


def test_an_answer_that_came_in_time_leaves_daemons_alone(do: Do, started: Any) -> None:
    do('setsid sleep "$1" & sleep "$1" & exit 0')
    assert len(started.pids()) == 2


def test_a_machine_wide_process_survives_the_late_command_that_started_it(
    do: Do, started: Any, tmp_path: Path
) -> None:
    daemon = tmp_path / "hntr2mon"
    os.symlink("/bin/sleep", daemon)
    result = do(f'{daemon} "$1" & sleep "$1"', within=0.3, spare=("hntr2mon",))
    assert result.left == ()
    alive = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in started.pids()]
    assert [line.split(b"\0")[0] for line in alive] == [os.fsencode(daemon)]


def test_the_black_box_is_asked_for_while_the_tree_is_alive(do: Do, started: Any) -> None:
    alive: list[int] = []

    def on_late(tree: list[Process], output: bytes) -> str:
        alive.extend(started.pids())
        assert {process.pid for process in tree} == set(alive)
        assert output == b"last words\n"
        return "/var/log/ark/blackbox/x.txt"

    result = do('echo last words; sleep "$1" & wait', within=0.3, on_late=on_late)
    assert len(alive) == 2
    assert result.blackbox == "/var/log/ark/blackbox/x.txt"
    assert result.told().endswith("; black box /var/log/ark/blackbox/x.txt")


def test_a_deadline_that_has_passed_ends_it_at_once(do: Do, started: Any) -> None:
    assert do('exec sleep "$1"', within=-1).late
    assert started.pids() == []


def test_its_pid_is_told_before_it_ends(do: Do) -> None:
    pids: list[int] = []
    result = do("echo $$", on_spawn=pids.append)
    assert result.output == f"{pids[0]}\n"


def test_a_child_lets_go_of_every_file_however_many_are_open() -> None:
    """A program on a disk that hangs is executed for ever: its child must hold no lock."""
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(300)]
    reading, writing = os.pipe()
    assert writing > 256

    def hang() -> None:
        close_others()
        time.sleep(100)

    child = Child.fork(hang)
    try:
        os.close(writing)
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        # Once nobody can write into it any more.
        assert [event & select.POLLHUP for _, event in poll.poll(10_000)] == [select.POLLHUP]
        assert not child.is_over()
    finally:
        child.end()
        for each in (*files, reading):
            os.close(each)
