"""`--peer HOST`: both nodes from one, through a real sshd on a node with a name of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import drilling
import pytest
from preflight.hosts import Pair
from ssh_pair import OtherNode
from support import PROGRAMS, ToyNode

from arkcore.base.paths import Paths
from arkcore.memory.maintenance import Maintenance

#: A node whose clock is 90 s ahead, as what it exports of its log shows.
AHEAD = """\
#!{python}
import json, subprocess, sys
done = subprocess.run(["{ark}", *sys.argv[1:]], capture_output=True, text=True)
text = done.stdout
if sys.argv[1:3] == ["log", "--export"]:
    answer = json.loads(text)
    for each in (answer, *answer["lines"]):
        each["moment" if "moment" in each else "taken_at"] += 90
    text = json.dumps(answer)
sys.stdout.write(text)
sys.stderr.write(done.stderr)
sys.exit(done.returncode)
"""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a host name of its own needs root")
Ark = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def other(node: ToyNode, tmp_path: Path) -> Iterator[OtherNode]:
    made = OtherNode(tmp_path / "other")
    made.configure()
    yield made
    made.stop_sshd()


@pytest.fixture
def ark(node: ToyNode, other: OtherNode) -> Ark:
    def call(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PROGRAMS / "ark"), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
            env={"ARK_PREFIX": str(node.prefix), "PATH": other.path, "LANG": "C.UTF-8",
                 **environment},
        )  # fmt: skip

    return call


def lifekeeper(node: ToyNode, state: str) -> None:
    """A LifeKeeper that holds toy1 in this state."""
    program = node.prefix / "LifeKeeper/bin/ins_list"
    program.parent.mkdir(parents=True, exist_ok=True)
    fields = "\\001".join(["node", "gen", "app", "toy1", "id", "info", state])
    program.write_text(f"#!/bin/sh\nprintf '{fields}\\n'\n")
    program.chmod(0o755)
    defaults = node.prefix / "etc/default/LifeKeeper"
    defaults.parent.mkdir(parents=True, exist_ok=True)
    defaults.write_text(f"LKROOT={node.prefix}/LifeKeeper\n")


def facts_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


class TestStatus:
    def test_both_nodes_stand_side_by_side(self, node: ToyNode, other: OtherNode, ark: Ark) -> None:
        lifekeeper(node, "ISP")
        lifekeeper(other, "OSU")
        assert node.run("restore") == 0
        done = ark("status", "--peer", "node2")
        assert (done.returncode, done.stderr) == (0, "")
        head, first, second, *_ = done.stdout.splitlines()
        assert head.split() == ["RESOURCE", os.uname().nodename, "node2"]
        assert first.split() == ["toy1", "RUNNING", "in", "service", "STOPPED"]
        assert second.split() == ["LHOST1"]
        assert "Nothing is odd." in done.stdout

    def test_in_service_on_both_nodes_is_told_first(
        self, node: ToyNode, other: OtherNode, ark: Ark
    ) -> None:
        for each in (node, other):
            lifekeeper(each, "ISP")
            assert each.run("restore") == 0
        done = ark("status", "--peer", "node2")
        assert done.returncode == 1
        assert "! toy1: in service on BOTH nodes" in done.stdout

    def test_what_else_is_odd_is_told(self, node: ToyNode, other: OtherNode, ark: Ark) -> None:
        lifekeeper(node, "OSU")
        lifekeeper(other, "OSU")
        other.configure("toy2", "LHOST2")
        assert ark("maintenance", "toy1", "on").returncode == 0
        facts = facts_of(ark("status", "--json", "--peer", "node2"))
        assert facts["odd"] == [
            "toy1: in service on neither node",
            f"toy1: in maintenance on {os.uname().nodename} only",
            f"toy2: there is no such resource on {os.uname().nodename}",
        ]
        assert [each["node"] for each in facts["nodes"]] == [os.uname().nodename, "node2"]

    def test_of_a_silent_node_this_one_is_shown(self, other: OtherNode, ark: Ark) -> None:
        other.stop_sshd()
        done = ark("status", "--peer", "node2")
        assert done.returncode == 1
        assert done.stdout.splitlines()[1].split()[:3] == ["toy1", "STOPPED", "no"]
        assert done.stderr.count("\n") == 1
        assert "Connection refused; try: ssh -o BatchMode=yes node2 true" in done.stderr


class TestAsking:
    def test_the_other_s_text_is_shown_and_never_obeyed(self, other: OtherNode, ark: Ark) -> None:
        resource = dict.fromkeys(
            ("plugin", "plugin_version", "error", "wanted", "in_service", "maintenance", "blind",
             "at_work")
        )  # fmt: skip
        resource |= {"resource": "a\u001b]0;x\u0007", "status": "\u001b[2J", "logical_host": "h"}
        answer = {"format": 1, "node": "n\u001b[31m", "arkcore": "1", "taken_at": time.time()}
        answer |= {"resources": [resource]}
        other.program("ark", f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n")
        done = ark("status", "--peer", "node2")
        assert "\x1b" not in done.stdout + done.stderr
        assert "\\x1b[2J" in done.stdout

    def test_what_is_no_answer_is_one_line(self, other: OtherNode, ark: Ark) -> None:
        for program, told in (
            ("echo '{'", "the answer of its ark cannot be read"),
            ("head -c 5000000 /dev/zero", "node2: "),
            ("echo 'Error: No such option' >&2; exit 2", "install the same version"),
            ("echo 'ark: it is broken' >&2; exit 3", "ark: node2: it is broken\n"),
        ):
            other.program("ark", f"#!/bin/sh\n{program}\n")
            done = ark("status", "--peer", "node2")
            assert (done.returncode, done.stderr.count("\n")) == (1, 1)
            assert told in done.stderr

    def test_a_node_that_is_this_one_is_refused(self, other: OtherNode, ark: Ark) -> None:
        other.stop_sshd()
        other.name = os.uname().nodename
        other.begin()
        done = ark("status", "--peer", os.uname().nodename)
        assert (done.returncode, done.stdout) == (1, "")
        assert "which is this node; name the other one" in done.stderr

    @pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "a;b", "", "@x"])
    def test_what_is_no_host_is_wrong_usage(self, ark_here: Ark, host: str) -> None:
        done = ark_here("status", "--peer", host)
        assert done.returncode == 2
        assert "allowed is NAME or USER@NAME" in done.stderr


class TestLog:
    def test_both_logs_stand_in_the_order_of_their_times(
        self, node: ToyNode, other: OtherNode, ark: Ark
    ) -> None:
        for each, second in ((node, 10), (other, 11), (node, 12)):
            log = each.prefix / "var/log/ark/ras.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            with open(log, "a") as file:
                file.write(f"[2026/11/29 03:00:{second}] : toy1 : LHOST1 : line {second}\n")
        done = ark("log", "--lines", "--peer", "node2")
        assert (done.returncode, done.stderr) == (0, "")
        told = [(line.split()[0], line.rpartition(" ")[2]) for line in done.stdout.splitlines()]
        here = os.uname().nodename
        assert told == [(here, "10"), ("node2", "11"), (here, "12")]
        runs = json.loads(ark("log", "--json", "--peer", "node2").stdout)
        assert {run["node"] for run in runs} == {here, "node2"}

    def test_without_the_other_s_log_this_one_is_shown(
        self, node: ToyNode, other: OtherNode, ark: Ark
    ) -> None:
        node.run("quickcheck")
        done = ark("log", "--peer", "node2")
        assert done.returncode == 1
        assert "QuickCheck" in done.stdout
        assert done.stderr.endswith("there is no RAS log yet\n")


class TestPreflight:
    def test_the_other_node_is_asked_straight(self, tmp_path: Path) -> None:
        pair = Pair(tmp_path)
        other = OtherNode(tmp_path / "other", "rh5lkb")
        try:
            exported = pair.standby.ark("preflight", export="-").stdout
            (tmp_path / "answers").write_text(exported)
            other.program("ark", f'#!/bin/sh\n[ "$*" = "preflight --export -" ] || exit 9\n'
                                 f"cat {tmp_path}/answers\n")  # fmt: skip
            pair.active.search = other.bin
            done = pair.active.ark("preflight", peer="rh5lkb", json=True)
            assert (json.loads(done.stdout)["pair_checked"], done.stderr) == (True, "")
            other.stop_sshd()
            done = pair.active.ark("guide", peer="rh5lkb")
            assert len(json.loads(done.stdout)["steps"]) == 8
            assert (done.returncode, done.stderr[:12]) == (1, "ark: rh5lkb:")
        finally:
            other.stop_sshd()
            pair.close()


def members_of(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            each.name.partition("/")[2]: archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in archive
        }


class TestSupport:
    def test_one_archive_holds_both_nodes_each_masked_there(
        self, other: OtherNode, ark: Ark, tmp_path: Path
    ) -> None:
        (other.prefix / "var/log/ark").mkdir(parents=True)
        (other.prefix / "var/log/ark/ras.log").write_text("PGPASSWORD=hunter2x of node2\n")
        out = tmp_path / "both.tar.gz"
        done = ark("support", "--files-only", "--peer", "node2", "-o", str(out))
        assert (done.returncode, done.stderr) == (0, "")
        members = members_of(out)
        assert json.loads(members["index.json"])["peer"]["node"] == "node2"
        assert b"of node2" in members["peer/files/var/log/ark/ras.log"]
        assert b"hunter2x" not in b"".join(members.values())

    @pytest.mark.parametrize(
        ("program", "told"),
        [
            ("#!/bin/sh\necho 'ark: no room' >&2\nexit 1\n", "ark: node2: no room; only"),
            ("#!/bin/sh\necho hello\n", "ark: node2: its answer is no bundle: "),
        ],
        ids=["refuses", "babbles"],
    )
    def test_where_there_is_no_answer_this_node_is_packed_alone(
        self, other: OtherNode, ark: Ark, tmp_path: Path, program: str, told: str
    ) -> None:
        other.program("ark", program)
        out = tmp_path / "one.tar.gz"
        done = ark("support", "--files-only", "--peer", "node2", "-o", str(out))
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert done.stderr.startswith(told)
        members = members_of(out)
        assert "peer" not in json.loads(members["index.json"]) or not [
            name for name in members if name.startswith("peer/")
        ]
        assert b"ark support --peer node2" in members["index.txt"]

    def test_this_very_node_is_no_other_node(
        self, node: ToyNode, other: OtherNode, ark: Ark, tmp_path: Path
    ) -> None:
        other.program("ark", f"#!/bin/sh\nexec unshare --uts sh -c 'hostname {os.uname().nodename};"
                             f' exec {PROGRAMS}/ark "$@"\' sh "$@"\n')  # fmt: skip
        done = ark("support", "--files-only", "--peer", "node2", "-o", str(tmp_path / "x"))
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "which is this node" in done.stderr
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize("words", [["--list"], ["--peer-bundle", "x.tar.gz"]])
    def test_what_does_not_go_with_it_is_wrong_usage(self, ark: Ark, words: list[str]) -> None:
        done = ark("support", "--peer", "node2", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"--peer and {words[0]} do not go together" in done.stderr


class TestDrill:
    @pytest.fixture
    def other(self, node: ToyNode, tmp_path: Path) -> Iterator[OtherNode]:
        made = OtherNode(tmp_path / "other", "two")
        yield made
        made.stop_sshd()

    @pytest.mark.timeout(400)
    def test_a_failover_is_ordered_and_measured_on_the_other_node(
        self, node: ToyNode, other: OtherNode
    ) -> None:
        other.program("ark", AHEAD.format(python=sys.executable, ark=str(PROGRAMS / "ark")))
        pair = drilling.Pair(node, other)
        pair.begin()
        other.hooks("import time\ndef ark_start(ctx, default): time.sleep(2); return default(ctx)")
        # Both nodes have LifeKeeper's commands at the same place.
        command = "bin/perform_action"
        other.stop_sshd()
        other.begin(pair.n1.root / command, pair.n2.root / command)
        words = ("failover", "toy1", "--yes", "--json", "--peer", "two")
        done = drilling.Drilling(node, *words, PATH=other.path)
        out, errors = done.process.communicate(timeout=350)
        assert done.process.returncode == 0, errors
        [leg] = json.loads(out)["drills"]
        assert leg["seconds"] >= 2
        assert leg["other_node"]["clock_ahead"] == pytest.approx(90, abs=10)
        assert "Restore completed." in leg["other_node"]["ras_log"][-1]
        times = {each["what"]: each for each in leg["times"]}
        began, ended = times["start_began"], times["start_ended"]
        assert began["source"] == "RAS log of two (whole seconds)"
        assert 0 <= began["after"] <= leg["seconds"] + 10
        assert ended["after"] - began["after"] > 2 - 1  # the log has whole seconds
        assert (pair.n1.state("toy1"), pair.n2.state("toy1")) == ("OSU", "ISP")
        assert len(other.daemons()) == 1

    def test_maintenance_on_the_other_node_refuses_it(
        self, node: ToyNode, other: OtherNode
    ) -> None:
        pair = drilling.Pair(node, other)
        pair.begin()
        assert Maintenance(Paths(str(other.prefix)), "toy1").begin(None)
        done = pair.drill(node, "failover", "toy1", "--yes", "--peer", "two", PATH=other.path)
        assert done.process.returncode == 1
        assert "first: ssh two ark maintenance toy1 off" in done.err
        assert pair.n1.state("toy1") == "ISP"


class TestMaintenance:
    def test_it_begins_and_ends_on_both_nodes(
        self, node: ToyNode, other: OtherNode, ark: Ark
    ) -> None:
        words = ("--until", "2099-12-24 06:00", "--reason", "it's a patch; $(reboot)")
        done = ark("maintenance", "begin", "LHOST1", "--peer", "node2", *words)
        assert (done.returncode, done.stderr) == (0, "")
        listed = json.loads(ark("maintenance", "--peer", "node2", "--json").stdout)
        assert {(row["until"][:16], row["reason"]) for rows in listed.values() for row in rows} == {
            ("2099-12-24T06:00", "it's a patch; $(reboot)")
        }
        assert ark("maintenance", "end", "LHOST1", "--peer", "node2").returncode == 0
        assert other.ras[-1] == node.ras[-1] == (
            "Maintenance ends: failures are acted upon again."
        )  # fmt: skip

    def test_what_the_other_node_refuses_begins_nowhere(
        self, node: ToyNode, other: OtherNode, ark: Ark
    ) -> None:
        node.configure("toy2", "LHOST2")
        done = ark("maintenance", "begin", "toy1", "toy2", "--peer", "node2")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("ark: node2: toy2: no such resource")
        assert node.ras == other.ras == []

    @pytest.mark.parametrize(
        ("end", "told"), [("exit 1", "taken back here"), ("kill -9 $PPID", "may have begun there")]
    )
    def test_what_fails_there_in_the_middle_is_taken_back_here(
        self, node: ToyNode, other: OtherNode, ark: Ark, end: str, told: str
    ) -> None:
        other.program("ark", f'#!/bin/sh\ncase "$*" in *--dry-run*) exit 0;; esac\n{end}\n')
        done = ark("maintenance", "begin", "toy1", "--peer", "node2")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert told in done.stderr
        assert node.ras[-1] == "Maintenance ends: failures are acted upon again."
        assert "Nothing is in maintenance" in ark("maintenance").stdout
