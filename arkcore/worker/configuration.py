"""Asks a plugin whether its product's configuration is right: in a worker, and without acting."""

from __future__ import annotations

from arkcore.base import quickjson
from arkcore.base.deadline import Deadline
from arkcore.base.errors import PluginError, described
from arkcore.base.finding import Finding, Level
from arkcore.base.status import Outcome, Verdict
from arkcore.memory.state import State
from arkcore.worker.aside import ANSWER, send_answer, supervise_aside
from arkcore.worker.part import Part, do_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arkcore.actions.work import Work
    from arkcore.base.paths import Paths
    from arkcore.machine.channel import Event, Sender
    from arkcore.resources.resource import Resource
    from arkcore.worker.signals import Signals

HOOK = "ark_check_configuration"
#: Seconds for the checks, and more for ending what they ran.
WITHIN = 20.0
ENDING = 2.0


def question(paths: Paths, resource: Resource, deadline: Deadline) -> Callable[[Sender], None]:
    """What a worker does: ask the plugin, and tell what it has found."""

    def check(work: Work) -> Verdict:
        try:
            found = _found(work)
        except Exception as error:
            return Verdict(Outcome.INTERNAL, f"{HOOK} raised {described(error)}")
        send_answer(work.sender, found)
        return Verdict(Outcome.WELL)

    def body(sender: Sender) -> None:
        state = State(paths, resource.name, read_only=True)
        do_part(sender, Part(check, resource, state, deadline))

    return body


def _found(work: Work) -> list[list[str]]:
    if not work.hooks.has(HOOK):
        return []
    return [
        [each.check, each.level.value, each.seen, each.advice]
        for each in work.hooks.check_configuration(work.ctx)
    ]


def findings(answer: Iterable[Iterable[str]]) -> list[Finding]:
    """The findings that a worker has told."""
    return [Finding(check, Level(level), seen, advice) for check, level, seen, advice in answer]


def told(finding: Finding) -> str:
    """A finding in one line."""
    advice = f"; {finding.advice}" if finding.advice else ""
    return f"{finding.check}: {finding.seen}{advice}"


def checked(paths: Paths, resource: Resource, signals: Signals) -> list[Finding]:
    """What the plugin finds, asked by a process that a manager has called.

    `PluginError` where the plugin does not come to an end.
    """
    texts: list[str] = []
    deadline = Deadline.after(WITHIN)

    def hear(event: Event) -> None:
        if event.kind == ANSWER:
            texts.extend(event.texts)

    report = supervise_aside(
        question(paths, resource, deadline),
        end=Deadline(deadline.at + ENDING),
        tell=hear,
        signals=signals,
        prepare=lambda: None,
        doing=lambda: "",
        record_late=lambda pid, stack, within: "",
    )
    if not report.well:
        raise PluginError(f"plugin {resource.plugin.name}: {report.reason}")
    return findings(quickjson.loads("".join(texts).encode()))
