"""What the model found wrong."""

from __future__ import annotations

from dataclasses import dataclass

#: Every kind of violation, and what it means in one line.
KINDS = {
    "untrue": "a verdict that was not so",
    "late": "an action that ended more than a second after its limit",
    "orphan": "a process of ours that outlived its action",
    "line": "a RAS line merged, malformed, lost or unpaired",
    "bystander": "a process that is none of this logical host's was ended",
    "exit-code": "an exit code that the manager does not know",
    "unsettled": "with all faults over, an ordinary action did not go well",
}


@dataclass(frozen=True)
class Violation:
    """One thing that must never be: its kind, in which step of the run, and what was seen."""

    kind: str
    seed: int
    step: int
    text: str

    def __str__(self) -> str:
        return f"seed {self.seed}, step {self.step}: {self.kind}: {self.text}"
