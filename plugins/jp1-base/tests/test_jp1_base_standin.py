"""JP1/Base's hooks on a stand-in of the product: real processes, real return codes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from ark_jp1_base.plugin import Jp1Base
from ark_lab import Product, StandIn
from ark_lab.testing import HOST, Lab

from arkcore import Status, StepFailed
from arkcore.context.context import Context, engine_side

OTHER = "LVMRH6LKB"
plugin = Jp1Base()


@pytest.fixture
def node(lab: Lab) -> StandIn:
    node = lab.node(product=None)
    node.logical_host(OTHER, lab.shared)
    return node


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
    return {process.pid for process in node.processes(host)}


def kill(node: StandIn, name: str) -> None:
    """Kill one daemon of HOST and wait until it is dead."""
    pid = next(each.pid for each in node.processes(HOST) if each.name == name)
    os.kill(pid, signal.SIGKILL)
    assert node.wait_until(lambda: pid not in truth(node, HOST))


def test_a_whole_life(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root)
    assert status(ctx) is Status.STOPPED
    assert pids(ctx) == set()
    start(ctx)
    assert pids(ctx) == truth(node, HOST)
    plugin.ark_stop(ctx)
    assert ctx.wait_until(lambda: not pids(ctx), within=10)
    assert status(ctx) is Status.STOPPED
    assert truth(node, HOST) == set()
    assert [process.name for process in node.processes()] == ["hntr2mon"]


@pytest.mark.parametrize("down_rc", [1, 8])
def test_a_manager_that_was_never_started_is_stopped(
    node: StandIn, on_node: Any, down_rc: int
) -> None:
    node.configure(down_rc=down_rc)
    assert status(on_node(node.root)) is Status.STOPPED


@pytest.mark.parametrize(
    ("name", "down_rc"),
    [
        ("jbsroute", 8),
        ("jbscomd", 8),
        ("jbs_spmd", 8),
        ("jbs_spmd", 1),
        ("jevservice", 8),
    ],
)
def test_a_killed_daemon_is_a_partial_failure(
    node: StandIn, on_node: Any, name: str, down_rc: int
) -> None:
    node.configure(down_rc=down_rc)
    ctx = on_node(node.root)
    start(ctx)
    kill(node, name)
    assert ctx.wait_until(lambda: status(ctx) is Status.PARTIAL, within=5)


def test_a_manager_that_does_not_answer_is_unknown(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root, status_timeout=1)
    start(ctx)
    node.fault("jbs_spmd", hang=1)
    assert ctx.wait_until(lambda: status(ctx) is Status.UNKNOWN, within=5)


def test_a_status_command_that_hangs_is_unknown_and_ended(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root, status_limit=0.2, event_server=False)
    start(ctx)
    node.fault("jbs_spmd_status", hang="before", ignore_term=1)
    assert status(ctx) is Status.UNKNOWN
    assert node.commands() == []
    assert len(truth(node, HOST)) > 1


def test_an_event_server_that_is_not_ready_is_asked_again(node: StandIn, on_node: Any) -> None:
    node.configure(event_server_delay=0.5)
    ctx = on_node(node.root)
    plugin.ark_start(ctx)
    assert status(ctx) is Status.UNKNOWN
    assert ctx.wait_until(lambda: status(ctx) is Status.RUNNING, within=5)


def test_a_shared_directory_that_has_gone_is_unknown_while_it_runs(
    lab: Lab, node: StandIn, on_node: Any
) -> None:
    ctx = on_node(node.root)
    start(ctx)
    lab.shared.rename(lab.directory / "gone")
    assert status(ctx) is Status.UNKNOWN
    assert pids(ctx) == truth(node, HOST)


def test_a_shared_directory_that_is_not_here_is_stopped(
    lab: Lab, node: StandIn, on_node: Any
) -> None:
    lab.shared.rename(lab.directory / "elsewhere")
    assert status(on_node(node.root)) is Status.STOPPED


def test_where_nothing_is_installed_it_is_stopped(tmp_path: Path, on_node: Any) -> None:
    ctx = on_node(tmp_path / "nothing")
    assert status(ctx) is Status.STOPPED
    assert pids(ctx) == set()
    plugin.ark_force_stop(ctx)


def test_processes_are_found_after_the_product_was_removed(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root)
    start(ctx)
    wanted = truth(node, HOST)
    (node.root / "opt/jp1base").rename(node.root / "opt/jp1base.away")
    # The kernel follows the renamed directory; what was removed keeps its name.
    assert pids(ctx) == set()
    (node.root / "opt/jp1base.away").rename(node.root / "opt/jp1base")
    for path in (node.root / "opt/jp1base/bin").iterdir():
        path.unlink()
    assert pids(ctx) == wanted
    ctx.terminate(plugin.ark_processes(ctx), grace=0.1)


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
    plugin.ark_force_stop(ours)
    assert ours.wait_until(lambda: not pids(ours), within=10)
    assert status(ours) is Status.STOPPED
    assert status(theirs) is Status.RUNNING


def test_nameless_children_whose_manager_died_are_found_by_the_record(
    node: StandIn, on_node: Any
) -> None:
    node.configure(child_env="clean")
    ours, theirs = on_node(node.root, HOST), on_node(node.root, OTHER)
    start(ours)
    start(theirs)
    ours._state.processes.note(list(plugin.ark_processes(ours)))
    kill(node, "jbs_spmd")
    assert ours.wait_until(lambda: pids(ours) == truth(node, HOST), within=5)
    assert len(pids(ours)) > 5
    assert status(ours) is Status.PARTIAL
    assert pids(theirs) == truth(node, OTHER)


def test_nameless_children_that_nobody_recorded_are_told_and_not_claimed(
    node: StandIn, on_node: Any
) -> None:
    node.configure(child_env="clean")
    ctx = on_node(node.root)
    start(ctx)
    kill(node, "jbs_spmd")
    report = plugin.ark_status(ctx)
    assert "jcocmd" in report.detail
    assert "jcocmd" not in {process.name for process in plugin.ark_processes(ctx)}


def test_running_commands_of_the_product_are_no_processes_of_the_logical_host(
    lab: Lab, on_node: Any
) -> None:
    root = lab.directory / "node1"
    node = StandIn.install(root, products=[Product.BASE], allow_user=True, status_in_product=True)
    node.logical_host(HOST, lab.shared)
    lab.nodes.append(node)
    node.fault("jevstat", hang="before")
    ctx = on_node(node.root)
    pid = os.posix_spawn(
        node.path("jevstat"), ["jevstat", HOST], {"JP1_HOSTNAME": HOST, "PATH": os.defpath}
    )
    try:
        assert node.wait_until(lambda: [each.pid for each in node.commands()] == [pid])
        assert pids(ctx) == set()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_a_stop_that_refuses_fails_and_force_ends_it(node: StandIn, on_node: Any) -> None:
    ctx = on_node(node.root)
    start(ctx)
    node.fault("jbs_stop.cluster", refuse=1, rc=8)
    with pytest.raises(StepFailed, match=r"jbs_stop\.cluster returned 8, expected 0"):
        plugin.ark_stop(ctx)
    plugin.ark_force_stop(ctx)
    assert ctx.wait_until(lambda: not pids(ctx), within=10)
    assert truth(node, HOST) == set()
    assert "hntr2mon" in {process.name for process in node.processes()}


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("ja_JP.UTF-8", "utf-8"), ("ja_JP.eucJP", "euc_jp"), ("ja_JP.SJIS", "cp932")],
)
def test_japanese_messages_are_read_in_the_encoding_of_lang(
    node: StandIn, on_node: Any, lang: str, expected: str
) -> None:
    node.fault("jbs_stop.cluster", refuse=1)
    ctx = on_node(node.root, lang=lang)
    with pytest.raises(StepFailed):
        plugin.ark_stop(ctx)
    told = engine_side(ctx).step.results[-1]
    assert "\\x" not in told.output
    assert not told.output.isascii()
    assert told.raw.decode(expected) == told.output


def test_bytes_of_no_encoding_harm_nothing(node: StandIn, on_node: Any) -> None:
    for command in ("jbs_spmd_status", "jevstat"):
        node.fault(command, garbage=1)
    ctx = on_node(node.root, lang="ja_JP.SJIS")
    start(ctx)
    assert status(ctx) is Status.RUNNING
