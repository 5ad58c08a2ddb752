"""The commands that tell a healthy application: what a plugin may name, and what is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from arkcore import Application, HealthCommand, PluginError, hookimpl, option
from arkcore.plugin.source import PluginSource
from arkcore.resources.health import note_health
from arkcore.resources.resource import (
    ApplicationFacts,
    LogSettings,
    RasSettings,
    Resource,
    from_mapping,
    to_mapping,
)
from arkcore.resources.timers import Timers


class Options:
    seconds: float = option(5.0, "seconds")


class Silent:
    @hookimpl
    def ark_application(self) -> Application:
        return Application(name="bird", title="t", options=Options)


class Named(Silent):
    def __init__(self, named: Any) -> None:
        self._named = named

    @hookimpl
    def ark_health_commands(self, options: Any, logical_host: str) -> Any:
        return self._named(options, logical_host)


class Source(PluginSource):
    """Where a plugin comes from that is here already."""

    def __init__(self, plugin: object) -> None:
        super().__init__("bird", "bird", "Bird", "ark-bird", "1", "")
        self._plugin = plugin

    def load(self) -> object:
        return self._plugin


def resource_of(plugin: object, **more: Any) -> Resource:
    return Resource(
        name="bird1",
        logical_host="LHOST1",
        plugin=Source(plugin),
        application=ApplicationFacts(
            force_before_restart=False, runs_as_processes=True, machine_wide=()
        ),
        timers=Timers({}),
        options={"seconds": 3.0},
        ras=RasSettings(),
        log=LogSettings(),
        **more,
    )


def of_bird(options: Any, host: str) -> list[HealthCommand]:
    words = ["/bin/bird", host]
    return [HealthCommand(words, timeout=options.seconds, env={"A": None}, node_lock="l")]


def test_they_are_named_by_options_and_logical_host_and_are_recorded() -> None:
    resource = resource_of(Named(of_bird))
    note_health(resource)
    recorded = from_mapping(to_mapping(resource))
    assert recorded.health == [[["/bin/bird", "LHOST1"], 3.0, {"A": None}, "l"]]


def test_a_plugin_that_names_none_has_none() -> None:
    resource = resource_of(Silent())
    note_health(resource)
    assert resource.health == ()


def test_a_plugin_with_a_secret_is_not_asked() -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("asked")

    resource = resource_of(Named(refuse), secrets={"password": ["file", False]})
    note_health(resource)
    assert resource.health == ()


def raising(options: Any, host: str) -> Any:
    raise KeyError("no such bird")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (raising, "plugin bird: ark_health_commands raised KeyError: 'no such bird'"),
        (lambda *_: ["/bin/true"], "named '/bin/true'; allowed: HealthCommand"),
        (lambda *_: [HealthCommand(["true"])], "must begin with an absolute path"),
        (lambda *_: [HealthCommand([])], "must begin with an absolute path"),
        (lambda *_: [HealthCommand(["/bin/true"], timeout=0)], "timeout = 0: must be more than 0"),
        (
            lambda *_: [HealthCommand(["/bin/true"], timeout=float("nan"))],
            "timeout = nan: must be more than 0",
        ),
        (
            lambda *_: [HealthCommand(["/bin/true"], env={"A": 1})],  # type: ignore[dict-item]
            "ark_health_commands: env.A = 1: must be a text, or None",
        ),
        (lambda *_: [HealthCommand(["/bin/true"], timeout=True)], "timeout = True: must be more"),
        (lambda *_: [HealthCommand(["/bin/true"], timeout="5")], "timeout = '5': must be more"),  # type: ignore[arg-type]
        (lambda *_: [HealthCommand(["/bin/true", "a\0b"])], "must be texts without a NUL"),
        (lambda *_: [HealthCommand(["/bin/true"], env={"A=B": "1"})], "must be a name without ="),
        (lambda *_: [HealthCommand(["/bin/true"], node_lock="../x")], "must be a name without /"),
        (lambda *_: None, "raised TypeError"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(named: Any, told: str) -> None:
    with pytest.raises(PluginError) as caught:
        note_health(resource_of(Named(named)))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
