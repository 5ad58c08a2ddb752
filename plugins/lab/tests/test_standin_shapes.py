"""Argument shapes: what the reference gives each command, and usage with return code 1 else."""

from __future__ import annotations

import pytest
from ark_lab import Product, StandIn
from ark_lab.testing import HOST, Lab
from ark_lab.vocabulary import COMMANDS

WRONG = [
    ("jbs_start.cluster",),
    ("jbs_start.cluster", HOST, HOST),
    ("jbs_start.cluster", "-h", HOST),
    ("jbs_start.cluster", HOST, "-HA"),
    ("jbs_stop.cluster",),
    ("jbs_killall.cluster", "-h", HOST),
    ("jbs_spmd_status", HOST),
    ("jbs_spmd_status", "-h"),
    ("jbs_spmd_status", "-h", HOST, "-t"),
    ("jbs_spmd_status", "-h", HOST, "-t", "-1"),
    ("jbs_spmd_status", "-h", HOST, "-t", "32768"),
    ("jbs_spmd_status", "-h", HOST, "-t", "5x"),
    ("jbs_spmd_status", "-h", HOST, "-s"),
    ("jevstat", "-h", HOST),
    ("jevstat", HOST, "-t", "0"),
    ("jevstat", HOST, "-t", "32768"),
    ("jajs_start.cluster",),
    ("jajs_start.cluster", "-HA"),
    ("jajs_start.cluster", HOST, "-ha"),
    ("jajs_stop.cluster", HOST, "-HA"),
    ("jajs_spmd_status", HOST),
    ("jajs_spmd_status", "-h", HOST, "-s", "-a"),
    ("jajs_spmd_status", "-h", HOST, "-t", "32768"),
    ("ajsqlstatus",),
    ("ajsqlstatus", HOST),
]

RIGHT = [
    ("jbs_spmd_status", "-h", HOST),
    ("jbs_spmd_status", "-h", HOST, "-t", "0"),
    ("jbs_spmd_status", "-t", "32767", "-h", HOST),
    ("jevstat", HOST),
    ("jevstat", HOST, "-t", "1"),
    ("jajs_spmd_status", "-h", HOST, "-t", "0"),
    ("jajs_spmd_status", "-h", HOST, "-s"),
    ("jajs_spmd_status", "-a", "-h", HOST),
]


@pytest.mark.parametrize("line", WRONG, ids=" ".join)
def test_wrong_shape_is_answered_with_1_and_usage(node: StandIn, line: tuple[str, ...]) -> None:
    done = node.run(*line)
    assert done.returncode == 1
    assert b"[stand-in] " in done.stderr
    assert b"usage: " in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize("line", RIGHT, ids=" ".join)
def test_right_shape_is_answered_with_a_status(node: StandIn, line: tuple[str, ...]) -> None:
    assert node.run(*line).returncode == 8


def test_agent_has_no_option_for_schedulers(lab: Lab) -> None:
    agent = lab.node(product=Product.AGENT)
    assert agent.run("jajs_spmd_status", "-h", HOST, "-s").returncode == 1
    assert agent.run("jajs_start.cluster", HOST, "-cold").returncode == 1


def test_every_command_calls_itself_a_stand_in(ajs: StandIn) -> None:
    for command in sorted(COMMANDS, key=lambda name: "stop" in name or "kill" in name):
        option_h = command.endswith("status")
        done = ajs.run(command, *(["-h", HOST] if option_h else [HOST]))
        lines = (done.stdout + done.stderr).splitlines()
        assert lines, command
        if command == "ajsqlstatus":
            continue  # whoever reads its lines by their text must find them as JP1 writes them
        assert all(line.startswith(b"[stand-in]") for line in lines), command


def test_jp1_hostname_selects_the_host_where_the_option_is_left_out(base: StandIn) -> None:
    here = {"JP1_HOSTNAME": HOST}
    assert base.run("jbs_spmd_status", environment=here).returncode == 0
    assert base.run("jevstat", environment=here).returncode == 0


def test_option_overrides_jp1_hostname(base: StandIn) -> None:
    elsewhere = {"JP1_HOSTNAME": "ELSEWHERE"}
    assert base.run("jbs_spmd_status", "-h", HOST, environment=elsewhere).returncode == 0
    assert base.run("jbs_spmd_status", environment=elsewhere).returncode == 1


def test_without_any_name_the_physical_host_is_down(base: StandIn) -> None:
    assert base.run("jbs_spmd_status").returncode == 8


def test_jevstat_name_is_case_sensitive(base: StandIn) -> None:
    assert base.run("jevstat", HOST).returncode == 0
    assert base.run("jevstat", HOST.lower()).returncode == 1


def test_base_host_name_has_at_most_255_bytes(lab: Lab, node: StandIn) -> None:
    longest = "n" * 255
    node.logical_host(longest, lab.shared)
    assert node.run("jevstat", longest).returncode == 8
    assert b"usage" in node.run("jevstat", longest + "n").stderr


def test_ajs_host_name_has_at_most_32_bytes(lab: Lab, node: StandIn) -> None:
    longest = "n" * 32
    node.logical_host(longest, lab.shared)
    node.logical_host(longest + "n", lab.shared)
    assert node.run("jajs_spmd_status", "-h", longest).returncode == 8
    assert node.run("jajs_spmd_status", "-h", longest + "n").returncode == 1


def test_undefined_host_is_an_error(node: StandIn) -> None:
    for line in (["jbs_start.cluster", "X"], ["jevstat", "X"], ["jajs_spmd_status", "-h", "X"]):
        done = node.run(*line)
        assert done.returncode == 1
        assert b"not defined" in done.stderr
