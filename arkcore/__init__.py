"""Generic ARK: protects any application with LifeKeeper for Linux, one plugin an application.

What stands here is what plugins may use, with :mod:`ark_testing` for their tests; all else
is the engine's own and may change. docs/en/api.md describes each name.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.choice import Choice
    from arkcore.base.deadline import Deadline
    from arkcore.base.errors import (
        ArkError,
        ConfigurationError,
        MachineError,
        PluginError,
        StepFailed,
    )
    from arkcore.base.finding import Finding, Level
    from arkcore.base.language import say
    from arkcore.base.status import Status, StatusReport
    from arkcore.context.context import Context
    from arkcore.context.pid_file import Belief, Sighting
    from arkcore.machine import processes
    from arkcore.machine.asked import ask_disk
    from arkcore.machine.channel import Log
    from arkcore.machine.command import CommandResult
    from arkcore.machine.disk import SilentDisk, ask_path
    from arkcore.machine.processes import Process
    from arkcore.machine.program import fault_of_command
    from arkcore.plugin.application import (
        API,
        Application,
        LogicalHostRule,
        SupportClass,
        Topology,
        option,
    )
    from arkcore.plugin.daemon import Daemon
    from arkcore.plugin.health import HealthCommand
    from arkcore.plugin.marker import hookimpl
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Site


#: Each name is loaded where it is first asked for: a healthy check has no need of most.
_PLACES = {
    "API": "arkcore.plugin.application",
    "Application": "arkcore.plugin.application",
    "ArkError": "arkcore.base.errors",
    "ask_disk": "arkcore.machine.asked",
    "ask_path": "arkcore.machine.disk",
    "Belief": "arkcore.context.pid_file",
    "Choice": "arkcore.base.choice",
    "CommandResult": "arkcore.machine.command",
    "ConfigurationError": "arkcore.base.errors",
    "Context": "arkcore.context.context",
    "Daemon": "arkcore.plugin.daemon",
    "Deadline": "arkcore.base.deadline",
    "Finding": "arkcore.base.finding",
    "HealthCommand": "arkcore.plugin.health",
    "Level": "arkcore.base.finding",
    "Log": "arkcore.machine.channel",
    "LogicalHostRule": "arkcore.plugin.application",
    "Machine": "arkcore.survey.machine",
    "MachineError": "arkcore.base.errors",
    "PluginError": "arkcore.base.errors",
    "Process": "arkcore.machine.processes",
    "Sighting": "arkcore.context.pid_file",
    "SilentDisk": "arkcore.machine.disk",
    "Site": "arkcore.survey.site",
    "Status": "arkcore.base.status",
    "StatusReport": "arkcore.base.status",
    "StepFailed": "arkcore.base.errors",
    "SupportClass": "arkcore.plugin.application",
    "Topology": "arkcore.plugin.application",
    "fault_of_command": "arkcore.machine.program",
    "hookimpl": "arkcore.plugin.marker",
    "option": "arkcore.plugin.application",
    "say": "arkcore.base.language",
}


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> object:
        from sys import modules

        if name == "processes":
            __import__("arkcore.machine.processes")
            found = modules["arkcore.machine.processes"]
        elif name in _PLACES:
            __import__(_PLACES[name])
            found = getattr(modules[_PLACES[name]], name)
        else:
            raise AttributeError(f"module 'arkcore' has no attribute {name!r}")
        globals()[name] = found
        return found


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
    "HealthCommand",
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
