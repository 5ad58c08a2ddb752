"""Tells every hook call: its arguments, its result and its time. Loaded only where that is asked.

Nothing of a plugin's own is called for it: no `repr`, no iteration. What is of no known type is
told by its type, so that telling a call cannot change, hold up or fail what the call is for.
"""

from __future__ import annotations

import time
from itertools import islice

from arkcore.base.errors import place_of
from arkcore.base.finding import Finding, Level
from arkcore.base.status import Status, StatusReport
from arkcore.machine.processes import Process
from arkcore.plugin.application import Application, declared_options, is_secret
from arkcore.plugin.calls import DirectHooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from arkcore.context.context import Context
    from arkcore.plugin.application import Option

#: So many of a list are shown, and so many characters of a text.
_MOST = 8
_LONGEST = 200
#: An option whose name holds one of these may be a secret.
_SECRET = ("passw", "secret", "token", "credential")


class TracedHooks(DirectHooks):
    """An application's hooks, each call of which is told."""

    __slots__ = ("_hooks", "_tell")

    def __init__(self, hooks: DirectHooks, tell: Callable[[str], None]) -> None:
        super().__init__(hooks._plugin)
        self._hooks = hooks
        self._tell = tell

    def _call(self, hook: str, **given: Any) -> Any:
        return told(self._tell, hook, named(given), lambda: self._hooks._call(hook, **given))


def told(tell: Callable[[str], None], hook: str, arguments: str, call: Callable[[], Any]) -> Any:
    """What `call` returns or raises, told."""
    began = time.monotonic()
    try:
        answer = call()
    except BaseException as error:
        place = _safely(place_of, error)
        at = f" at {place}" if place else ""
        tell(f"{hook}({arguments}) raised {_safely(_error, error)}{at}{_after(began)}")
        raise
    tell(f"{hook}({arguments}) returned {_safely(_shown, answer)}{_after(began)}")
    return answer


def named(arguments: Mapping[str, object]) -> str:
    """The arguments of a hook."""
    told = [
        f"ctx: {_safely(_context, value)}" if name == "ctx" else f"{name}={_safely(_shown, value)}"
        for name, value in arguments.items()
    ]
    return ", ".join(told)


def _after(began: float) -> str:
    return f" after {time.monotonic() - began:.3f} s"


def _safely(show: Callable[[Any], str], value: object) -> str:
    try:
        return show(value)
    except Exception as error:  # the call itself came out as it did
        return f"what cannot be shown: {type(error).__name__}"


def _context(ctx: Context) -> str:
    options = ", ".join(
        f"{name}={_hidden(name, declared, vars(ctx.options).get(name))}"
        for name, declared in declared_options(type(ctx.options)).items()
    )
    left = f"{ctx.deadline.remaining():.1f} s left"
    return f"{ctx.resource}, {ctx.logical_host}, {left}; {options}"


def _hidden(name: str, declared: Option, value: object) -> str:
    """An option's value; of a secret one at most the keys, and of a table what is no secret."""
    secret = is_secret(name, declared)
    if type(value) is dict and (secret or any(_may_be_secret(key) for key in value)):
        items = [
            f"{_shown(key)}: {'***' if secret or _may_be_secret(key) else _shown(item)}"
            for key, item in islice(value.items(), _MOST)
        ]
        return _listed(items, len(value), "{}")
    return "***" if secret or _may_be_secret(name) else _shown(value)


def _may_be_secret(name: object) -> bool:
    return type(name) is str and any(word in name.lower() for word in _SECRET)


def _error(error: BaseException) -> str:
    # The arguments, not `str`, which an error class of the plugin's may have made its own.
    return f"{type(error).__name__}({', '.join(map(_shown, error.args))})"


def _shown(value: object) -> str:
    if value is None or type(value) in (bool, int, float):
        return repr(value)
    if type(value) is str or type(value) is bytes:
        return repr(value[:_LONGEST]) + ("…" if len(value) > _LONGEST else "")
    if type(value) is list or type(value) is tuple:
        return _listed([_shown(item) for item in value[:_MOST]], len(value), "[]")
    if type(value) is dict:
        items = [f"{_shown(key)}: {_shown(item)}" for key, item in islice(value.items(), _MOST)]
        return _listed(items, len(value), "{}")
    return _shown_of_ours(value)


def _listed(items: list[str], whole: int, brackets: str) -> str:
    if whole > len(items):
        items.append(f"and {whole - len(items)} more")
    return f"{brackets[0]}{', '.join(items)}{brackets[1]}"


def _shown_of_ours(value: object) -> str:
    if type(value) is Status or type(value) is Level:
        return value.name
    if type(value) is StatusReport:
        detail = f" {_shown(value.detail)}" if value.detail else ""
        return f"{_shown(value.status)}{detail}"
    if type(value) is Process:
        return f"{value.pid} {value.name} ({value.state})"
    if type(value) is Finding:
        return f"{_shown(value.level)} {_shown(value.check)}: {_shown(value.seen)}"
    if type(value) is Application:
        return f"Application {_shown(value.name)}, api {_shown(value.api)}"
    return f"<{type(value).__module__}.{type(value).__qualname__}>"
