"""A plugin that its author makes of `Daemon`: start, health, and a stop by TERM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ark_testing import LogicalHost, Trial

from arkcore import Daemon, PluginError, Status, processes
from arkcore.plugin.contract import check_hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = """
from arkcore import Daemon, Status, StatusReport, option
class Options:
    pid_file: str = option("", kind="path")
class Plugin(Daemon):
    name, title, options = "small", "Small", Options
    def start(self, ctx):
        ctx.start_daemon(["/bin/sleep", "1000"])
    def health(self, ctx):
        return StatusReport(Status.RUNNING if self.processes(ctx) else Status.STOPPED)
    def pid_file(self, ctx):
        return ctx.options.pid_file
"""


@pytest.fixture
def small(install: Callable[..., Path]) -> None:
    install("ark-small", "small = small_plugin:Plugin", {"small_plugin": SOURCE})


def test_start_health_and_the_stop_by_term_are_its_hooks(
    small: None, ark_trial: Callable[..., Trial]
) -> None:
    trial = ark_trial("small", LogicalHost("TRIAL1"))
    assert trial.call("ark_status").status is Status.STOPPED
    trial.call("ark_start")
    [process] = trial.call("ark_processes")
    trial.call("ark_start")
    assert trial.call("ark_processes") == [process]
    assert trial.call("ark_status").status is Status.RUNNING
    trial.call("ark_stop")
    assert trial.context().wait_until(lambda: not processes.still_lives(process), within=5)


def test_its_application_has_its_name_and_keeps_the_contract(
    small: None, ark_trial: Callable[..., Trial]
) -> None:
    trial = ark_trial("small", LogicalHost("TRIAL1"))
    application = trial.plugin.ark_application()
    assert (application.name, application.title) == ("small", "Small")
    check_hooks(trial.plugin, "small")


def test_one_that_lacks_its_health_is_told_to_its_author() -> None:
    class Unfinished(Daemon):
        name = "unfinished"

        def start(self, ctx: Any) -> None:
            raise AssertionError

    with pytest.raises(PluginError, match="Unfinished is a Daemon without health"):
        Unfinished().ark_application()


def test_its_processes_are_those_of_the_pid_file_as_well(
    small: None, ark_trial: Callable[..., Trial], tmp_path: Path
) -> None:
    import subprocess

    path = tmp_path / "small.pid"
    trial = ark_trial("small", LogicalHost("TRIAL1", options={"pid_file": str(path)}))
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        path.write_text(f"{child.pid}\n")
        assert [each.pid for each in trial.call("ark_processes")] == [child.pid]
        trial.call("ark_stop")
        assert child.wait(5) == -15


@pytest.mark.parametrize(("name", "is_listed"), [("sleep", True), ("smalld", False)])
def test_a_process_of_another_name_than_its_own_is_not_listed(
    install: Callable[..., Path],
    ark_trial: Callable[..., Trial],
    tmp_path: Path,
    name: str,
    is_listed: bool,
) -> None:
    import subprocess

    source = f"{SOURCE}    process_name = {name!r}\n"
    install("ark-small", "small = small_plugin:Plugin", {"small_plugin": source})
    path = tmp_path / "small.pid"
    trial = ark_trial("small", LogicalHost("TRIAL1", options={"pid_file": str(path)}))
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        path.write_text(f"{child.pid}\n")
        assert [each.pid for each in trial.call("ark_processes")] == [child.pid] * is_listed
        child.kill()


@pytest.mark.parametrize(
    ("method", "is_right"),
    [
        ("def health(self): ...", False),
        ("def health(self, ctx, more): ...", False),
        ("def processes(): ...", False),
        ("def health(self, ctx, more=1): ...", True),
        ("def health(*given): ...", True),
        ("@staticmethod\n    def health(ctx): ...", True),
        ("health = staticmethod(len)", True),
        ("pid_file = '/run/small.pid'", False),
    ],
)
def test_a_method_that_cannot_be_called_is_refused_by_name(
    install: Callable[..., Path], ark_trial: Callable[..., Trial], method: str, is_right: bool
) -> None:
    source = f"{SOURCE}    {method}\n"
    install("ark-small", "small = small_plugin:Plugin", {"small_plugin": source})
    if is_right:
        assert ark_trial("small", LogicalHost("TRIAL1"))
        return
    with pytest.raises(PluginError, match=r"Plugin\.\w+ must have the arguments \(self, ctx\)"):
        ark_trial("small", LogicalHost("TRIAL1"))


def test_a_process_name_that_is_no_text_is_refused(
    install: Callable[..., Path], ark_trial: Callable[..., Trial]
) -> None:
    source = f"{SOURCE}    def process_name(self, ctx): ...\n"
    install("ark-small", "small = small_plugin:Plugin", {"small_plugin": source})
    with pytest.raises(PluginError, match=r"Plugin\.process_name must be a text"):
        ark_trial("small", LogicalHost("TRIAL1"))


@pytest.mark.parametrize(
    ("own", "meant"),
    [
        ("def stopp(self, ctx): ...", "stop"),
        ("def pidfile(self, ctx): ...", "pid_file"),
        ("def process(self, ctx): ...", "processes"),
        ("timer = {}", "timers"),
        ("logicalhost = None", "logical_host"),
        ("def _stopp(self, ctx): ...", ""),
        ("def started(self, ctx): ...", ""),
        ("place = '/run'", ""),
    ],
)
def test_a_name_that_is_nearly_a_method_is_refused(
    install: Callable[..., Path], ark_trial: Callable[..., Trial], own: str, meant: str
) -> None:
    install("ark-small", "small = small_plugin:Plugin", {"small_plugin": f"{SOURCE}    {own}\n"})
    if not meant:
        assert ark_trial("small", LogicalHost("TRIAL1"))
        return
    with pytest.raises(PluginError, match=rf"Plugin\.\w+: nothing calls it; is it {meant}\?"):
        ark_trial("small", LogicalHost("TRIAL1"))


def test_what_it_declares_are_attributes_of_its_class(install: Callable[..., Path]) -> None:
    from arkcore import Application, LogicalHostRule

    class Declared(Daemon):
        name, title = "declared", "Declared"
        timers = {"restore.process": 900}  # noqa: RUF012 (read, never changed)
        logical_host = LogicalHostRule(exclusive=False)
        start = health = stop = staticmethod(lambda ctx: None)  # type: ignore[assignment]

    application: Application = Declared().ark_application()
    assert application.timers == {"restore.process": 900}
    assert not application.logical_host.exclusive


def test_a_hook_that_looks_signals_nothing(small: None, ark_trial: Callable[..., Trial]) -> None:
    trial = ark_trial("small", LogicalHost("TRIAL1"))
    trial.call("ark_start")
    looking = trial.context("ark_status")
    with pytest.raises(PluginError, match="only ark_start, ark_stop and ark_force_stop signal"):
        looking.signal(looking.started_processes(), "HUP")


@pytest.mark.parametrize("within", [0, -1])
def test_a_question_without_time_is_refused(
    small: None, ark_trial: Callable[..., Trial], within: float
) -> None:
    context = ark_trial("small", LogicalHost("TRIAL1")).context()
    with pytest.raises(PluginError, match=f"within={within}: a question needs time"):
        context.tcp("127.0.0.1", 1, within=within)
