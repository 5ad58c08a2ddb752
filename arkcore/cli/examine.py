"""Examines this node for `ark preflight` and `ark guide`: its plugins are asked, each aside."""

from __future__ import annotations

import os
from dataclasses import replace

from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, ConfigurationError, PluginError
from arkcore.base.finding import Finding, Level
from arkcore.base.status import Outcome, Verdict
from arkcore.cli.console import refuse_unless_readable
from arkcore.cli.lifekeeper import launcher_files
from arkcore.cli.resources import usable
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.lifekeeper_commands import LifeKeeperCommands
from arkcore.managers.stored_launcher import why_it_does_not_start
from arkcore.memory.state import State
from arkcore.plugin.application import declared_options
from arkcore.plugin.contract import check_hooks
from arkcore.plugin.discovery import find
from arkcore.plugin.near_misses import refuse_near_misses
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers
from arkcore.survey.agreement import Declared
from arkcore.survey.answers import new_salt
from arkcore.survey.host_names import Rule
from arkcore.survey.node import Asked, Cluster, examine
from arkcore.survey.site import LIFEKEEPER
from arkcore.worker.aside import Aside, answer_of, end_what_is_left, send_answer
from arkcore.worker.part import Part, do_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arkcore.actions.work import Work
    from arkcore.base.paths import Paths
    from arkcore.machine.channel import Sender
    from arkcore.survey.answers import Answers
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import LogicalHost, Site

#: Seconds for the checks of one plugin, and more for ending what they ran.
_WITHIN = 20.0
_ENDING = 2.0


def examined(paths: Paths, site: Site, machine: Machine, there: Answers | None = None) -> Answers:
    """All answers of this node, to be compared with those of its peer, `there`.

    `ArkError` where it is none of the site's, or not to be read.
    """
    refuse_unless_readable(paths.resources)

    def ask(host: LogicalHost, name: str) -> Asked:
        return _ask(paths, site, machine, host, name)

    salt = new_salt() if there is None else there.salt
    return examine(machine, paths, site, ask, _cluster(paths, site, machine), salt)


def _cluster(paths: Paths, site: Site, machine: Machine) -> Cluster:
    if site.manager != LIFEKEEPER:
        return Cluster(machine.path_of("crm_mon") is not None, lambda _: "")
    manager = find_lifekeeper(os.environ, paths.prefix)
    commands, found = LifeKeeperCommands(manager.root), dict[str, str]()

    def launchers(name: str) -> str:
        for program in launcher_files.NAMES:
            why = why_it_does_not_start(commands.copy_of(program, name), found)
            if why:
                return f"{commands.place_of(program, name)}: {why}"
        return ""

    there = manager.is_installed
    interval = manager.check_interval if there else None
    return Cluster(there, lambda name: manager.state(name) or "", launchers, manager.root, interval)


def _ask(paths: Paths, site: Site, machine: Machine, host: LogicalHost, name: str) -> Asked:
    plugin = host.resources[name]
    try:
        declared = answer_of(lambda: _declared(plugin))
    except ArkError as error:
        return Asked(error=f"{paths.site_file}: resources: {name} = {plugin!r}: {error}")
    title = str(declared["title"])
    told = Asked(
        title,
        str(declared["support"]),
        tuple(declared["topologies"]),
        rule=Rule(title, int(declared["max_bytes"]), int(declared["unique_bytes"])),
    )
    try:
        resource = _resource(paths, host, name, plugin, declared)
        if resource is not None and os.path.exists(paths.resource_file(name)):
            told = replace(told, declared=_written(resource, str(declared["lang"])))
        findings = _findings(paths, site, machine, resource) if resource else ()
    except ArkError as error:
        return replace(told, error=str(error))
    return replace(told, findings=findings)


def _written(resource: Resource, default: str) -> Declared:
    """What the file of a resource declares. `default`: its plugin's own `lang`."""
    lang, user = resource.options.get("lang", default), resource.options.get("user", "")
    return Declared(
        resource.requires,
        resource.mount_points,
        lang if isinstance(lang, str) else "",
        user if isinstance(user, str) else "",
    )


def _declared(plugin: str) -> dict[str, Any]:
    """What the plugin declares, the support class too, for which a validation would refuse it."""
    made = find(plugin).load()
    check_hooks(made, plugin)
    refuse_near_misses(made, plugin)
    application = made.ark_application()  # type: ignore[attr-defined]
    options = declared_options(application.options)
    return {
        "title": application.title,
        "support": application.support.value,
        "topologies": [each.value for each in application.topologies],
        "max_bytes": application.logical_host.max_bytes,
        "unique_bytes": application.logical_host.unique_bytes,
        "machine_wide": list(application.machine_wide),
        "runs_as_processes": application.runs_as_processes,
        "start_code_decides": application.start_code_decides,
        "force_before_restart": application.force_before_restart,
        "lang": options["lang"].default if "lang" in options else "",
        "needs": [key for key, option in options.items() if option.required],
    }


def _resource(
    paths: Paths, host: LogicalHost, name: str, plugin: str, declared: dict[str, Any]
) -> Resource | None:
    """The resource of the file; while there is none, one with the defaults, where that will do."""
    where = paths.resource_file(name)
    if os.path.exists(where):
        resource = usable(paths, name)
        given = {"plugin": resource.plugin.name, "logical_host": resource.logical_host}
        for key, wanted in (("plugin", plugin), ("logical_host", host.name)):
            if given[key] != wanted:
                raise ConfigurationError(
                    f"{where}: {key} = {given[key]!r}: the site file says {wanted!r}"
                )
        return resource
    if declared["needs"] or declared["support"] in ("c", "-"):
        return None
    return Resource(
        name=name,
        logical_host=host.name,
        plugin=find(plugin),
        application=ApplicationFacts(
            force_before_restart=bool(declared["force_before_restart"]),
            runs_as_processes=bool(declared["runs_as_processes"]),
            machine_wide=tuple(declared["machine_wide"]),
            start_code_decides=bool(declared["start_code_decides"]),
        ),
        timers=Timers({}),
        options={},
        ras=RasSettings(),
        log=LogSettings(),
    )


def _findings(
    paths: Paths, site: Site, machine: Machine, resource: Resource
) -> tuple[Finding, ...]:
    """What the plugin's own checks find. `PluginError` where they do not come to an end."""
    deadline = Deadline.after(_WITHIN)

    def body(sender: Sender) -> None:
        def check(work: Work) -> Verdict:
            try:
                send_answer(sender, _found(work, site, machine))
            except Exception as error:  # a plugin's fault is told, and the other checks go on
                told = f"{type(error).__name__}: {error}"
                return Verdict(Outcome.INTERNAL, f"ark_preflight raised {told}")
            return Verdict(Outcome.WELL)

        state = State(paths, resource.name, read_only=True)
        do_part(sender, Part(check, resource, state, deadline))

    aside = Aside(body)
    report = aside.wait(Deadline(deadline.at + _ENDING))
    end_what_is_left()
    if not report.well:
        raise PluginError(f"plugin {resource.plugin.name}: {report.reason}")
    return tuple(
        Finding(check, Level(level), seen, advice, number=number)
        for check, level, seen, advice, number in aside.answer
    )


def _found(work: Work, site: Site, machine: Machine) -> list[list[str]]:
    if not work.hooks.has("ark_preflight"):
        return []
    return [
        [each.check, each.level.value, each.seen, each.advice, each.number]
        for each in work.hooks.preflight(work.ctx, site, machine)
    ]
