"""Generic ARK: protects any application with LifeKeeper for Linux, one plugin an application.

What stands here is what plugins may use; everything else is the engine's own and may change.
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
from arkcore.finding import Finding, Level
from arkcore.language import say
from arkcore.marker import hookimpl
from arkcore.processes import Process
from arkcore.status import Status, StatusReport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.checks.machine import Machine
    from arkcore.checks.site import Site
    from arkcore.command import CommandResult
    from arkcore.context import Context
    from arkcore.deadline import Deadline


def __getattr__(name: str) -> object:
    # Loaded only where a plugin names them at run time; a healthy check does without.
    if name == "Context":
        from arkcore.context import Context

        return Context
    if name == "CommandResult":
        from arkcore.command import CommandResult

        return CommandResult
    if name == "Deadline":
        from arkcore.deadline import Deadline

        return Deadline
    if name == "Machine":
        from arkcore.checks.machine import Machine

        return Machine
    if name == "Site":
        from arkcore.checks.site import Site

        return Site
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
    "hookimpl",
    "option",
    "processes",
    "say",
]
