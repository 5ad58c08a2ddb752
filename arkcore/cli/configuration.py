"""Asks a resource's plugin whether its product's configuration is right; each in a fork."""

from __future__ import annotations

from arkcore.base.deadline import Deadline
from arkcore.base.errors import PluginError
from arkcore.cli.resources import usable
from arkcore.worker import configuration
from arkcore.worker.aside import Aside, end_what_is_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.finding import Finding
    from arkcore.base.paths import Paths


def findings_about(paths: Paths, name: str) -> list[Finding]:
    """What the plugin of the resource `name` finds. `ArkError` where nobody can be asked."""
    resource = usable(paths, name)
    deadline = Deadline.after(configuration.WITHIN)
    aside = Aside(configuration.question(paths, resource, deadline))
    report = aside.wait(Deadline(deadline.at + configuration.ENDING))
    end_what_is_left()
    if not report.well:
        raise PluginError(f"plugin {resource.plugin.name}: {report.reason}")
    return configuration.findings(aside.answer)
