"""How a plugin marks its hooks. The specifications lie apart: a healthy check does without."""

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

    #: The shapes that hooks have, so that a type checker refuses what is none. Which of them a
    #: name has, it cannot tell; `ark validate` does.
    _Answer = StatusReport | Sequence[Process] | Iterable[Finding] | None
    _Findings = Iterable[Finding]
    _Hook = (
        Callable[[Any], Application]
        | Callable[[Any], _Answer]
        | Callable[[Any, Context], _Answer]
        | Callable[[Any, Any, str], Sequence[HealthCommand]]
        | Callable[[Any, Any], Sequence[HealthCommand]]
        | Callable[[Any, Context, Site, Machine], _Findings]
        | Callable[[Any, Context, Site], _Findings]
        | Callable[[Any, Context, Machine], _Findings]
        | Callable[[Any, Site, Machine], _Findings]
        | Callable[[Any, Site], _Findings]
        | Callable[[Any, Machine], _Findings]
        | Callable[..., None]
    )
    F = TypeVar("F", bound=_Hook)

IMPLEMENTATION_MARK = "__arkcore_hookimpl__"
REQUIRED_HOOKS = ("ark_application", "ark_status", "ark_processes", "ark_start", "ark_stop")


def hookimpl(function: F) -> F:
    """Mark a plugin's method as the implementation of the hook of its name."""
    setattr(function, IMPLEMENTATION_MARK, True)
    return function


def is_marked(plugin: object, hook: str) -> bool:
    """Whether the plugin has marked its `hook` as an implementation."""
    try:
        return getattr(getattr(plugin, hook, None), IMPLEMENTATION_MARK, False) is True
    except Exception:  # a property of the plugin's own that raises
        return False
