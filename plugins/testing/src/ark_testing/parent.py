"""The process that stands for the manager on a node: it calls programs, and sees all they start.

It is a subreaper, so whatever an application starts, however it detaches itself, stays below it.
That is how the kit knows which processes an application consists of without asking its plugin.
Each logical host of a test has a parent of its own, so that it is seen whose a process is.

The parent itself (:func:`main`) is a process of one thread that does one job at a time, told on
its stdin as JSON lines; where that ends, it ends all that is below it. :class:`Parent` is its
owner's side.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ark_testing.invocation import Invocation, RunEnd, Waiting, await_end, run
from ark_testing.mess import Inherited, Mess
from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, MachineError
from arkcore.machine import ending, offspring, processes
from arkcore.machine.descent import become_subreaper
from arkcore.machine.processes import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

#: Seconds beyond a job's own limit in which the parent must have answered.
_PATIENCE = 30.0
#: Seconds between two calls of `Parent.on_wait`.
_PULSE = 1.0


class Parent:
    """One parent process, and the ways to have it do something. It begins with its first job."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._refuses = False
        self._spared: tuple[str, ...] = ()
        self._rest = b""
        self._impostors: set[Process] = set()
        #: Called every now and then while an answer is awaited.
        self.on_wait: Callable[[], None] = lambda: None

    def _begun(self) -> subprocess.Popen[bytes]:
        """The process; `MachineError` where it is to begin nothing any more."""
        if self._refuses:
            raise MachineError("the check was ended")
        if self._process is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            with open(self._errors, "w") as errors:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "ark_testing.parent", str(self._directory)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                    cwd="/",
                    bufsize=0,
                )
        return self._process

    @property
    def _errors(self) -> Path:
        return self._directory / "parent.errors"

    def _roots(self) -> set[int]:
        return set() if self._process is None else {self._process.pid}

    def refuse(self) -> None:
        """Begin no job from now on: each one raises `MachineError`."""
        self._refuses = True

    def run(self, invocation: Invocation, within: float = 600.0) -> RunEnd:
        """Run a program to its end; `within` is what even a hung one is given."""
        self.begin(invocation)
        return self.end(within)

    def begin(self, invocation: Invocation) -> None:
        """Begin to run a program; :meth:`end` waits for it. Nothing else can be done meanwhile."""
        self._tell("run", invocation.as_mapping())

    def end(self, within: float = 600.0) -> RunEnd:
        return RunEnd(**self._answer(within))

    def ask(self, question: dict[str, Any], within: float) -> dict[str, Any]:
        """Have `ark_testing.asking` answer in a fork of the parent; ended after `within`."""
        self._tell("ask", {"question": question, "within": within})
        return self._answer(within)

    def inherited(self) -> Inherited:
        """What the programs that were run messily could have passed on."""
        self._tell("mess", {})
        return Inherited(**self._answer(_PATIENCE))

    def take_pids(self, dead: list[int]) -> list[Process]:
        """Have another program live under each of these pids, as the kernel may do any time.

        `MachineError` where the kernel does not let us choose: it takes root, and Linux 5.5.
        """
        self._tell("pids", {"pids": dead})
        taken = [processes.look(pid) for pid in self._answer(_PATIENCE)["pids"]]
        found = [each for each in taken if each is not None]
        self._impostors |= set(found)
        return found

    def ended_by(self) -> dict[int, int]:
        """The signal that ended each process it has buried since this was asked last, 0 for none.

        By pid. What an application's own process has buried is not among them.
        """
        self._tell("ended", {})
        return {int(pid): number for pid, number in self._answer(_PATIENCE)["ended"].items()}

    def living(self) -> list[Process]:
        """All that lives below it, by pid. At rest, that is what was started and not ended."""
        below = processes.descendants(self._roots()) if self._process is not None else set()
        return sorted(below - self._impostors, key=lambda each: each.pid)

    def kill(self, spare: tuple[str, ...] = ()) -> list[Process]:
        """KILL all that lives below it but machine-wide processes named in `spare`; the rest."""
        self._spared = spare
        if self._process is None:
            return []

        def find() -> set[Process]:
            seen = processes.table()
            below = processes.descendants(self._roots(), seen)
            return offspring.apart_from(spare, below, seen)

        for process in find():
            processes.send(process, signal.SIGKILL)
        return ending.end(find, Deadline.after(10.0), spare=spare, grace=0.1)

    def close(self, spare: tuple[str, ...] = ()) -> None:
        """End all that is below it, and itself."""
        self._refuses = True
        if self._process is None:
            return
        left = self.kill(spare)
        # Killed before its stdin ends: else it would end what is spared.
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if left:
            raise MachineError("could not be ended: " + ", ".join(map(str, left)))

    def _tell(self, kind: str, job: dict[str, Any]) -> None:
        process = self._begun()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps({"kind": kind, **job}).encode() + b"\n")
        except OSError as error:
            raise MachineError(f"the parent process is gone: {self._last_words()}") from error

    def _answer(self, within: float) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline = Deadline.after(within + _PATIENCE)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while b"\n" not in self._rest:
            if not poll.poll(min(deadline.remaining(), _PULSE) * 1000):
                self.on_wait()
                if self._refuses:
                    self.kill(self._spared)  # a job may begin only after it was ended
                if deadline.passed:
                    raise MachineError(f"no answer of the parent process within {within:.0f} s")
                continue
            data = os.read(descriptor, 65536)
            if not data:
                raise MachineError(f"the parent process is gone: {self._last_words()}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise MachineError(answer["error"])
        return answer

    def _last_words(self) -> str:
        lines = self._errors.read_text("utf-8", "replace").splitlines()
        return lines[-1] if lines else "it said nothing"


# The process itself.


class _Jobs:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._mess: Mess | None = None
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self._waiting = Waiting(reading, self._reap_orphans)
        #: The signal that ended each orphan, 0 for none.
        self._ended: dict[int, int] = {}

    def serve(self) -> None:
        """Do jobs until nobody tells any more."""
        rest = b""
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(self._waiting.wake, select.POLLIN)
        while True:
            while b"\n" in rest:
                line, _, rest = rest.partition(b"\n")
                self._answer(json.loads(line))
            ready = {descriptor for descriptor, _ in poll.poll()}
            self._reap_orphans()
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    return
                rest += data

    def _answer(self, job: dict[str, Any]) -> None:
        kind = job.pop("kind")
        try:
            answer = getattr(self, f"_do_{kind}")(**job)
        except Exception as error:  # told to whoever asked, who makes it a finding of its own
            answer = {"error": f"{type(error).__name__}: {error}"}
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[os.write(1, data) :]

    def _reap_orphans(self) -> None:
        """Bury what has lost its parent and died, as init would; not the child of a job."""
        try:
            os.read(self._waiting.wake, 4096)
        except BlockingIOError:
            pass
        while True:
            try:
                seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if seen is None or seen.si_pid == self._waiting.child:
                return
            _, status = os.waitpid(seen.si_pid, 0)
            self._ended[seen.si_pid] = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def _do_run(self, **described: Any) -> dict[str, Any]:
        invocation = Invocation(**described)
        prepare = None
        if invocation.messy:
            mess = self._messy()
            environment = mess.environment(dict(invocation.environment))
            described.update(environment=environment, directory=mess.directory)
            invocation = Invocation(**described)
            prepare = mess.make
        return asdict(run(invocation, prepare, self._waiting))

    def _do_ask(self, question: dict[str, Any], within: float) -> dict[str, Any]:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _become_asker(question, writing)
        os.close(writing)
        try:
            status, answer = self._await_asker(pid, reading, within)
        finally:
            os.close(reading)
        code = os.waitstatus_to_exitcode(status)
        if code in (0, 1) and answer:
            found: dict[str, Any] = json.loads(answer)
            return found
        ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        return {"died": f"the process that loaded the plugin {ended}"}

    def _await_asker(self, pid: int, reading: int, within: float) -> tuple[int, bytes]:
        ended: int | None = None

        def poll_code() -> int | None:
            nonlocal ended
            if ended is None:
                done, status = os.waitpid(pid, os.WNOHANG)
                ended = status if done else None
            return ended

        def end_late() -> None:
            os.kill(pid, signal.SIGKILL)

        status, answer, _ = await_end(poll_code, pid, reading, within, end_late, self._waiting)
        return status, answer

    def _do_pids(self, pids: list[int]) -> dict[str, Any]:
        return {"pids": [_live_under_when_free(pid) for pid in pids]}

    def _do_ended(self) -> dict[str, Any]:
        self._reap_orphans()
        ended, self._ended = self._ended, {}
        return {"ended": ended}

    def _messy(self) -> Mess:
        if self._mess is None:
            self._mess = Mess(self._directory / "mess")
        return self._mess

    def _do_mess(self) -> dict[str, Any]:
        return asdict(self._messy().inherited())


def _become_asker(question: dict[str, Any], writing: int) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        from ark_testing.asking import answer

        _send(answer(question), writing)
        code = 0
    except BaseException as error:
        told = str(error) if isinstance(error, ArkError) else f"{type(error).__name__}: {error}"
        _send({"died": told}, writing)
    finally:
        os._exit(code)


def _send(told: dict[str, Any], writing: int) -> None:
    data = json.dumps(told).encode()
    while data:
        data = data[os.write(writing, data) :]


#: clone3(2), of every architecture alike, and its arguments' size with set_tid (Linux 5.5).
_CLONE3, _ARGUMENTS = 435, 11
#: Seconds within which the pid of a dead process must be free.
_FREE = 3.0


def _live_under_when_free(pid: int) -> int:
    """As :func:`_live_under`; who had the pid may be dead for a moment only, and not buried yet."""
    free = Deadline.after(_FREE)
    while True:
        try:
            return _live_under(pid)
        except FileExistsError:
            if free.passed:
                raise
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass  # its own parent has yet to do it
        time.sleep(0.01)


def _live_under(pid: int) -> int:
    """Start a process that has this very pid; it does nothing and ends after an hour."""
    import ctypes

    wanted = (ctypes.c_int * 1)(pid)
    values = [0] * _ARGUMENTS
    values[4], values[8], values[9] = signal.SIGCHLD, ctypes.addressof(wanted), 1
    arguments = (ctypes.c_uint64 * _ARGUMENTS)(*values)
    library = ctypes.CDLL(None, use_errno=True)
    made = library.syscall(_CLONE3, arguments, ctypes.sizeof(arguments))
    if made == 0:
        try:
            os.setsid()
            os.execve("/bin/sleep", ["sleep", "3600"], {})
        finally:
            os._exit(1)
    if made < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"a process with pid {pid} cannot be made: {os.strerror(number)}")
    # Seen from outside only as what it becomes.
    until = time.monotonic() + 5.0
    while processes.executable(made) == processes.executable(os.getpid()):
        if time.monotonic() > until:
            break
        time.sleep(0.001)
    return int(made)


def main() -> None:
    """Be the parent; its one argument is a directory of its own."""
    if not become_subreaper():
        raise SystemExit("this process cannot become a subreaper")
    # Loaded once here, and there in every fork; never a plugin.
    import importlib.metadata
    import tomllib

    import msgspec

    from ark_testing import asking

    assert asking
    assert msgspec
    assert tomllib
    assert importlib.metadata
    # A descriptor of the owner's that it was started with is nobody else's.
    os.set_inheritable(0, False)
    os.set_inheritable(1, False)
    try:
        _Jobs(Path(sys.argv[1])).serve()
    finally:
        below = {os.getpid()}
        ending.end(lambda: processes.descendants(below), Deadline.after(10.0), grace=0.0)


if __name__ == "__main__":
    main()
