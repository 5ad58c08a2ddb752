"""The service as a client outside sees it: a command or an address that the user has named."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass

from arkcore.base.errors import MachineError
from arkcore.cli.drill.manager import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAM = os.path.join(os.path.dirname(__file__), "client_program.py")
#: Seconds from the beginning of one call to that of the next, where it is not longer.
INTERVAL = 0.2
#: Seconds for one call.
PATIENCE = 5.0


@dataclass(frozen=True)
class Service:
    """What the user calls to be served. `words`: of the client's program."""

    told: str
    words: tuple[str, ...]

    @classmethod
    def of_command(cls, text: str) -> Service:
        """`ValueError` where it is no command."""
        words = shlex.split(text)
        if not words:
            raise ValueError("it is empty")
        return cls(text, ("command", *words))

    @classmethod
    def of_address(cls, text: str) -> Service:
        """`ValueError` where it is no HOST:PORT."""
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError("allowed is HOST:PORT")
        return cls(text, ("address", host, port))


@dataclass(frozen=True)
class Call:
    """One call. Times since the epoch; `problem` is "" where the service answered."""

    began: float
    ended: float
    problem: str


@dataclass(frozen=True)
class Gap:
    """A time without service: its last answer before, its first failed call, its first answer."""

    last: float
    lost: float
    back: float | None
    problem: str


class Outside:
    """A client at work, in a process of its own; used in a `with` statement."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._calls: list[Call] = []
        self._rest = b""
        words = [sys.executable, "-I", _PROGRAM, str(INTERVAL), str(PATIENCE), *service.words]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdout is not None
        self._reading = self._process.stdout.fileno()
        os.set_blocking(self._reading, False)

    def __enter__(self) -> Outside:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def wait_for_answer(self) -> None:
        """Until it is served. `Refused` where the first calls say no: nothing could be measured."""
        end = time.monotonic() + 3 * PATIENCE
        while time.monotonic() < end:
            calls = self.calls()
            if calls and not calls[-1].problem:
                return
            if len(calls) >= 3:
                break
            time.sleep(0.02)
        calls = self.calls()
        problem = calls[-1].problem if calls else f"no end within {PATIENCE:g} s"
        raise Refused(
            f"the client is not served before anything is broken: {self.service.told}: {problem}; "
            f"put it right first"
        )

    def calls(self) -> Sequence[Call]:
        """Every call so far, oldest first. `MachineError` where the client's process has ended."""
        while True:
            try:
                data = os.read(self._reading, 65536)
            except BlockingIOError:
                break
            if not data:
                raise MachineError(f"the client has ended: exit code {self._process.wait()}")
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._calls += [Call(*json.loads(line)) for line in lines]
        return self._calls

    def gaps(self, since: float) -> list[Gap]:
        """The times without service after `since`; of one that lasts `back` is None."""
        found: list[Gap] = []
        last, lost, problem = since, 0.0, ""
        for call in self.calls():
            if call.problem and call.ended >= since:
                if not lost:
                    # A call that hung already then has failed by what came upon it.
                    lost, problem = max(call.began, since), call.problem
            elif not call.problem:
                if lost:
                    found.append(Gap(last, lost, call.ended, problem))
                    lost = 0.0
                last = max(call.ended, since)
        if lost:
            found.append(Gap(last, lost, None, problem))
        return found

    def served_since(self, moment: float) -> bool:
        """Whether the last call that began after `moment` was answered."""
        calls = self.calls()
        return bool(calls) and calls[-1].began >= moment and not calls[-1].problem
