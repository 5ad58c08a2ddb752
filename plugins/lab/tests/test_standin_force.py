"""The forced stop: what it hits, and when."""

from __future__ import annotations

from ark_lab import StandIn
from ark_lab.testing import HOST, Lab

ALIKE = ("ABCDEFGHIJKLMNO1", "ABCDEFGHIJKLMNO2", "ABCDEFGHIJKLMNX3")


def test_it_ends_what_ignores_term_before_it_returns(base: StandIn) -> None:
    base.fault("jcocmd", ignore_term=True)
    assert base.run("jbs_killall.cluster", HOST).returncode == 0
    assert base.processes(HOST) == []


def test_it_leaves_what_belongs_to_the_machine(ajs: StandIn) -> None:
    ajs.run("jajs_killall.cluster", HOST)
    ajs.run("jbs_killall.cluster", HOST)
    left = {process.name for process in ajs.processes()}
    assert left == {"hntr2mon", "ajsqlagtd", "ajsqlftpd"}


def test_it_needs_neither_definition_nor_shared_directory(lab: Lab, base: StandIn) -> None:
    (base.root / "opt/lab/hosts" / HOST).unlink()
    lab.shared.rename(lab.directory / "away")
    assert base.run("jbs_killall.cluster", HOST).returncode == 0
    assert base.processes(HOST) == []


def test_where_nothing_runs_it_succeeds(node: StandIn) -> None:
    assert node.run("jbs_killall.cluster", HOST).returncode == 0


def test_with_a_delay_it_returns_before_it_kills(base: StandIn) -> None:
    base.configure(kill_delay=3)
    base.run("jbs_killall.cluster", HOST)
    assert base.processes(HOST) != []
    assert [process.args[1] for process in base.commands()] == ["jbs_killall.cluster"]
    assert base.wait_until(lambda: base.processes(HOST) == [], within=30)
    assert base.wait_until(lambda: base.commands() == [])


def test_the_late_killer_hits_what_was_started_right_after(base: StandIn) -> None:
    base.configure(kill_again=1)
    base.run("jbs_killall.cluster", HOST)
    assert base.run("jbs_start.cluster", HOST).returncode == 0
    assert base.processes(HOST) != []
    assert base.wait_until(lambda: base.processes(HOST) == [])


def test_the_late_killer_hits_a_fresh_start_after_a_stop(base: StandIn) -> None:
    base.configure(kill_delay=1)
    base.run("jbs_killall.cluster", HOST)
    base.run("jbs_stop.cluster", HOST)
    assert base.run("jbs_start.cluster", HOST).returncode == 0
    assert base.wait_until(lambda: base.processes(HOST) == [])


def test_ajs_matches_the_first_15_bytes_of_the_name(lab: Lab, node: StandIn) -> None:
    for name in ALIKE:
        node.logical_host(name, lab.directory / name)
        node.run("jbs_start.cluster", name)
        node.run("jajs_start.cluster", name)
    node.run("jajs_killall.cluster", ALIKE[0])
    answers = [node.run("jajs_spmd_status", "-h", name).returncode for name in ALIKE]
    assert answers == [8, 8, 0]


def test_base_matches_the_whole_name(lab: Lab, node: StandIn) -> None:
    for name in ALIKE[:2]:
        node.logical_host(name, lab.directory / name)
        node.run("jbs_start.cluster", name)
    node.run("jbs_killall.cluster", ALIKE[0])
    answers = [node.run("jbs_spmd_status", "-h", name).returncode for name in ALIKE[:2]]
    assert answers == [8, 0]
