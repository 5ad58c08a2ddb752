"""Generic ARK: protects any application with LifeKeeper for Linux, one plugin an application.

What stands here is what plugins may use, with :mod:`arkcore.testing` for their tests; all else
is the engine's own and may change. docs/en/api.md describes each name.
"""

from arkcore import processes
from arkcore.application import (
    API,
    Application,
    LogicalHostRule,
    SupportClass,
    Topology,
    option,
)
from arkcore.errors import ArkError, ConfigurationError, MachineError, PluginError, StepFailed
from arkcore.language import say
from arkcore.marker import hookimpl
from arkcore.processes import Process
from arkcore.status import Status, StatusReport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.asked import ask_disk
    from arkcore.checks.machine import Machine
    from arkcore.checks.site import Site
    from arkcore.command import CommandResult
    from arkcore.context import Context, Log
    from arkcore.deadline import Deadline
    from arkcore.finding import Finding, Level


#: Loaded only where a plugin names them at run time: an action has no need of them.
_LATER = {
    "ask_disk": "arkcore.asked",
    "CommandResult": "arkcore.command",
    "Context": "arkcore.context",
    "Deadline": "arkcore.deadline",
    "Finding": "arkcore.finding",
    "Level": "arkcore.finding",
    "Log": "arkcore.context",
    "Machine": "arkcore.checks.machine",
    "Site": "arkcore.checks.site",
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
    "CommandResult",
    "ConfigurationError",
    "Context",
    "Deadline",
    "Finding",
    "Level",
    "Log",
    "LogicalHostRule",
    "Machine",
    "MachineError",
    "PluginError",
    "Process",
    "Site",
    "Status",
    "StatusReport",
    "StepFailed",
    "SupportClass",
    "Topology",
    "ask_disk",
    "hookimpl",
    "option",
    "processes",
    "say",
]
