"""`ark timers --suggest`: a history with known durations gives the known answers."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from agents import SUCCESS, Agent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ras_writing import RasWriter, runs_of
from support import ToyNode

from arkcore.cli.tuning.advice import advice
from arkcore.cli.tuning.conflicts import Manager, Member, conflicts
from arkcore.cli.tuning.measured import History, Measured
from arkcore.ras.occasions import Occasion
from arkcore.resources.timers import BY_KEY, OF_VENDOR, TIMERS, Timers


def history(writer: RasWriter, **timers: float) -> History:
    found = History(Timers({key.replace("__", "."): value for key, value in timers.items()}))
    for run in runs_of(writer.lines):
        found.hear(run)
    return found


def numbers(measured: Measured) -> tuple[int, float, float, float, int]:
    """Count, median, p95, worst, used up."""
    return (
        measured.count,
        measured.median,
        measured.p95,
        measured.worst,
        measured.ran_out,
    )


# What was measured.


def test_count_median_p95_and_worst_are_the_known_ones() -> None:
    writer = RasWriter()
    for seconds in range(1, 101):
        writer.restore(seconds)
    assert numbers(history(writer).of("restore.process")) == (100, 50.5, 95, 100, 0)


def test_a_restart_feeds_the_timers_of_its_parts() -> None:
    found = history(RasWriter().recover(confirm=4, stop=20, wait=10, start=45))
    assert found.of("recover.process").times == {4: 1}
    assert found.of("remove.process").times == {20: 1}
    assert found.of("force_stop_wait").times == {10: 1}
    assert found.of("restore.process").times == {45: 1}
    assert found.of("recover.total").times == {79: 1}


def test_a_forced_stop_is_measured_by_itself() -> None:
    found = history(RasWriter().forced_remove(stop=15, force=4))
    assert found.of("remove.force_reserve").times == {4: 1}
    assert found.of("remove.process").times == {19: 1}


def test_a_stop_cut_short_by_the_forced_one_has_used_up_its_timer() -> None:
    found = history(RasWriter().forced_remove(stop=90, force=4))
    assert (found.of("remove.process").ran_out, found.of("remove.process").times) == (1, {})


def test_a_failed_restore_tells_of_the_cleanup_only() -> None:
    late = "no end after 480.0 s while asking"
    writer = RasWriter().told(
        "Restore start.", "Starting.", 480, f"Start failed. {late}",
        "Force stopping.", 12, "Stop completed.", f"Restore failed. {late}",
    )  # fmt: skip
    found = history(writer)
    assert (found.of("restore.process").times, found.of("restore.process").ran_out) == ({}, 1)
    assert found.of("restore.cleanup").times == {12: 1}


def test_what_did_nothing_is_not_measured() -> None:
    writer = RasWriter().told(
        "Restore start.", "Status checking.", "Status check completed. RUNNING",
        "Restore completed. It was running already.", 1,
        "Remove start.", 1, "Remove completed. Nothing to stop.",
    )  # fmt: skip
    found = history(writer)
    assert found.of("restore.process").times == {}
    assert found.of("remove.process").times == {}


def test_the_undecided_clock_is_read_episode_by_episode() -> None:
    writer = RasWriter()
    for seconds in (15, 135, 255):
        writer.check(17, f"QuickCheck completed. Undecided: x; undecided for {seconds} s of 480 s")
    writer.check().check(
        17, "QuickCheck completed. Undecided: x; undecided for 15 s of 480 s"
    ).check(17, "QuickCheck failed. x; undecided for 495 s, the timer is 480 s")
    found = history(writer).of("quickcheck.process")
    assert (found.times, found.ran_out) == ({255: 1}, 1)


def test_a_check_that_is_skipped_is_not_measured() -> None:
    writer = RasWriter().check(2).check(3, "QuickCheck completed. Skipped: maintenance.")
    assert history(writer).of("lifekeeper.quickcheck_run").times == {2: 1}


def test_restarts_are_counted_in_their_window() -> None:
    writer = RasWriter()
    for _ in range(3):
        writer.recover(1, 1, 1, 1)
    writer.now += 86400
    writer.recover(1, 1, 1, 1)
    assert history(writer).most_restarts == 3


# What is advised.


def advised(writer: RasWriter, key: str, **timers: float):
    values = Timers({name.replace("__", "."): value for name, value in timers.items()})
    found = history(writer, **timers)
    return advice(found.of(key), found, values)


def test_a_timer_that_was_used_up_is_doubled() -> None:
    writer = RasWriter().forced_remove(stop=90, force=4)
    told = advised(writer, "remove.process")
    assert (told.set, told.why) == (240, "it was used up 1 time")


def test_a_worst_case_near_the_limit_gets_twice_its_time() -> None:
    told = advised(RasWriter().restore(400), "restore.process")
    assert told.set == 810
    assert told.why == "the worst took 83% of it (starts: 1 of unknown occasion)"


def test_a_worst_case_far_from_the_limit_changes_nothing() -> None:
    writer = RasWriter().restore(100).restore(110).restore(120)
    assert advised(writer, "restore.process").set is None


def switches(number: int, seconds: float) -> RasWriter:
    """Planned stops and starts, and no failure."""
    writer = RasWriter()
    for _ in range(number):
        writer.remove(5).restore(seconds)
    return writer


def test_short_test_starts_never_shorten_a_timer_below_the_vendors_value() -> None:
    assert advised(switches(20, 5), "restore.process").set is None
    assert advised(switches(20, 5), "remove.process").set is None


def test_a_timer_below_the_vendors_value_is_not_lengthened_to_less_than_it() -> None:
    told = advised(switches(20, 5), "restore.process", restore__process=6)
    assert told.set == 480


def test_starts_after_a_failure_shorten_a_long_timer_to_the_vendors_value() -> None:
    told = advised(switches(10, 5).recover(1, 1, 10, 70), "restore.process", restore__process=1200)
    assert told.set == 480
    assert told.why.endswith("(starts: 10 planned, 1 after a failure)")


def test_planned_starts_alone_shorten_nothing() -> None:
    told = advised(switches(20, 5), "restore.process", restore__process=1200)
    assert told.set is None
    assert "no start after a failure was measured" in told.why
    assert told.why.endswith("(starts: 20 planned)")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 100_000), max_size=20), st.integers(0, 3), st.integers(1, 1000))
def test_nothing_below_the_vendors_value_is_ever_advised(
    seconds: list[int], ran_out: int, value: int
) -> None:
    found = history(RasWriter())
    found.starts[Occasion.FAILURE] = 1
    for key in OF_VENDOR:
        measured = Measured(key, Counter(map(float, seconds)), ran_out)
        told = advice(measured, found, Timers({key: value}))
        assert told.set is None or told.set >= (BY_KEY[key].default or 0)


def test_nine_times_are_not_enough_to_shorten() -> None:
    writer = RasWriter()
    for _ in range(9):
        writer.restore(5)
    assert advised(writer, "restore.process").set is None


def test_a_run_is_never_advised_beyond_what_lifekeeper_allows() -> None:
    late = "QuickCheck completed. Undecided: no end after 16.0 s while x; undecided for 17 s of 480"
    told = advised(RasWriter().check(17, late), "lifekeeper.quickcheck_run")
    assert told.set == 20
    assert "make the status command quicker" in told.why
    again = advised(RasWriter().check(19, late), "lifekeeper.quickcheck_run",
                    lifekeeper__quickcheck_run=20)  # fmt: skip
    assert again.set is None


def test_false_alarms_lengthen_the_confirmation() -> None:
    writer = RasWriter()
    for _ in range(2):
        writer.told(
            "Recover start.", "Status checking.", 3, "Status check completed. RUNNING",
            "Recover completed. It is running; no restart.", 60,
        )  # fmt: skip
    assert advised(writer, "quickcheck.confirm").set == 6


@settings(deadline=None)
@given(st.lists(st.integers(0, 100_000), max_size=20), st.integers(0, 3))
def test_what_is_advised_is_always_allowed(seconds: list[int], ran_out: int) -> None:
    empty = history(RasWriter())
    for timer in TIMERS:
        told = advice(Measured(timer.key, Counter(map(float, seconds)), ran_out), empty, Timers({}))
        if told.set is not None:
            assert BY_KEY[timer.key].minimum <= told.set <= BY_KEY[timer.key].maximum


# What cannot work together.


def conflicting(writer: RasWriter | None = None, **timers: float) -> list[tuple[str, ...]]:
    values = Timers({key.replace("__", "."): value for key, value in timers.items()})
    found = history(writer or RasWriter(), **timers)
    own = [Member("toy1", values)]
    return [each.keys for each in conflicts(values, own, Manager(120, 900), found)]


def test_the_defaults_work_together() -> None:
    assert conflicting() == []


@pytest.mark.parametrize(
    ("timers", "keys"),
    [
        ({"remove__process": 896}, ("remove.process", "remove.cleanup")),
        ({"lifekeeper__quickcheck_run": 22}, ("lifekeeper.quickcheck_run",)),
        ({"quickcheck__confirm": 13}, ("quickcheck.confirm", "lifekeeper.quickcheck_run")),
        ({"remove__force_reserve": 61}, ("remove.force_reserve", "remove.process")),
        ({"quickcheck__process": 119}, ("quickcheck.process",)),
        ({"recover__window": 360}, ("recover.window", "recover.attempts")),
    ],
)
def test_a_conflict_is_found_at_its_edge(timers, keys) -> None:
    assert conflicting(**timers) == [keys]


@pytest.mark.parametrize(
    "timers",
    [
        {"remove__process": 895},
        {"lifekeeper__quickcheck_run": 21},
        {"quickcheck__confirm": 12},
        {"remove__force_reserve": 60},
        {"quickcheck__process": 120},
        {"recover__window": 361},
    ],
)
def test_short_of_its_edge_there_is_none(timers) -> None:
    assert conflicting(**timers) == []


def test_a_cap_below_what_a_restart_took_is_found() -> None:
    writer = RasWriter().recover(confirm=4, stop=20, wait=10, start=45)
    assert conflicting(writer, recover__total=79) == [("recover.total",)]
    assert conflicting(writer, recover__total=80) == []


def test_the_removes_of_a_whole_hierarchy_are_added_up() -> None:
    own, above = Timers({"remove.process": 500}), Timers({"remove.process": 400})
    members = [Member("toy1", own), Member("toy2", above)]
    [found] = conflicts(own, members, Manager(120, 900), history(RasWriter()))
    assert "910 s (toy1 505 + toy2 405)" in found.text
    assert conflicts(own, members, Manager(120, 910), history(RasWriter())) == []


# The command.


def test_the_command_reads_the_log_and_its_rotated_parts(node: ToyNode, ark) -> None:
    log = node.prefix / "var/log/ark"
    writer = RasWriter()
    writer.restore(100).write(log / "ras.log.2.gz")
    writer.restore(120).write(log / "ras.log.1")
    writer.restore(440).write(log / "ras.log")
    result = ark("timers", "toy1", "--suggest", "--json")
    assert result.returncode == 0, result.stderr
    [facts] = json.loads(result.stdout)
    [row] = [row for row in facts["timers"] if row["key"] == "restore.process"]
    assert (row["count"], row["median"], row["p95"], row["worst"]) == (3, 120, 440, 440)
    assert row["of_limit"] == pytest.approx(440 / 480)
    assert row["set"] == 900
    assert row["why"].startswith("the worst took 92% of it (starts: ")
    assert facts["starts"] == {"planned": 0, "after_failure": 2, "by_person": 0, "unknown": 1}
    assert facts["conflicts"] == []


def test_without_a_resource_all_are_advised(node: ToyNode, ark) -> None:
    node.configure("toy2", "OTHER2", home=node.home)
    facts = json.loads(ark("timers", "--suggest", "--json").stdout)
    assert [each["resource"] for each in facts] == ["toy1", "toy2"]


def test_lifekeepers_own_limit_is_read(node: ToyNode, ark, lifekeeper) -> None:
    lifekeeper("ISP")
    with open(node.prefix / "etc/default/LifeKeeper", "a") as file:
        file.write("REMOTETIMEOUT=100\n")
    text = ark("timers", "toy1", "--suggest").stdout
    assert "LOOK OUT: the removes of the hierarchy may take 125 s" in text
    assert "REMOTETIMEOUT is 100 s" in text


@pytest.mark.parametrize("language", ["C.UTF-8", "ja_JP.UTF-8"])
def test_the_suggestion_fits_its_terminal(node: ToyNode, ark, language) -> None:
    from rich.cells import cell_len

    writer = RasWriter().recover(4, 20, 10, 45).restore(400).check(3)
    writer.write(node.prefix / "var/log/ark/ras.log")
    text = ark("timers", "toy1", "--suggest", COLUMNS="80", LC_ALL=language).stdout
    assert max(map(cell_len, text.splitlines())) <= 80
    assert ("810: the worst took 83% of it" in text) or ("810: 最大で 83%" in text)


def test_a_log_that_is_not_there_yet_is_no_error(ark) -> None:
    result = ark("timers", "toy1", "--suggest")
    assert (result.returncode, result.stderr) == (0, "")
    assert "holds no script of it" in result.stdout


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=120), max_size=40))
def test_a_forged_log_ends_nothing(node: ToyNode, ark_here, garbage: list[bytes]) -> None:
    log = node.prefix / "var/log/ark/ras.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    known = RasWriter().restore(400).lines
    log.write_bytes(b"\n".join([*garbage, b"", b"".join(known), *garbage]))
    result = ark_here("timers", "toy1", "--suggest")
    assert result.returncode == 0
    assert "restore.process" in result.stdout


def test_an_operation_timeout_of_pacemakers_below_the_timers_is_told(node: ToyNode, ark) -> None:
    (node.resources / "toy1.toml").unlink()
    agent = Agent(node.prefix, "toy", logical_host="LHOST1", home=node.home)
    assert agent.start().code == SUCCESS
    operations = '<op name="start" timeout="90s"/><op name="stop" timeout="150s"/>'
    tool = node.prefix / "usr/sbin/cibadmin"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!/bin/sh\necho '<primitive id=\"toy1\">{operations}</primitive>'\n")
    tool.chmod(0o755)
    facts = json.loads(ark("timers", "toy1", "--suggest", "--json").stdout)
    [conflict] = facts[0]["conflicts"]
    assert conflict["text"].startswith("the timeout of start, 90 s, is too short")
