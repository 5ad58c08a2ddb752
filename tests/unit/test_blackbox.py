"""The black box: what it holds of a late command, its bounds, and that it never costs an answer."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arkcore.machine import blackbox, processes
from arkcore.machine.blackbox import Keeping
from arkcore.machine.processes import Process
from arkcore.machine.python_stack import PythonStack

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "var/log/ark/blackbox")


@pytest.fixture
def tree(started: Any, tmp_path: Path, wait_for: Any) -> Iterator[list[Process]]:
    """A shell with an open file, which waits for its child."""
    script = 'exec 7>"$1/open file"; sleep "$2" & echo ready; wait'
    argv = ["/bin/sh", "-c", script, "sh", str(tmp_path), started.word]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()

    def seen() -> list[Process]:
        found = [processes.look(pid) for pid in sorted(started.pids())]
        return [process for process in found if process is not None]

    # The shell says "ready" while its child may still be a copy of it.
    wait_for(lambda: [(each.name, each.state) for each in seen()] == [("sh", "S"), ("sleep", "S")])
    yield seen()
    started.kill()
    child.wait()


def test_it_holds_the_tree_its_states_open_files_and_last_output(
    directory: str, tree: list[Process], tmp_path: Path, started: Any
) -> None:
    path = blackbox.record(
        directory, "toy1", "toy1 (LHOST1): late: /x", lambda: tree, output=b"a\xff\nlast\n"
    )
    text = Path(path).read_text()
    shell, sleep = tree
    assert text.startswith("toy1 (LHOST1): late: /x\n")
    assert re.search(rf"^  {sleep.pid} {shell.pid} S \S+ sleep {started.word}$", text, re.M)
    assert f"7 {tmp_path}/open file\n" in text
    assert f"file {processes.executable(sleep.pid)}\n" in text
    assert "  | a\\xff\n  | last\n" in text
    assert "kernel stack\n" in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads kernel stacks")
def test_it_holds_the_kernel_s_stack(directory: str, tree: list[Process]) -> None:
    if not Path(f"/proc/{tree[0].pid}/stack").exists():
        pytest.skip("this kernel tells no stacks")
    text = Path(blackbox.record(directory, "toy1", "late", lambda: tree)).read_text()
    assert re.search(r"kernel stack\n    \[<\w+>\] \w+", text)


def test_a_process_that_has_gone_meanwhile_is_no_error(directory: str) -> None:
    gone = Process(2**22 + 1, 1, 1, 1, 1, "D", "gone")
    path = blackbox.record(directory, "toy1", "late", lambda: [gone])
    assert "4194305 gone (D)" in Path(path).read_text()


def test_others_than_root_s_group_cannot_read_it(directory: str) -> None:
    """It holds output of the product, which may hold anything."""
    path = blackbox.record(directory, "toy1", "late", list)
    assert Path(path).stat().st_mode & 0o027 == 0
    assert Path(directory).stat().st_mode & 0o027 == 0


def test_its_size_is_bounded(directory: str, tree: list[Process]) -> None:
    path = blackbox.record(
        directory, "toy1", "late" * 10**6, lambda: tree * 5000, output=b"x\n" * 10**6, within=20
    )
    assert Path(path).stat().st_size <= blackbox.SIZE


def test_their_number_is_bounded_and_the_oldest_go(directory: str) -> None:
    os.makedirs(directory)
    for number in range(Keeping().number + 5):
        Path(directory, f"toy1-20240101-0000{number:02}-1-000001.txt").write_text("")
    others = ["toy1-b-20200101-000000-1-000001.txt", "toy-20200101-000000-1-000001.txt"]
    for name in others:
        Path(directory, name).write_text("")
    path = blackbox.record(directory, "toy1", "late", list)
    left = blackbox.boxes(directory, "toy1")
    assert len(left) == Keeping().number
    assert left[-1] == os.path.basename(path)
    assert left[0] == "toy1-20240101-000006-1-000001.txt"
    assert set(others) <= set(os.listdir(directory))


def test_one_that_is_cut_short_by_a_full_disk_is_kept_and_its_number_is_bounded_too(
    directory: str, tree: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> list[bytes]:
        raise OSError(errno.ENOSPC, "the disk is full")

    monkeypatch.setattr(processes, "arguments", full)
    paths = [
        blackbox.record(directory, "toy1", "late", lambda: tree, keeping=Keeping(number=6))
        for _ in range(15)
    ]
    assert Path(paths[-1]).read_text().startswith("late\n")
    assert len(blackbox.boxes(directory, "toy1")) == 5 + 6


def test_an_empty_one_is_none(directory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blackbox, "SIZE", blackbox._PYTHON_SIZE)  # as on a disk that is full
    assert blackbox.record(directory, "toy1", "late", list) == ""
    assert blackbox.boxes(directory, "toy1") == []


def test_whoever_shows_it_on_a_terminal_obeys_nothing_in_it(
    directory: str, started: Any, tmp_path: Path
) -> None:
    named = tmp_path / "a\x1b[2Jfile"
    argv = ["/bin/sh", "-c", 'exec 7>"$1"; echo ready; read _', f"\x1b[31m\n{started.word}"]
    argv += [str(named)]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    tree = [each for each in [processes.look(child.pid)] if each]
    path = blackbox.record(
        directory, "toy1", "late\x1b]0;\x07", lambda: tree, output=b"\x1b[2Jred\x9b\r\n"
    )
    child.communicate(b"\n")
    text = Path(path).read_text()
    assert text.count("\\x1b[2J") == 3  # an argument, the output, the file's name
    assert all(line.isprintable() for line in text.split("\n"))


def test_two_within_one_second_do_not_meet(directory: str) -> None:
    paths = {blackbox.record(directory, "toy1", "late", list) for _ in range(5)}
    assert len(paths) == 5


def test_where_it_cannot_be_written_there_is_none() -> None:
    assert blackbox.record("/proc/ark/blackbox", "toy1", "late", list) == ""


def test_a_recorder_that_is_stuck_is_given_up_and_what_it_wrote_is_kept(
    directory: str, tree: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading /proc of a stuck process can block for ever."""

    def block(_: int) -> list[bytes]:
        time.sleep(60)
        return []

    monkeypatch.setattr(processes, "arguments", block)
    before = children()
    began = time.monotonic()
    path = blackbox.record(directory, "toy1", "the headline", lambda: tree, within=0.3)
    assert time.monotonic() - began < 2
    assert Path(path).read_text().startswith("the headline\n")
    for recorder in children() - before:
        _, status = os.waitpid(recorder, 0)  # it was killed
        assert os.waitstatus_to_exitcode(status) == -9


def test_a_recorder_holds_nothing_that_its_caller_has_open(directory: str) -> None:
    """It may be stuck for ever, and a manager waits until its stderr is closed by all."""

    def held() -> list[Process]:
        names = [os.readlink(f"/proc/self/fd/{number}") for number in range(3)]
        there = [name for name in os.listdir("/proc/self/fd") if int(name) > 3]
        return [Process(1, 1, 1, 1, 1, "D", f"{names} {there}")]

    text = Path(blackbox.record(directory, "toy1", "late", held)).read_text()
    assert "1 ['/dev/null', '/dev/null', '/dev/null'] []" in text


def test_a_caller_whose_children_are_nobody_s_has_one_too(directory: str) -> None:
    """Where SIGCHLD is ignored no child can be awaited."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        path = blackbox.record(directory, "toy1", "late", list)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert Path(path).read_text().startswith("late\n")


def test_no_recorder_is_left_behind(directory: str) -> None:
    before = children()
    blackbox.record(directory, "toy1", "late", list)
    assert children() <= before


def children() -> set[int]:
    """The children of this process, other tests' among them."""
    found = processes.children(os.getpid())
    assert found is not None
    return found


def test_a_worker_whose_stack_is_very_deep_makes_it_no_larger_than_any(
    directory: str, tree: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blackbox, "SIZE", blackbox._PYTHON_SIZE + 200)

    class Deep(PythonStack):
        def ask(self, pid: int) -> str:
            return "  File x\n" * 10**6

    path = blackbox.record_worker(directory, "toy1", tree[0].pid, Deep(), 5)
    assert Path(path).stat().st_size == blackbox.SIZE


def test_without_a_directory_there_are_none(directory: str) -> None:
    assert blackbox.boxes(directory, "toy1") == []


def test_a_secret_that_the_cut_of_the_output_divides_is_hidden(
    directory: str, tree: list[Process]
) -> None:
    secret = "s3cr3t-0f-th3-b4nk"
    # The cut at 8,192 characters falls into the secret.
    output = b"x" * 100 + secret.encode() + b"y" * (8192 - 9)
    path = blackbox.record(
        directory,
        "toy1",
        "late",
        lambda: tree,
        output=output,
        hide=lambda text: text.replace(secret, "(hidden)"),
    )
    assert secret[-9:] not in Path(path).read_text()


class TestWhatIsKept:
    """Boxes of an incident stay when many more follow; `at`: seconds before now."""

    @pytest.fixture
    def box(self, directory: str) -> Any:
        os.makedirs(directory)

        def make(at: float, text: str = "late\n") -> str:
            stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time() - at))
            name = f"toy1-{stamp}-1-000001.txt"
            Path(directory, name).write_text(text)
            return name

        return make

    def left(self, directory: str, keeping: Keeping) -> list[str]:
        """What is there after one more box."""
        assert blackbox.record(directory, "toy1", "late", list, keeping=keeping)
        return blackbox.boxes(directory, "toy1")[:-1]

    def test_the_first_boxes_of_an_incident_stay(self, directory: str, box: Any) -> None:
        names = [box(at) for at in range(3600, 0, -120)]
        left = self.left(directory, Keeping(number=6))
        assert left == [*names[:5], *names[-5:]]

    def test_the_first_boxes_go_when_the_incident_is_old(self, directory: str, box: Any) -> None:
        old = [box(86400 * 3 + at) for at in range(3600, 0, -120)]
        left = self.left(directory, Keeping(number=6, incident_days=2))
        assert left == old[-5:]

    def test_an_hour_of_quiet_begins_another_incident(self, directory: str, box: Any) -> None:
        first = [box(20000 + at) for at in range(1000, 0, -100)]
        second = [box(at) for at in range(1000, 0, -100)]
        left = self.left(directory, Keeping(number=10))
        assert left == [*first[:5], *first[6:], *second]

    def test_the_boxes_of_a_failed_script_stay(self, directory: str, box: Any) -> None:
        names = [box(at) for at in range(3600, 0, -120)]
        since = time.time() - 1210
        for name in names[-10:]:  # those that follow belong to scripts that went well
            if name != names[-10]:
                os.rename(f"{directory}/{name}", f"{directory}/later-{name}")
        blackbox.note_failure(directory, "toy1", since, "QuickCheck failed. Hung.")
        for name in names[-9:]:
            os.rename(f"{directory}/later-{name}", f"{directory}/{name}")
        assert "QuickCheck failed. Hung." in Path(directory, names[-10]).read_text()
        left = self.left(directory, Keeping(number=6))
        assert left == [*names[:5], names[-10], *names[-5:]]

    def test_evidence_is_bounded_too(self, directory: str, box: Any) -> None:
        incidents = [box(4000 * number) for number in range(30, 0, -1)]
        assert self.left(directory, Keeping(number=6)) == incidents[-6:]

    def test_a_box_goes_when_it_is_too_old(self, directory: str, box: Any) -> None:
        for number in range(8):
            box(86400 * 40 + number)
        recent = box(86400 * 20)
        assert self.left(directory, Keeping(days=30)) == [recent]


def test_what_is_added_to_a_box_is_not_written_over(
    directory: str, tree: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its child may be held up, and go on after the script has failed."""
    seen: list[Any] = []

    def held_up(pid: int) -> list[bytes]:
        if not seen:
            seen.append(pid)
            blackbox.note_failure(directory, "toy1", 0.0, "Stop failed.")
        return [b"x"]

    monkeypatch.setattr(processes, "arguments", held_up)
    text = Path(blackbox.record(directory, "toy1", "late", lambda: tree)).read_text()
    assert "Stop failed." in text
    assert text.count("  file /") == len(tree)
