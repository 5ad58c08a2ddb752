"""One protected resource, from a mapping that was validated. Knows no file."""

from __future__ import annotations

from arkcore.plugin.source import PluginSource
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from arkcore.resources.parameters import Parameters


class StartSettings:
    """What [start] says.

    `nice`: from -20 (most urgent) to 19. `limits`: soft and hard limit by the names that
    `start_settings.LIMITS` has, in the kernel's units; -1 is unlimited. `slice`: the systemd slice
    whose control group holds that of the start, "" for our own.
    """

    __slots__ = ("limits", "nice", "slice")

    def __init__(
        self, nice: int = 0, limits: Mapping[str, list[int]] | None = None, slice: str = ""
    ) -> None:
        self.nice = nice
        self.limits = dict(limits or {})
        self.slice = slice

    def to_list(self) -> list[Any]:
        """As plain values, for the record."""
        return [self.nice, self.limits, self.slice]


class RasSettings:
    """How much the RAS log tells.

    `detail`: "guide" or "full". `quickcheck`: "every" run is told, or only "changes" of verdict.
    """

    __slots__ = ("detail", "quickcheck")

    DETAIL = ("guide", "full")
    QUICKCHECK = ("every", "changes")

    def __init__(self, detail: str = "guide", quickcheck: str = "every") -> None:
        self.detail = detail
        self.quickcheck = quickcheck


class LogSettings:
    """Which sinks besides the RAS log are in use; loguru carries them.

    `stderr` and `journal`: the least level told there, or "none". `json`: a file, or "". `trace`:
    a file that is told every hook call, or "". `group`: whose members may read our logs, or "".
    `blackboxes`, `blackbox_days`, `incident_days`: as :class:`arkcore.machine.blackbox.Keeping`
    takes them.
    """

    __slots__ = (
        "blackbox_days",
        "blackboxes",
        "group",
        "incident_days",
        "journal",
        "json",
        "stderr",
        "trace",
    )

    LEVELS = ("debug", "info", "warning", "error", "none")

    def __init__(
        self,
        stderr: str = "warning",
        journal: str = "none",
        json: str = "",
        trace: str = "",
        group: str = "",
        blackboxes: int = 20,
        blackbox_days: int = 0,
        incident_days: int = 7,
    ) -> None:
        self.stderr = stderr
        self.journal = journal
        self.json = json
        self.trace = trace
        self.group = group
        self.blackboxes = blackboxes
        self.blackbox_days = blackbox_days
        self.incident_days = incident_days


class Resource:
    """Everything the engine needs to know of one resource."""

    __slots__ = (
        "application",
        "given",
        "health",
        "log",
        "logical_host",
        "may_lack_secrets",
        "mount_points",
        "name",
        "observers",
        "options",
        "plugin",
        "ras",
        "requires",
        "secrets",
        "start",
        "timers",
    )

    def __init__(
        self,
        *,
        name: str,
        logical_host: str,
        plugin: PluginSource,
        application: ApplicationFacts,
        requires: tuple[str, ...] = (),
        mount_points: tuple[str, ...] = (),
        timers: Timers,
        options: Mapping[str, Any],
        ras: RasSettings,
        log: LogSettings,
        observers: tuple[str, ...] = (),
        start: StartSettings | None = None,
        secrets: Mapping[str, Sequence[Any]] | None = None,
        health: Sequence[Sequence[Any]] = (),
    ) -> None:
        self.name = name
        self.logical_host = logical_host
        self.plugin = plugin
        self.application = application
        self.requires = requires
        self.mount_points = mount_points
        self.timers = timers
        #: Plain values; a worker makes the plugin's own options object of them.
        self.options = options
        #: The secret options, which are none of `options`: where the value of each stands, and
        #: whether it is a table; see :mod:`arkcore.resources.secrets`.
        self.secrets = secrets or {}
        #: What the manager has handed over: where it holds the values of secret options.
        self.given: Parameters | None = None
        #: Whether a secret that cannot be had is left empty: a remove does without.
        self.may_lack_secrets = False
        self.ras = ras
        self.log = log
        self.observers = observers
        self.start = start or StartSettings()
        #: The commands that tell a healthy application, each as `HealthCommand.to_list` has it.
        self.health = health


class ApplicationFacts:
    """What the guard, which imports no plugin, has to know of an application."""

    __slots__ = (
        "force_before_restart",
        "machine_wide",
        "runs_as_processes",
        "shares_host",
        "start_code_decides",
    )

    def __init__(
        self,
        *,
        force_before_restart: bool,
        runs_as_processes: bool,
        machine_wide: tuple[str, ...],
        start_code_decides: bool = True,
        shares_host: bool = False,
    ) -> None:
        self.force_before_restart = force_before_restart
        self.runs_as_processes = runs_as_processes
        self.machine_wide = machine_wide
        self.start_code_decides = start_code_decides
        #: Whether several resources of its plugin may have one logical host.
        self.shares_host = shares_host


def to_mapping(resource: Resource) -> dict[str, Any]:
    """`resource` as plain values, for the record."""
    source = resource.plugin
    facts = resource.application
    return {
        "name": resource.name,
        "logical_host": resource.logical_host,
        "plugin": [
            source.name,
            source.module,
            source.attribute,
            source.distribution,
            source.version,
            source.metadata,
        ],
        "application": [
            facts.force_before_restart,
            facts.runs_as_processes,
            list(facts.machine_wide),
            facts.start_code_decides,
            facts.shares_host,
        ],
        "requires": list(resource.requires),
        "mount_points": list(resource.mount_points),
        "timers": resource.timers.as_mapping(),
        "options": dict(resource.options),
        "secrets": {name: list(source) for name, source in resource.secrets.items()},
        "ras": [resource.ras.detail, resource.ras.quickcheck],
        "log": [
            resource.log.stderr,
            resource.log.journal,
            resource.log.json,
            resource.log.trace,
            resource.log.group,
            resource.log.blackboxes,
            resource.log.blackbox_days,
            resource.log.incident_days,
        ],
        "observers": list(resource.observers),
        "start": resource.start.to_list(),
        "health": list(resource.health),
    }


def from_mapping(values: Mapping[str, Any]) -> Resource:
    """The resource that :func:`to_mapping` wrote.

    `KeyError`, `TypeError` or `ValueError` where `values` is not such a mapping.
    """
    force, processes, machine_wide, code_decides, shares_host = values["application"]
    return Resource(
        name=values["name"],
        logical_host=values["logical_host"],
        plugin=PluginSource(*values["plugin"]),
        application=ApplicationFacts(
            force_before_restart=force,
            runs_as_processes=processes,
            machine_wide=tuple(machine_wide),
            start_code_decides=code_decides,
            shares_host=shares_host,
        ),
        requires=tuple(values["requires"]),
        mount_points=tuple(values["mount_points"]),
        timers=Timers(values["timers"]),
        options=values["options"],
        secrets=values["secrets"],
        ras=RasSettings(*values["ras"]),
        log=LogSettings(*values["log"]),
        observers=tuple(values["observers"]),
        start=StartSettings(*values["start"]),
        health=values["health"],
    )
