"""What the pages for authors of plugins say is so: every hook, every public name."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import ark_testing
import pytest
from conformance.installed import install

import arkcore
from arkcore import API, Application, Context, Status
from arkcore.context.helpers import Helpers
from arkcore.machine import processes
from arkcore.machine.command import CommandResult
from arkcore.plugin.hookspecs import ApplicationSpecs, ObserverSpecs
from arkcore.plugin.marker import REQUIRED_HOOKS

ROOT = Path(__file__).resolve().parents[2]


def section(text: str, title: str) -> str:
    """What stands below the heading `title`, up to the next one."""
    [found] = re.findall(rf"^##+ {re.escape(title)}\n(.*?)(?=^##+ |\Z)", text, re.M | re.S)
    return found


def hooks_of(specs: type) -> list[str]:
    return [hook for hook in vars(specs) if hook.startswith("ark_")]


HOOKS = [(specs, hook) for specs in (ApplicationSpecs, ObserverSpecs) for hook in hooks_of(specs)]


def signature(function: object) -> str:
    """A function's signature as it is written. Its annotations are text already."""
    return re.sub(r"'", "", str(inspect.signature(function)))


# Hooks.


@pytest.mark.parametrize(("specs", "hook"), HOOKS, ids=[hook for _, hook in HOOKS])
def test_a_hook_is_documented_with_its_exact_signature(documents, specs, hook):
    text = section(documents.pages["hooks.md"], hook)
    exact = f"{hook}{signature(getattr(specs, hook))}"
    assert f"```text\n{exact}\n```" in text


@pytest.mark.parametrize("hook", hooks_of(ApplicationSpecs))
def test_a_hook_has_when_deadline_errors_and_an_example(documents, hook):
    text = section(documents.pages["hooks.md"], hook)
    words = {
        "en": ("asked", "deadline", "errors"),
        "ja": ("呼ばれるとき", "期限", "エラー"),
    }[documents.language]
    assert re.findall(r"^\| ([^|]+) \| .{10,} \|$", text, re.M) == list(words)
    assert f"```python\n@hookimpl\ndef {hook}(" in text


@pytest.mark.parametrize("hook", hooks_of(ApplicationSpecs))
def test_a_hook_says_whether_it_is_needed(documents, hook):
    text = section(documents.pages["hooks.md"], hook)
    words = {"en": ("Needed.", "Optional."), "ja": ("必須です。", "任意です。")}
    needed, optional = words[documents.language]
    required = hook in REQUIRED_HOOKS
    assert (needed in text, optional in text) == (required, not required)


def test_no_hook_is_documented_that_does_not_exist(documents):
    named = set()
    for page in ("hooks.md", "plugin.md", "tutorial.md", "publishing.md", "api.md"):
        named |= set(re.findall(r"\bark_[a-z_]+", documents.prose(page)))
    others = {"ark_exampled", "ark_memcached", "ark_testing", "ark_trial"}
    assert named - others <= {hook for _, hook in HOOKS}


def test_the_example_of_an_observer_is_called(english, tmp_path):
    [text] = [
        code.text
        for code in english.code_of("hooks.md")
        if code.kind == "python" and "class Postman" in code.text
    ]
    from arkcore.plugin.hooks import observers

    told = tmp_path / "failures"
    made: dict[str, type] = {}
    exec(text.replace("/var/spool/ark-failures", str(told)), made)
    hooks = observers([("postman", made["Postman"]())])
    for outcome in ("well", "failed"):
        hooks.ark_action_finished(
            resource="web", logical_host="WEB1", action="restore", outcome=outcome, reason="why"
        )
    assert told.read_text() == "restore of web failed: why\n"


# One hook alone.


def test_the_page_s_trial_of_one_hook_passes(documents, ark_trial, tmp_path):
    """With a plugin that is here, in the place of the page's."""
    [code] = [each for each in documents.code_of("publishing.md") if "ark_trial" in each.text]
    names: dict[str, Any] = {}
    exec(code.text, names)
    [name] = [each for each in names if each.startswith("test_")]
    host = install(tmp_path / "product").hosts[0]
    names[name](lambda plugin, given: ark_trial("right", host))


# Public names.


def names_in(documents, page: str) -> set[str]:
    """Every word that stands in a page's tables as code."""
    rows = [line for line in documents.pages[page].splitlines() if line.startswith("|")]
    code = " ".join(re.findall(r"`([^`]+)`", "\n".join(rows)))
    return set(re.findall(r"\w+", code))


@pytest.mark.parametrize("module", [arkcore, ark_testing], ids=lambda each: each.__name__)
def test_every_public_name_is_documented(documents, module: ModuleType):
    assert set(module.__all__) - names_in(documents, "api.md") == set()


@pytest.mark.parametrize("module", [arkcore, ark_testing], ids=lambda each: each.__name__)
def test_what_is_public_is_exactly_what_is_exported(module: ModuleType):
    """No name stands in them by accident, where a plugin could come to use it."""
    program = (
        f"import {module.__name__} as m, types\n"
        "print(*[n for n, v in vars(m).items() if not n.startswith('_')\n"
        "        and not isinstance(v, types.ModuleType) and n not in m.__all__])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"TYPE_CHECKING"}


def test_the_first_column_names_nothing_that_is_not_public(documents):
    allowed = {*arkcore.__all__, *ark_testing.__all__}
    text = documents.pages["api.md"]
    first = re.findall(r"^\| ((?:`[\w.]+`[, 、]*)+) \|", text, re.M)
    named = {name for cell in first for name in re.findall(r"`(\w+)`", cell)}
    # Arguments of Application stand in a table of their own.
    arguments = set(Application.__slots__)
    assert len(named & allowed) > 20
    assert named - allowed - arguments == set()


def test_every_argument_of_a_declaration_is_documented(documents):
    rows = re.findall(r"^\| (`\w+`(?:[,、] ?`\w+`)*) \|", documents.pages["api.md"], re.M)
    named = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    assert set(Application.__slots__) <= named


def members(kind: type) -> set[str]:
    made = {name for name in vars(kind) if not name.startswith("_")}
    source = inspect.getsource(kind.__init__)
    return made | set(re.findall(r"self\.([a-z]\w*) =", source))


@pytest.mark.parametrize(
    "kind",
    [Context, CommandResult, arkcore.Process, arkcore.Log, arkcore.StatusReport, arkcore.Machine],
)
def test_every_member_of_what_a_plugin_is_handed_is_documented(documents, kind):
    assert members(kind) - names_in(documents, "api.md") == set()


def test_every_helper_of_a_context_is_documented(documents):
    helpers = {name for name in vars(Helpers) if not name.startswith("_")}
    assert helpers - names_in(documents, "api.md") == set()


def test_the_arguments_of_a_context_stand_as_they_may_be_given(documents):
    """With the star: who writes `ctx.tcp(address, port, question)` has misread nothing else."""
    rows = re.findall(r"^\| `ctx\.(\w+)\((.*?)\)` \|", documents.pages["api.md"], re.M)
    assert len(rows) > 15
    for name, given in rows:
        [function] = ast.parse(f"def call({given}): ...").body
        assert isinstance(function, ast.FunctionDef)
        told = function.args
        real = inspect.signature({**vars(Context), **vars(Helpers)}[name]).parameters.values()
        by_name = [each.name for each in real if each.kind is inspect.Parameter.KEYWORD_ONLY]
        assert [each.arg for each in told.kwonlyargs] == by_name, name
        assert len(told.args) == len(real) - len(by_name) - 1, name  # self is not written


def test_every_member_of_an_enumeration_is_documented(documents):
    for kind in (Status, arkcore.Level, arkcore.SupportClass, arkcore.Topology):
        assert {each.name for each in kind} <= names_in(documents, "api.md")


def test_every_public_function_on_processes_is_documented(documents):
    heading = {"en": "Looking at processes", "ja": "プロセスを調べる"}[documents.language]
    text = section(documents.pages["api.md"], heading)
    named = set(re.findall(r"`(\w+)\(", text))
    assert named == set(processes.__all__) - {"Process"}


def test_the_number_of_the_contract_is_told(documents):
    assert f"Application(api={API})" in documents.pages["api.md"]


def plugin_sources() -> list[Path]:
    """Without the test kit, which is no plugin: it calls the engine as a worker and managers do."""
    kit = ROOT / "plugins/testing"
    return sorted(each for each in ROOT.glob("plugins/*/src/**/*.py") if kit not in each.parents)


def test_our_own_plugins_use_no_other_function_on_processes():
    for source in plugin_sources():
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == "processes":
                    assert node.attr in processes.__all__, f"{source}: {node.attr}"


def test_our_own_plugins_name_public_names_only_even_for_the_type_checker():
    for source in plugin_sources():
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("arkcore"):
                assert node.module in ("arkcore", "ark_testing"), f"{source}: {node.module}"
                public = sys.modules[node.module].__all__
                assert {each.name for each in node.names} <= set(public), source


def test_every_recipe_is_a_plugin_that_keeps_the_contract(english):
    from arkcore.plugin.contract import check_hooks
    from arkcore.resources.declared_options import check_declared

    recipes = [code.text for code in english.code_of("recipes.md") if code.kind == "python"]
    assert len(recipes) >= 5
    for text in recipes:
        # As a module of its own, in which the types of its options are found.
        made = ModuleType("recipe")
        sys.modules["recipe"] = made
        exec(text, vars(made))
        [kind] = [
            each
            for each in vars(made).values()
            if isinstance(each, type) and issubclass(each, arkcore.Daemon)
            if each is not arkcore.Daemon
        ]
        plugin = kind()
        check_hooks(plugin, kind.name)
        check_declared(plugin.ark_application())
    del sys.modules["recipe"]
