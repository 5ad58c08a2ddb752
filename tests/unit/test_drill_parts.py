"""The parts of a drill that measure: the client's gaps, the RAS log as it is heard, the history."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support import wait_for

from arkcore.cli.drill import client_program
from arkcore.cli.drill.hearing import Hearing
from arkcore.cli.drill.outside import Call, Outside, Service
from arkcore.cli.drill.there import hear_there
from arkcore.cli.peer import Peer, PeerError
from arkcore.managers.cib import Cib, interrupted
from arkcore.managers.crm_mon import View
from arkcore.ras.format import format_line

# The client.


class Recorded(Outside):
    """A client whose calls a test has made up."""

    def __init__(self, *calls: tuple[float, float, str]) -> None:
        self._made_up = [Call(*each) for each in calls]

    def calls(self) -> list[Call]:
        return self._made_up


BEFORE, AT = (9.0, 9.1, ""), (10.0, 10.1, "")


@pytest.mark.parametrize(
    ("calls", "gaps"),
    [
        ([BEFORE, AT], []),
        ([BEFORE, (9.5, 10.5, ""), (10.6, 10.7, "no"), (11.0, 11.1, "")], [(10.5, 10.6, 11.1)]),
        ([AT, (10.2, 10.3, "no"), (10.4, 10.5, "still no")], [(10.1, 10.2, None)]),
        # Two of them: served for a moment in between.
        (
            [AT, (11, 11.1, "no"), (12, 12.1, ""), (13, 13.1, "no"), (14, 14.1, "")],
            [(10.1, 11, 12.1), (12.1, 13, 14.1)],
        ),
        # A call that failed before is none of ours.
        ([(8.0, 8.1, "no"), BEFORE, AT], []),
        # One that was hanging already when it was broken has failed because of it.
        ([BEFORE, (9.2, 14.2, "late"), (14.4, 14.5, "")], [(10.0, 10.0, 14.5)]),
    ],
)
def test_times_without_service_are_told_by_their_calls(calls: Any, gaps: Any) -> None:
    found = Recorded(*calls).gaps(since=10.0)
    assert [(each.last, each.lost, each.back) for each in found] == gaps


def test_an_answer_to_a_call_that_began_before_proves_nothing() -> None:
    client = Recorded((9.9, 10.1, ""))
    assert not client.served_since(10.0)
    assert Recorded((10.0, 10.1, "")).served_since(10.0)
    assert not Recorded((10.0, 10.1, ""), (10.2, 10.3, "no")).served_since(10.0)


def test_the_client_calls_and_ends_with_its_input() -> None:
    with Outside(Service.of_command("/bin/sh -c 'exit 4'")) as outside:
        wait_for(lambda: len(outside.calls()) >= 2)
        first, second, *_ = outside.calls()
        assert first.problem == "exit code 4"
        assert 0 <= first.began <= first.ended <= second.began <= time.time()
        process = outside._process
    assert process.poll() is not None


def test_a_client_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    mark = f"{time.time_ns() % 10**9 + 10**6}"
    assert (
        client_program.run(["/bin/sh", "-c", f"sleep {mark} & wait"], 0.3) == "no end within 0.3 s"
    )
    done = subprocess.run(["pgrep", "-f", f"^sleep {mark}$"], capture_output=True)
    assert done.returncode == 1


def test_an_address_is_served_where_a_connection_is_made() -> None:
    program = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1]"
    program += ", flush=True); input()"
    server = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    assert client_program.connect("127.0.0.1", port, 2.0) == ""
    server.communicate("\n", timeout=10)
    assert "refused" in client_program.connect("127.0.0.1", port, 2.0)


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert Service.of_address("[2001:db8::1]:80").words == ("address", "2001:db8::1", "80")


# The RAS log.


def write(log: Path, message: str, at: float, resource: str = "r1") -> None:
    with open(log, "ab") as file:
        file.write(format_line(resource, "LHOST1", message, at))


def test_a_line_s_moment_is_when_it_was_heard_within_its_second(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    hearing = Hearing(str(log), ["r1"])  # before there is one
    now = time.time()
    write(log, "Restore start.", now)
    [heard] = hearing.listen()
    assert now - 0.1 <= heard.at <= time.time() + 0.001
    # Read late: then its second is all that is known.
    write(log, "Restore completed.", now - 30)
    [heard] = hearing.listen()
    assert int(heard.at) == int(now - 30)
    hearing.close()


def test_only_new_lines_of_its_resources_are_heard(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    write(log, "Restore start.", time.time())
    hearing = Hearing(str(log), ["r1", "r2"])
    write(log, "Remove start.", time.time(), "r2")
    write(log, "Remove start.", time.time(), "r3")
    assert [each.line.resource for each in hearing.listen()] == ["r2"]
    assert hearing.listen() == []
    hearing.close()


class Answering(Peer):
    """The other node: its clock is so far ahead, and it has logged these lines by it."""

    def __init__(self, ahead: float, *lines: tuple[float, str]) -> None:
        super().__init__("two")
        self._ahead = ahead
        self._lines = lines

    def ark(self, *words: str, codes: Sequence[int] = (0,), within: float = 60.0) -> str:
        assert words[:3] == ("log", "--export", "--since")
        lines = [
            {"moment": float(int(at)), "resource": "r1", "logical_host": "L",
             "message": message, "text": message}
            for at, message in self._lines
        ]  # fmt: skip
        answer = {"format": 1, "node": "two", "taken_at": time.time() + self._ahead, "lines": lines}
        return json.dumps(answer)


@pytest.mark.parametrize("ahead", [90.0, -3600.0])
def test_the_other_node_s_times_are_put_right_by_what_its_clock_is_ahead(ahead: float) -> None:
    now = time.time()
    peer = Answering(
        ahead, (now + ahead - 8, "Restore start."), (now + ahead, "Restore completed.")
    )
    there = hear_there(peer, ["r1"], now - 20, now)
    assert there.ahead == pytest.approx(ahead, abs=1)
    [script] = there.scripts("r1")
    assert script.ends - script.began == pytest.approx(8, abs=1)
    assert script.ends == pytest.approx(now, abs=2)


def test_clocks_that_cannot_be_told_apart_are_left_as_they_are() -> None:
    now = time.time()
    there = hear_there(Answering(0.0, (now, "Restore start.")), ["r1"], now - 20, now)
    assert there.ahead == 0.0
    assert [each.at for each in there.heard] == [int(now)]


def test_what_the_other_node_logged_before_the_drill_is_none_of_it() -> None:
    now = time.time()
    there = hear_there(Answering(0.0, (now - 60, "Restore start.")), ["r1"], now - 20, now)
    assert there.heard == []


def test_a_time_that_is_none_of_a_calendar_is_no_answer() -> None:
    with pytest.raises(PeerError, match="none of a calendar"):
        hear_there(Answering(1e12), ["r1"], 0.0, 1.0)


def test_a_rotation_loses_no_line(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    write(log, "before", time.time())
    hearing = Hearing(str(log), ["r1"])
    write(log, "one", time.time())
    log.rename(tmp_path / "ras.log.1")
    write(tmp_path / "ras.log.1", "two", time.time())
    write(log, "three", time.time())
    write(log, "four", time.time())
    assert [each.line.message for each in hearing.listen()] == ["one", "two", "three", "four"]
    hearing.close()


# What Pacemaker tells.

CIB = """
<cib><configuration><resources><group id="g"><primitive id="a"><operations>
<op name="monitor" interval="10s"/><op name="monitor" interval="2min"/><op name="start"/>
</operations></primitive></group></resources>
<constraints><rsc_location id="home" rsc="g" node="n1" score="50"/>
<rsc_location id="cli-ban-g-on-n1" rsc="g" node="n1" score="-INFINITY"/></constraints>
</configuration><status><node_state uname="n1"><lrm id="1"><lrm_resources>
<lrm_resource id="a">
<lrm_rsc_op id="a_last_0" operation="start" call-id="7" rc-code="1" op-status="0" interval="0"
 last-rc-change="1795599112" exec-time="733" exit-reason="no licence"/>
<lrm_rsc_op id="a_last_failure_0" operation="start" call-id="7" rc-code="1" op-status="0"
 interval="0" last-rc-change="1795599112" exec-time="733" exit-reason="no licence"/>
<lrm_rsc_op id="a_monitor_10000" operation="monitor" call-id="6" rc-code="0" op-status="0"
 interval="10000" last-rc-change="1795599100" exec-time="50"/>
</lrm_resource>
<lrm_resource id="b">
<lrm_rsc_op id="b_last_0" operation="monitor" call-id="3" rc-code="7" op-status="0" interval="0"
 last-rc-change="1795599090" exec-time="50"/>
<lrm_rsc_op id="b_x" operation="start" call-id="-1" rc-code="193" op-status="-1" interval="0"
 last-rc-change="1795599113" exec-time="0"/>
</lrm_resource></lrm_resources></lrm>
<transient_attributes id="1"><instance_attributes>
<nvpair name="fail-count-a#start_0" value="INFINITY"/><nvpair name="fail-count-b#stop_0" value="0"/>
<nvpair name="last-failure-a#start_0" value="1795599112"/>
</instance_attributes></transient_attributes></node_state></status></cib>
"""


def test_the_history_tells_each_operation_once_and_none_that_is_at_work() -> None:
    found = Cib(CIB).operations()
    assert [(each.resource, each.action, each.call) for each in found] == [
        ("b", "monitor", "3"),
        ("a", "monitor", "6"),
        ("a", "start", "7"),
    ]
    assert (found[-1].began, found[-1].took) == (1795599112, 0.733)
    assert str(found[-1]) == "start of a on n1: exit code 1: no licence"


def test_that_a_first_look_finds_nothing_is_no_failure() -> None:
    failed = [each for each in Cib(CIB).operations() if each.failed]
    assert [(each.resource, each.action) for each in failed] == [("a", "start")]


def test_what_is_counted_and_what_a_move_has_left() -> None:
    cib = Cib(CIB)
    assert list(cib.failures()) == [("n1", "a", "INFINITY")]
    assert cib.left_by_moves("g") == ["cli-ban-g-on-n1"]
    assert cib.left_by_moves("a") == []


def test_the_shortest_interval_is_that_of_its_monitors() -> None:
    assert Cib(CIB).check_interval("a") == 10
    assert Cib(CIB).check_interval("b") is None


def test_a_move_is_only_imagined() -> None:
    cib = Cib(CIB)
    imagined = Cib(cib.as_if_moved("g", "n2"))
    assert 'node="n2"' in imagined.text
    assert 'node="n2"' not in Cib(cib.text).as_if_moved("g", "n3")


def test_what_would_be_stopped_and_where_it_would_run_then() -> None:
    text = """<pacemaker-result><actions>
    <rsc_action action="move" resource="ip" source="n1" dest="n2"/>
    <rsc_action action="recover" resource="base" node="n1"/>
    <rsc_action action="recover" resource="ajs3" source="n1" dest="n2"/>
    <rsc_action action="restart" resource="web" source="n1" reason="required base start"/>
    <rsc_action action="stop" resource="x" node="n1"/>
    <rsc_action action="start" resource="y" node="n2"/>
    <rsc_action action="leave" resource="z" node="n2"/>
    </actions></pacemaker-result>"""
    assert interrupted(text) == {"ip": "n2", "base": "n1", "ajs3": "n2", "web": "n1", "x": ""}


@pytest.mark.parametrize("read", [Cib, View, interrupted])
def test_what_is_no_xml_is_no_answer(read: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match="wrote no XML"):
        read("Connection to cluster failed")
