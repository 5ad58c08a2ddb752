"""Many questions aside, as many of them at once as the processors can use.

Each has a process and a time of its own, and the time begins when it is asked: one that hangs takes
nothing from the others. Questions that wait for a command keep no processor busy. So where nothing
has ended for a moment, twice as many are at work from then on.
"""

from __future__ import annotations

import gc
import os
import select

from arkcore.base.deadline import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from arkcore.worker.aside import Aside

#: Seconds in which no question ends, after which more are asked at once.
_SILENCE = 0.1
#: Questions at once at most: each takes a process and two open files.
_MOST = 256


class Turn:
    """The question about `name` while it is at work. `end`: when it has to be over."""

    __slots__ = ("aside", "end", "name")

    def __init__(self, name: str, aside: Aside, end: Deadline) -> None:
        self.name = name
        self.aside = aside
        self.end = end

    @property
    def is_over(self) -> bool:
        """Whether waiting for its answer takes no time."""
        return self.aside.has_told() or self.end.passed


def in_turn(
    names: Iterable[str], begin: Callable[[str], Turn], over: Callable[[Turn], object]
) -> None:
    """Ask about each name (`begin`), and hand each question over once it has its answer or is late.

    They are begun in the order of `names`, and are over in any order. What still is at work when
    this ends, by an error or an interrupt, is ended. `OSError` where not even one process can be
    made.
    """
    ahead = [*names][::-1]
    at_once = len(os.sched_getaffinity(0))
    at_work: list[Turn] = []
    # What is there now is left alone by the collectors of the children: they share its memory.
    gc.freeze()
    try:
        silent = Deadline.after(_SILENCE)
        while ahead or at_work:
            while ahead and len(at_work) < at_once:
                try:
                    at_work.append(begin(ahead[-1]))
                except OSError:
                    if not at_work:
                        raise
                    at_once = len(at_work)  # more the machine has no means for
                else:
                    ahead.pop()
            _await_any(at_work, silent)
            for turn in [each for each in at_work if each.is_over]:
                at_work.remove(turn)
                over(turn)
                silent = Deadline.after(_SILENCE)
            if silent.passed:
                at_once = min(2 * at_once, _MOST)
                silent = Deadline.after(_SILENCE)
    finally:
        for turn in at_work:
            turn.aside.give_up()
        gc.unfreeze()


def _await_any(at_work: Sequence[Turn], silent: Deadline) -> None:
    """Wait until one of them has told something or is late, until `silent` at the latest."""
    poll = select.poll()
    for turn in at_work:
        poll.register(turn.aside.descriptor, select.POLLIN)
    least = min(each.end.remaining() for each in at_work)
    poll.poll(min(least, silent.remaining()) * 1000 + 1)
