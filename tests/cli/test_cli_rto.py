"""`ark rto`: each figure is one that a log or a timer gave, and says which."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from agents import SUCCESS, Agent
from ras_writing import RasWriter
from support import ToyNode

from arkcore.cli.worst_times import worst_times
from arkcore.resources.timers import Timers

Ark = Callable[..., subprocess.CompletedProcess[str]]

LOCAL, FAILOVER, DEATH = 0, 1, 2
DAY = 86400


def failed_check(writer: RasWriter, seconds: float = 4, until_acted: float = 2) -> RasWriter:
    return writer.told(
        "QuickCheck start.", seconds, "QuickCheck failed. It is STOPPED (x).", until_acted
    )


def given_up(writer: RasWriter, seconds: float = 3) -> RasWriter:
    return writer.told("Recover start.", seconds, "Recover failed. 3 restarts are used up", 5)


def both(writer: RasWriter, name: str, action: str, seconds: float) -> RasWriter:
    """An action of one resource of a hierarchy; two seconds pass after it."""
    writer.resource = name
    begin, end = ("Starting.", "Start completed.") if action == "Restore" else (
        "Stopping.", "Stop completed."
    )  # fmt: skip
    return writer.told(f"{action} start.", begin, seconds, end, f"{action} completed.", 2)


@pytest.fixture
def asked(ark_here: Ark) -> Callable[..., Any]:
    """The facts of `ark rto toy1 --json` with these options."""

    def ask(*options: str, resource: str = "toy1") -> Any:
        result = ark_here("rto", resource, "--json", *options)
        assert (result.returncode, result.stderr) == (0, "")
        return json.loads(result.stdout)

    return ask


@pytest.fixture
def log(node: ToyNode) -> Path:
    return node.prefix / "var/log/ark/ras.log"


@pytest.fixture
def switched(node: ToyNode, tmp_path: Path) -> tuple[str, ...]:
    """Both nodes' logs of a hierarchy that failed over, and was switched back as planned."""
    node.configure("toy2", "LHOST2", text='requires = ["toy1"]')
    one = RasWriter(now=RasWriter().now - DAY)
    both(one, "toy1", "Restore", 40)
    both(one, "toy2", "Restore", 80)
    one.now += DAY
    one.resource = "toy1"
    given_up(failed_check(one))
    both(one, "toy2", "Remove", 12)
    both(one, "toy1", "Remove", 15)
    two = RasWriter(now=one.now + 9)
    both(two, "toy1", "Restore", 44)
    both(two, "toy2", "Restore", 95)
    two.now += DAY
    both(two, "toy2", "Remove", 10)
    both(two, "toy1", "Remove", 13)
    one.now = two.now + 5
    both(one, "toy1", "Restore", 38)
    both(one, "toy2", "Restore", 70)
    one.write(tmp_path / "one/ras.log")
    two.write(tmp_path / "two/ras.log")
    return "--file", f"node1={tmp_path}/one", "--file", f"node2={tmp_path}/two"


def part(way: Any, key: str) -> Any:
    [found] = [each for each in way["parts"] if each["part"] == key]
    return found


class TestLocalRecovery:
    def test_the_expected_time_is_the_sum_of_what_was_measured(
        self, asked: Callable[..., Any], log: Path
    ) -> None:
        writer = failed_check(RasWriter(), 4, 2).recover(confirm=3, stop=6, wait=10, start=75)
        failed_check(writer, 6, 4).recover(confirm=3, stop=6, wait=10, start=85).write(log)
        way = asked()["ways"][LOCAL]
        assert [each["expected"] for each in way["parts"]] == [60, 5, 3, 99]
        assert way["expected"] == 60 + 5 + 3 + 99
        assert part(way, "recover")["longest"] == 104
        assert (way["measured"]["count"], way["measured"]["longest"]) == (2, 108)

    def test_the_worst_case_is_that_of_ark_timers(
        self, asked: Callable[..., Any], node: ToyNode
    ) -> None:
        node.configure("toy2", "LHOST2", text='requires = ["toy1"]')
        way = asked()["ways"][LOCAL]
        _, worst, _ = worst_times(Timers({}), 120, [Timers({})])
        assert (way["worst"], way["worst_no_answer"]) == (worst.stopped, worst.no_answer)

    def test_a_recover_that_only_looked_is_no_recovery(
        self, asked: Callable[..., Any], log: Path
    ) -> None:
        failed_check(RasWriter()).told(
            "Recover start.", "Status checking.", 3, "Status check completed. RUNNING",
            "Recover completed. It is running; no restart.",
        ).write(log)  # fmt: skip
        way = asked()["ways"][LOCAL]
        assert (part(way, "recover")["expected"], way["measured"]) == (None, None)

    def test_where_lifekeeper_checks_nothing_no_failure_is_found(
        self, asked: Callable[..., Any], node: ToyNode
    ) -> None:
        defaults = node.prefix / "etc/default/LifeKeeper"
        defaults.parent.mkdir(parents=True)
        defaults.write_text("LKCHECKINTERVAL=0\n")
        way = asked()["ways"][LOCAL]
        assert (way["is_detected"], way["worst"], way["worst_no_answer"]) == (False, None, None)
        assert str(defaults) in part(way, "interval")["worst_source"]

    def test_the_cap_on_a_recover_caps_the_worst_case(
        self, asked: Callable[..., Any], node: ToyNode
    ) -> None:
        file = node.configure(timers={"recover.total": 300})
        found = part(asked()["ways"][LOCAL], "recover")
        assert (found["worst"], found["worst_source"]) == (300, f"recover.total 300 ({file})")


class TestFailover:
    def test_every_resource_stops_and_starts_in_its_order(
        self, asked: Callable[..., Any], switched: tuple[str, ...]
    ) -> None:
        keys = [each["part"] for each in asked(*switched)["ways"][FAILOVER]["parts"]]
        assert keys[4:8] == ["remove:toy2", "remove:toy1", "restore:toy1", "restore:toy2"]

    def test_all_that_hangs_together_goes_along(
        self, asked: Callable[..., Any], node: ToyNode
    ) -> None:
        node.configure("toy0", "LHOST0", text='requires = ["toy1", "toy3"]')
        node.configure("toy2", "LHOST2", text='requires = ["toy1"]')
        node.configure("toy3", "LHOST3")
        assert asked()["hierarchy"] == ["toy1", "toy3", "toy0", "toy2"]

    def test_starts_after_a_failure_count_before_planned_ones(
        self, asked: Callable[..., Any], switched: tuple[str, ...]
    ) -> None:
        found = part(asked(*switched)["ways"][FAILOVER], "restore:toy1")
        assert (found["expected"], found["longest"], found["measured"]["count"]) == (44, 44, 1)
        assert found["measured"]["starts"]["after_failure"] == 1
        assert found["expected_source"].endswith("starts: 1 after a failure")

    def test_where_there_is_none_the_planned_ones_say_so(
        self, asked: Callable[..., Any], log: Path
    ) -> None:
        RasWriter().remove(5).restore(40).remove(5).restore(50).write(log)
        found = part(asked()["ways"][FAILOVER], "restore:toy1")
        assert found["expected"] == 45
        assert found["expected_source"].endswith("starts: 2 planned")

    def test_what_the_manager_took_is_the_rest_of_a_switch(
        self, asked: Callable[..., Any], switched: tuple[str, ...]
    ) -> None:
        way = asked(*switched)["ways"][FAILOVER]
        assert part(way, "between")["expected"] == 2 + 11 + 2
        assert way["measured"]["median"] == 2 + 3 + 5 + 12 + 2 + 15 + 11 + 44 + 2 + 95
        assert way["expected"] is not None

    def test_one_nodes_log_tells_nothing_of_the_manager_between(
        self, asked: Callable[..., Any], switched: tuple[str, ...]
    ) -> None:
        way = asked(*switched[:2])["ways"][FAILOVER]
        assert way["expected"] is None
        assert "between" in way["unknown_parts"]
        assert "--file NODE=PATH" in part(way, "between")["expected_source"]

    def test_the_worst_case_is_the_sum_of_the_timers(
        self, asked: Callable[..., Any], switched: tuple[str, ...]
    ) -> None:
        way = asked(*switched)["ways"][FAILOVER]
        recover, dependent = 12 + 120 + 5 + 480 + 5, 120 + 5 + 480 + 90
        assert way["worst"] == 120 + 18 + recover + dependent + 2 * (120 + 5) + 2 * 480
        assert any("kernel" in text for text in way["not_bounded"])

    def test_a_part_that_took_longer_than_its_timers_is_told(
        self, asked: Callable[..., Any], node: ToyNode, log: Path
    ) -> None:
        RasWriter().remove(5).restore(90).write(log)
        node.configure(timers={"restore.process": 60})
        [note] = [each for each in asked()["ways"][DEATH]["notes"] if "90 s" in each]
        assert "more than its timers allow today" in note


class TestNodeDeath:
    def test_its_detection_is_never_a_figure(
        self, asked: Callable[..., Any], switched: tuple[str, ...]
    ) -> None:
        way = asked(*switched)["ways"][DEATH]
        found = part(way, "node_death")
        assert (found["expected"], found["worst"], way["expected"]) == (None, None, None)
        assert way["worst"] == 2 * 480
        assert way["notes"][0].startswith("unconfirmed: ")


class TestNothingMeasured:
    def test_without_a_log_nothing_is_expected(self, asked: Callable[..., Any]) -> None:
        facts = asked()
        assert facts["logs"] == []
        assert [way["expected"] for way in facts["ways"]] == [None, None, None]

    def test_another_resources_figures_are_not_taken(
        self, asked: Callable[..., Any], log: Path
    ) -> None:
        RasWriter("other1").remove(5).restore(40).write(log)
        assert part(asked()["ways"][FAILOVER], "restore:toy1")["expected"] is None

    def test_what_was_measured_before_since_does_not_count(
        self, asked: Callable[..., Any], log: Path
    ) -> None:
        RasWriter().remove(5).restore(40).write(log)
        way = asked("--since", "2026-11-11")["ways"][FAILOVER]
        assert part(way, "restore:toy1")["expected"] is None


class TestPacemaker:
    @pytest.fixture
    def clustered(self, node: ToyNode) -> ToyNode:
        (node.resources / "toy1.toml").unlink()
        agent = Agent(node.prefix, "toy", logical_host="LHOST1", home=node.home)
        assert agent.start().code == SUCCESS
        (node.prefix / "var/log/ark/ras.log").unlink()
        return node

    def test_its_interval_and_timeouts_are_the_clusters(
        self, asked: Callable[..., Any], clustered: ToyNode
    ) -> None:
        operations = (
            '<op name="monitor" interval="20s" timeout="60s"/><op name="start" timeout="90s"/>'
            '<op name="stop" timeout="150s"/>'
        )
        tool = clustered.prefix / "usr/sbin/cibadmin"
        tool.parent.mkdir(parents=True)
        tool.write_text(f"#!/bin/sh\necho '<primitive id=\"toy1\">{operations}</primitive>'\n")
        tool.chmod(0o755)
        way = asked()["ways"][LOCAL]
        worst = [each["worst"] for each in way["parts"]]
        assert worst == [20, 60, None, 125, 90, None]
        assert "timeout of the operation start, 90 s" in part(way, "restore:toy1")["worst_source"]

    def test_what_the_cluster_does_not_tell_is_not_known(
        self, asked: Callable[..., Any], clustered: ToyNode
    ) -> None:
        way = asked()["ways"][LOCAL]
        assert [each["worst"] for each in way["parts"][:2]] == [None, None]
        assert sum("not known" in text for text in way["not_bounded"]) == 2


class Page(HTMLParser):
    """The elements that are open, and the texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.language = ""
        self.texts = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.language = dict(attrs)["lang"] or ""
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts += data


class TestShowing:
    @pytest.mark.parametrize(
        ("locale", "language", "words"),
        [("C.UTF-8", "en", "not known"), ("ja_JP.UTF-8", "ja", "不明")],
    )
    def test_the_page_is_whole_and_needs_no_network(
        self, ark_here: Ark, monkeypatch: pytest.MonkeyPatch, locale: str, language: str, words: str
    ) -> None:
        monkeypatch.setenv("LC_ALL", locale)
        text = ark_here("rto", "toy1", "--html", "-").stdout
        page = Page(text)
        assert (page.open, page.language) == ([], language)
        assert words in page.texts
        assert "://" not in text
        assert "<script" not in text

    def test_the_page_is_written_beside_the_text(
        self, ark_here: Ark, switched: tuple[str, ...], tmp_path: Path
    ) -> None:
        path = tmp_path / "rto.html"
        result = ark_here("rto", "toy1", *switched, "--html", str(path))
        assert result.stdout.endswith(f"written: {path}\n")
        assert "median, measured once on" in Page(path.read_text()).texts

    def test_the_text_names_the_source_of_each_figure(self, ark_here: Ark, log: Path) -> None:
        RasWriter().remove(5).restore(40).write(log)
        text = ark_here("rto", "toy1").stdout
        assert "restore of toy1, until its status is RUNNING: expected: median, measured" in text
        assert "restore.process 480 (default)" in text

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("toy9",), "toy9: no such resource"),
            (("toy1", "--html", "/nosuch/a.html"), "/nosuch/a.html: no file can be written there"),
            (("toy1", "--file", "/nosuch"), "/nosuch: there is no such file"),
            (("toy1", "--offset", "n2=1"), "--offset n2: no log of this node is read"),
        ],
    )
    def test_bad_input_is_one_line(self, ark_here: Ark, words: tuple[str, ...], told: str) -> None:
        result = ark_here("rto", *words)
        assert (result.returncode, result.stdout) == (1, "")
        assert told in result.stderr
        assert result.stderr.count("\n") == 1

    @pytest.mark.parametrize(
        "words",
        [("toy1", "--json", "--html", "-"), ("toy1", "--offset", "x"), ("toy1", "--since", "soon")],
    )
    def test_wrong_usage_is_exit_code_2(self, ark_here: Ark, words: tuple[str, ...]) -> None:
        assert ark_here("rto", *words).returncode == 2
