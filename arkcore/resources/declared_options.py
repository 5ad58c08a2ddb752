"""Checks what a plugin declares of its timers and options: mistakes of its author, told as such.

The conformance kit, `ark plugins` and `ark validate` ask the same question here, so that an
author's mistake is never told as a mistake in the user's file.
"""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError, PluginError
from arkcore.plugin.application import Option, declared_options, is_secret
from arkcore.resources.option_kinds import TYPES
from arkcore.resources.option_values import check_option, check_secret_kind, hints_of
from arkcore.resources.timers import check_timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from arkcore.plugin.application import Application

#: What an author is to do about it.
_WHOSE = "a mistake of the plugin's author"


def check_declared(application: Application) -> None:
    """`PluginError` that names plugin and key, where its timers or options cannot work."""
    where = f"plugin {application.name}"
    try:
        check_timers(application.timers, where)
    except ConfigurationError as error:
        raise PluginError(f"{error} ({_WHOSE})") from error
    for wrong in problems(application):
        raise PluginError(f"{where}: {wrong} ({_WHOSE})")


def problems(application: Application) -> Iterator[str]:
    """What is wrong with each option of the declaration, in one line that names the option."""
    model = application.options
    if not isinstance(model, type):
        yield f"options: must be a class, not {type(model).__name__}"
        return
    declared = declared_options(model)
    hints = hints_of(model, f"plugin {application.name}")
    for key in hints:
        if key not in declared and not key.startswith("_"):
            yield f"options.{key}: declared without option(...): {key}: {_named(hints[key])}"
    for key, option in declared.items():
        if key not in hints:
            yield f"options.{key}: no type is declared for it: {key}: TYPE = option(...)"
            continue
        wrong = _problem(key, option, hints[key])
        if wrong:
            yield wrong


def _problem(key: str, option: Option, kind: Any) -> str:
    low, high = option.minimum, option.maximum
    if low is not None and high is not None and low > high:
        return f"options.{key}: its minimum {low:g} is above its maximum {high:g}"
    if (low is not None or high is not None) and kind not in (int, float):
        return f"options.{key}: a minimum or maximum is for int and float, not {_named(kind)}"
    wanted = TYPES.get(option.kind)
    if option.kind and wanted is None:
        return f"options.{key}: kind {option.kind!r}: allowed: {', '.join(TYPES)}"
    if wanted is not None and kind is not wanted:
        return f"options.{key}: a {option.kind} is declared as {wanted.__name__}"
    if option.unique and is_secret(key, option):
        return f"options.{key}: a secret is compared with no other resource's: unique"
    try:
        if is_secret(key, option):
            check_secret_kind(key, kind, "")
        elif not option.required:
            check_option(key, option.default, kind, option, "")
    except (ConfigurationError, PluginError) as error:
        told = str(error).removeprefix(": ")
        return told.replace(f"options.{key} =", f"options.{key}: its default", 1)
    return ""


def _named(kind: Any) -> str:
    return getattr(kind, "__name__", None) or str(kind)
