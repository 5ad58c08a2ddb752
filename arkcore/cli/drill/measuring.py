"""When everything was: by the RAS log of the node where it was, else by the manager's history."""

from __future__ import annotations

from arkcore.base.call import Action
from arkcore.cli.drill.leg import Point
from arkcore.cli.language import say
from arkcore.machine.channel import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arkcore.cli.drill.hearing import Heard, Hearing
    from arkcore.cli.drill.leg import Leg
    from arkcore.cli.drill.manager import Drilled
    from arkcore.cli.drill.there import There
    from arkcore.ras.records import ScriptTaken

#: What the manager's history calls an action, and the steps of a recover that are the same.
_OPERATIONS = {Action.REMOVE: "stop", Action.RESTORE: "start"}
_STEPS = {Action.REMOVE: (Step.STOP, Step.FORCE), Action.RESTORE: (Step.START,)}


class Measuring:
    """One drill of `resource`, as it is measured. `leg`: what comes of it."""

    def __init__(self, resource: str, drilled: Drilled, hearing: Hearing, leg: Leg) -> None:
        self._resource = resource
        self._drilled = drilled
        self._hearing = hearing
        self._leg = leg
        #: When a look at the manager first found it up where a switch was to bring it.
        self.in_service: float | None = None
        #: The other node's RAS log, where it could be read.
        self.there: There | None = None

    @property
    def struck(self) -> float:
        return self._leg.struck or self._leg.began

    def starts(self) -> Iterator[ScriptTaken]:
        """Its restores and recovers on this node that have ended since."""
        for script in self._hearing.scripts(self._resource):
            if script.action in (Action.RESTORE, Action.RECOVER) and script.ends >= self.struck:
                yield script

    def started_at(self) -> float:
        """When the last start that is known ended."""
        ended = [script.ends for script in self.starts() if script.well]
        ended += [each.ended for each in self._drilled.operations() if each.action == "start"]
        ended += [self.in_service] if self.in_service is not None else []
        return max(ended, default=self.struck)

    def acts(self) -> Point | None:
        """The first that the manager did about it: a failed check, a script, an operation."""
        seen = [
            Point("acts", heard.at, self._log)
            for heard in self._hearing.heard
            if heard.at >= self.struck and _is_act(heard)
        ]
        seen += [
            Point("acts", max(each.began, self.struck), self._history)
            for each in self._drilled.operations()
        ]
        if self.there is not None:
            # Logged in the second of the strike, it was after it: nothing was done before.
            seen += [
                Point("acts", max(heard.at, self.struck), self.there.source, whole=True)
                for heard in self.there.heard
                if heard.at + 1.0 > self.struck and _is_act(heard)
            ]
        return min(seen, key=lambda point: point.at, default=None)

    def first_failures(self) -> list[str]:
        """Where it began to go wrong: the first bad end by the log, and by the manager."""
        bad = [each.line for each in self._hearing.heard if _is_failure(each)]
        first = [f"{line.resource}: {line.message}" for line in bad[:1]]
        there = self.there
        told = [each.line for each in there.heard if _is_failure(each)] if there else []
        if there is not None and told:
            first.append(f"{there.node}: {told[0].resource}: {told[0].message}")
        # What failed here, the log has told already, and better.
        here = f" on {self._drilled.node}:"
        return first + [each for each in self._drilled.failures() if not (bad and here in each)][:1]

    def points(self) -> list[Point]:
        """All that was measured, in its order."""
        leg = self._leg
        strike = Point("struck", self.struck, "ark drill")
        acts = self.acts()
        if leg.plan.by_person and acts is not None:
            # How long an administrator took to type it is no part of the switch.
            leg.struck = acts.at
            strike = Point("struck", acts.at, acts.source)
        found = [strike, *([acts] if acts is not None else [])]
        found += self._span("stop", Action.REMOVE, leg.plan.source)
        found += self._span("start", Action.RESTORE, leg.plan.target)
        ended = [each for each in leg.operations if each.action == "start" and not each.failed]
        if leg.passed and any(each.resource != self._resource for each in ended):
            found.append(Point("all_up", max(each.ended for each in ended), self._history))
        if leg.passed and self.in_service is not None and not ended:
            # The manager keeps no history: the moment that it was seen there is its time.
            found.append(Point("in_service", self.in_service, self._drilled.source))
        client = say("client", "クライアント")
        if leg.gaps:
            found.append(Point("lost", leg.gaps[0].lost, client))
            if leg.gaps[-1].back is not None:
                found.append(Point("served", leg.gaps[-1].back, client))
        return sorted(found, key=lambda point: point.at)

    @property
    def _history(self) -> str:
        return say(f"history of {self._drilled.title}", f"{self._drilled.title} の履歴")

    @property
    def _log(self) -> str:
        return say(f"RAS log of {self._drilled.node}", f"{self._drilled.node} の RAS ログ")

    def _span(self, key: str, action: Action, node: str) -> Iterator[Point]:
        """When the resource's stop or start on `node` began and ended."""
        spans, source, whole = [], self._log, False
        if node == self._drilled.node:
            spans = list(self._in_log(action, self._hearing.scripts(self._resource)))
        elif self.there is not None:
            spans = list(self._in_log(action, self.there.scripts(self._resource), early=1.0))
            source, whole = self.there.source, True
        if not spans:
            wanted = (node, self._resource, _OPERATIONS[action])
            spans = [
                (each.began, each.ended)
                for each in self._leg.operations
                if (each.node, each.resource, each.action) == wanted
            ]
            source, whole = self._history, False
        if spans:
            yield Point(f"{key}_began", spans[0][0], source, whole)
            yield Point(f"{key}_ended", spans[-1][1], source, whole)

    def _in_log(
        self, action: Action, scripts: Sequence[ScriptTaken], early: float = 0.0
    ) -> Iterator[tuple[float, float]]:
        """Its spans by the scripts of a node. `early`: seconds that their times may be before."""
        for script in scripts:
            if script.ends + early < self.struck:
                continue
            if script.action is action:
                yield script.began, script.ends
            elif script.action is Action.RECOVER:
                found = script.of(*_STEPS[action])
                if found:
                    # A recover is over when what it has started is confirmed to run.
                    last = script.ends if action is Action.RESTORE else found[-1].ends
                    yield found[0].began, last


def _is_act(heard: Heard) -> bool:
    """Whether the manager does something: a check does when it has failed."""
    if heard.line.message.startswith(Action.QUICK_CHECK.script):
        return heard.line.went_badly
    return heard.line.message.endswith(" start.")


def _is_failure(heard: Heard) -> bool:
    """A failure that was not made on purpose: that a check has failed is what a drill is for."""
    check = heard.line.message.startswith(Action.QUICK_CHECK.script)
    return heard.line.went_badly and not check
