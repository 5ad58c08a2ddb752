"""Pacemaker: a resource agent of OCF 1.1 for each plugin, `ocf:ark:<plugin>`.

start is a restore, stop a remove, a recurring monitor a quickCheck; recover is the cluster's own
stop and start. A probe only looks. The resource's values are the cluster's own parameters. At the
end of an operation's timeout Pacemaker kills with SIGKILL, so every deadline is cut to 95 % of it.
"""

from __future__ import annotations

import os
import sys
import time

from arkcore.base import budget
from arkcore.base.call import Action, Call
from arkcore.base.errors import ArkError, ConfigurationError, PluginError
from arkcore.base.paths import Paths
from arkcore.base.status import Fault, Outcome, Status
from arkcore.base.stderr import complain, write
from arkcore.guard.loading import fault_of
from arkcore.guard.looking import look
from arkcore.machine.processes import own_beginning
from arkcore.managers import ocf
from arkcore.managers.base import Manager, check_name, end_process, perform
from arkcore.managers.launcher import launcher_of
from arkcore.managers.operation_times import shortfall
from arkcore.worker.signals import prepare_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arkcore.base.status import Verdict
    from arkcore.resources.resource import Resource
    from arkcore.resources.timers import Timers
    from arkcore.worker.signals import Signals

_CODES = {
    Fault.CONFIGURATION: ocf.CONFIGURED,
    Fault.NODE: ocf.ARGS,
    Fault.PLUGIN: ocf.INSTALLED,
    Fault.ENGINE: ocf.GENERIC,
}

#: What `crm_resource --validate`, and pcs with it, calls any resource whose parameters it checks.
_ANY_RESOURCE = "test"

_OPERATIONS = {Action.RESTORE: "start", Action.REMOVE: "stop", Action.QUICK_CHECK: "monitor"}


class Pacemaker(Manager):
    """Pacemaker as the caller of one operation."""

    #: A monitor runs only where Pacemaker has started the resource, or has found it running.
    checks_only_what_is_wanted = True
    restarts_by_itself = True

    def __init__(self, plugin: str, operation: ocf.Operation, prefix: str = "") -> None:
        self.plugin = plugin
        self._prefix = prefix
        self.operation = operation
        self.ends = operation.ends
        self.called_at = operation.called_at
        if operation.interval:
            self.check_interval = operation.interval

    def parse(self, action: Action, argv: Sequence[str], environment: Mapping[str, str]) -> Call:
        resource = self.operation.resource()
        check_name("resource", resource)
        return Call(action, resource, self, self.operation.parameters(self.plugin))

    def run_limit(self, timers: Timers) -> float | None:
        return self.ends.remaining() if self.ends is not None else None

    def in_service(self, resource: str) -> bool | None:
        # That it calls a monitor says so: the cluster is not asked, which could take long.
        return True

    def manages(self, resource: str) -> bool | None:
        from arkcore.managers.pacemaker_tools import PacemakerTools

        known = PacemakerTools(self._prefix).resources()
        return None if known is None else resource in known

    def shortfall(self, action: Action, timers: Timers) -> str:
        if self.operation.timeout is None or action not in _OPERATIONS:
            return ""
        return shortfall(_OPERATIONS[action], self.operation.timeout, timers)

    def exit_code(self, action: Action, verdict: Verdict) -> int:
        if verdict.outcome is Outcome.WELL:
            return ocf.SUCCESS
        if action is Action.QUICK_CHECK:
            if verdict.outcome is not Outcome.FAILED:
                return ocf.DEGRADED
            return ocf.NOT_RUNNING if verdict.status is Status.STOPPED else ocf.GENERIC
        # A stop that fails is one thing to Pacemaker, whoever's fault; of these codes it would
        # conclude as well that the resource must run nowhere any more.
        if verdict.outcome is Outcome.INTERNAL and action is not Action.REMOVE:
            return _CODES[verdict.fault]
        return ocf.GENERIC

    @staticmethod
    def probe_code(verdict: Verdict) -> int:
        """What a probe answers: 0, 7, or 1 where something of it lives, or nobody knows."""
        if verdict.outcome is Outcome.WELL and verdict.status is Status.STOPPED:
            return ocf.NOT_RUNNING
        return ocf.SUCCESS if verdict.outcome is Outcome.WELL else ocf.GENERIC


class Answer:
    """An exit code, and what the operator is to read of it."""

    __slots__ = ("code", "reason")

    def __init__(self, code: int, reason: str = "") -> None:
        self.code = code
        self.reason = reason


def main(
    plugin: str,
    prefix: str,
    argv: Sequence[str],
    environment: Mapping[str, str],
    called_at: float | None = None,
) -> int:
    """One operation; its OCF exit code. `argv`: the agent's name, then the action.

    `called_at`: when all timers begin, in CLOCK_MONOTONIC seconds; None: now.
    """
    operation = ocf.Operation(environment, called_at)
    try:
        answer = _answered(plugin, prefix, argv, environment, operation)
    except ArkError as error:
        answer = Answer(_CODES[fault_of(error)], str(error))
    except BaseException as error:  # an uncaught one would be a code that means something else
        answer = Answer(ocf.GENERIC, f"internal error: {type(error).__name__}: {error}")
        complain(answer.reason)
    if answer.code != ocf.SUCCESS:
        write(operation.exit_reason(answer.reason))
    return answer.code


def _answered(
    plugin: str,
    prefix: str,
    argv: Sequence[str],
    environment: Mapping[str, str],
    operation: ocf.Operation,
) -> Answer:
    action = argv[1] if len(argv) > 1 else ""  # whatever follows it is to be ignored
    if action == "meta-data":
        from arkcore.managers.ocf_metadata import metadata

        found = _aside(lambda: Answer(ocf.SUCCESS, metadata(plugin)), operation)
        if found.code == ocf.SUCCESS:
            sys.stdout.buffer.write(found.reason.encode())  # UTF-8, whatever the locale
        return found
    perform = _ACTIONS.get(action)
    if perform is None:
        given = " ".join(argv[1:]) or "none"
        return Answer(ocf.UNIMPLEMENTED, f"action {given}: allowed: {', '.join(ALL_ACTIONS)}")
    paths = Paths(prefix)
    if os.geteuid() != 0 and not paths.prefix and action != "validate-all":
        return Answer(ocf.PERM, f"{action} needs root: whose processes are whose is hidden else")
    return perform(Pacemaker(plugin, operation, paths.prefix), paths, environment)


def _aside(work: Callable[[], Answer], operation: ocf.Operation) -> Answer:
    """What `work` answers, which loads the plugin: in a worker, for the plugin may die or hang.

    `PluginError` where it does.
    """
    from arkcore.worker.aside import answer_of, end_what_is_left

    def told() -> list[int | str]:
        try:
            found = work()
        except ArkError as error:
            found = Answer(_CODES[fault_of(error)], str(error))
        except BaseException as error:
            found = Answer(ocf.GENERIC, f"internal error: {type(error).__name__}: {error}")
            complain(found.reason)
        return [found.code, found.reason]

    now = time.monotonic()
    end = budget.of_loading(now, operation.ends.at if operation.ends else None)
    try:
        code, reason = answer_of(told, max(0.5, end - now), complain)
    finally:
        end_what_is_left()
    return Answer(int(code), str(reason))


def _start(manager: Pacemaker, paths: Paths, environment: Mapping[str, str]) -> Answer:
    return _performed(Action.RESTORE, manager, paths, environment)


def _stop(manager: Pacemaker, paths: Paths, environment: Mapping[str, str]) -> Answer:
    return _performed(Action.REMOVE, manager, paths, environment)


def _monitor(manager: Pacemaker, paths: Paths, environment: Mapping[str, str]) -> Answer:
    if not manager.operation.is_probe:
        return _performed(Action.QUICK_CHECK, manager, paths, environment)
    signals = prepare_process()
    manager.operation.resource()  # without a name nobody knows what is asked for
    try:
        call = manager.parse(Action.QUICK_CHECK, (), environment)
    except ConfigurationError as error:
        return Answer(ocf.NOT_RUNNING, str(error))  # nothing of that name was ever started
    verdict = look(call, paths, signals)
    return Answer(manager.probe_code(verdict), verdict.reason)


def _performed(
    action: Action, manager: Pacemaker, paths: Paths, environment: Mapping[str, str]
) -> Answer:
    signals = prepare_process()
    try:
        call = manager.parse(action, (), environment)
        if action is not Action.REMOVE:
            manager.operation.refuse_clone()
    except ConfigurationError as error:
        if action is Action.QUICK_CHECK:
            return Answer(ocf.DEGRADED, str(error))
        if action is Action.REMOVE and manager.operation.resource():
            # Its start was refused for the same reason; a stop that fails would have it fenced.
            complain(f"nothing of that name was ever started: {error}")
            return Answer(ocf.SUCCESS)
        raise
    verdict = perform(call, paths, signals)
    return Answer(manager.exit_code(action, verdict), verdict.reason)


def _validate_all(manager: Pacemaker, paths: Paths, environment: Mapping[str, str]) -> Answer:
    return _aside(lambda: _validated(manager, paths, environment), manager.operation)


def _validated(manager: Pacemaker, paths: Paths, environment: Mapping[str, str]) -> Answer:
    from arkcore.managers.pacemaker_tools import PacemakerTools
    from arkcore.resources.validation import validate

    signals = prepare_process()
    manager.operation.refuse_clone()
    name = _asked_about(manager, paths, manager.parse(Action.QUICK_CHECK, (), environment))
    resource = validate(paths, name, manager.operation.parameters(manager.plugin), manager.manages)
    timeouts = PacemakerTools(paths.prefix).timeouts(name)
    told = [shortfall(name, seconds, resource.timers) for name, seconds in timeouts.items()]
    if any(told):
        return Answer(ocf.CONFIGURED, f"{name}: {'; '.join(filter(None, told))}")
    return _configuration_checked(paths, resource, signals)


def _configuration_checked(paths: Paths, resource: Resource, signals: Signals) -> Answer:
    """The answer to what the plugin finds in the product's own configuration."""
    from arkcore.worker import configuration

    if os.geteuid() != 0 and not paths.prefix:
        return Answer(ocf.SUCCESS)  # the product's files are root's and the product's
    found = configuration.checked(paths, resource, signals)
    wrong = [configuration.told(each) for each in found if each.level.name == "FAIL"]
    for each in found:
        if each.level.name == "WARN":
            complain(f"{resource.name}: {configuration.told(each)}")
    if wrong:
        return Answer(ocf.CONFIGURED, f"{resource.name}: {'; '.join(wrong)}")
    return Answer(ocf.SUCCESS)


def _asked_about(manager: Pacemaker, paths: Paths, call: Call) -> str:
    """The resource whose parameters are to be checked, where the cluster's tools do not name it."""
    from arkcore.resources.neighbours import recorded_neighbours
    from arkcore.resources.parameters import HOST

    if call.resource != _ANY_RESOURCE or manager.manages(_ANY_RESOURCE):
        return call.resource
    host = call.parameters.texts.get(HOST) if call.parameters else None
    for known in recorded_neighbours(paths, manager.manages):
        if (known.plugin, known.logical_host) == (manager.plugin, host):
            return known.name
    return call.resource


def _reload(manager: Pacemaker, paths: Paths, environment: Mapping[str, str]) -> Answer:
    from arkcore.resources.recording import validate_and_record

    manager.operation.refuse_clone()
    call = manager.parse(Action.QUICK_CHECK, (), environment)

    def record() -> Answer:
        try:
            validate_and_record(paths, call.resource, call.parameters, manager.manages)
        except ArkError as error:
            return Answer(ocf.SUCCESS, str(error))
        return Answer(ocf.SUCCESS)

    try:
        found = _aside(record, manager.operation)
    except PluginError as error:
        found = Answer(ocf.SUCCESS, str(error))
    if found.code == ocf.SUCCESS and found.reason:
        # An error code would have Pacemaker stop what runs, on every node alike. It goes on with
        # the values it has; each monitor says from now on what is wrong.
        complain(f"not reloaded: {found.reason}")
    return found


_ACTIONS: dict[str, Callable[[Pacemaker, Paths, Mapping[str, str]], Answer]] = {
    "start": _start,
    "stop": _stop,
    "monitor": _monitor,
    "validate-all": _validate_all,
    "reload-agent": _reload,
}
ALL_ACTIONS = (*_ACTIONS, "meta-data")


#: The function of :mod:`arkcore.launch` that an agent calls.
LAUNCH = "pacemaker"


def launch(plugin: str, prefix: str) -> None:
    """What an agent calls: its plugin's name and the prefix are baked in."""
    os.umask(0o022)
    end_process(main(plugin, prefix, sys.argv, os.environ, own_beginning()))


def agent(plugin: str, prefix: str, interpreter: str = sys.executable) -> str:
    """The text of the agent `ocf:ark:<plugin>`."""
    return launcher_of(LAUNCH, (plugin, prefix), interpreter)
