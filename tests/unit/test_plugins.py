"""Finding, checking and loading plugins: each failure is told, and hinders no other plugin."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arkcore.base.errors import ConfigurationError, PluginError
from arkcore.plugin.application import Application, SupportClass, check_declaration
from arkcore.plugin.calls import DirectHooks
from arkcore.plugin.contract import check_hooks
from arkcore.plugin.discovery import find, installed
from arkcore.plugin.hooks import PluggyHooks
from arkcore.plugin.hookspecs import ApplicationSpecs
from arkcore.plugin.marker import REQUIRED_HOOKS, hookimpl


class Options:
    pass


class Whole:
    """A plugin with every hook; each answers with its name and what it was handed."""

    @hookimpl
    def ark_application(self) -> Any:
        return Application(name="whole", title="t", options=Options)

    @hookimpl
    def ark_status(self, ctx: Any) -> Any:
        return ("ark_status", ctx)

    @hookimpl
    def ark_processes(self, ctx: Any) -> Any:
        return ("ark_processes", ctx)

    @hookimpl
    def ark_start(self, ctx: Any) -> Any:
        ctx.append("ark_start")

    @hookimpl
    def ark_stop(self, ctx: Any) -> Any:
        ctx.append("ark_stop")

    @hookimpl
    def ark_force_stop(self, ctx: Any) -> Any:
        ctx.append("ark_force_stop")

    @hookimpl
    def ark_preflight(self, machine: Any, ctx: Any, site: Any) -> Any:
        return ("ark_preflight", ctx, site, machine)

    @hookimpl
    def ark_check_configuration(self, ctx: Any) -> Any:
        return ("ark_check_configuration", ctx)


class WithoutArguments(Whole):
    """Hooks may leave out arguments that they do not use."""

    @hookimpl
    def ark_status(self) -> Any:  # type: ignore[override]
        return "no context"

    @hookimpl
    def ark_processes(self) -> Any:  # type: ignore[override]
        return []


def wrapped(function: Any) -> Any:
    import functools

    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        return ("wrapped", function(*arguments, **named))

    return wrapper


class Decorated(Whole):
    @hookimpl
    @wrapped
    def ark_status(self, ctx: Any) -> Any:
        return ("ark_status", ctx)


class Static(Whole):
    @staticmethod
    @hookimpl
    def ark_status(ctx: Any) -> Any:
        return ("static", ctx)


class OnTheClass(Whole):
    @classmethod
    @hookimpl
    def ark_status(cls, ctx: Any) -> Any:
        return ("class", ctx)


class PositionalOnly(Whole):
    @hookimpl
    def ark_status(self, ctx: Any, /) -> Any:
        return ("positional", ctx)


class Falsy(Whole):
    """pluggy takes the first answer that is not None: None has to stay None on both routes."""

    @hookimpl
    def ark_status(self, ctx: Any) -> Any:
        return None

    @hookimpl
    def ark_processes(self, ctx: Any) -> Any:
        return ()


SHAPES = [Whole, WithoutArguments, Decorated, Static, OnTheClass, PositionalOnly, Falsy]
ASKED = [
    "status",
    "processes",
    "start",
    "stop",
    "force_stop",
    "preflight",
    "check_configuration",
]


@pytest.mark.parametrize("plugin", SHAPES)
@pytest.mark.parametrize("hook", ASKED)
def test_both_routes_give_the_same_answer(plugin: type, hook: str) -> None:
    answers = []
    for hooks in (DirectHooks(plugin()), PluggyHooks(plugin(), "whole")):
        handed: list[str] = []
        more = ("the site", "the machine") if hook == "preflight" else ()
        answers.append((getattr(hooks, hook)(handed, *more), handed))
    assert answers[0] == answers[1]


def test_every_hook_of_an_application_is_asked_by_both_routes() -> None:
    specified = {name for name in vars(ApplicationSpecs) if name.startswith("ark_")}
    without_context = {"ark_application", "ark_health_commands"}
    assert specified == {f"ark_{hook}" for hook in ASKED} | without_context


@pytest.mark.parametrize("route", [DirectHooks, lambda plugin: PluggyHooks(plugin, "whole")])
def test_the_health_commands_are_asked_by_options_and_host(route: Callable[[object], Any]) -> None:
    class Named(Whole):
        @hookimpl
        def ark_health_commands(self, options: Any, logical_host: str) -> Any:
            return [options, logical_host]

    assert route(Named()).health_commands("the options", "LHOST") == ["the options", "LHOST"]


@pytest.mark.parametrize("route", [DirectHooks, lambda plugin: PluggyHooks(plugin, "whole")])
def test_the_application_is_asked_without_a_context(route: Callable[[object], Any]) -> None:
    assert route(Whole()).application().name == "whole"


@pytest.mark.parametrize("route", [DirectHooks, lambda plugin: PluggyHooks(plugin, "whole")])
def test_an_error_of_a_hook_arrives_as_it_is(route: Callable[[object], Any]) -> None:
    class Raises(Whole):
        @hookimpl
        def ark_status(self, ctx: Any) -> Any:
            raise SystemExit(3)

    with pytest.raises(SystemExit, match="3"):
        route(Raises()).status([])


@pytest.mark.parametrize("route", [DirectHooks, lambda plugin: PluggyHooks(plugin, "whole")])
def test_an_optional_hook_is_known_to_be_there_or_not(route: Callable[[object], Any]) -> None:
    hooks = route(Whole())
    assert hooks.has("ark_force_stop")
    assert not hooks.has("ark_nosuch")

    class Bare(Whole):
        ark_force_stop = None  # type: ignore[assignment]

    assert not route(Bare()).has("ark_force_stop")


# What is refused.


def refusal(plugin: object) -> str:
    """The one refusal of both the check and the pluggy route."""
    with pytest.raises(PluginError) as caught:
        check_hooks(plugin, "odd")
    with pytest.raises(PluginError) as through_pluggy:
        PluggyHooks(plugin, "odd")
    assert str(through_pluggy.value) == str(caught.value)
    return str(caught.value)


def test_a_misspelt_hook_is_refused_with_those_there_are() -> None:
    class Misspelt(Whole):
        @hookimpl
        def ark_satus(self, ctx: Any) -> Any: ...

    told = refusal(Misspelt())
    assert told.startswith("plugin odd: ark_satus is no hook; allowed: ark_application, ")
    assert "ark_status" in told


@pytest.mark.parametrize("hook", REQUIRED_HOOKS)
def test_a_missing_hook_is_refused_by_name(hook: str) -> None:
    kept = {name: value for name, value in vars(Whole).items() if name[:4] == "ark_"}
    del kept[hook]
    assert refusal(type("Lacking", (), kept)()) == f"plugin odd: lacks the hook {hook}"


def test_a_hook_without_its_mark_is_refused() -> None:
    class Unmarked(Whole):
        def ark_stop(self, ctx: Any) -> Any: ...

    assert refusal(Unmarked()) == "plugin odd: ark_stop is not marked with @arkcore.hookimpl"


def test_an_argument_that_no_hook_has_is_refused() -> None:
    class Wrong(Whole):
        @hookimpl
        def ark_status(self, context: Any) -> Any: ...

    told = refusal(Wrong())
    assert told == "plugin odd: ark_status takes an argument 'context'; allowed: ctx"


def test_a_context_for_the_declaration_is_refused() -> None:
    class Wrong(Whole):
        @hookimpl
        def ark_application(self, ctx: Any) -> Any: ...  # type: ignore[override]

    told = refusal(Wrong())
    assert told == "plugin odd: ark_application takes an argument 'ctx'; allowed: none"


@pytest.mark.parametrize("arguments", ["self, *args", "self, **kw", "self, *, ctx"])
def test_arguments_without_names_are_refused(arguments: str) -> None:
    made: dict[str, Any] = {}
    exec(f"def ark_status({arguments}): pass", made)
    odd = type("Odd", (Whole,), {"ark_status": hookimpl(made["ark_status"])})
    assert refusal(odd()) == "plugin odd: ark_status must name its arguments, without * and **"


def test_an_argument_with_a_default_is_refused() -> None:
    """pluggy would hand it nothing, and the direct route the context."""

    class Odd(Whole):
        @hookimpl
        def ark_status(self, ctx: Any = None) -> Any: ...

    assert refusal(Odd()) == "plugin odd: ark_status must not give its arguments defaults"


def test_a_hook_that_is_no_method_is_refused() -> None:
    class Callable_:
        __arkcore_hookimpl__ = True

        def __call__(self, ctx: Any) -> Any: ...

    class Odd(Whole):
        ark_status = Callable_()

    assert refusal(Odd()) == "plugin odd: ark_status must be a plain method"


def test_a_property_that_raises_hinders_nothing() -> None:
    class Odd(Whole):
        @property
        def other(self) -> Any:
            raise RuntimeError("not now")

    check_hooks(Odd(), "whole")
    assert PluggyHooks(Odd(), "whole").application().name == "whole"


@pytest.mark.parametrize("support", [SupportClass.UNPROTECTED, SupportClass.UNSUPPORTED])
def test_what_the_vendor_does_not_support_in_a_cluster_is_refused_with_that_reason(
    support: SupportClass,
) -> None:
    declared = Application(name="x", title="t", options=Options, support=support)
    with pytest.raises(PluginError) as caught:
        check_declaration(declared, "x")
    assert str(caught.value) == (
        f"plugin x: its vendor's support class is ({support.value}); "
        f"only (a) active/active and (b) active/standby can be protected"
    )


@pytest.mark.parametrize("support", [SupportClass.ACTIVE_ACTIVE, SupportClass.ACTIVE_STANDBY])
def test_what_the_vendor_supports_in_a_cluster_is_taken(support: SupportClass) -> None:
    declared = Application(name="x", title="t", options=Options, support=support)
    assert check_declaration(declared, "x") is declared


# Finding and loading.


def test_the_toy_is_found_by_name_without_being_imported() -> None:
    program = (
        "import sys; from arkcore.plugin.discovery import find; source = find('toy');"
        "print(source.module, source.attribute, source.distribution, 'ark_toy' in sys.modules)"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stdout == "ark_toy Toy ark-toy False\n"


def test_only_the_plugin_that_is_named_is_imported() -> None:
    program = (
        "import sys; from arkcore.plugin.discovery import find; find('toy').load();"
        "print(sorted(name for name in sys.modules if name.startswith('ark_')))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stdout == "['ark_toy']\n"


def test_a_plugin_that_is_not_installed_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown plugin 'nosuch'; installed: .*toy"):
        find("nosuch")


def test_a_name_that_two_distributions_provide_is_refused(install: Callable[..., Path]) -> None:
    install("ark-one", "twice = one:Plugin")
    install("ark-two", "twice = two:Plugin")
    with pytest.raises(ConfigurationError) as caught:
        find("twice")
    assert str(caught.value) == (
        "plugin 'twice' is provided more than once: ark-one 1.0, ark-two 1.0"
    )


def test_a_plugin_is_made_anew_each_time() -> None:
    source = find("toy")
    assert source.load() is not source.load()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise RuntimeError('a\\nb')", r"RuntimeError: a\nb"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("import nosuchmodule", "ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("][", "SyntaxError: unmatched ']'"),
        ("", "AttributeError: module 'odd_plugin' has no attribute 'Plugin'"),
        ("class Plugin:\n    def __init__(self, x): pass", "TypeError: "),
        ("Plugin = None", "TypeError: 'NoneType' object is not callable"),
        ("1/0", "ZeroDivisionError: division by zero"),
    ],
)
def test_whatever_loading_it_raises_is_one_line_that_says_where_it_comes_from(
    install: Callable[..., Path], source: str, why: str
) -> None:
    install("ark-odd", "odd = odd_plugin:Plugin", {"odd_plugin": source})
    with pytest.raises(PluginError) as caught:
        find("odd").load()
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith(
        f"plugin odd (ark-odd 1.0, odd_plugin:Plugin) cannot be loaded: {why}"
    )


@pytest.mark.parametrize(
    "value",
    ["odd_plugin", "no such module", "!!!", "odd_plugin:", ":", "a:b:c", "a..b:c", "a:b c", "1a:b"],
)
def test_an_entry_point_of_another_shape_is_an_error_of_that_plugin_only(
    install: Callable[..., Path], value: str
) -> None:
    install("ark-odd", f"odd = {value}", {"odd_plugin": ""})
    assert {"odd", "toy"} <= {source.name for source in installed()}
    with pytest.raises(PluginError, match="plugin odd"):
        find("odd").load()


@pytest.mark.parametrize("value", ["odd_plugin : Plugin", "odd_plugin:Plugin [extra]"])
def test_an_entry_point_may_have_blanks_and_extras(
    install: Callable[..., Path], value: str
) -> None:
    install("ark-odd", f"odd = {value}", {"odd_plugin": "class Plugin: pass"})
    assert type(find("odd").load()).__name__ == "Plugin"


def test_a_finder_that_raises_hides_none_of_the_plugins_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

        @staticmethod
        def find_distributions(*_: object) -> Any:
            raise RuntimeError("not today")

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert find("toy").distribution == "ark-toy"


@pytest.mark.parametrize("metadata", ["", "nonsense", "Name: x\n"])
def test_a_distribution_with_broken_metadata_hinders_no_other_plugin(
    install: Callable[..., Path], metadata: str
) -> None:
    install("ark-odd", "odd = odd_plugin:Plugin", metadata=metadata)
    install("ark-odder", "odd = odd_plugin:Plugin", metadata=metadata)
    assert find("toy").distribution == "ark-toy"


def test_an_unreadable_distribution_hinders_no_other_plugin(
    install: Callable[..., Path],
) -> None:
    site = install("ark-odd", "odd = odd_plugin:Plugin")
    (site / "ark_odd-1.0.dist-info/METADATA").unlink()
    assert find("toy").distribution == "ark-toy"
    assert find("odd").module == "odd_plugin"


def test_options_that_are_no_class_are_refused() -> None:
    declared = Application(name="x", title="t", options=Options())  # type: ignore[arg-type]
    with pytest.raises(PluginError, match="its options are of Options; they must be a class"):
        check_declaration(declared, "x")


# The number of the contract.


@pytest.mark.parametrize(
    ("api", "what"), [(0, "the plugin"), (2, "arkcore"), ("1", "the plugin"), (None, "the plugin")]
)
def test_another_number_of_the_contract_is_refused_with_what_to_update(api: Any, what: str) -> None:
    declared = Application(name="x", title="t", options=Options, api=api)
    with pytest.raises(PluginError) as caught:
        check_declaration(declared, "x")
    told = f"plugin x: made for api {api!r}; this arkcore speaks api 1: update {what}"
    assert str(caught.value) == told


def test_an_argument_of_a_newer_contract_is_told_by_the_number_it_is_of() -> None:
    with pytest.raises(PluginError) as caught:
        Application(name="x", title="t", options=Options, api=2, color="red")  # type: ignore[call-arg]
    assert str(caught.value) == (
        "plugin x: made for api 2; this arkcore speaks api 1: update arkcore"
    )


def test_an_argument_that_no_contract_has_is_an_error_of_its_own() -> None:
    with pytest.raises(TypeError, match="color"):
        Application(name="x", title="t", options=Options, color="red")  # type: ignore[call-arg]


class TestHooksThatWouldDoNothing:
    @pytest.mark.parametrize("word", ["async", "yield", "both"])
    def test_they_are_refused_with_the_reason(self, word: str) -> None:
        async def waits(self: Any, ctx: Any) -> None:
            raise AssertionError

        def yields(self: Any, ctx: Any) -> Any:
            yield

        async def does_both(self: Any, ctx: Any) -> Any:
            yield

        wrong = {"async": waits, "yield": yields, "both": does_both}[word]
        plugin = type("Wrong", (Whole,), {"ark_start": hookimpl(wrong)})()
        expected = "must not yield" if word == "yield" else "must not be async"
        with pytest.raises(PluginError, match=f"ark_start {expected}"):
            check_hooks(plugin, "whole")

    def test_findings_may_be_yielded(self) -> None:
        def yields(self: Any) -> Any:
            yield

        check_hooks(type("Right", (Whole,), {"ark_preflight": hookimpl(yields)})(), "whole")
