"""Calls a plugin's hooks in a process made for it, and tells all that could be seen of each call.

The hooks are handed what they are handed in a worker: a real context, through the engine's own
steps. Here nobody looks away: what a hook raises, prints, changes or keeps is told.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from ark_testing.acting import Acting, set_node_name, shift_clock
from ark_testing.changes import Surroundings, differences, kept_by
from ark_testing.hook_names import odd_hooks
from ark_testing.writing import Writing
from arkcore.actions import starting, stopping
from arkcore.actions.work import Work
from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, StepFailed, place_of
from arkcore.base.finding import Finding
from arkcore.base.paths import Paths
from arkcore.base.status import StatusReport
from arkcore.base.stderr import complain
from arkcore.context import context
from arkcore.context.context import Context
from arkcore.machine import processes
from arkcore.machine.channel import Sender
from arkcore.machine.command import CommandResult
from arkcore.machine.processes import Process
from arkcore.memory.state import State
from arkcore.plugin.application import (
    Application,
    check_declaration,
    declared_options,
    is_secret,
    make_options,
    users_among,
)
from arkcore.plugin.contract import check_hooks
from arkcore.plugin.discovery import find
from arkcore.plugin.hooks import PluggyHooks
from arkcore.plugin.marker import is_marked
from arkcore.plugin.near_misses import refuse_near_misses
from arkcore.resources import record, secrets
from arkcore.resources.recording import validate_and_record
from arkcore.resources.resource import Resource
from arkcore.resources.timers import check_timers
from arkcore.survey.machine import Machine
from arkcore.survey.site import LIFEKEEPER, STANDBY, LogicalHost, Node, Site

_LONGEST = 2000
#: The hooks that answer with findings.
_FINDINGS = ("ark_check_configuration", "ark_preflight")
#: Seconds between the deadline a hook is given and the moment its process is ended.
_END = 4.0
#: The packages of classes that no plugin has written.
_NOT_THE_PLUGINS = ("arkcore", "builtins")
#: The kind of a hook's commands, for those that act.
KINDS = {
    "ark_start": context.START,
    "ark_stop": context.STOP,
    "ark_force_stop": context.FORCE,
}


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Answer one question: `what` is to be done, and what with."""
    what = question.pop("what")
    output = _capture()
    if "bare" in question:
        _make_bare(question.pop("bare"))
    if "node" in question:
        set_node_name(question.pop("node"))
    if "clock" in question:
        shift_clock(question.pop("clock"))
    acting = Acting()
    if what == "declaration":
        return _declaration(question["plugin"], acting)
    if what == "validate":
        return _validate(question["prefix"], question["resource"], acting)
    asking = _Asking(question["prefix"], question["resource"], question["within"], output, acting)
    return asking.do(what, question.get("hook", ""))


def _capture() -> int:
    """Have what this process prints on stdout in memory; where that is."""
    sys.stdin = open("/dev/null")  # noqa: SIM115 (as long as the process)
    os.dup2(sys.stdin.fileno(), 0)
    output = os.memfd_create("stdout")
    os.dup2(output, 1)
    return output


def _make_bare(directory: str) -> None:
    """Take away what a hook must not need: the environment, a PATH that finds anything, `/`."""
    os.chdir(directory)
    os.environ.clear()
    os.environ["PATH"] = directory


# What a plugin says of itself.


def _declaration(name: str, acting: Acting) -> dict[str, Any]:
    began = time.monotonic()
    try:
        source = find(name)
        before = Surroundings()
        acting.begin()
        plugin = source.load()
        acted, changed = acting.end(), before.changes()
        check_hooks(plugin, name)
        refuse_near_misses(plugin, name)
        application = check_declaration(plugin.ark_application(), name)  # type: ignore[attr-defined]
        check_timers(application.timers, f"plugin {name}")
    except ArkError as error:
        return {"refused": str(error)}
    except Exception as error:
        return {"refused": f"ark_application raised {_told(error)}"}
    return {
        "seconds": time.monotonic() - began,
        "acted": acted,
        "changed": changed,
        "module": source.module,
        "modules": sorted({each.__module__ for each in _classes(plugin, application)}),
        "distribution": source.distribution,
        "timers": dict(application.timers),
        "odd_hooks": odd_hooks(plugin),
        "hooks": [hook for hook in dir(plugin) if is_marked(plugin, hook)],
        "title": application.title,
        "topologies": [each.value for each in application.topologies],
        "runs_as_processes": application.runs_as_processes,
        "machine_wide": list(application.machine_wide),
        "exclusive": application.logical_host.exclusive,
        "options": _options(application),
        "checks_options": hasattr(application.options, "check"),
        "users": [
            key for key in users_among(application.options) if hasattr(application.options, key)
        ],
    }


def _classes(plugin: object, application: Application) -> list[type]:
    """The classes that a plugin and its options are made of."""
    made = [*type(plugin).__mro__, *application.options.__mro__]
    return [each for each in made if each.__module__.partition(".")[0] not in _NOT_THE_PLUGINS]


def _options(application: Application) -> dict[str, Any]:
    from arkcore.resources.option_values import check_option, hints_of

    found: dict[str, Any] = {}
    hints = hints_of(application.options, "options")
    for key, declared in declared_options(application.options).items():
        problem = ""
        if key not in hints:
            problem = f"options.{key}: no type is declared for it: {key}: TYPE = option(...)"
        elif not declared.required:
            try:
                check_option(key, declared.default, hints[key], declared, "the default")
            except ArkError as error:
                problem = str(error)
        found[key] = {
            "text": declared.text,
            "text_ja": declared.text_ja,
            "secret": is_secret(key, declared),
            "required": declared.required,
            "minimum": declared.minimum,
            "maximum": declared.maximum,
            "choices": list(declared.choices),
            "default": repr(declared.default),
            "names": declared.kind,
            "problem": problem,
            "kind": str(hints.get(key, "")),
        }
    return found


def _validate(prefix: str, name: str, acting: Acting) -> dict[str, Any]:
    writing = Writing()
    writing.begin()
    acting.begin()
    found: dict[str, Any] = {}
    try:
        validate_and_record(Paths(prefix), name)
    except ArkError as error:
        found["refused"] = str(error)
    except Exception as error:
        found["raised"] = _told(error)
    writing.end()
    # What is there since an earlier validation was to be made nevertheless.
    return {**found, "wrote": [f"changes {each}" for each in writing.tried], "acted": acting.end()}


# Hooks.


class _ObservedHooks(PluggyHooks):
    """Calls hooks as the engine does, and notes what could be seen of each call."""

    def __init__(self, plugin: object, name: str, output: int, acting: Acting) -> None:
        super().__init__(plugin, name)
        self._output = output
        self._called = plugin
        self.calls: list[dict[str, Any]] = []
        #: The commands that the context was handed: their words, and the seconds that each was
        #: given, None for as many as the hook has.
        self.ran: list[tuple[list[str], float | None]] = []
        self._writing = Writing()
        self._acting = acting

    def _call(self, hook: str, **given: Any) -> Any:
        before = Surroundings(starts=hook == "ark_start")
        ran = len(self.ran)
        options = _text_of_options(given)
        self._writing.begin()
        self._acting.begin()
        kept = kept_by(self._called)
        printed = self._printed()
        raised, value = "", None
        began = time.monotonic()
        try:
            value = super()._call(hook, **given)
            if hook in _FINDINGS:
                value = list(value)  # a generator runs only now
            return value
        except BaseException as error:
            raised = "StepFailed" if isinstance(error, StepFailed) else _told(error)
            raise
        finally:
            seconds = time.monotonic() - began
            acted, wrote = self._acting.end(), self._writing.end()
            changed = before.changes()
            if _text_of_options(given) != options:
                changed.append("ctx.options")
            self.calls.append(
                {
                    "hook": hook,
                    "seconds": seconds,
                    "raised": raised,
                    "answered": _described(value),
                    "printed": self._printed()[len(printed) :] + self._acting.told,
                    "changed": changed,
                    "kept": differences(kept, kept_by(self._called)),
                    "wrote": wrote,
                    "foretold": list(self._writing.foretold),
                    "acted": acted,
                    "ran": self.ran[ran:],
                }
            )

    def _printed(self) -> str:
        sys.stdout.flush()
        size = os.fstat(self._output).st_size
        return os.pread(self._output, size, 0).decode("utf-8", "backslashreplace")


class _Watched(Context):
    """A context that notes the commands it is handed."""

    ran: list[tuple[list[str], float | None]]

    def run(self, argv: Sequence[str], **given: Any) -> CommandResult:
        self.ran.append((_words(argv), given.get("timeout")))
        return super().run(argv, **given)

    def start_daemon(self, argv: Sequence[str], **given: Any) -> Process:
        self.ran.append((_words(argv), None))
        # One of the helpers that a context looks up by their names.
        begin = Context.__getattr__(self, "start_daemon")  # type: ignore[attr-defined]
        return begin(argv, **given)  # type: ignore[no-any-return]


def _words(argv: Sequence[str]) -> list[str]:
    return [os.fspath(each)[:_LONGEST] for each in argv]


def _text_of_options(given: dict[str, Any]) -> str:
    """The options of the context that a hook is handed, as text."""
    ctx = given.get("ctx")
    return "" if ctx is None else repr(vars(ctx.options))


class _Asking:
    def __init__(self, prefix: str, name: str, within: float, output: int, acting: Acting) -> None:
        paths = Paths(prefix)
        self._resource = record.load(paths, name) or validate_and_record(paths, name)
        plugin = self._resource.plugin.load()
        self._hooks = _ObservedHooks(plugin, self._resource.plugin.name, output, acting)
        # What is told to the guard has no reader here, and must never block.
        sender = Sender(os.memfd_create("told"))
        self._work = self._made(self._resource, State(paths, name), sender, within)

    def _made(self, resource: Resource, state: State, sender: Sender, within: float) -> Work:
        deadline = Deadline.after(within)
        found = secrets.values_of(resource, state.paths, complain)
        values = {**resource.options, **found}
        options = make_options(self._hooks.application().options, values)
        end = Deadline(deadline.at + _END)
        ctx = _Watched(resource, options, state, sender, deadline, end=end)
        ctx.ran = self._hooks.ran
        strangers = processes.descendants({os.getppid()})
        return Work(resource, self._hooks, ctx, state, sender, deadline, strangers)

    def do(self, what: str, hook: str) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self, f"_do_{what}")(hook)
        return {**found, "calls": self._hooks.calls}

    def _do_look(self, _: str) -> dict[str, Any]:
        """What it is doing now: the plugin's own word, and what the engine makes of it."""
        found = self._work.asking.assess()
        [said] = [call for call in self._hooks.calls if call["hook"] == "ark_status"]
        return {
            "status": found.status.name,
            "detail": found.detail,
            "said": "" if said["raised"] else said["answered"],
            "processes": None
            if found.processes is None
            else [[each.pid, each.start, each.name] for each in found.processes],
            "listed": self._listed(),
        }

    def _listed(self) -> list[list[int]]:
        """What `ark_processes` itself lists, without what the engine adds of its own memory."""
        try:
            return [[each.pid, each.start] for each in self._hooks.processes(self._work.ctx)]
        except BaseException:  # noted with the call
            return []

    def _do_call(self, hook: str) -> dict[str, Any]:
        """Call one hook, and nothing else."""
        work = self._work
        work.begin(KINDS.get(hook, context.STATUS), work.deadline)
        try:
            getattr(self._hooks, hook.removeprefix("ark_"))(work.ctx)
        except BaseException:  # noted with the call
            pass
        return {}

    def _do_start(self, _: str) -> dict[str, Any]:
        return self._step(starting.start(self._work))

    def _do_stop(self, _: str) -> dict[str, Any]:
        return self._step(stopping.stop(self._work))

    def _do_force(self, _: str) -> dict[str, Any]:
        return self._step(stopping.force(self._work))

    def _step(self, report: Any) -> dict[str, Any]:
        status = report.status.name if report.status else ""
        return {"outcome": report.outcome.value, "reason": report.reason, "status": status}

    def _do_preflight(self, _: str) -> dict[str, Any]:
        """Have all told that is told before an installation, and of a configuration."""
        site = site_of(self._resource)
        given: dict[str, tuple[Any, ...]] = {
            "ark_check_configuration": (self._work.ctx,),
            "ark_preflight": (self._work.ctx, site, Machine()),
        }
        found: list[dict[str, str]] = []
        for hook, arguments in given.items():
            if self._hooks.has(hook):
                try:
                    answer = getattr(self._hooks, hook.removeprefix("ark_"))(*arguments)
                    found += [{"hook": hook, **_finding(each)} for each in answer]
                except BaseException:  # noted with the call
                    continue
        return {"findings": found}


def site_of(resource: Resource) -> Site:
    """A pair of nodes of which this is one, with addresses that nobody has (RFC 5737)."""
    here = Node(os.uname().nodename, "192.0.2.1", ("198.51.100.1",))
    other = Node(f"{here.name}-other", "192.0.2.2", ("198.51.100.2",))
    host = LogicalHost(
        resource.logical_host,
        "192.0.2.10",
        here.name,
        resources={resource.name: resource.plugin.name},
    )
    return Site(STANDBY, LIFEKEEPER, (here, other), (host,))


def _finding(found: Any) -> dict[str, str]:
    if not isinstance(found, Finding):
        return {"wrong": f"a {type(found).__name__} is no arkcore.Finding"}
    return {
        "check": str(found.check),
        "level": found.level.value,
        "seen": str(found.seen),
        "advice": str(found.advice),
    }


def _described(value: Any) -> str:
    if isinstance(value, StatusReport):
        return value.status.name
    return repr(value)[:_LONGEST]


def _told(error: BaseException) -> str:
    place = place_of(error)
    at = f" ({place})" if place else ""
    return f"{type(error).__name__}: {error}"[:_LONGEST] + at
