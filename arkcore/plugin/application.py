"""What a plugin declares about its application. No behaviour of the application is here."""

from __future__ import annotations

from arkcore.base.choice import Choice
from arkcore.base.errors import PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

#: The plugin contract this engine speaks. Within one number, hooks only gain arguments.
API = 1

#: The name of an option that holds environment variables, passwords among them.
_ENVIRONMENT = "env"


class SupportClass(Choice):
    """How an application's vendor supports it in a cluster (guide, chapter 2)."""

    ACTIVE_ACTIVE = "a"
    ACTIVE_STANDBY = "b"
    #: May run on each server, but the cluster does not protect it.
    UNPROTECTED = "c"
    UNSUPPORTED = "-"


class Topology(Choice):
    """Which arrangements of logical hosts on two nodes the application can live in."""

    STANDBY = "standby"
    MUTUAL_STANDBY = "mutual-standby"


class LogicalHostRule:
    """What the application demands of its logical host's name.

    `max_bytes`: its greatest length. `unique_bytes`: so many first bytes must differ from those
    of every other logical host on the node (0: no such rule). `exclusive`: no second resource of
    the same plugin, nor of those in `exclusive_with`, may have the same logical host. False is for
    a plugin that tells two of its resources apart by more than the logical host's name.
    """

    __slots__ = ("exclusive", "exclusive_with", "max_bytes", "unique_bytes")

    def __init__(
        self,
        *,
        max_bytes: int = 255,
        unique_bytes: int = 0,
        exclusive: bool = True,
        exclusive_with: Sequence[str] = (),
    ) -> None:
        self.max_bytes = max_bytes
        self.unique_bytes = unique_bytes
        self.exclusive = exclusive
        self.exclusive_with = tuple(exclusive_with)


class Application:
    """One application, as its plugin declares it.

    `options`
        A plain class whose annotated attributes are made with :func:`option`.
    `api`
        The number of the contract that its plugin was written for; see docs/en/api.md.
    `timers`
        The application's own defaults, by the keys of :mod:`arkcore.resources.timers`.
    `force_before_restart`
        A recover follows the stop with the forced stop, always.
    `runs_as_processes`
        Wherever it runs, `ark_processes` sees at least one process. Then an empty list proves
        STOPPED, and RUNNING without a process is believed by nobody.
    `start_code_decides`
        A start command that returned something else than 0 has failed, once nothing of it is at
        work and the answer stays STOPPED. Else the start is awaited to its end, whatever it
        returned. What the last command of `ark_start` returned counts.
    `machine_wide`
        Names of processes that all logical hosts of the machine share; nothing ever signals them.
    """

    __slots__ = (
        "api",
        "force_before_restart",
        "logical_host",
        "machine_wide",
        "name",
        "options",
        "runs_as_processes",
        "start_code_decides",
        "support",
        "timers",
        "title",
        "topologies",
    )

    if not TYPE_CHECKING:

        def __new__(cls, **declared: object) -> Application:
            if not declared.keys() <= set(Application.__slots__):
                # An argument of a newer contract: its number is what to tell, not the argument.
                _refuse_other_api(declared.get("api", API), declared.get("name", "?"))
            return object.__new__(cls)

    def __init__(
        self,
        *,
        name: str,
        title: str,
        options: type,
        api: int = API,
        timers: Mapping[str, float] | None = None,
        support: SupportClass = SupportClass.ACTIVE_ACTIVE,
        topologies: Sequence[Topology] = (Topology.STANDBY, Topology.MUTUAL_STANDBY),
        force_before_restart: bool = False,
        runs_as_processes: bool = True,
        start_code_decides: bool = True,
        machine_wide: Sequence[str] = (),
        logical_host: LogicalHostRule | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.options = options
        self.api = api
        self.timers = dict(timers or {})
        self.support = support
        self.topologies = tuple(topologies)
        self.force_before_restart = force_before_restart
        self.runs_as_processes = runs_as_processes
        self.start_code_decides = start_code_decides
        self.machine_wide = tuple(machine_wide)
        self.logical_host = logical_host or LogicalHostRule()


class Option:
    """One option's declaration; its type is the attribute's annotation."""

    __slots__ = (
        "choices", "default", "kind", "maximum", "minimum", "required", "secret", "text", "text_ja",
        "unique",
    )  # fmt: skip

    def __init__(
        self,
        default: object,
        text: str,
        text_ja: str,
        *,
        required: bool,
        minimum: float | None,
        maximum: float | None,
        choices: Sequence[str],
        secret: bool = False,
        kind: str = "",
        unique: str = "",
    ) -> None:
        self.default = default
        self.text = text
        self.text_ja = text_ja
        self.required = required
        self.minimum = minimum
        self.maximum = maximum
        self.choices = tuple(choices)
        self.secret = secret
        self.kind = kind
        self.unique = unique


def option(
    default: Any = None,
    text: str = "",
    text_ja: str = "",
    *,
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    secret: bool = False,
    kind: str = "",
    unique: str = "",
) -> Any:
    """Declare an option: `root: str = option("/", "Put before every product path")`.

    `kind`: "path" (absolute), "address" (an IP address or localhost), "port" or "user"; a value
    that is none is refused. "" and, of a port, 0 are "not given" where they are the default.
    `unique`: the name of a group of options; no two resources of the plugin on a node may have the
    same values for all of a group.

    `secret`: its value, a text or a table of texts, is kept out of records and shown nowhere. So is
    that of an option called `env`, without being declared so.

    `Any`, so that a type checker sees the attribute as what its annotation says.
    """
    return Option(
        default,
        text,
        text_ja,
        required=required,
        minimum=minimum,
        maximum=maximum,
        choices=choices,
        secret=secret,
        kind=kind,
        unique=unique,
    )


def is_secret(name: str, declared: Option) -> bool:
    """Whether nothing may show or record the option's value."""
    return declared.secret or name == _ENVIRONMENT


def declared_options(model: type) -> dict[str, Option]:
    """The options a model declares, those of its base classes first, in order of writing."""
    found: dict[str, Option] = {}
    for base in reversed(model.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Option):
                found[name] = value
    return found


def users_among(model: type) -> tuple[str, ...]:
    """The names of the options that hold a user: by their kind, and those called so."""
    named = [key for key, each in declared_options(model).items() if each.kind == "user"]
    return ("user", "process_user", *(key for key in named if key not in ("user", "process_user")))


def make_options(model: type, values: Mapping[str, object]) -> Any:
    """An instance of `model` holding `values`, and the defaults where they are silent.

    The values were checked when the resource was validated
    (:mod:`arkcore.resources.validation`).
    """
    options = model()
    for name, declaration in declared_options(model).items():
        default = declaration.default
        if isinstance(default, list | dict):
            default = default.copy()
        setattr(options, name, values.get(name, default))
    return options


def _refuse_other_api(api: object, plugin: object) -> None:
    """Refuse a declaration of another contract, older or newer. `PluginError` tells what to do."""
    if api == API:
        return
    newer = isinstance(api, int) and api > API
    update = "arkcore" if newer else "the plugin"
    raise PluginError(
        f"plugin {plugin}: made for api {api!r}; this arkcore speaks api {API}: update {update}"
    )


def check_declaration(application: object, plugin: str) -> Application:
    """`application` as an :class:`Application` this engine can work with.

    `PluginError` tells what its author has to change.
    """
    if not isinstance(application, Application):
        raise PluginError(
            f"plugin {plugin}: ark_application returned {type(application).__name__}, "
            f"not an arkcore.Application"
        )
    _refuse_other_api(application.api, plugin)
    if application.name != plugin:
        raise PluginError(
            f"plugin {plugin}: its application calls itself {application.name!r}; "
            f"the entry point's name and the application's must be the same"
        )
    if not isinstance(application.options, type):
        raise PluginError(
            f"plugin {plugin}: its options are of {type(application.options).__name__}; they must "
            f"be a class, not an instance of it"
        )
    if application.support in (SupportClass.UNPROTECTED, SupportClass.UNSUPPORTED):
        raise PluginError(
            f"plugin {plugin}: its vendor's support class is ({application.support.value}); "
            f"only (a) active/active and (b) active/standby can be protected"
        )
    return application
