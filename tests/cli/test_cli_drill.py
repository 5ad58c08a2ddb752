"""`ark drill` under LifeKeeper: real processes, the stand-in of LifeKeeper's own commands."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from drilling import Drilling, Pair, second_node
from support import PROGRAMS, ToyNode, wait_for

from arkcore.base.paths import Paths
from arkcore.base.status import Outcome, Status, Verdict
from arkcore.memory.attempts import Attempt
from arkcore.memory.lock import ResourceLock
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State

FAILS = "def ark_start(ctx, default): raise OSError('the licence has expired')"


@pytest.fixture
def pair(node: ToyNode) -> Pair:
    made = Pair(node, second_node(node.prefix / "two"))
    made.begin()
    return made


def drill(drilling: Drilling, kind: str) -> dict[str, object]:
    [found] = [each for each in drilling.facts["drills"] if each["drill"] == kind]
    return found


def times(leg: dict[str, object]) -> dict[str, float]:
    return {each["what"]: each["after"] for each in leg["times"]}


# Local recovery.


class Passed:
    """One local recovery that has passed: what was before it, and all that was told of it."""

    def __init__(self, directory: Path) -> None:
        self.pair = pair = Pair(second_node(directory / "one"), second_node(directory / "two"))
        # A supervisor's worth of processes; and beside them what only looks like one of them.
        pair.one.hooks("def ark_start(ctx, default): [default(ctx) for _ in range(5)]")
        pair.begin()
        self.before = pair.one.daemons()
        assert len(self.before) == 5
        program = pair.one.home / "stranger"
        program.write_bytes((pair.one.home / "daemon").read_bytes())
        program.chmod(0o755)
        self.stranger = subprocess.Popen([program, "1000"])
        self.lines_before = len(pair.one.ras_lines)
        report = directory / "report.md"
        words = ["--client-command", pair.client_command, "--yes", "--json"]
        with pair.checked():
            self.drilling = pair.drill(
                pair.one, "local-recovery", "toy1", *words, "--report", str(report)
            )
        self.report = report.read_text()
        self.facts = self.drilling.facts
        [self.leg] = self.facts["drills"]


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passed]:
    made = Passed(tmp_path_factory.mktemp("passed"))
    yield made
    for each in (made.pair.one, made.pair.two):
        each.kill_daemons()
    made.stranger.kill()
    made.stranger.wait()


def test_a_local_recovery_passes_and_is_measured(passed: Passed) -> None:
    assert passed.drilling.process.returncode == 0
    assert passed.pair.two.daemons() == []
    leg = passed.leg
    assert leg["passed"] is True
    assert (leg["from"], leg["to"]) == (os.uname().nodename, os.uname().nodename)
    after = times(leg)
    assert after["struck"] == 0
    assert after["acts"] <= after["start_began"] <= after["start_ended"] <= leg["seconds"]
    assert after["lost"] < after["served"] <= leg["seconds"]
    assert leg["seconds"] == max(after.values())


def test_all_of_its_processes_are_killed_and_no_other(passed: Passed) -> None:
    killed = re.findall(r"(\d+) daemon \(S\)", passed.leg["killed"])
    assert sorted(map(int, killed)) == sorted(passed.before)
    alive = set(passed.pair.one.daemons())
    assert not alive & set(passed.before)
    # In the same directory; but nobody has started it for the resource.
    assert passed.stranger.poll() is None


def test_the_client_s_time_without_service_is_told(passed: Passed) -> None:
    [gap] = passed.leg["without_service"]
    assert gap["problem"] == "exit code 3: nobody serves"
    after = times(passed.leg)
    assert after["served"] - after["lost"] <= gap["seconds"] + 0.01
    assert gap["seconds"] < after["served"] + 1
    assert f"the client was without service for {gap['seconds']:.2f} s" in passed.report


def test_its_moments_are_those_of_the_ras_log(passed: Passed) -> None:
    moments = {each["what"]: datetime.fromisoformat(each["at"]) for each in passed.leg["times"]}
    for what, message in (
        ("acts", "QuickCheck failed."),
        ("start_began", "Starting."),
        ("start_ended", "Recover completed."),
    ):
        line = next(
            each for each in passed.leg["ras_log"] if f" : toy1 : LHOST1 : {message}" in each
        )
        assert moments[what].strftime("%Y/%m/%d %H:%M:%S") == line[1:20], what


def test_the_ras_lines_of_it_are_in_the_record(passed: Passed) -> None:
    told = passed.leg["ras_log"]
    quiet = ("QuickCheck start.", "QuickCheck completed.")
    lines = passed.pair.one.ras_lines[passed.lines_before :]
    lines = [line for line in lines if not line.endswith(quiet)]
    first = next(n for n, line in enumerate(lines) if line == told[0])
    assert told == lines[first : first + len(told)]
    assert any(line.endswith("Recover completed.") for line in told)
    assert "\n".join(told) in passed.report


def test_how_many_restarts_are_used_is_told(passed: Passed) -> None:
    told = "1 of 3 restarts within 1800 s are used now"
    assert any(told in remark for remark in passed.leg["remarks"])
    assert told in passed.report


def test_json_alone_is_on_stdout(passed: Passed) -> None:
    assert json.loads(passed.drilling.out)["passed"] is True
    assert "killed (SIGKILL)" in passed.drilling.err


def test_the_report_is_the_same_in_words(passed: Passed) -> None:
    text = passed.report
    assert text.startswith("# Drills of toy1\n")
    assert "| result | **PASSED** |" in text
    assert "| cluster manager | LifeKeeper |" in text
    assert f"- **up again after {passed.leg['seconds']:.2f} s**" in text
    for point in passed.leg["times"]:
        assert f"| {point['after']:.2f} | " in text, point


class Failed:
    """All three were wanted, and the restart of the local recovery failed."""

    def __init__(self, directory: Path) -> None:
        self.pair = pair = Pair(second_node(directory / "one"), second_node(directory / "two"))
        pair.begin()
        pair.one.hooks(FAILS)
        report = directory / "report.md"
        words = ["all", "toy1", "--yes", "--json", "--report", str(report)]
        with pair.checked():
            self.drilling = pair.drill(pair.one, *words)
        self.report = report.read_text()


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failed]:
    made = Failed(tmp_path_factory.mktemp("failed"))
    yield made
    for each in (made.pair.one, made.pair.two):
        each.kill_daemons()


def test_a_local_recovery_that_fails_says_where(failed: Failed) -> None:
    drilling = failed.drilling
    assert drilling.process.returncode == 1
    reason = drill(drilling, "local-recovery")["reason"]
    assert "it began with: toy1: Start failed." in reason
    assert "the licence has expired" in reason
    assert re.search(r"toy1: FAILED\n  local recovery: FAILED, .*expired", drilling.err)
    assert "| result | **FAILED** |" in failed.report
    assert "## 1. local recovery: FAILED" in failed.report
    assert reason in failed.report


def test_after_a_drill_that_fails_the_rest_is_left_out(failed: Failed) -> None:
    facts = failed.drilling.facts
    assert [each["passed"] for each in facts["drills"]] == [False]
    assert facts["left_out"] == ["failover", "failback"]
    assert "## 2. failover: left out" in failed.report
    # LifeKeeper has failed over by itself, and nobody has switched back.
    assert "Remove start." not in failed.pair.two.ras


def test_a_manager_that_does_nothing_fails_it_at_the_limit(pair: Pair) -> None:
    words = ["--yes", "--within", "1"]
    drilling = pair.drill(pair.one, "local-recovery", "toy1", *words)  # nobody checks
    assert drilling.process.returncode == 1
    assert "LifeKeeper has done nothing about it within 1 s" in drilling.out
    assert pair.one.daemons() == []


def test_an_application_that_only_says_that_it_runs_does_not_pass(pair: Pair) -> None:
    """The plugin is sabotaged: it finds all well, although nothing lives."""
    pair.one.hooks(
        """
        from arkcore import Status, StatusReport
        def ark_status(ctx, default): return StatusReport(Status.RUNNING)
        """
    )
    with pair.checked():
        drilling = pair.drill(pair.one, "local-recovery", "toy1", "--yes", "--within", "3")
    assert drilling.process.returncode == 1
    assert "within 3 s" in drilling.out


def test_a_service_that_does_not_come_back_does_not_pass(pair: Pair, monkeypatch) -> None:
    flag = pair.one.prefix / "served"
    flag.touch()
    pair.one.hooks(
        f"""
        import os
        def ark_start(ctx, default):
            os.path.exists({str(flag)!r}) and os.unlink({str(flag)!r})
            return default(ctx)
        """
    )
    words = ["--client-command", f"/usr/bin/test -e {flag}", "--yes", "--within", "5"]
    with pair.checked():
        drilling = pair.drill(pair.one, "local-recovery", "toy1", *words)
    assert drilling.process.returncode == 1
    assert "but the client is not served: exit code 1" in drilling.out


# Switching.


def test_the_node_that_is_to_run_it_orders_the_switch(pair: Pair) -> None:
    words = ["--client-command", pair.client_command, "--yes", "--json"]
    drilling = pair.drill(pair.two, "failover", "toy1", *words)
    assert drilling.process.returncode == 0, drilling.err
    assert (pair.n1.state("toy1"), pair.n2.state("toy1")) == ("OSU", "ISP")
    leg = drill(drilling, "failover")
    command = f"{pair.n2.root}/bin/perform_action -t toy1 -a restore"
    assert leg["commands"] == [command]
    assert leg["by_administrator"] is False
    assert leg["done"] == "switched over"
    assert times(leg)["start_began"] <= times(leg)["start_ended"]
    back = pair.drill(pair.one, "failback", "toy1", "--yes")
    assert back.process.returncode == 0, back.err
    assert (pair.n1.state("toy1"), pair.n2.state("toy1")) == ("ISP", "OSU")
    assert "RAS log of one" not in back.out
    assert "RAS log of two: not reachable from here; on two: ark log toy1" in back.out


def test_all_three_with_an_administrator_on_the_other_node(pair: Pair) -> None:
    report = pair.one.prefix / "report.md"
    with pair.checked():
        drilling = Drilling(pair.one, "all", "toy1", "--yes", "--report", str(report))
        command = f"{pair.n2.root}/bin/perform_action -t toy1 -a restore"
        drilling.read_until("run this on two now: /")
        assert pair.n1.state("toy1") == "ISP"  # nothing is ordered from here
        subprocess.run(command.split(), check=True, timeout=30, capture_output=True)
        assert drilling.end() == 0, drilling.out + drilling.err
    asked = f"run this on two now: {pair.n1.root}/bin/perform_action -t toy1 -a restore"
    assert asked in drilling.out
    assert len(pair.one.daemons()) == 1
    assert pair.two.daemons() == []
    text = report.read_text()
    assert text.index("## 1. local recovery: passed") < text.index("## 2. failover: passed")
    assert text.index("## 2. failover: passed") < text.index("## 3. failback: passed")
    assert "by an administrator there" in text
    # What the administrator took to type it is not measured.
    assert f"| 0.00 | switch ordered | RAS log of {os.uname().nodename} |" in text


def test_a_switch_whose_start_fails_says_where(pair: Pair) -> None:
    pair.two.hooks(FAILS)
    drilling = pair.drill(pair.two, "failover", "toy1", "--yes")
    assert drilling.process.returncode == 1
    assert "failover: FAILED, it is not up on" in drilling.out
    assert "it began with: toy1: Start failed." in drilling.out
    assert "the licence has expired" in drilling.out
    assert "perform_action -t toy1 -a restore: exit code 1" in drilling.out


def test_what_needs_the_resource_goes_along(pair: Pair) -> None:
    for each in (pair.one, pair.two):
        home = each.prefix / "web"
        home.mkdir()
        (home / "daemon").write_bytes((each.home / "daemon").read_bytes())
        (home / "daemon").chmod(0o755)
        each.configure("web1", "LHOST2", home=home, text='requires = ["toy1"]')
    pair.create("web1")
    for each in (pair.n1, pair.n2):
        each.database.keep([("web1", "toy1")])
    assert pair.n1.database.restore("web1")
    drilling = pair.drill(pair.two, "failover", "toy1", "--yes")
    assert drilling.process.returncode == 0, drilling.out + drilling.err
    assert "stopped and started: toy1 web1" in drilling.out
    assert "perform_action -t web1 -a restore" in drilling.out
    assert [pair.n2.state(tag) for tag in ("toy1", "web1")] == ["ISP", "ISP"]


# Refusals: one line each, and what to do.


def _in_maintenance(pair: Pair) -> None:
    Maintenance(Paths(str(pair.one.prefix)), "toy1").begin(None)


def _undecided(pair: Pair) -> None:
    state = State(Paths(str(pair.one.prefix)), "toy1")
    state.undecided_clock(480, 360).observe()
    state.verdict.note("quickcheck", Verdict(Outcome.UNDECIDED, "no answer", Status.UNKNOWN))


def _used_up(pair: Pair) -> None:
    for _ in range(3):
        State(Paths(str(pair.one.prefix)), "toy1").attempts.note(Attempt.RESTART, 1800)


def _unmonitored(pair: Pair) -> None:
    defaults = pair.one.prefix / "etc/default/LifeKeeper"
    defaults.write_text(f"LKROOT={pair.n1.root}\nLKCHECKINTERVAL=0\n")


def _not_extended(pair: Pair) -> None:
    (pair.n1.root / "config/peer").unlink()


REFUSALS = {
    "in maintenance": (_in_maintenance, "toy1 is in maintenance; first: ark maintenance toy1 off"),
    "undecided": (_undecided, "toy1 has been undecided for"),
    "restarts used up": (_used_up, "3 of 3 restarts are used up"),
    "not monitored": (_unmonitored, "LKCHECKINTERVAL is 0"),
    "not extended": (_not_extended, "toy1 is not extended to another node; first, in LifeKeeper"),
    "partner silent": (
        lambda pair: (pair.n2.root / "config/silent").touch(),
        "two does not answer for toy1",
    ),
    "partner failed": (
        lambda pair: pair.n2.set_state("toy1", "OSF"),
        "toy1 is OSF on two: it is not ready to take it",
    ),
    "in service on both": (
        lambda pair: pair.n2.set_state("toy1", "ISP"),
        "toy1 is ISP here and on two",
    ),
    "in service on neither": (
        lambda pair: pair.n1.set_state("toy1", "OSU"),
        "toy1 is in service on neither node",
    ),
    "on the other node": (
        lambda pair: (pair.n1.set_state("toy1", "OSU"), pair.n2.set_state("toy1", "ISP")),
        "on two: ark drill local-recovery toy1",
    ),
    "not registered": (
        lambda pair: pair.n1.database.forget("toy1"),
        "LifeKeeper holds no toy1 here; first: ark lifekeeper register toy1",
    ),
    "no manager": (
        lambda pair: (pair.n1.root / "bin/ins_list").unlink(),
        "no cluster manager holds toy1 here",
    ),
    "not running": (
        lambda pair: pair.one.kill_daemons(),
        "toy1 is in service here and is STOPPED, not RUNNING",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_in_one_line_and_nothing_is_done(pair: Pair, name: str) -> None:
    spoil, told = REFUSALS[name]
    spoil(pair)
    alive, log = pair.one.daemons(), pair.one.ras
    drilling = pair.drill(pair.one, "local-recovery", "toy1", "--yes")
    assert drilling.process.returncode == 1
    assert drilling.out == "toy1 (LHOST1): checking that all is ready for the drill\n"
    [line] = drilling.err.splitlines()
    assert line.startswith("ark: refused: ")
    assert told in line
    assert (pair.one.daemons(), pair.one.ras) == (alive, log)


def test_a_standby_on_which_it_runs_is_not_ready(pair: Pair) -> None:
    assert pair.two.run("restore") == 0
    drilling = pair.drill(pair.two, "failover", "toy1", "--yes")
    assert drilling.process.returncode == 1
    assert "and RUNNING here; see: ark status toy1" in drilling.err


def test_an_action_at_work_is_waited_for_by_the_person(pair: Pair) -> None:
    lock = ResourceLock(Paths(str(pair.one.prefix)).state("toy1"))
    assert lock.try_take("restore", 0.0)
    drilling = pair.drill(pair.one, "local-recovery", "toy1", "--yes")
    assert "restore of toy1 is at work; wait until it is over" in drilling.err
    assert len(pair.one.daemons()) == 1


def test_two_drills_at_once_are_refused(pair: Pair) -> None:
    words = ["local-recovery", "toy1", "--yes", "--within", "30"]
    first = Drilling(pair.one, *words)
    first.read_until("killed (SIGKILL)")
    second = pair.drill(pair.one, *words)
    assert second.process.returncode == 1
    assert "another drill is at work on this node" in second.err
    first.process.send_signal(signal.SIGINT)
    first.end()


def test_a_client_that_is_not_served_before_is_refused(pair: Pair) -> None:
    alive = pair.one.daemons()
    words = ["local-recovery", "toy1", "--yes", "--client-command"]
    drilling = pair.drill(pair.one, *words, "/bin/sh -c 'echo no route; exit 7'")
    assert drilling.process.returncode == 1
    assert "the client is not served before anything is broken" in drilling.err
    assert "exit code 7: no route" in drilling.err
    missing = pair.drill(pair.one, *words, "/no/such/client")
    assert "/no/such/client: No such file or directory" in missing.err
    assert pair.one.daemons() == alive


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up root's rights")
def test_whoever_is_not_root_is_refused() -> None:
    program = textwrap.dedent(
        """
        import contextlib, io, os, sys
        from arkcore.cli.main import main
        # The interpreter's own library may be root's alone: what is needed of it is loaded first.
        sys.argv = ["ark", "drill", "--help"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            main()
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        sys.argv = ["ark", "drill", "all", "toy1", "--yes"]
        sys.exit(main())
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ark: refused: ")
    assert "run it as root" in done.stderr


# Usage.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sometime", "toy1"], "'local-recovery', 'failover', 'failback', 'all'"),
        (["all", "toy1", "--client-address", "192.0.2.1"], "HOST:PORT"),
        (["all", "toy1", "--client-address", "192.0.2.1:99999"], "HOST:PORT"),
        (["all", "toy1", "--client-command", "'"], "No closing quotation"),
        (["all", "toy1", "--client-command", ""], "it is empty"),
        (["all", "toy1", "--client-address", "a:1", "--client-command", "b"], "together"),
        (["all", "toy1", "--within", "0"], "--within"),
        (["all", "toy1"], "--yes"),
    ],
)
def test_wrong_usage_is_exit_code_two(pair: Pair, words: list[str], told: str) -> None:
    drilling = pair.drill(pair.one, *words, COLUMNS="200")
    assert drilling.process.returncode == 2
    assert told in drilling.err
    assert len(pair.one.daemons()) == 1


def test_a_report_that_could_not_be_written_is_told_before(pair: Pair) -> None:
    words = ["local-recovery", "toy1", "--yes", "--report", "/no/such/directory/report.md"]
    drilling = pair.drill(pair.one, *words)
    assert drilling.process.returncode == 1
    assert "/no/such/directory/report.md: no file can be written there" in drilling.err
    assert len(pair.one.daemons()) == 1


def test_an_unknown_resource_is_named(pair: Pair) -> None:
    drilling = pair.drill(pair.one, "all", "toy9", "--yes")
    assert (drilling.process.returncode, drilling.out) == (1, "")
    assert "toy9: no such resource" in drilling.err
    assert "toy1" in drilling.err


# Asking, and being interrupted.


def _answered(pair: Pair, answer: str) -> tuple[int, str]:
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [PROGRAMS / "ark", "drill", "local-recovery", "toy1", "--within", "30"],
        stdin=inner,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"ARK_PREFIX": str(pair.one.prefix), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    os.close(inner)
    os.write(outer, answer.encode())
    out, _ = process.communicate(timeout=60)
    os.close(outer)
    return process.returncode, out


def test_it_says_what_it_will_do_and_a_no_does_nothing(pair: Pair) -> None:
    alive = pair.one.daemons()
    code, out = _answered(pair, "n\n")
    assert code == 1
    assert f"local recovery: kill (SIGKILL) on {os.uname().nodename}: {alive[0]} daemon" in out
    assert "stopped and started: toy1" in out
    assert "waits at most 30 s" in out
    assert "Go on? [y/N]" in out
    assert pair.one.daemons() == alive
    assert "killed" not in out


def test_a_yes_goes_on(pair: Pair) -> None:
    with pair.checked():
        code, out = _answered(pair, "y\n")
    assert code == 0, out
    assert "toy1: PASSED" in out


def test_interrupted_it_says_how_things_are_and_writes_its_report(pair: Pair) -> None:
    report = pair.one.prefix / "report.md"
    words = ["local-recovery", "toy1", "--yes", "--within", "60", "--report", str(report)]
    drilling = Drilling(pair.one, *words, "--client-command", pair.client_command)
    drilling.read_until("client: not served")
    drilling.process.send_signal(signal.SIGINT)
    assert drilling.end() == 1
    assert "toy1: INTERRUPTED" in drilling.out
    assert "LifeKeeper: " in drilling.out
    assert "Traceback" not in drilling.err
    assert "| result | **INTERRUPTED** |" in report.read_text()
    client = str(pair.client).encode()
    wait_for(lambda: not any(client in words for words in _command_lines()))


def _command_lines() -> Iterator[bytes]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            yield Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue


# What is told.


def test_under_a_japanese_locale_it_speaks_japanese_and_the_log_stays_english(pair: Pair) -> None:
    report = pair.one.prefix / "report.md"
    words = ["local-recovery", "toy1", "--yes", "--report", str(report)]
    words += ["--client-command", pair.client_command]
    with pair.checked():
        drilling = pair.drill(pair.one, *words, LC_ALL="ja_JP.UTF-8", PYTHONUTF8="1")
    assert drilling.process.returncode == 0, drilling.err
    assert "toy1: 合格" in drilling.out
    text = report.read_text()
    assert text.startswith("# 動作確認: toy1\n")
    assert "## 1. ローカルリカバリ: 合格" in text
    log = re.search(r"```text\n(.*?)```", text, re.S)
    assert log is not None
    assert log[1].isascii()
    prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    for english in ("passed", "broken", "detected", "client", "began", "result", "limit"):
        assert not re.search(rf"\b{english}\b", prose.replace(pair.client_command, "")), english


def test_a_report_may_go_to_stdout_and_says_what_nobody_verified(pair: Pair) -> None:
    with pair.checked():
        drilling = pair.drill(pair.one, "local-recovery", "toy1", "--yes", "--report", "-")
    assert drilling.out.startswith("# Drills of toy1\n")
    told = "nothing is verified from outside"
    assert f"| verified from outside | **{told}" in drilling.out
    before, _, after = drilling.err.partition("killed (SIGKILL)")
    assert told in before
    assert told in after
