"""The process table, seen through real processes; and ending them, whatever they do about it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import wait_for

from arkcore.base.deadline import Deadline
from arkcore.machine import offspring, processes
from arkcore.machine.ending import end
from arkcore.machine.processes import Process, look, send, still_lives

#: Prints its pid when it is ready, and does with signals what the first argument says.
HOSTILE = """
import os, signal, sys, time
how = sys.argv[1]
if how == "deaf":
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
if how == "breeds":
    def breed(*_):
        if os.fork() == 0:
            os.setsid()
    signal.signal(signal.SIGTERM, breed)
print(os.getpid(), flush=True)
if how == "stopped":
    os.kill(os.getpid(), signal.SIGSTOP)
until = time.monotonic() + 60
while time.monotonic() < until:
    time.sleep(1)
"""


@pytest.fixture
def spawn(started: Any) -> Callable[..., subprocess.Popen[str]]:
    """Start a process that bears the test's word; it is ready when this returns."""

    def spawn(how: str, **options: Any) -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", HOSTILE, how, started.word]
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **options)
        assert child.stdout is not None
        assert child.stdout.readline().strip() == str(child.pid)
        child.stdout.close()
        return child

    return spawn


def seen(pid: int) -> Process:
    process = look(pid)
    assert process is not None
    return process


# Looking.


def test_this_process_is_seen_as_it_is() -> None:
    me = seen(os.getpid())
    assert (me.ppid, me.pgrp, me.session) == (os.getppid(), os.getpgrp(), os.getsid(0))


def test_a_pid_that_nobody_has_is_nobody() -> None:
    assert look(0) is None
    assert look(2**22 + 1) is None


def test_a_name_full_of_parentheses_and_spaces_confuses_nobody(tmp_path: Path) -> None:
    program = tmp_path / ") R 1 (x) S 2"
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([program, "1000"])
    try:
        process = seen(child.pid)
        assert process.name == ") R 1 (x) S 2"
        assert process.ppid == os.getpid()
    finally:
        child.kill()
        child.wait()


def test_a_name_that_is_no_utf_8_is_shown(tmp_path: Path) -> None:
    program = os.fsencode(tmp_path) + b"/\xff\xfe\n"
    shutil.copy(b"/bin/sleep", program)
    child = subprocess.Popen([program, "1000"])
    try:
        assert seen(child.pid).name.startswith("\\xff\\xfe")
    finally:
        child.kill()
        child.wait()


def test_a_thread_of_the_kernel_is_known_for_one() -> None:
    """Half of a node's table: nobody's marks or programs are looked for there."""
    kernel, own = processes.look(2), processes.look(os.getpid())
    assert kernel is not None
    assert own is not None
    assert (kernel.name, kernel.is_kernel_thread) == ("kthreadd", True)
    assert not own.is_kernel_thread


def test_no_name_makes_a_process_a_kernel_thread(started: Any) -> None:
    """Its fields are read behind the last parenthesis, and a name may hold some."""
    rename = "open('/proc/self/comm', 'w').write(') S 2 0 0 0 -1 '); print(flush=True)"
    argv = [sys.executable, "-c", f"import time; {rename}; time.sleep(60)", started.word]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"\n"
    named = seen(child.pid)
    child.kill()
    child.communicate()
    assert (named.name, named.is_kernel_thread) == (") S 2 0 0 0 -1 ", False)


def test_a_zombie_is_dead(spawn: Callable[..., subprocess.Popen[str]]) -> None:
    child = spawn("plain")
    process = seen(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert look(child.pid) is None
    assert not still_lives(process)
    child.wait()


def test_a_deleted_executable_still_has_its_path(tmp_path: Path) -> None:
    program = tmp_path / "daemon"
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([program, "1000"])
    try:
        program.unlink()
        assert processes.executable(child.pid) == str(program)
    finally:
        child.kill()
        child.wait()


def test_descendants_are_found_through_every_generation(started: Any) -> None:
    script = f"sh -c 'sleep {started.word} & echo ready; wait' & wait"
    child = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    wait_for(lambda: len(started.pids()) == 3)  # one that executes its program shows no arguments
    found = processes.descendants({child.pid})
    assert {process.pid for process in found} == set(started.pids()) - {child.pid}
    assert len(found) == 2
    started.kill()
    child.wait()


def test_descendants_of_a_circle_come_to_an_end() -> None:
    table = {pid: Process(pid, 1, 3 - pid, 0, 0, "S", "x") for pid in (1, 2)}
    assert {each.pid for each in processes.descendants({1}, table)} == {1, 2}


def table_of(*rows: tuple[int, int, str]) -> dict[int, Process]:
    """A table of processes that live nowhere: pid, parent, name."""
    return {pid: Process(pid, 1, parent, 0, 0, "S", name) for pid, parent, name in rows}


#: Pids above all that the kernel gives.
A, B, C, D = (2**22 + each for each in range(1, 5))


def test_what_a_machine_wide_daemon_has_started_is_the_machine_s() -> None:
    table = table_of((A, 1, "hntr2mon"), (B, A, "sh"), (C, B, "sleep"), (D, 1, "sleep"))
    found = {table[B], table[C], table[D]}
    assert offspring.apart_from(["hntr2mon"], found, table) == {table[D]}


def test_a_gone_process_is_no_child_of_whoever_has_its_number_now() -> None:
    table = table_of((A, 1, "hntr2mon"), (B, A, "sh"))
    gone = Process(B, 0, 1, 0, 0, "S", "sleep")
    assert offspring.apart_from(["hntr2mon"], [gone], table) == {gone}


def test_ancestors_in_a_circle_come_to_an_end() -> None:
    table = table_of((A, B, "sh"), (B, A, "sleep"))
    assert offspring.apart_from(["hntr2mon"], [table[A]], table) == {table[A]}


def test_what_calls_itself_thousands_deep_is_told_apart_at_once() -> None:
    """A forced stop has seconds, and asks this several times before its first signal."""
    table = table_of(*((A + each, A + each - 1, "sh") for each in range(5000)))
    found = set(table.values())
    began = time.monotonic()
    assert offspring.apart_from(["hntr2mon"], found, table) == found
    assert time.monotonic() - began < 2  # a moment; a minute and more where each asks them all


def test_a_mark_is_found_in_the_environment(
    started: Any, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    child = spawn("plain", env={"X": "ARK_ACTION=no", "ARK_ACTION": started.mark})
    assert processes.mark_of(child.pid) == started.mark
    assert {each.pid for each in offspring.marked(lambda mark: mark == started.mark)} == {child.pid}
    started.kill()
    child.wait()


def test_nothing_is_read_of_a_process_whose_user_may_not_bear_the_mark(
    started: Any, spawn: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process can keep whoever reads its environment waiting, on old kernels for ever."""
    child = spawn("plain", env={"ARK_ACTION": started.mark})
    read: list[int] = []

    def environment(pid: int) -> list[bytes]:
        read.append(pid)
        return []

    monkeypatch.setattr(processes, "environment", environment)
    found = [seen(child.pid)]
    assert not offspring.marked(lambda mark: True, found, users={os.geteuid() + 1})
    assert not read
    offspring.marked(lambda mark: True, found, users={os.geteuid()})
    assert read == [child.pid]
    started.kill()
    child.wait()


# Signals.


#: Its first thread ends; the others follow one another, each for a moment.
THREADS = """
import ctypes, os, sys, threading, time
def link():
    time.sleep(0.0003)
    threading.Thread(target=link).start()
threading.Thread(target=link).start()
print(os.getpid(), flush=True)
ctypes.CDLL(None).syscall(60, 0)
"""


def test_a_process_whose_threads_follow_one_another_lives(started: Any) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", THREADS, started.word], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        until = time.monotonic() + 10
        while (state := Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2][0]) != "Z":
            assert time.monotonic() < until, state
        for _ in range(200):
            assert look(child.pid) is not None
            assert processes.executable(child.pid) == os.path.realpath(sys.executable)
            assert processes.environment(child.pid) != []
    finally:
        child.kill()
        child.wait()
        child.stdout.close()  # type: ignore[union-attr]


@pytest.fixture
def headless() -> Iterator[int]:
    """The pid of a process whose first thread has ended, and whose second one lives."""
    program = "import ctypes, threading, time\n"
    program += "threading.Thread(target=time.sleep, args=(60,)).start()\n"
    program += "print(flush=True)\nctypes.CDLL(None).syscall(60, 0)\n"
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    wait_for(lambda: ") Z " in Path(f"/proc/{child.pid}/stat").read_text())
    yield child.pid
    child.kill()
    child.communicate()


@pytest.mark.parametrize("times", [1, 5, 1000])
def test_a_process_lives_though_the_list_of_its_threads_is_cut_short(
    headless: int, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """The kernel's list ends where a thread ends that it is about to go on from."""
    lists, listdir = 0, os.listdir

    def cut_short(path: str) -> list[str]:
        nonlocal lists
        lists += 1
        return [str(headless)] if lists <= times else listdir(path)

    monkeypatch.setattr(os, "listdir", cut_short)
    assert look(headless) is not None


def test_a_dead_process_is_dead_however_often_its_threads_are_listed(headless: int) -> None:
    os.kill(headless, signal.SIGKILL)
    wait_for(lambda: look(headless) is None)


def test_of_an_environment_of_megabytes_128_kib_are_read() -> None:
    # 15 entries of 100 kB: the second one is cut off, and so is no entry.
    environment = {f"V{number}": "x" * 100_000 for number in range(15)}
    child = subprocess.Popen(["/bin/sleep", "60"], env=environment)
    try:
        until = time.monotonic() + 10
        while not processes.environment(child.pid):  # it is still being executed
            assert time.monotonic() < until
        [entry] = processes.environment(child.pid)
        assert len(entry) == len("V0=") + 100_000
    finally:
        child.kill()
        child.wait()


#: Calls N MiB of memory that it never touches its environment (PR_SET_MM_MAP), which needs no
#: privilege, and then waits.
HUGE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <linux/prctl.h>

int main(int argc, char **argv)
{
    size_t size = (size_t)atol(argv[1]) << 20;
    char *memory = mmap(0, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct prctl_mm_map map;
    char line[4096], *field;
    long value[60] = {0};
    int at = 0;
    FILE *stat = fopen("/proc/self/stat", "r");
    if (memory == MAP_FAILED || !stat || !fgets(line, sizeof line, stat))
        return 1;
    for (field = strtok(strrchr(line, ')') + 2, " "); field && at < 60; field = strtok(0, " "))
        value[at++] = atol(field);
    memset(&map, 0, sizeof map);
    map.start_code = value[23], map.end_code = value[24], map.start_stack = value[25];
    map.start_data = value[42], map.end_data = value[43], map.start_brk = value[44];
    map.arg_start = value[45], map.arg_end = value[46];
    map.brk = (unsigned long)sbrk(0);
    map.env_start = (unsigned long)memory, map.env_end = (unsigned long)memory + size;
    map.exe_fd = (unsigned int)-1;
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0)) {
        perror("prctl");
        return 2;
    }
    puts("declared");
    fflush(stdout);
    pause();
    (void)argc;
    return 0;
}
"""


def test_an_environment_that_a_process_declares_huge_costs_nothing(tmp_path: Path) -> None:
    source = tmp_path / "huge.c"
    source.write_text(HUGE)
    subprocess.run(["cc", "-o", tmp_path / "huge", source], check=True)
    child = subprocess.Popen([tmp_path / "huge", "512"], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "declared\n"
        spent = []
        for _ in range(3):
            began = time.process_time()
            assert len(b"".join(processes.environment(child.pid))) <= 1 << 17
            spent.append(time.process_time() - began)
        assert min(spent) < 0.02
    finally:
        child.kill()
        child.wait()
        child.stdout.close()  # type: ignore[union-attr]


def test_a_signal_reaches_the_process_that_was_seen(
    spawn: Callable[..., subprocess.Popen[str]],
) -> None:
    child = spawn("plain")
    assert send(seen(child.pid), signal.SIGTERM)
    assert child.wait(10) == -signal.SIGTERM


def test_a_pid_that_is_another_process_by_now_is_not_signalled(
    spawn: Callable[..., subprocess.Popen[str]],
) -> None:
    child = spawn("plain")
    now = seen(child.pid)
    before = Process(now.pid, now.start - 1, 1, 1, 1, "S", now.name)
    assert not still_lives(before)
    assert not send(before, signal.SIGKILL)
    assert end(lambda: [before] if still_lives(before) else [], Deadline.after(1)) == []
    assert still_lives(now)
    child.kill()
    child.wait()


def test_the_start_time_is_compared_where_the_kernel_has_no_pidfd_too(
    spawn: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: int) -> int:
        raise OSError(38, "Function not implemented")

    child = spawn("plain")
    now = seen(child.pid)
    monkeypatch.setattr(os, "pidfd_open", missing)
    assert not send(Process(now.pid, now.start - 1, 1, 1, 1, "S", "x"), signal.SIGKILL)
    assert send(now, signal.SIGTERM)
    assert child.wait(10) == -signal.SIGTERM


def test_a_process_that_has_gone_is_no_error(
    spawn: Callable[..., subprocess.Popen[str]],
) -> None:
    child = spawn("plain")
    process = seen(child.pid)
    child.kill()
    child.wait()
    assert not send(process, signal.SIGTERM)


def test_a_process_of_another_user_is_no_error(
    as_ordinary_user: Callable[[Callable[[], None]], None],
) -> None:
    def signal_it() -> None:
        assert os.geteuid() != 0  # else it would be heard
        assert not send(seen(1), signal.SIGURG)  # SIGCONT may be sent within a session

    as_ordinary_user(signal_it)


@pytest.mark.parametrize("what", ["look", "arguments", "environment"])
def test_without_a_free_descriptor_nobody_is_taken_for_dead(what: str) -> None:
    script = (
        "import os, resource, sys\n"
        "from arkcore import processes\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
        "try:\n"
        "    print(getattr(processes, sys.argv[1])(os.getppid()))\n"
        "except OSError as error:\n"
        "    print('nobody knows')\n"
    )
    argv = [sys.executable, "-c", script, what]
    told = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=20, check=True).stdout
    assert told == "nobody knows\n"


# Ending.


@pytest.mark.parametrize("how", ["plain", "deaf", "stopped", "breeds"])
def test_whatever_a_process_does_it_is_ended(
    started: Any, spawn: Callable[..., subprocess.Popen[str]], how: str
) -> None:
    child = spawn(how, start_new_session=True)

    def find() -> list[Process]:
        return [each for each in map(look, started.pids()) if each]

    assert end(find, Deadline.after(10), grace=0.2) == []
    assert started.pids() == []
    child.wait()


def test_one_that_goes_at_term_is_not_killed(
    spawn: Callable[..., subprocess.Popen[str]], started: Any
) -> None:
    child = spawn("plain")
    end(lambda: [each for each in map(look, started.pids()) if each], Deadline.after(10), grace=5)
    assert child.wait(10) == -signal.SIGTERM


def test_one_that_does_not_hear_term_has_its_grace_first(
    spawn: Callable[..., subprocess.Popen[str]], started: Any
) -> None:
    child = spawn("deaf")
    began = time.monotonic()
    end(lambda: [each for each in map(look, started.pids()) if each], Deadline.after(10), grace=0.4)
    assert 0.4 <= time.monotonic() - began < 3
    assert child.wait(10) == -signal.SIGKILL


def test_a_near_deadline_shortens_the_grace(
    spawn: Callable[..., subprocess.Popen[str]], started: Any
) -> None:
    child = spawn("deaf")
    began = time.monotonic()
    find = lambda: [each for each in map(look, started.pids()) if each]  # noqa: E731
    assert end(find, Deadline.after(0.6), grace=30) == []
    assert time.monotonic() - began < 2
    child.wait()


def test_where_there_is_nothing_to_end_no_time_passes() -> None:
    began = time.monotonic()
    assert end(list, Deadline.after(10), grace=5) == []
    assert time.monotonic() - began < 0.5


def test_what_cannot_be_ended_is_named_at_the_deadline() -> None:
    ghost = Process(2**22 + 1, 1, 1, 1, 1, "D", "ghost")
    began = time.monotonic()
    assert end(lambda: [ghost], Deadline.after(0.3), grace=0.1) == [ghost]
    assert 0.3 <= time.monotonic() - began < 2


@pytest.mark.parametrize("name", ["hntr2mon", "a-daemon-with-a-long-name"])
def test_a_machine_wide_process_is_spared_however_long_its_name(tmp_path: Path, name: str) -> None:
    program = tmp_path / name
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([program, "1000"])
    try:
        process = seen(child.pid)
        assert end(lambda: [process], Deadline.after(1), spare=(name,), grace=0.1) == []
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_a_machine_wide_process_that_renamed_itself_is_spared(tmp_path: Path) -> None:
    program = tmp_path / "hntr2mon"
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([program, "1000"])
    try:
        named = seen(child.pid)
        renamed = Process(named.pid, named.start, 1, 1, 1, "S", "renamed")
        assert end(lambda: [renamed], Deadline.after(1), spare=("hntr2mon",), grace=0.1) == []
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
