"""A client outside of the cluster, which calls the service at its virtual address all the time."""

from __future__ import annotations

import sys
from pathlib import Path

from arkcore.testing.cluster.held import Held

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
        """Every call that began at `since` or later, oldest first."""
        found = []
        text = self._record.read_text() if self._record.exists() else ""
        for line in text[: text.rfind("\n") + 1].splitlines():
            began, ended, node = line.split("\t")
            if float(began) >= since:
                found.append(Answer(float(began), float(ended), node))
        return found

    def back_after(self, moment: float) -> float | None:
        """When the last gap that began or was open after `moment` was over, in service again.

        None where there is no service now. `moment` itself where there was no gap.
        """
        answers = self.answers(moment)
        if not answers or not answers[-1].node:
            return None
        back = moment
        for before, after in zip(answers, answers[1:], strict=False):
            if not before.node and after.node:
                back = after.ended
        return back

    def gaps(self, since: float = 0.0) -> list[Gap]:
        """The times without service, those that are over."""
        found = []
        last: Answer | None = None
        missed = False
        for answer in self.answers(since):
            if not answer.node:
                missed = True
                continue
            if last is not None and missed:
                found.append(Gap(last.ended, answer.ended, last.node, answer.node))
            last, missed = answer, False
        return found
