"""What is imported: nothing in a circle, and on the way of a healthy check next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grimp
import pytest

from arkcore.base.paths import Paths


@pytest.fixture(scope="module")
def graph() -> Any:
    return grimp.build_graph("arkcore", exclude_type_checking_imports=True, cache_dir=None)


def test_no_module_imports_itself_in_a_circle(graph: Any) -> None:
    cycles = [
        module
        for module in sorted(graph.modules)
        if module != "arkcore"
        and any(
            graph.find_shortest_chain(imported, module)
            for imported in graph.find_modules_directly_imported_by(module)
            if imported != "arkcore"
        )
    ]
    assert cycles == []


#: Wings in which no module names, not even for a type, one that names it back.
WITHOUT_CIRCLES_OF_TYPES = ("actions", "base", "machine")


@pytest.mark.parametrize("wing", WITHOUT_CIRCLES_OF_TYPES)
def test_no_module_of_a_wing_names_itself_in_a_circle_through_types(wing: str) -> None:
    graph = grimp.build_graph("arkcore", exclude_type_checking_imports=False, cache_dir=None)
    cycles = [
        module
        for module in sorted(graph.find_descendants(f"arkcore.{wing}"))
        if any(
            graph.find_shortest_chain(imported, module)
            for imported in graph.find_modules_directly_imported_by(module)
            if imported != "arkcore"
        )
    ]
    assert cycles == []


PLUGIN = """
import sys
from arkcore import Application, Status, StatusReport, hookimpl, option
class Options:
    told: str = option(required=True)
class Plugin:
    @hookimpl
    def ark_application(self):
        return Application(name="bird", title="t", options=Options, runs_as_processes=False)
    @hookimpl
    def ark_status(self, ctx):
        down = ctx.run(["/usr/bin/test", "-e", ctx.options.told + ".down"]).returncode == 0
        with open(ctx.options.told, "w") as file:
            file.write(" ".join(sys.modules))
        return StatusReport(Status.STOPPED if down else Status.RUNNING)
    @hookimpl
    def ark_processes(self, ctx): return ctx.find_processes(["/nosuch"])
    @hookimpl
    def ark_start(self, ctx): ctx.run(["/bin/rm", ctx.options.told + ".down"]).check()
    @hookimpl
    def ark_stop(self, ctx): ctx.run(["/usr/bin/touch", ctx.options.told + ".down"]).check()
"""

#: As a launcher has it: isolated, without site, which loads a good part of the library by itself.
CALL = """
import sys
sys.path += sys.argv[4:]
from arkcore.managers.lifekeeper import main
from arkcore.base.call import Action
code = main(Action[sys.argv[3]], sys.argv[1], ["x", "-t", "bird1"])
print(code, *sys.modules)
"""

MONITOR = """
import sys
sys.path += sys.argv[4:]
from arkcore.managers.pacemaker import main
environment = {
    "OCF_RESOURCE_INSTANCE": "bird1",
    "OCF_RESKEY_logical_host": "LHOST1",
    "OCF_RESKEY_told": sys.argv[2],
    "OCF_RESKEY_CRM_meta_interval": "10000",
    "OCF_RESKEY_CRM_meta_timeout": "30000",
}
code = main("bird", sys.argv[1], ["bird", "monitor"], environment)
print(code, *sys.modules)
"""

#: Neither the engine's libraries nor what of Python's own costs a healthy check milliseconds.
HEAVY = {
    "pluggy",
    "loguru",
    "tenacity",
    "msgspec",
    "click",
    "rich",
    "importlib.metadata",
    "signal",
    "enum",
    "functools",
    "types",
    "collections",
    "json",
    "dataclasses",
    "typing",
    "inspect",
    "re",
    "subprocess",
    "logging",
    "tomllib",
    "contextlib",
    "pathlib",
    "shutil",
    "socket",
    "threading",
    "shlex",
    "xml",
}


class Bird:
    """An application; what a program of ours and its worker have loaded when they are through."""

    def __init__(self, site: Path, prefix: str, told: Path) -> None:
        self._site = site
        self._prefix = prefix
        self._told = told

    def run(self, program: str, action: str = "QUICK_CHECK") -> list[set[str]]:
        """What the guard has loaded, and the worker; nothing of one whose plugin was not asked."""
        self._told.unlink(missing_ok=True)
        arguments = [self._prefix, str(self._told), action, str(self._site), *sys.path]
        child = subprocess.run(
            [sys.executable, "-IS", "-c", program, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        code, *guard = child.stdout.split()
        assert (code, child.stderr) == ("0", "")
        worker = self._told.read_text().split() if self._told.exists() else ()
        return [set(guard), set(worker)]


@pytest.fixture
def bird(paths: Paths, install: Callable[..., Path], tmp_path: Path) -> Bird:
    told = tmp_path / "told"
    site = install("ark-bird", "bird = bird_plugin:Plugin", {"bird_plugin": PLUGIN})
    file = Path(paths.resource_file("bird1"))
    options = f'[options]\ntold = "{told}"\n'
    file.write_text(f'plugin = "bird"\nlogical_host = "LHOST1"\n{options}')
    file.chmod(0o644)
    return Bird(site, paths.prefix, told)


@pytest.fixture(params=[CALL, MONITOR], ids=["lifekeeper", "pacemaker"])
def check(request: pytest.FixtureRequest, bird: Bird) -> Callable[[], list[set[str]]]:
    """A quickCheck of a resource that runs: the modules of the guard, and of the worker."""
    return lambda: bird.run(request.param)


def test_a_healthy_check_of_a_recorded_resource_loads_nothing_heavy(
    check: Callable[[], list[set[str]]],
) -> None:
    check()  # validates and records
    guard, worker = check()
    assert (guard & HEAVY, worker & HEAVY) == (set(), set())
    assert worker


#: What a start, a stop or a doubt needs, and a healthy check does not.
NOT_FOR_A_HEALTHY_CHECK = {
    "arkcore.actions.awaiting",
    "arkcore.actions.below",
    "arkcore.actions.gone",
    "arkcore.actions.leftovers",
    "arkcore.actions.starting",
    "arkcore.actions.stopping",
    "arkcore.actions.telling",
    "arkcore.base.retry",
    "arkcore.context.outsiders",
    "arkcore.context.start_group",
    "arkcore.machine.blackbox",
    "arkcore.machine.cgroup",
    "arkcore.machine.ending",
    "arkcore.machine.offspring",
}


def test_a_healthy_check_loads_no_step_but_the_asking(bird: Bird) -> None:
    bird.run(CALL)
    guard, worker = bird.run(CALL)
    assert (guard & NOT_FOR_A_HEALTHY_CHECK, worker & NOT_FOR_A_HEALTHY_CHECK) == (set(), set())
    assert "arkcore.actions.asking" in worker


HEALTH = """
    @hookimpl
    def ark_health_commands(self, options):
        from arkcore import HealthCommand
        return [HealthCommand(["/usr/bin/test", "!", "-e", options.told + ".down"])]
    @hookimpl
    def ark_processes(self, ctx):
        from arkcore import processes
        return [processes.look(1)]
"""
#: Modules on the healthy path that an interpreter has not loaded by itself, packages included.
#: Each costs a check a tenth of a millisecond.
MOST_MODULES = 66


def test_the_healthy_path_loads_neither_guard_nor_plugin(
    paths: Paths, install: Callable[..., Path], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    plugin = {"bird_plugin": PLUGIN + HEALTH}
    site = install("ark-bird", "bird = bird_plugin:Plugin", plugin)
    file = Path(paths.resource_file("bird1"))
    file.write_text(f'plugin = "bird"\nlogical_host = "LHOST1"\n[options]\ntold = "{told}"\n')
    file.chmod(0o644)
    bird = Bird(site, paths.prefix, told)
    bird.run(CALL, "RESTORE")
    loaded, by_worker = bird.run(CALL)
    assert not by_worker, "the plugin was asked"
    assert not {"arkcore.guard.guard", "arkcore.worker.worker", "bird_plugin"} & loaded
    assert not loaded & HEAVY
    bare = [sys.executable, "-IS", "-c", "import sys; print(*sys.modules)"]
    by_itself = subprocess.run(bare, capture_output=True, text=True, check=True).stdout.split()
    assert len(loaded - {*by_itself}) <= MOST_MODULES


#: What a start needs where something is amiss.
NOT_FOR_A_GOOD_START = {
    "arkcore.actions.awaiting",
    "arkcore.actions.gone",
    "arkcore.actions.leftovers",
    "arkcore.actions.stopping",
    "arkcore.base.retry",
    "arkcore.machine.ending",
}


def test_a_start_that_goes_well_loads_no_stop(bird: Bird) -> None:
    bird.run(CALL, "REMOVE")
    guard, worker = bird.run(CALL, "RESTORE")
    assert (guard & NOT_FOR_A_GOOD_START, worker & NOT_FOR_A_GOOD_START) == (set(), set())
    assert "arkcore.actions.starting" in worker


@pytest.mark.parametrize("action", ["RESTORE", "REMOVE"])
def test_a_start_or_stop_that_goes_well_loads_no_library(action: str, bird: Bird) -> None:
    for _ in range(5):
        # The other one first: it validates and records, and leaves something to do.
        bird.run(CALL, "REMOVE" if action == "RESTORE" else "RESTORE")
        guard, worker = bird.run(CALL, action)
        if "tenacity" not in worker:
            break  # else it had to ask again, on a machine that is busy
    assert (guard & HEAVY, worker & HEAVY) == (set(), set())
    assert worker


def test_the_guard_imports_no_plugin_even_when_it_has_a_resource_validated(
    check: Callable[[], list[set[str]]],
) -> None:
    guard, worker = check()
    assert "bird_plugin" in worker
    assert "bird_plugin" not in guard
    assert not guard & {"msgspec", "tomllib"}


@pytest.mark.parametrize(
    "modules",
    [
        "arkcore.managers.lifekeeper, arkcore.worker.part",
        "arkcore.managers.pacemaker, arkcore.worker.part",
        "ark_command._plugin, arkcore.context.pid_file, arkcore.context.services",
        "ark_jp1_base.jp1, ark_jp1_base.judgement",
    ],
)
def test_no_enumeration_is_made_on_the_way_of_an_action(modules: str) -> None:
    program = f"import sys; sys.path += sys.argv[1:]; import {modules}; print(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-IS", "-c", program, *sys.path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not set(child.stdout.split()) & {"enum", "signal", "functools", "types", "re", "json"}


def test_importing_the_public_names_loads_nothing_heavy() -> None:
    program = "import arkcore, sys; print(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert not set(child.stdout.split()) & {"pluggy", "loguru", "msgspec", "typing", "re"}


def test_every_public_name_is_there() -> None:
    import arkcore

    assert all(getattr(arkcore, name) for name in arkcore.__all__)


def imported_when_run(source: str) -> list[str]:
    """The modules that a source names where it runs, those for type checkers left out."""
    found = []
    ahead: list[ast.AST] = [ast.parse(source)]
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            ahead += node.orelse
        elif isinstance(node, ast.Import):
            found += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        else:
            ahead += ast.iter_child_nodes(node)
    return found


def test_plugins_import_public_names_only() -> None:
    """Of arkcore's modules, a plugin names the package itself alone.

    The test kit is no plugin: it calls the engine as a worker and the managers do.
    """
    root = Path(__file__).parents[2] / "plugins"
    kit = root / "testing"
    wrong = [
        f"{source.relative_to(root)} imports {module}"
        for source in sorted(root.glob("*/src/**/*.py"))
        if kit not in source.parents
        for module in imported_when_run(source.read_text())
        if module.startswith("arkcore.")
    ]
    assert wrong == []
