"""What a plugin declares: loads the plugin and checks its declaration."""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError, PluginError, described
from arkcore.base.text import shown
from arkcore.plugin.application import check_declaration, declared_options
from arkcore.plugin.discovery import find_among, installed
from arkcore.resources.declared_options import check_declared
from arkcore.resources.option_values import hints_of
from arkcore.resources.parameters import refuse_common_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from arkcore.plugin.application import Application
    from arkcore.plugin.source import PluginSource


def declaration_of(
    plugin: str, plugins: Callable[[], Sequence[PluginSource]] = installed
) -> tuple[PluginSource, Application, dict[str, Any]]:
    """Where a plugin comes from, what it declares, and the types of its options by name.

    `plugins`: tells those that are installed. `PluginError` where it is missing or broken.
    """
    where = f"ocf:ark:{plugin}"
    try:
        source, application, model = declared(plugin, where, plugins)
    except ConfigurationError as error:
        raise PluginError(str(error)) from error
    hints = hints_of(model, where)
    known = {key: hints.get(key) for key in declared_options(model)}
    refuse_common_names(known, plugin)
    return source, application, known


def declared(
    plugin: str, where: str, plugins: Callable[[], Sequence[PluginSource]] = installed
) -> tuple[Any, Application, type]:
    try:
        source = find_among(plugins(), plugin)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: plugin = {plugin!r}: {error}") from error
    made = source.load()
    # Here, so that a guard which only looks up its dependents does without.
    from arkcore.plugin.hooks import PluggyHooks

    PluggyHooks(made, plugin)  # it is registered: whatever pluggy refuses, it refuses here
    try:
        declared = made.ark_application()  # type: ignore[attr-defined]
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(
            f"plugin {plugin}: ark_application raised {shown(described(error))}"
        ) from error
    application = check_declaration(declared, plugin)
    check_declared(application)
    return source, application, application.options
