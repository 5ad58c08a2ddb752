"""A step of an installation, its parts, and which step is next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class State(Enum):
    DONE = "done"
    MISSING = "missing"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Part:
    """One thing that a step needs. `seen`: by what it was told."""

    title: str
    state: State
    seen: str = ""


@dataclass(frozen=True)
class Step:
    """`commands`: as they are typed, on the node `where`; `advice`: what no command does."""

    number: int
    title: str
    where: str
    parts: tuple[Part, ...]
    commands: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        states = [part.state for part in self.parts]
        for state in (State.MISSING, State.CANNOT_TELL):
            if state in states:
                return state
        return State.DONE


def next_step(steps: Sequence[Step], *, whole: bool = True) -> Step | None:
    """The first step where something is missing, else the first that a person has to look at.

    `whole`: both nodes have answered. With the answers of one, no step is next because of what
    only the other node can tell: the pair may be in service.
    """
    for state in (State.MISSING, State.CANNOT_TELL) if whole else (State.MISSING,):
        for step in steps:
            if step.state is state:
                return step
    return None
