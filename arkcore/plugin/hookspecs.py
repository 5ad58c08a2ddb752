"""Every hook: what a plugin answers, and when it is asked. A plugin author's first page.

A plugin is a class, named by an entry point in the group `arkcore.plugins`. It is made anew,
without arguments, in each worker process, so nothing kept on it outlives one part of an action. Its
methods are marked with :func:`arkcore.hookimpl` and may leave out arguments that they do not use.

A hook acts only through the context it is handed. It never sleeps, forks, logs or counts time by
itself: the engine decides when and for how long, and ends a hook that overruns.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeVar

    from arkcore.base.finding import Finding
    from arkcore.base.status import StatusReport
    from arkcore.context.context import Context
    from arkcore.machine.processes import Process
    from arkcore.plugin.application import Application
    from arkcore.plugin.health import HealthCommand
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Site

    F = TypeVar("F", bound=Callable[..., Any])

SPECIFICATION_MARK = "__arkcore_hookspec__"
ONE_ANSWER = "one answer"
ALL_ANSWERS = "all answers"


def _one_answer(function: F) -> F:
    setattr(function, SPECIFICATION_MARK, ONE_ANSWER)
    return function


def _all_answers(function: F) -> F:
    setattr(function, SPECIFICATION_MARK, ALL_ANSWERS)
    return function


class ApplicationSpecs:
    """The hooks of an application. Exactly one plugin answers for a resource."""

    @_one_answer
    def ark_application(self) -> Application:  # type: ignore[empty-body]
        """Tell what the application is. Asked without a context; must be quick and pure."""

    @_one_answer
    def ark_status(self, ctx: Context) -> StatusReport:  # type: ignore[empty-body]
        """Tell what the application is doing, by asking it.

        STOPPED means that the product says so; the engine checks the processes itself. Where the
        answer is not clear, say UNKNOWN. An exception counts as UNKNOWN.
        """

    @_one_answer
    def ark_processes(self, ctx: Context) -> Sequence[Process]:  # type: ignore[empty-body]
        """List the live processes of this logical host, and of no other.

        Must work without the shared disk and without the product installed. What it lists is what
        a forced stop may kill.
        """

    @_one_answer
    def ark_start(self, ctx: Context) -> None:
        """Start the application. Whether it worked is judged by `ark_status`, asked afterwards.

        Raise `StepFailed` only where it is certain that nothing will come of it.
        """

    @_one_answer
    def ark_stop(self, ctx: Context) -> None:
        """Stop the application in the ordinary way.

        Raise `StepFailed` where the product refused: the forced stop then follows at once. What
        is left is judged by `ark_processes`.
        """

    @_one_answer
    def ark_force_stop(self, ctx: Context) -> None:
        """Stop by force, this logical host only. Optional: the default ends `ark_processes`."""

    @_one_answer
    def ark_health_commands(  # type: ignore[empty-body]
        self, options: Any, logical_host: str
    ) -> Sequence[HealthCommand]:
        """Name the commands that tell a healthy application. Optional; makes its checks cheap.

        Where all of them return 0 in time, the application is RUNNING: `ark_status` would say so
        as well. Then a check runs them, looks whether the recorded processes live, and loads no
        plugin. In every other case the plugin is asked as ever. Asked once, where the resource is
        validated, without a context; must be quick and pure. None where no such commands are.
        """

    @_one_answer
    def ark_check_configuration(  # type: ignore[empty-body]
        self, ctx: Context
    ) -> Iterable[Finding]:
        """Check the product's own configuration, as its start would read it. Optional.

        Never asked by an action. Nothing may be changed. Where this node cannot tell, because the
        shared disk is elsewhere for instance, yield a WARN that says so.
        """

    @_one_answer
    def ark_preflight(  # type: ignore[empty-body]
        self, ctx: Context, site: Site, machine: Machine
    ) -> Iterable[Finding]:
        """Check, before anything is protected, what the product needs here. Optional.

        `site`: the pair as its site file describes it. `machine`: this machine, to be asked for
        files, programs and file systems. Nothing may be changed. Where this machine cannot tell,
        yield a WARN that says so and what to look at by hand.
        """


class ObserverSpecs:
    """The hooks of observers, from the plugins that `observers` in ark.toml names.

    They run after the verdict, in a child of their own, five seconds together, and change nothing.
    """

    @_all_answers
    def ark_action_started(self, resource: str, logical_host: str, action: str) -> None:
        """An action has begun. Told together with its end, so that an observer delays nothing."""

    @_all_answers
    def ark_action_finished(
        self, resource: str, logical_host: str, action: str, outcome: str, reason: str
    ) -> None:
        """An action is over; `outcome`: well, failed, undecided, skipped or internal."""
