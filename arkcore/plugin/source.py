"""Finds plugins by entry point and loads them, one by name, each failure on its own."""

from __future__ import annotations

import os
import sys

from arkcore.base.errors import ConfigurationError, PluginError
from arkcore.base.stderr import complain
from arkcore.base.text import shown
from arkcore.plugin.marker import IMPLEMENTATION_MARK, REQUIRED_HOOKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from arkcore.base.finding import Finding
    from arkcore.base.status import StatusReport
    from arkcore.context.context import Context
    from arkcore.machine.processes import Process
    from arkcore.plugin.application import Application
    from arkcore.survey.machine import Machine
    from arkcore.survey.site import Site

GROUP = "arkcore.plugins"

#: Flags of a code object (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS).
_VARARGS, _VARKEYWORDS = 0x04, 0x08


class PluginSource:
    """Where a plugin comes from; enough to load it without looking through the metadata again."""

    __slots__ = ("attribute", "distribution", "metadata", "module", "name", "version")

    def __init__(
        self,
        name: str,
        module: str,
        attribute: str,
        distribution: str,
        version: str,
        metadata: str,
    ) -> None:
        self.name = name
        self.module = module
        self.attribute = attribute
        self.distribution = distribution
        self.version = version
        #: The installed distribution's metadata directory: it changes with each installation.
        self.metadata = metadata

    def load(self) -> object:
        """Import the plugin and make it. `PluginError` whatever it raised."""
        try:
            __import__(self.module)
            target: Any = sys.modules[self.module]
            for part in self.attribute.split("."):
                target = getattr(target, part)
            made: object = target()
            return made
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"plugin {self.name} ({self.distribution} {self.version}, "
                f"{self.module}:{self.attribute}) cannot be loaded: "
                f"{type(error).__name__}: {shown(str(error))}"
            ) from error


def file_identity(path: str) -> list[int] | None:
    """Device, inode, size and times of a file; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def installed() -> list[PluginSource]:
    """Every plugin whose entry point is installed, by name; none of them is imported."""
    found = []
    for entry in entry_points(GROUP):
        module, attribute = _target(entry.value)
        found.append(
            PluginSource(
                entry.name,
                module,
                attribute,
                told_by(entry.dist, "name"),
                told_by(entry.dist, "version"),
                str(getattr(entry.dist, "_path", "")),
            )
        )
    return sorted(found, key=lambda source: (source.name, source.distribution))


def _target(value: str) -> tuple[str, str]:
    """Module and attribute that an entry point names.

    The whole value and "" where it is not "module:attribute": loading it will tell. The library's
    own reading of it raises another error in each version of Python.
    """
    text = value.partition("[")[0].strip()  # what stands in brackets are extras
    module, colon, attribute = (part.strip() for part in text.partition(":"))
    if colon and _is_dotted_name(module) and _is_dotted_name(attribute):
        return module, attribute
    return value, ""


def _is_dotted_name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def entry_points(group: str) -> list[Any]:
    """The installed entry points of a group. What cannot be read has none, and hinders no other.

    `importlib.metadata.entry_points` would raise for all, where one distribution is broken.
    """
    found: list[Any] = []
    for distribution in _distributions():
        try:
            found += _of_group(distribution, group)
        except Exception:  # whatever reading broken metadata raises; `unreadable` tells
            continue
    return found


def _of_group(distribution: Any, group: str) -> list[Any]:
    entries = list(distribution.entry_points.select(group=group))
    for entry in entries:
        if not (isinstance(entry.name, str) and isinstance(entry.value, str)):
            raise TypeError(f"{entry.name!r} = {entry.value!r} is no text")
    return entries


def unreadable() -> list[str]:
    """The distributions whose entry points cannot be read: which, and why, one line each."""
    found = []
    for distribution in _distributions():
        try:
            _of_group(distribution, GROUP)
        except Exception as error:  # as above
            where = getattr(distribution, "_path", "") or told_by(distribution, "name")
            told = f"{type(error).__name__}: {error}"
            found.append(shown(f"{where}: its entry points cannot be read: {told}"))
    return found


def _distributions() -> list[Any]:
    """What is installed; of two that bear one name, the one that an import would find."""
    from importlib.metadata import distributions

    found: list[Any] = []
    names = set()
    for distribution in _each_of(distributions()):
        name = told_by(distribution, "name").lower().replace("_", "-").replace(".", "-")
        if name not in names:
            found.append(distribution)
        if name != "?":
            names.add(name)
    return found


def _each_of(those: Iterable[Any]) -> Iterable[Any]:
    """Each of `those`, as far as they can be had: looking for them may raise as well."""
    try:
        yield from those
    except Exception as error:  # a finder of another package's
        complain(f"installed distributions: {type(error).__name__}: {error}")


def told_by(distribution: object, attribute: str) -> str:
    """What a distribution's metadata says, "?" where that is missing or broken."""
    try:
        return str(getattr(distribution, attribute) or "?")
    except Exception:  # whatever reading broken metadata raises, other plugins are well
        return "?"


def find(name: str) -> PluginSource:
    """The one plugin called `name`. `ConfigurationError` where there is none, or more than one."""
    known = installed()
    named = [source for source in known if source.name == name]
    if not named:
        names = ", ".join(sorted({source.name for source in known})) or "none is installed"
        raise ConfigurationError(f"unknown plugin {name!r}; installed: {names}")
    refuse_rivals(named)
    return named[0]


def refuse_rivals(named: Sequence[PluginSource]) -> None:
    """Refuse a name that several distributions give their plugins. `ConfigurationError`."""
    if len(named) > 1:
        where = ", ".join(f"{source.distribution} {source.version}" for source in named)
        raise ConfigurationError(f"plugin {named[0].name!r} is provided more than once: {where}")


def check_hooks(plugin: object, name: str) -> None:
    """Refuse a plugin that lacks a hook, misspells one, or takes arguments no hook has.

    `PluginError` names the hook and what is allowed.
    """
    specified = _specified()
    implemented = [hook for hook in dir(plugin) if is_marked(plugin, hook)]
    for hook in implemented:
        if hook not in specified:
            raise PluginError(
                f"plugin {name}: {hook} is no hook; allowed: {', '.join(sorted(specified))}"
            )
        odd = _odd_signature(getattr(plugin, hook))
        if odd:
            raise PluginError(f"plugin {name}: {hook} {odd}")
        for argument in _arguments(getattr(plugin, hook)):
            if argument not in specified[hook]:
                allowed = ", ".join(specified[hook]) or "none"
                raise PluginError(
                    f"plugin {name}: {hook} takes an argument {argument!r}; allowed: {allowed}"
                )
    for hook in REQUIRED_HOOKS:
        if hook in implemented:
            continue
        if hasattr(plugin, hook):
            raise PluginError(f"plugin {name}: {hook} is not marked with @arkcore.hookimpl")
        raise PluginError(f"plugin {name}: lacks the hook {hook}")


def _specified() -> dict[str, tuple[str, ...]]:
    from arkcore.plugin.hookspecs import ApplicationSpecs

    return {
        hook: _arguments(function)[1:]
        for hook, function in vars(ApplicationSpecs).items()
        if hook.startswith("ark_")
    }


def is_marked(plugin: object, hook: str) -> bool:
    """Whether the plugin has marked its `hook` as an implementation."""
    try:
        return getattr(getattr(plugin, hook, None), IMPLEMENTATION_MARK, False) is True
    except Exception:  # a property of the plugin's own that raises
        return False


def _arguments(function: Any) -> tuple[str, ...]:
    """Names of a function's arguments, a method's without its instance. No `inspect` needed."""
    plain = _undecorated(function)
    code = plain.__code__
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names[1:] if hasattr(function, "__func__") else names


def _undecorated(function: Any) -> Any:
    plain = getattr(function, "__func__", function)
    while hasattr(plain, "__wrapped__"):
        plain = plain.__wrapped__
    return plain


def _odd_signature(function: Any) -> str:
    """What keeps the engine from telling which arguments a hook wants; "" where nothing does."""
    plain = _undecorated(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return "must be a plain method"
    if code.co_flags & (_VARARGS | _VARKEYWORDS) or code.co_kwonlyargcount:
        return "must name its arguments, without * and **"
    if plain.__defaults__:
        return "must not give its arguments defaults"
    return ""


class DirectHooks:
    """Calls the one implementation of each hook directly: the way of every action.

    It and :class:`arkcore.plugin.hooks.PluggyHooks` give the same answers; a test holds them to it.
    """

    __slots__ = ("_plugin",)

    def __init__(self, plugin: object) -> None:
        self._plugin = plugin

    def _call(self, hook: str, **given: Any) -> Any:
        function = getattr(self._plugin, hook)
        return function(*[given[name] for name in _arguments(function)])

    def has(self, hook: str) -> bool:
        return is_marked(self._plugin, hook)

    def application(self) -> Application:
        application: Application = self._call("ark_application")
        return application

    def status(self, ctx: Context) -> StatusReport:
        report: StatusReport = self._call("ark_status", ctx=ctx)
        return report

    def processes(self, ctx: Context) -> Sequence[Process]:
        processes: Sequence[Process] = self._call("ark_processes", ctx=ctx)
        return processes

    def start(self, ctx: Context) -> None:
        self._call("ark_start", ctx=ctx)

    def stop(self, ctx: Context) -> None:
        self._call("ark_stop", ctx=ctx)

    def force_stop(self, ctx: Context) -> None:
        self._call("ark_force_stop", ctx=ctx)

    def preflight(self, ctx: Context, site: Site, machine: Machine) -> Iterable[Finding]:
        findings: Iterable[Finding] = self._call(
            "ark_preflight", ctx=ctx, site=site, machine=machine
        )
        return findings
