"""Generic ARK: protects any application with LifeKeeper for Linux, one plugin an application.

What stands here is what plugins may use, with :mod:`ark_testing` for their tests; all else
is the engine's own and may change. docs/en/api.md describes each name.
"""

from arkcore.base.choice import Choice
from arkcore.base.errors import ArkError, ConfigurationError, MachineError, PluginError, StepFailed
from arkcore.base.language import say
from arkcore.base.status import Status, StatusReport
from arkcore.machine import processes
from arkcore.machine.processes import Process
from arkcore.plugin.application import (
    API,
    Application,
    LogicalHostRule,
    SupportClass,
    Topology,
    option,
)
from arkcore.plugin.marker import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.deadline import Deadline
    from arkcore.base.finding import Finding, Level
    from arkcore.context.context import Context
    from arkcore.context.pid_file import Belief, Sighting
    from arkcore.machine.asked import ask_disk
    from arkcore.machine.channel import Log
    from arkcore.machine.command import CommandResult
    from arkcore.machine.disk import SilentDisk, ask_path
    from arkcore.machine.program import fault_of_command
    from arkcore.plugin.daemon import Daemon
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Site


#: Loaded only where a plugin names them at run time: an action has no need of them.
_LATER = {
    "ask_disk": "arkcore.machine.asked",
    "ask_path": "arkcore.machine.disk",
    "Belief": "arkcore.context.pid_file",
    "CommandResult": "arkcore.machine.command",
    "Context": "arkcore.context.context",
    "Daemon": "arkcore.plugin.daemon",
    "Deadline": "arkcore.base.deadline",
    "Finding": "arkcore.base.finding",
    "Level": "arkcore.base.finding",
    "Log": "arkcore.machine.channel",
    "Machine": "arkcore.survey.machine",
    "Sighting": "arkcore.context.pid_file",
    "SilentDisk": "arkcore.machine.disk",
    "Site": "arkcore.survey.site",
    "fault_of_command": "arkcore.machine.program",
}


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> object:
        if name in _LATER:
            from sys import modules

            __import__(_LATER[name])
            return getattr(modules[_LATER[name]], name)
        raise AttributeError(f"module 'arkcore' has no attribute {name!r}")


__version__ = "0.1.0"

__all__ = [
    "API",
    "Application",
    "ArkError",
    "Belief",
    "Choice",
    "CommandResult",
    "ConfigurationError",
    "Context",
    "Daemon",
    "Deadline",
    "Finding",
    "Level",
    "Log",
    "LogicalHostRule",
    "Machine",
    "MachineError",
    "PluginError",
    "Process",
    "Sighting",
    "SilentDisk",
    "Site",
    "Status",
    "StatusReport",
    "StepFailed",
    "SupportClass",
    "Topology",
    "ask_disk",
    "ask_path",
    "fault_of_command",
    "hookimpl",
    "option",
    "processes",
    "say",
]
