"""Follows a node's RAS log across its power cuts: each line whole, each script with its end.

What was at work when the power was cut has no end. The next action on that resource tells it as
aborted, which may come much later, or never. So the log is read up to that moment at once, before
the node can write on, and from then on each resource is excused for one script, told as its first
word.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from ark_testing.ras_reading import Entry, RasReading

from rigs.cluster import ClusterError, Node, wait_for


class RasProof:
    """The RAS log of `node`.

    :param monitors_cut_short: the resources whose monitor Pacemaker has killed there, as often.
    :param patience: seconds within which a script that is at work must have its end.
    """

    def __init__(
        self, node: Node, monitors_cut_short: Callable[[], list[str]], patience: float = 20.0
    ) -> None:
        self._node = node
        self._monitors_cut_short = monitors_cut_short
        self._patience = patience
        self._reading = RasReading(node.file("/var/log/ark/ras.log"))
        #: The power may be cut by the power switch's thread, while the log is read here.
        self._lock = threading.Lock()
        self._found: list[str] = []
        #: How many kills of monitors, by resource, are over and done with.
        self._excused: Counter[str] = Counter()
        #: Resources that may still have to tell of what the last power cut has ended; all of them
        #: but those in `_has_told`.
        self._died = False
        self._has_told: set[str] = set()
        #: Lines at the last question.
        self._lines = 0
        node.after_death.append(self._at_death)

    def problems(self, *, at_work: bool) -> list[str]:
        """What is wrong with what was written since the last call.

        :param at_work: the node has a service, whose monitors must have written something.
        """

        def told() -> bool:
            with self._lock:
                self._read()
                news = self._reading.lines > self._lines
                return not self._reading.unpaired() and (news or not at_work)

        try:
            wait_for("every script has its end", told, self._patience)
        except ClusterError:
            pass
        with self._lock:
            self._found += [f"no end: {what}" for what in self._reading.unpaired()]
            if at_work and self._reading.lines == self._lines:
                self._found.append("nothing is told of a service that is monitored")
            self._lines = self._reading.lines
            found, self._found = self._found, []
        return found

    def close(self) -> None:
        self._node.after_death.remove(self._at_death)
        self._reading.close()

    def _at_death(self) -> None:
        with self._lock:
            self._read()
            self._reading.forget()
            self._died = True
            self._has_told.clear()

    def _read(self) -> None:
        for entry in self._reading.news(self._found):
            excuses = (self._was_cut_short(entry), self._was_without_power(entry))
            if entry.what == "aborted" and not any(excuses):
                self._found.append(f"nothing was killed: {entry.resource}: {entry.message}")
            # That an abort without a start is excused as well: it may be killed in between.
            self._reading.count([entry], killed=True, problems=self._found)

    def _was_cut_short(self, entry: Entry) -> bool:
        """Does a line tell of a monitor that Pacemaker has killed? One line for each of them."""
        if (entry.script, entry.what) != ("quickcheck", "aborted"):
            return False
        # The log is read long after: it may tell of the next one as well by now.
        killed = self._monitors_cut_short().count(entry.resource)
        if self._excused[entry.resource] >= killed:
            return False
        self._excused[entry.resource] += 1
        return True

    def _was_without_power(self, entry: Entry) -> bool:
        """Does a line tell of a script that the last power cut has ended?

        An action tells that before all else: where one has come to its end, nothing is to be told.
        """
        if entry.what != "aborted" and (not entry.ends or entry.skipped):
            return False
        may = self._died and entry.resource not in self._has_told
        self._has_told.add(entry.resource)
        return may
