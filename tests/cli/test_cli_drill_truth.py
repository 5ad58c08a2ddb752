"""What `ark drill` says of the other node: by the manager's word, or not at all."""

from __future__ import annotations

import subprocess
import time

import pytest
from drilling import Drilling, Pair, second_node
from support import ToyNode

from arkcore.ras.format import format_line

FAILS = "def ark_start(ctx, default): raise OSError('the licence has expired')"


@pytest.fixture
def pair(node: ToyNode) -> Pair:
    """toy1 with web1, which needs it; both in service on one."""
    made = Pair(node, second_node(node.prefix / "two"))
    for each in (made.one, made.two):
        home = each.prefix / "web"
        home.mkdir()
        (home / "daemon").write_bytes((each.home / "daemon").read_bytes())
        (home / "daemon").chmod(0o755)
        each.configure("web1", "LHOST2", home=home, text='requires = ["toy1"]')
    made.create("web1")
    for server in (made.n1, made.n2):
        server.database.keep([("web1", "toy1"), ("toy1", "vip")])
    made.n1.create_other("vip", "comm", "ip")
    made.n2.create_other("vip", "comm", "ip", "OSU")
    assert made.n1.database.restore("web1")
    return made


def awaited(pair: Pair, *words: str) -> Drilling:
    """A failover away from one, as far as it waits for the administrator."""
    drilling = Drilling(pair.one, "failover", "web1", "--yes", *words)
    drilling.read_until("run this on two now: /")
    return drilling


def ordered(pair: Pair, *words: str) -> Drilling:
    """The same, and the administrator's command has ended."""
    drilling = awaited(pair, *words)
    command = [str(pair.n2.root / "bin/perform_action"), "-t", "web1", "-a", "restore"]
    quiet = subprocess.DEVNULL
    subprocess.run(command, timeout=60, stdin=quiet, stdout=quiet, stderr=quiet)
    return drilling


def test_a_slow_start_of_the_other_node_is_in_the_time(pair: Pair) -> None:
    pair.two.hooks("import time\ndef ark_start(ctx, default): time.sleep(1.5); return default(ctx)")
    report = pair.one.prefix / "report.md"
    drilling = ordered(pair, "--report", str(report))
    assert drilling.end() == 0, drilling.out + drilling.err
    said = drilling.out.partition("failover: passed, switched over after ")[2]
    # The start of toy1, which web1 needs, is the slow one.
    assert 1.5 <= float(said.split()[0]) < 30.0
    assert "RAS log of two: not reachable from here; on two: ark log web1" in drilling.out
    text = report.read_text()
    assert f"**switched over after {said.split()[0]} s**" in text
    assert "| found up by the manager's command | LifeKeeper: ins_list |" in text
    assert f"| LifeKeeper: ins_list: until it was up | {said.split()[0]} |" in text
    assert "| two: start | not known on this node |" in text
    for row in ("arkcore", "version of the application", "tester", "approver"):
        assert f"| {row} | " in text


def test_a_lower_resource_that_fails_there_ends_it_and_is_named(pair: Pair) -> None:
    pair.two.hooks(FAILS)
    drilling = ordered(pair)
    failed = time.monotonic()
    assert drilling.end() == 1
    assert time.monotonic() - failed < 10
    assert "failover: FAILED, it is not up on two: toy1 is OSF on two" in drilling.out
    assert "on two: ark log toy1 --lines 200\n" in drilling.out
    assert "ark log web1" not in drilling.out
    # The state at the end shows it too, and the progress did.
    assert drilling.out.splitlines()[-1].endswith("toy1 is OSF on two")


def test_a_stop_that_fails_here_ends_it(pair: Pair) -> None:
    drilling = awaited(pair)
    with open(pair.one.prefix / "var/log/ark/ras.log", "ab") as log:
        for message in ("Remove start.", "Remove failed. Still alive: 12"):
            log.write(format_line("toy1", "LHOST1", message, time.time()))
    assert drilling.end() == 1
    assert "it is not up on two: Remove of toy1 failed on " in drilling.out


def test_an_address_that_fails_there_is_named_with_lifekeeper_s_log(pair: Pair) -> None:
    drilling = awaited(pair)
    pair.n2.set_state("vip", "OSF")
    assert drilling.end() == 1
    assert "vip is OSF on two" in drilling.out
    assert "on two: less /var/log/lifekeeper.log" in drilling.out


def test_a_lower_resource_that_has_failed_before_is_refused(pair: Pair) -> None:
    pair.n2.set_state("toy1", "OSF")
    drilling = pair.drill(pair.one, "failover", "web1", "--yes")
    assert drilling.process.returncode == 1
    assert "toy1 is OSF on two: it is not ready to take it" in drilling.err
