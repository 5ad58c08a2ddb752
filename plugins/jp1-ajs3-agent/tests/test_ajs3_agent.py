"""JP1/AJS3 - Agent on a stand-in of the product."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from ark_jp1_ajs3_agent import Ajs3Agent
from ark_lab import StandIn
from ark_lab.testing import HOST

from arkcore import ConfigurationError, Status
from arkcore.context.context import Context, engine_side
from arkcore.plugin.application import check_declaration, declared_options, make_options
from arkcore.plugin.contract import check_hooks

OTHER = "LVMRH6LKB"
plugin = Ajs3Agent()


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
    return {each.pid for each in node.processes(host) if "jp1ajs2" in each.exe.parts}


def test_the_engine_accepts_the_plugin() -> None:
    check_hooks(plugin, "jp1-ajs3-agent")
    application = check_declaration(plugin.ark_application(), "jp1-ajs3-agent")
    assert application.title == "JP1/AJS3 - Agent"


def test_it_has_no_option_that_only_the_manager_takes() -> None:
    assert "status_options" not in declared_options(plugin.ark_application().options)


def test_the_agent_starts_cold_and_in_no_other_mode() -> None:
    options = plugin.ark_application().options
    make_options(options, {"start_options": ["-cold"]}).check()
    with pytest.raises(ConfigurationError, match=r"'-warm' is refused; allowed: -cold$"):
        make_options(options, {"start_options": ["-warm"]}).check()


def test_a_whole_life(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root)
    assert status(ctx) is Status.STOPPED
    start(ctx)
    names = {process.name for process in plugin.ark_processes(ctx)}
    assert names == {"jajs_spmd", "jpqmon", "jpoagent"}
    assert pids(ctx) == truth(node, HOST)
    plugin.ark_stop(ctx)
    assert ctx.wait_until(lambda: not pids(ctx), within=10)
    assert status(ctx) is Status.STOPPED


@pytest.mark.parametrize("name", ["jajs_spmd", "jpqmon", "jpoagent"])
def test_a_killed_daemon_is_a_partial_failure(node: StandIn, on_node: Any, name: str) -> None:
    ctx = on_node(node.root, ha=False)
    start(ctx)
    pid = next(each.pid for each in node.processes(HOST) if each.name == name)
    os.kill(pid, signal.SIGKILL)
    assert node.wait_until(lambda: pid not in truth(node, HOST))
    assert status(ctx) is Status.PARTIAL


def test_mutual_standby_forces_one_logical_host_only(node: StandIn, on_node: Any) -> None:
    ours, theirs = on_node(node.root, HOST), on_node(node.root, OTHER)
    start(ours)
    start(theirs)
    assert pids(ours) == truth(node, HOST)
    assert pids(theirs) == truth(node, OTHER)
    plugin.ark_force_stop(ours)
    assert ours.wait_until(lambda: not pids(ours), within=10)
    assert status(ours) is Status.STOPPED
    assert status(theirs) is Status.RUNNING
