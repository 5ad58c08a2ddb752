"""One logical host under test: its four programs, what its plugin says, what really lives."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ark_testing.installation import LogicalHost
from ark_testing.invocation import RunEnd
from ark_testing.lifekeeper import Node, ProgramEnd
from ark_testing.parent import Parent
from arkcore.base.call import Action
from arkcore.base.paths import Paths
from arkcore.base.status import Status
from arkcore.machine import offspring, processes
from arkcore.machine.processes import Process
from arkcore.memory.intent import Wanted
from arkcore.memory.state import State

#: Seconds in which a plugin's own hooks answer, where a check sets no bound.
ASKING = 20.0
#: Seconds after its deadline in which a hook comes back, where a check sets no bound.
_LATE = 10.0


@dataclass(frozen=True)
class HookCall:
    """One call of a hook, and all that was seen of it."""

    hook: str
    seconds: float
    #: What it raised, "" for nothing; "StepFailed" is what a hook may raise.
    raised: str
    answered: str
    printed: str
    #: Of its process: what was otherwise afterwards.
    changed: Sequence[str]
    #: What its class or module held otherwise afterwards.
    kept: Sequence[str]
    #: Files that its own Python made, wrote or removed for good: "made PATH".
    wrote: Sequence[str]
    #: Files that it wrote where and as anybody could foretell it.
    foretold: Sequence[str]
    #: What its own Python did that the context is there for.
    acted: Sequence[str]
    #: The commands that it had run: their words, and the seconds that each was given.
    ran: Sequence[tuple[Sequence[str], float | None]]

    @property
    def commands(self) -> list[str]:
        """The command lines that it had run."""
        return [" ".join(words) for words, _ in self.ran]


@dataclass(frozen=True)
class Look:
    """What a plugin says in a process of its own, and what the engine makes of it."""

    #: The engine's judgement, of the plugin's word and the processes.
    status: Status
    detail: str
    #: The plugin's word alone; None where it raised or answered no status.
    said: Status | None
    #: Those the plugin lists.
    listed: frozenset[Process]
    calls: Sequence[HookCall]


class Host:
    """One logical host under test."""

    def __init__(
        self,
        given: LogicalHost,
        resource: str,
        node: Node,
        parent: Parent,
        machine_wide: tuple[str, ...],
    ) -> None:
        self.given = given
        self.resource = resource
        self.name = given.name
        self.prefix = node.prefix
        self.machine_wide = machine_wide
        self.parent = parent
        self._node = node
        #: Every call of a hook that was made by a look.
        self.calls: list[HookCall] = []

    # The four programs.

    def restore(self, *, messy: bool = False) -> ProgramEnd:
        end = self._run(Action.RESTORE, messy=messy)
        if end.code == 0:
            self._node.set_state(self.resource, "ISP")
        return end

    def remove(self) -> ProgramEnd:
        end = self._run(Action.REMOVE)
        if end.code == 0:
            self._node.set_state(self.resource, "OSU")
        return end

    def quick_check(self) -> ProgramEnd:
        return self._run(Action.QUICK_CHECK)

    def recover(self) -> ProgramEnd:
        return self._run(Action.RECOVER)

    def begin(self, action: Action) -> None:
        """Begin an action; :meth:`end` waits for it, and nothing can be asked meanwhile."""
        self.parent.begin(self._node.invocation(action, self.resource))

    def end(self, action: Action) -> ProgramEnd:
        return ProgramEnd.of(action, self.parent.end())

    def _run(self, action: Action, *, messy: bool = False) -> ProgramEnd:
        from dataclasses import replace

        invocation = replace(self._node.invocation(action, self.resource), messy=messy)
        return ProgramEnd.of(action, self.parent.run(invocation))

    def run_end(self, invocation: Any) -> RunEnd:
        """Have this logical host's parent run something else: an OCF agent."""
        return self.parent.run(invocation)

    def wanted_up(self) -> None:
        """Have the node know what a restore by the manager would have made known."""
        State(Paths(self.prefix), self.resource).intent.want(Wanted.UP)
        self._node.set_state(self.resource, "ISP")

    # The plugin.

    def look(
        self,
        within: float = ASKING,
        *,
        late: float = _LATE,
        bare: Path | None = None,
        clock: float = 0.0,
    ) -> Look:
        """What the plugin says now, asked in a process of its own.

        `Lost` where its hooks have not come back `late` seconds after their deadline. `bare`: an
        empty directory to ask in, without a PATH or any other variable. `clock`: the seconds by
        which the wall clock has been set forward meanwhile.
        """
        shifted = {"clock": clock} if clock else {}
        found = self._ask({"what": "look", **_bare(bare), **shifted}, within, late)
        alive = {(each.pid, each.start): each for each in processes.table().values()}
        listed = [alive.get((pid, start)) for pid, start in found["listed"]]
        return Look(
            Status[found["status"]],
            found["detail"],
            Status[found["said"]] if found["said"] in Status.__members__ else None,
            frozenset(each for each in listed if each is not None),
            self._noted(found),
        )

    def step(
        self, what: str, within: float, bare: Path | None = None, node: str = ""
    ) -> dict[str, Any]:
        """Do "start", "stop" or "force" as a worker does, without the flow around it.

        `node`: the name that the node has meanwhile; `Lost` where it cannot be given one.
        """
        named = {"node": node} if node else {}
        found = self._ask({"what": what, **_bare(bare), **named}, within)
        self._noted(found)
        return found

    def call_hook(
        self, hook: str, within: float = ASKING, bare: Path | None = None
    ) -> HookCall | None:
        """Call one hook with a deadline of `within` seconds; None where it came to no end."""
        found = self.parent.ask(
            {"what": "call", "hook": hook, **self._place(), **_bare(bare), "within": within},
            within + 3.0,
        )
        if "died" in found:
            return None
        calls = self._noted(found)
        return calls[-1] if calls else None

    def validate(self) -> dict[str, Any]:
        """Validate its resource file as `ark validate` does: "refused", "wrote", "acted"."""
        found = self.parent.ask({"what": "validate", **self._place()}, ASKING)
        if "died" in found:
            raise Lost(f"asked to validate: {found['died']}")
        return found

    def preflight(self) -> list[dict[str, str]]:
        found = self._ask({"what": "preflight"}, ASKING)
        self._noted(found)
        findings: list[dict[str, str]] = found["findings"]
        return findings

    def _place(self) -> dict[str, str]:
        return {"prefix": self.prefix, "resource": self.resource}

    def _ask(self, question: dict[str, Any], within: float, late: float = _LATE) -> dict[str, Any]:
        found = self.parent.ask({**question, **self._place(), "within": within}, within + late)
        if "died" in found:
            raise Lost(f"asked to {question['what']}: {found['died']}")
        return found

    def _noted(self, found: dict[str, Any]) -> list[HookCall]:
        calls = [HookCall(**call) for call in found["calls"]]
        self.calls += calls
        return calls

    # What really lives.

    def living(self) -> list[Process]:
        """The application's processes, seen from outside: all that its starts have made."""
        seen = {each.pid: each for each in [*self.parent.living(), *self._made_by_others()]}
        apart = offspring.apart_from(self.machine_wide, seen.values(), seen)
        return [each for each in seen.values() if each in apart]

    def _made_by_others(self) -> list[Process]:
        """Those whose parents do not tell: a service manager has made them."""
        pids = self.given.pids() if self.given.pids is not None else ()
        return [each for each in map(processes.look, pids) if each is not None]

    def machine_wide_living(self) -> list[Process]:
        """The machine-wide processes that this logical host's starts have made."""
        seen = {each.pid: each for each in self.parent.living()}
        apart = offspring.apart_from(self.machine_wide, seen.values(), seen)
        return [each for each in seen.values() if each not in apart]

    def kill(self, killed: Sequence[Process], number: int = signal.SIGKILL) -> None:
        """Signal processes; those killed are dead when this returns."""
        for process in killed:
            processes.send(process, number)
        if number == signal.SIGKILL:
            await_that(lambda: not any(map(processes.still_lives, killed)), 10.0)

    # What was told.

    def messages(self) -> list[str]:
        """The messages of the RAS log of this resource, without time, resource and host."""
        try:
            text = Path(f"{self.prefix}/var/log/ark/ras.log").read_text("utf-8", "replace")
        except OSError:
            return []
        lines = [line.split(" : ", 3) for line in text.splitlines()]
        return [parts[3] for parts in lines if len(parts) == 4 and parts[1] == self.resource]

    def owner_of_output(self) -> str:
        """Where a start's output goes: the one file of ours a daemon may hold open."""
        return f"{self.prefix}/var/log/ark/output/{self.resource}.start"


def _bare(directory: Path | None) -> dict[str, str]:
    return {} if directory is None else {"bare": str(directory)}


class Lost(Exception):
    """The process that loaded the plugin came to no good end."""


def await_that(condition: Callable[[], object], within: float) -> bool:
    """Look until `condition` holds; whether it did, within so many seconds."""
    until = time.monotonic() + within
    pause = 0.005
    while not condition():
        if time.monotonic() >= until:
            return False
        time.sleep(pause)
        pause = min(pause * 1.4, 0.1)
    return True


def shown(found: Sequence[Process]) -> str:
    """Processes as a person reads them, with their command lines."""
    texts = []
    for each in found:
        words = b" ".join(processes.arguments(each.pid)).decode("utf-8", "replace")
        texts.append(f"{each} {words[:60]}".strip())
    return "; ".join(texts) if texts else "none"


def environment_of(pid: int) -> dict[str, str]:
    """The environment a process was started with."""
    entries = [os.fsdecode(entry) for entry in processes.environment(pid)]
    return dict(entry.partition("=")[::2] for entry in entries if "=" in entry)
