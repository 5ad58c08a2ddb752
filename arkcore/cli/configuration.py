"""Asks a resource's plugin whether its product's configuration is right; each in a fork."""

from __future__ import annotations

from arkcore.base.deadline import Deadline
from arkcore.base.errors import PluginError
from arkcore.cli.resources import usable
from arkcore.worker import configuration
from arkcore.worker.aside import Aside, end_what_is_left
from arkcore.worker.several import Turn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.finding import Finding
    from arkcore.base.paths import Paths
    from arkcore.resources.resource import Resource


def findings_about(paths: Paths, name: str) -> list[Finding]:
    """What the plugin of the resource `name` finds. `ArkError` where nobody can be asked."""
    resource = usable(paths, name)
    turn = begin_asking(paths, resource)
    try:
        return findings_of(turn, resource)
    finally:
        end_what_is_left()


def begin_asking(paths: Paths, resource: Resource) -> Turn:
    """Have the plugin of `resource` asked. What its commands leave is left to be ended."""
    deadline = Deadline.after(configuration.WITHIN)
    aside = Aside(configuration.question(paths, resource, deadline))
    return Turn(resource.name, aside, Deadline(deadline.at + configuration.ENDING))


def findings_of(turn: Turn, resource: Resource) -> list[Finding]:
    """What it has found. `PluginError` where it did not come to an end."""
    report = turn.aside.wait(turn.end)
    if not report.well:
        raise PluginError(f"plugin {resource.plugin.name}: {report.reason}")
    return configuration.findings(turn.aside.answer)
