"""Tells observers how an action came out. Runs in a child of its own, after the verdict."""

from __future__ import annotations

from arkcore.base.errors import ArkError
from arkcore.base.stderr import complain
from arkcore.plugin.discovery import find
from arkcore.plugin.hooks import observers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from arkcore.base.status import Verdict


def tell_observers(
    names: Sequence[str],
    resource: str,
    logical_host: str,
    action: str,
    verdict: Verdict,
    trace: Callable[[str], None] | None = None,
) -> None:
    """Tell each observer in turn; one that cannot be loaded or raises does not hide the next.

    `trace` is told each call.
    """
    began = {"resource": resource, "logical_host": logical_host, "action": action}
    ended = {**began, "outcome": verdict.outcome.value, "reason": verdict.reason}
    for name in names:
        try:
            hooks = observers([(name, find(name).load())])
            _call(hooks, "ark_action_started", began, trace)
            _call(hooks, "ark_action_finished", ended, trace)
        except ArkError as error:
            complain(f"observer {name}: {error}")
        except BaseException as error:  # an observer changes nothing
            complain(f"observer {name}: {type(error).__name__}: {error}")


def _call(
    hooks: Any, hook: str, arguments: dict[str, str], trace: Callable[[str], None] | None
) -> None:
    if trace is None:
        getattr(hooks, hook)(**arguments)
        return
    from arkcore.plugin.trace import named, told

    told(trace, hook, named(arguments), lambda: getattr(hooks, hook)(**arguments))
