"""The forked process that loads the plugin and does one part of an action.

Whatever it does, raises or becomes is an outcome for its guard, never an exit code for the manager.
"""

from __future__ import annotations

import gc
import os
import signal

from arkcore.actions.steps import Work
from arkcore.base.errors import ConfigurationError, PluginError
from arkcore.base.status import Fault, Outcome
from arkcore.base.stderr import complain, complain_to
from arkcore.context.context import Context
from arkcore.machine.channel import Event, Report, Sender
from arkcore.plugin.application import make_options
from arkcore.plugin.source import DirectHooks, check_hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from arkcore.base.deadline import Deadline
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.resources.resource import Resource

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> bool:
    """prctl(2), which Python's own library does not have; False where it cannot be called."""
    try:
        # What `ctypes` is built on, without the two milliseconds of its types.
        from _ctypes import call_function, dlopen, dlsym

        own: Any = None  # this very process, which the stubs do not know of
        return bool(call_function(dlsym(dlopen(own, 0), "prctl"), (option, value, 0, 0, 0)) == 0)
    except (ImportError, TypeError):
        pass
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


def become_subreaper() -> bool:
    """Have what loses its parent below this process become its child, not init's."""
    return prctl(_PR_SET_CHILD_SUBREAPER, 1)


def fork_worker(body: Callable[[Sender], None], prepare: Callable[[], None]) -> tuple[int, int]:
    """Fork a process that runs `body` and exits; its pid, and where it tells its events.

    It dies with its guard. `prepare` runs first, to close what is the guard's alone.
    """
    reading, writing = os.pipe()
    guard = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)  # it died before we asked to die with it
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # A person's keys are for the guard; one that stops us would keep what we have locked.
        for number in (signal.SIGINT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(number, signal.SIG_IGN)
        os.close(reading)
        prepare()
        # What a plugin prints is no answer to the manager; and whoever reads the manager's side to
        # its end must not have to wait for a worker that hangs.
        quiet = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        os.close(quiet)
        sender = Sender(writing)
        complain_to(lambda text: sender.send(Event.REMARK, "warning", text))
        body(sender)
        code = 0
    except BaseException as error:
        complain(f"a worker ended by {type(error).__name__}: {error}")
    finally:
        os._exit(code)


class _SecretMissing(Exception):
    """The value of a secret option cannot be had: nobody can be asked."""


def _secrets_of(resource: Resource, state: State, sender: Sender) -> dict[str, Any]:
    """The values of the secret options, which `sender` tells to nobody from now on."""
    from arkcore.resources import secrets

    try:
        found = secrets.values_of(resource, state.paths, complain)
    except ConfigurationError as error:
        raise _SecretMissing(str(error)) from error
    sender.hidden = secrets.texts_to_hide(found)
    return found


def do_part(
    sender: Sender,
    work: Callable[[Work], Report],
    resource: Resource,
    state: State,
    deadline: Deadline,
    *,
    quick: bool,
    observed: Callable[[bool], None],
    notes: State | None = None,
    strangers: Collection[Process] | None = None,
    end: Deadline | None = None,
    traced: bool = False,
) -> None:
    """Load the plugin and do the part. `quick`: it is a quick check, and does without all it can.

    `notes`: where commands are noted, by default in `state`. `strangers`: what was below the guard
    before the action began; None where its other children are not this action's. `end`: when the
    guard ends this worker. `traced`: every hook call is told.
    """
    if os.sched_getscheduler(0) != os.SCHED_OTHER or os.getpriority(os.PRIO_PROCESS, 0):
        from arkcore.context.scheduling import be_ordinary

        be_ordinary()
    try:
        plugin = resource.plugin.load()
        hooks = DirectHooks(plugin)
        if not quick:
            gc.enable()  # what is not a quick check may take long, and make much
            # A recorded copy, which serves where the file is broken, may be older than the plugin.
            check_hooks(plugin, resource.plugin.name)
        if traced:
            from arkcore.plugin.trace import TracedHooks

            hooks = TracedHooks(hooks, lambda text: sender.send(Event.TRACE, text))
        model = hooks.application().options
        values = resource.options
        if resource.secrets:
            values = {**values, **_secrets_of(resource, state, sender)}
        options = make_options(model, values)
    except _SecretMissing as error:
        sender.report(Report(Outcome.INTERNAL, str(error), fault=Fault.CONFIGURATION))
        return
    except PluginError as error:
        sender.report(Report(Outcome.INTERNAL, str(error), fault=Fault.PLUGIN))
        return
    except BaseException as error:  # whatever its declaration raises, nobody could be asked
        text = f"plugin {resource.plugin.name}: {type(error).__name__}: {error}"
        sender.report(Report(Outcome.INTERNAL, text, fault=Fault.PLUGIN))
        return
    ctx = Context(
        resource,
        options,
        state,
        sender,
        deadline,
        observed=observed,
        notes=notes,
        watches=not quick,
        end=end,
    )
    sender.report(work(Work(resource, hooks, ctx, state, sender, deadline, strangers)))
