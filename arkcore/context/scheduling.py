"""What a product would inherit of its cluster manager's urgency and limits, and must not.

A cluster daemon may run with a real-time priority, a negative nice value or out of the memory
killer's reach, so that a busy node does not look dead. The guard keeps all of it: it keeps the
time. A product that inherited it would take the node away from everybody else.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.resources.resource import StartSettings

_OOM = "/proc/self/oom_score_adj"


def be_ordinary() -> None:
    """Give this worker, and all that it runs, the policy SCHED_OTHER and the nice value 0."""
    try:
        if os.sched_getscheduler(0) != os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        if os.getpriority(os.PRIO_PROCESS, 0) != 0:
            os.setpriority(os.PRIO_PROCESS, 0, 0)
    except OSError:
        pass  # only root may become more urgent; a product of another user's stays as it is


def enter_start(settings: StartSettings, warn: Callable[[str], None]) -> Callable[[], None]:
    """Have what this process spawns be as `settings` say, until the answer is called.

    `warn` is told what the kernel refuses: a start goes on without it.
    """
    undo: list[Callable[[], None]] = []
    _may_be_killed(warn)
    if settings.nice:
        try:
            os.setpriority(os.PRIO_PROCESS, 0, settings.nice)
            undo.append(lambda: os.setpriority(os.PRIO_PROCESS, 0, 0))
        except OSError as error:
            warn(f"start.nice = {settings.nice} cannot be set: {error.strerror}")
    if settings.limits:
        _limit(settings, undo, warn)

    def leave() -> None:
        for each in reversed(undo):
            try:
                each()
            except (OSError, ValueError):
                pass  # this worker goes on with the product's; it ends with its part

    return leave


def _limit(
    settings: StartSettings, undo: list[Callable[[], None]], warn: Callable[[str], None]
) -> None:
    import resource
    from functools import partial

    from arkcore.resources.start_settings import LIMITS

    for name, (soft, hard) in settings.limits.items():
        number: int = getattr(resource, LIMITS[name])
        before = resource.getrlimit(number)
        try:
            resource.setrlimit(number, (soft, hard))
        except (OSError, ValueError) as error:
            told = error.strerror if isinstance(error, OSError) else str(error)
            warn(f"start.limits.{name} = {soft}, {hard} cannot be set: {told}")
            continue
        undo.append(partial(resource.setrlimit, number, before))


def _may_be_killed(warn: Callable[[str], None]) -> None:
    """Let the memory killer weigh this worker, and what it starts, as any process.

    The worker stays so: it is expendable.
    """
    try:
        with open(_OOM, "r+b", buffering=0) as file:
            if file.read(16).strip() != b"0":
                file.write(b"0")
    except OSError as error:
        warn(f"oom_score_adj cannot be set to 0: {error.strerror}")
