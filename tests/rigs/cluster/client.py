"""A client outside of the cluster, which calls the service at its virtual address all the time."""

from __future__ import annotations

import bisect
import sys
from pathlib import Path

from rigs.cluster.held import Held

_PROGRAM = Path(__file__).with_name("client_program.py")


class Answer:
    """One call. Times are CLOCK_MONOTONIC; `node` is "" where no answer came."""

    __slots__ = ("began", "ended", "node")

    def __init__(self, began: float, ended: float, node: str) -> None:
        self.began = began
        self.ended = ended
        self.node = node


class Gap:
    """A time without service: from the last answer before it to the first one after it."""

    def __init__(self, last: float, back: float, before: str, after: str) -> None:
        self.last = last
        self.back = back
        self.before = before
        self.after = after

    @property
    def seconds(self) -> float:
        return self.back - self.last


class Client:
    """Calls http://ADDRESS/ every `interval` seconds, each call for at most `patience` seconds."""

    def __init__(
        self, address: str, directory: Path, *, interval: float = 0.05, patience: float = 0.3
    ) -> None:
        self.address = address
        self._record = directory / f"client-{address}"
        self._record.touch()
        self._read = 0
        self._answers: list[Answer] = []
        self._gaps: list[Gap] = []
        self._last_good: Answer | None = None
        command = [sys.executable, "-I", str(_PROGRAM), address, str(self._record)]
        command += [str(interval), str(patience)]
        self._held = Held(["net"], command, directory / "client.log")

    @property
    def pid(self) -> int:
        """The process, whose network a cable is plugged into."""
        return self._held.pid

    def begin(self) -> None:
        self._held.ask("start")

    def close(self) -> None:
        self._held.kill()

    def answers(self, since: float = 0.0) -> list[Answer]:
        """Every call that ended at `since` or later, oldest first."""
        self._read_on()
        begin = bisect.bisect_left(self._answers, since, key=lambda answer: answer.ended)
        return self._answers[begin:]

    def gaps(self, since: float = 0.0) -> list[Gap]:
        """The times without service that were over after `since`; one that lasts is not told."""
        self._read_on()
        return [gap for gap in self._gaps if gap.back > since]

    def _read_on(self) -> None:
        with open(self._record, "rb") as file:
            file.seek(self._read)
            text = file.read()
        text = text[: text.rfind(b"\n") + 1]
        self._read += len(text)
        for line in text.decode().splitlines():
            began, ended, node = line.split("\t")
            answer = Answer(float(began), float(ended), node)
            last = self._last_good
            self._answers.append(answer)
            if not answer.node:
                continue
            if last is not None and last is not self._answers[-2]:
                self._gaps.append(Gap(last.ended, answer.ended, last.node, answer.node))
            self._last_good = answer
