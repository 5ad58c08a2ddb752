"""JP1/AJS3 - Manager on a stand-in of the product."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from ark_jp1_ajs3_manager import Ajs3Manager, Ajs3ManagerOptions
from ark_lab import StandIn
from ark_lab.testing import HOST

from arkcore import ConfigurationError, Status, StepFailed
from arkcore.context.context import Context, engine_side
from arkcore.plugin.application import check_declaration, declared_options, make_options
from arkcore.plugin.contract import check_hooks

OTHER = "LVMRH6LKB"
MACHINE_WIDE = {"hntr2mon", "ajsqlagtd", "ajsqlftpd"}
plugin = Ajs3Manager()


def start(ctx: Context) -> None:
    engine_side(ctx).step.kind = "start"
    plugin.ark_start(ctx)
    engine_side(ctx).step.kind = "status"
    assert ctx.wait_until(lambda: status(ctx) is Status.RUNNING, within=10)


def status(ctx: Context) -> Status:
    return plugin.ark_status(ctx).status


def pids(ctx: Context) -> set[int]:
    return {process.pid for process in plugin.ark_processes(ctx)}


def truth(node: StandIn, host: str) -> set[int]:
    """The pids of JP1/AJS3's processes of `host`, as the stand-in itself knows them."""
    return {each.pid for each in node.processes(host) if "jp1ajs2" in each.exe.parts}


def kill(node: StandIn, name: str) -> None:
    pid = next(each.pid for each in node.processes(HOST) if each.name == name)
    os.kill(pid, signal.SIGKILL)
    assert node.wait_until(lambda: pid not in truth(node, HOST))


def test_the_engine_accepts_the_plugin() -> None:
    check_hooks(plugin, "jp1-ajs3-manager")
    application = check_declaration(plugin.ark_application(), "jp1-ajs3-manager")
    assert application.force_before_restart
    assert set(application.machine_wide) == {*MACHINE_WIDE, "jevtraplog"}


def test_the_options_are_possible_and_have_both_texts() -> None:
    make_options(Ajs3ManagerOptions, {}).check()
    declared = declared_options(Ajs3ManagerOptions)["status_options"]
    assert declared.text
    assert not declared.text_ja.isascii()


@pytest.mark.parametrize(
    "words",
    [["-hot"], ["-warm"], ["-cold"], ["-disaster"], ["-HA"], ["-warm", "-q", "clear"]],
)
def test_start_options_that_the_manager_takes(words: list[str]) -> None:
    make_options(Ajs3ManagerOptions, {"start_options": words}).check()


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["-n", "jajs_schd"], "'-n'"),
        (["-warm", "-n", "AJSROOT1"], "'-n'"),
        (["-njajs_schd"], "'-njajs_schd'"),
        (["-q"], "'-q'"),
        (["-q", "maybe"], "'-q'"),
        (["-h", "OTHER"], "'-h'"),
        (["-q clear"], "'-q clear'"),
        (["-HA;reboot"], "'-HA;reboot'"),
        ([""], "''"),
    ],
)
def test_other_start_options_are_refused_in_one_line(words: list[str], refused: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make_options(Ajs3ManagerOptions, {"start_options": words}).check()
    told = str(raised.value)
    assert told.startswith(f"options.start_options = {words}: {refused} is refused; allowed: ")
    assert "-hot, -warm, -cold, -disaster, -q clear, -q noclear, -HA" in told
    assert "\n" not in told


@pytest.mark.parametrize("option", ["-s", "-a"])
def test_the_managers_own_status_options_are_accepted(
    node: StandIn, on_node: Any, option: str
) -> None:
    ctx = on_node(node.root, status_options=[option])
    start(ctx)
    assert engine_side(ctx).step.results[-1].argv[1:] == ("-h", HOST, "-t", "3", option)


def test_a_whole_life(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root)
    assert status(ctx) is Status.STOPPED
    start(ctx)
    assert pids(ctx) == truth(node, HOST)
    plugin.ark_stop(ctx)
    assert ctx.wait_until(lambda: not pids(ctx), within=10)
    assert status(ctx) is Status.STOPPED
    assert truth(node, HOST) == set()
    assert {each.name for each in node.processes() if each.host is None} == MACHINE_WIDE


@pytest.mark.parametrize("name", ["jajs_dbmd_JF0", "jajs_hstd", "jajs_agtd"])
def test_with_ha_a_killed_daemon_takes_all_down(node: StandIn, on_node: Any, name: str) -> None:
    ctx = on_node(node.root)
    start(ctx)
    kill(node, name)
    assert ctx.wait_until(lambda: status(ctx) is Status.STOPPED and not pids(ctx), within=10)


@pytest.mark.parametrize("name", ["jajs_dbmd_JF0", "jajs_hstd", "jajs_agtd"])
def test_without_ha_a_killed_daemon_is_a_partial_failure(
    node: StandIn, on_node: Any, name: str
) -> None:
    ctx = on_node(node.root, ha=False)
    start(ctx)
    kill(node, name)
    assert ctx.wait_until(lambda: status(ctx) is Status.PARTIAL, within=5)


def test_without_ha_a_scheduler_that_restarts_itself_is_no_failure(
    node: StandIn, on_node: Any
) -> None:
    ctx = on_node(node.root, ha=False)
    start(ctx)
    kill(node, "jajs_schd_AJSROOT1")
    assert status(ctx) is Status.RUNNING


@pytest.mark.parametrize("down_rc", [1, 8])
def test_a_killed_manager_is_a_partial_failure(node: StandIn, on_node: Any, down_rc: int) -> None:
    node.configure(down_rc=down_rc)
    ctx = on_node(node.root)
    start(ctx)
    kill(node, "jajs_spmd")
    assert status(ctx) is Status.PARTIAL
    assert pids(ctx) == truth(node, HOST) != set()


@pytest.mark.parametrize("children", ["host", "no", "clean"])
def test_mutual_standby_never_claims_the_other_hosts_processes(
    node: StandIn, on_node: Any, children: str
) -> None:
    node.configure(child_env=children)
    ours, theirs = on_node(node.root, HOST), on_node(node.root, OTHER)
    start(ours)
    start(theirs)
    assert pids(ours) == truth(node, HOST)
    assert pids(theirs) == truth(node, OTHER)
    ours._state.processes.note(list(plugin.ark_processes(ours)))
    kill(node, "jajs_spmd")
    assert pids(ours) == truth(node, HOST) != set()
    plugin.ark_force_stop(ours)
    assert ours.wait_until(lambda: not pids(ours), within=10)
    assert status(theirs) is Status.RUNNING
    assert pids(theirs) == truth(node, OTHER)


def test_a_stop_that_refuses_fails_and_force_ends_it(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root)
    start(ctx)
    node.fault("jajs_stop.cluster", refuse=1)
    with pytest.raises(StepFailed, match=r"jajs_stop\.cluster returned 1, expected 0"):
        plugin.ark_stop(ctx)
    node.fault("jajs_killall.cluster", rc=1)
    plugin.ark_force_stop(ctx)
    assert ctx.wait_until(lambda: not pids(ctx), within=10)
    assert {each.name for each in node.processes() if each.host is None} == MACHINE_WIDE


def test_a_dead_queueless_agent_is_a_partial_failure_where_told(
    node: StandIn, on_node: Any
) -> None:
    ctx = on_node(node.root, queueless=True)
    start(ctx)
    os.kill(pid_of(node, "ajsqlftpd"), signal.SIGKILL)
    assert status(ctx) is Status.RUNNING
    os.kill(pid_of(node, "ajsqlagtd"), signal.SIGKILL)
    assert ctx.wait_until(lambda: status(ctx) is Status.PARTIAL, within=10)
    assert status(on_node(node.root)) is Status.RUNNING


def pid_of(node: StandIn, name: str) -> int:
    return next(each.pid for each in node.processes() if each.name == name)


def test_the_environment_of_the_caller_never_reaches_the_product(
    node: StandIn, on_node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AJSMANAGERHOST", "elsewhere")
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    ctx = on_node(node.root)
    start(ctx)
    for process in plugin.ark_processes(ctx):
        with open(f"/proc/{process.pid}/environ", "rb") as file:
            text = file.read()
        assert b"AJSMANAGERHOST" not in text
        assert b"LC_" not in text
