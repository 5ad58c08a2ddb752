"""The values of a resource whose manager holds them, and hands them over as texts with each call.

A resource of such a manager has no file. Its parameters are the plugin's options by their own
names, and what a resource file says beside them: the logical host, the mount points, the timers
and how much the RAS log tells.
"""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError, NodeError, PluginError
from arkcore.base.text import shown
from arkcore.resources.timers import TIMERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn

#: A recover is such a manager's own, and LifeKeeper is another one: their timers say nothing here.
_OTHERS = ("recover.", "lifekeeper.")

#: The timers by their parameters' names: a dot is allowed in none.
TIMER_PARAMETERS = {
    timer.key.replace(".", "_"): timer for timer in TIMERS if not timer.key.startswith(_OTHERS)
}
RAS_PARAMETERS = {"ras_detail": "detail", "ras_quickcheck": "quickcheck"}
START_PARAMETERS = {"start_nice": "nice", "start_limits": "limits", "start_slice": "slice"}
HOST, MOUNT_POINTS = "logical_host", "mount_points"
#: The parameters of every agent, whatever its plugin.
COMMON = (HOST, MOUNT_POINTS, *TIMER_PARAMETERS, *RAS_PARAMETERS, *START_PARAMETERS)

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


def timer_of(parameter: str) -> str:
    """The key of the timer that a parameter sets; "" where it sets none."""
    timer = TIMER_PARAMETERS.get(parameter)
    return timer.key if timer else ""


class Parameters:
    """The parameters of one resource, as texts, and the plugin they are for."""

    __slots__ = ("plugin", "recorded", "texts")

    def __init__(self, plugin: str, texts: Mapping[str, str], *, recorded: bool = False) -> None:
        self.plugin = plugin
        self.texts = dict(texts)
        #: Whether they come from a record, which holds none of the secret ones.
        self.recorded = recorded

    def to_list(self, secret: Iterable[str] = ()) -> list[Any]:
        """As plain values, for the record: without the `secret` ones."""
        hidden = set(secret)
        return [self.plugin, {key: text for key, text in self.texts.items() if key not in hidden}]

    def where(self, resource: str) -> str:
        """What an error names them by."""
        return f"{resource} (ocf:ark:{self.plugin})"

    def renamed(self, error: str, resource: str) -> str:
        """`error` about a resource file's keys, told of these parameters."""
        where = f"{self.where(resource)}: "
        rest = error.removeprefix(where)
        if rest == error:
            return error
        for name, timer in TIMER_PARAMETERS.items():
            rest = _replaced(rest, f"timers.{timer.key}", name)
        for name, key in RAS_PARAMETERS.items():
            rest = _replaced(rest, f"ras.{key}", name)
        for name, key in START_PARAMETERS.items():
            rest = _replaced(rest, f"start.{key}", name)
        return where + rest.removeprefix("options.")


def _replaced(text: str, key: str, name: str) -> str:
    rest = text.removeprefix(key)
    return name + rest if rest != text and rest[:1] in (":", " ", ".") else text


def parameters_of(values: object) -> Parameters | None:
    """What :meth:`Parameters.to_list` gave; None where it was none.

    `ValueError` where `values` is nothing of the kind.
    """
    if values is None:
        return None
    if not isinstance(values, list) or len(values) != 2 or not isinstance(values[1], dict):
        raise ValueError(values)
    texts = {str(key): str(text) for key, text in values[1].items()}
    return Parameters(str(values[0]), texts, recorded=True)


def refuse_common_names(options: Iterable[str], plugin: str) -> None:
    """`PluginError` where an option bears the name of a parameter that every agent has."""
    for name in options:
        if name in COMMON:
            raise PluginError(
                f"plugin {plugin}: its option {name!r} cannot be a parameter of ocf:ark:{plugin}: "
                f"every agent has one of that name"
            )


def values_of(parameters: Parameters, hints: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The parameters as the tables of a resource file. `hints`: the options' types by name.

    `NodeError` for an unknown one: on another node the plugin may know it. `ConfigurationError`
    for a text that cannot be a value of its type.
    """
    values: dict[str, Any] = {"timers": {}, "ras": {}, "options": {}, "start": {}}
    for name, text in parameters.texts.items():
        if name == HOST:
            values[HOST] = text
        elif name == MOUNT_POINTS:
            values[MOUNT_POINTS] = _words(text, name, where)
        elif name in TIMER_PARAMETERS:
            values["timers"][TIMER_PARAMETERS[name].key] = _timer(text)
        elif name in RAS_PARAMETERS:
            values["ras"][RAS_PARAMETERS[name]] = text
        elif name in START_PARAMETERS:
            values["start"][START_PARAMETERS[name]] = _start_value(text, name, where)
        elif name in hints:
            values["options"][name] = _value(text, hints[name], name, where)
        else:
            allowed = ", ".join((HOST, *hints, *COMMON[1:]))
            # Not its value: that may be a password under a misspelt name.
            raise NodeError(f"{where}: {shown(name)}: unknown parameter; allowed: {allowed}")
    return values


def _start_value(text: str, name: str, where: str) -> Any:
    if name == "start_limits":
        limits = _value(text, dict[str, str], name, where)
        return {key: _soft_and_hard(limit) for key, limit in limits.items()}
    return _whole(text) if name == "start_nice" else text


def _soft_and_hard(text: str) -> Any:
    """`text` as one limit, or as "soft:hard"."""
    soft, colon, hard = text.partition(":")
    return [_whole(soft), _whole(hard)] if colon else _whole(soft)


def _whole(text: str) -> object:
    """`text` as a whole number. What is none is left for the check that says what is allowed."""
    try:
        return _number(text, int)
    except ValueError:
        return text


def _timer(text: str) -> object:
    """Its number; what is none is left for the check of the timers, which says what is allowed."""
    try:
        number = float(_number(text, float))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _value(text: str, kind: Any, name: str, where: str) -> Any:
    """`text` as a value of the type `kind`."""
    from typing import get_args, get_origin

    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin is list:
        item = inner[0] if inner else str
        return [_plain(word, item, name, where) for word in _words(text, name, where)]
    if origin is dict:
        item = inner[1] if len(inner) > 1 else str
        entries = table_of(text, name, where)
        return {key: _plain(each, item, name, where) for key, each in entries.items()}
    return _plain(text, origin, name, where)


def table_of(text: str, name: str, where: str) -> dict[str, str]:
    """A text of words KEY=VALUE as a table. `ConfigurationError` never shows it."""
    found = {}
    try:
        # A healthy check reads it too, and does without `shlex` where nothing is quoted.
        plain = text.isascii() and text.isprintable() and not {*text} & {*"\"'\\"}
        words = text.split() if plain else _split(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{where}: {name}: allowed: words KEY=VALUE, quoted as for a shell ({error})"
        ) from None
    for word in words:
        key, equals, rest = word.partition("=")
        if not key or not equals:
            raise ConfigurationError(
                f"{where}: {name}: allowed: words KEY=VALUE, separated by blanks"
            )
        found[key] = rest
    return found


def _split(text: str) -> list[str]:
    import shlex

    return shlex.split(text)


def _plain(text: str, kind: Any, name: str, where: str) -> Any:
    if kind is str:
        return text
    if kind is bool:
        if text.lower() in (*_TRUE, *_FALSE):
            return text.lower() in _TRUE
        _refuse(name, text, "true or false", where)
    if kind in (int, float):
        try:
            return _number(text, kind)
        except ValueError:
            _refuse(name, text, "a whole number" if kind is int else "a number", where)
    raise PluginError(f"{where}: {name}: its plugin declares a type that no parameter can be")


def _number(text: str, kind: type[int] | type[float]) -> int | float:
    """As a person writes a number; Python alone reads 1_000 and digits of other scripts."""
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return kind(text)


def _words(text: str, name: str, where: str) -> list[str]:
    """The words of `text`, quoted as for a shell; none is at work."""
    try:
        return _split(text)
    except ValueError as error:
        _refuse(name, text, f"words separated by blanks, quoted as for a shell ({error})", where)


def _refuse(name: str, text: str, allowed: str, where: str) -> NoReturn:
    raise ConfigurationError(f"{where}: {name} = {text!r}: allowed: {allowed}")
