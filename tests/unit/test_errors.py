"""What an error says to whom: one of ours its text, a plugin's own also the place of its code."""

from __future__ import annotations

from arkcore import MachineError, PluginError, StepFailed
from arkcore.base.errors import described
from arkcore.base.text import listed

AUTHORS = "/opt/ark/lib/python3.11/site-packages/ark_odd/_plugin.py"
SOURCE = """
def own(): return {}["x"]
def ours(listed): return listed(None)
def pythons(json): return json.loads("{")
def said(error): raise error
"""


def raised(function: str, *given: object) -> str:
    names: dict[str, object] = {}
    exec(compile(SOURCE, AUTHORS, "exec"), names)
    try:
        names[function](*given)  # type: ignore[operator]
    except Exception as error:
        return described(error)
    raise AssertionError


def test_the_place_is_the_last_line_of_the_author_s_code() -> None:
    import json

    assert raised("own") == f"KeyError: 'x' ({AUTHORS}, line 2)"
    assert raised("ours", listed).endswith(f"({AUTHORS}, line 3)")
    assert raised("pythons", json).endswith(f"({AUTHORS}, line 4)")


def test_what_a_plugin_says_on_purpose_is_told_without_a_place() -> None:
    assert raised("said", StepFailed("refused")) == "refused"
    assert raised("said", MachineError("no disk")) == "no disk"
    assert raised("said", PluginError("a mistake")) == f"a mistake ({AUTHORS}, line 5)"


def test_an_error_that_passed_no_plugin_has_no_place() -> None:
    assert described(ValueError("bare")) == "ValueError: bare"
