"""The agent of a toy as Pacemaker calls it: codes, probes, reasons, parameters, deadlines."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time

import pytest
from agents import (
    ARGS,
    CONFIGURED,
    DEGRADED,
    GENERIC,
    INSTALLED,
    NOT_RUNNING,
    SUCCESS,
    UNIMPLEMENTED,
    Agent,
    group_of,
)
from support import ToyNode, pairs_are_whole, wait_for

from arkcore.base.paths import Paths
from arkcore.machine import processes
from arkcore.memory.files import boottime
from arkcore.memory.lock import ResourceLock
from arkcore.memory.maintenance import Maintenance


@pytest.fixture
def toy(node: ToyNode) -> Agent:
    (node.resources / "toy1.toml").unlink()
    return Agent(node.prefix, "toy", logical_host="LHOST1", home=node.home)


def record_of(node: ToyNode, resource: str = "toy1") -> dict:
    return json.loads((node.prefix / f"var/lib/ark/records/{resource}.json").read_text())


def install_tool(node: ToyNode, name: str, script: str) -> None:
    """One of Pacemaker's own tools on the node."""
    path = node.prefix / "usr/sbin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


# A life.


def test_a_life_without_any_resource_file(node: ToyNode, toy: Agent) -> None:
    assert toy.probe().code == NOT_RUNNING
    assert (toy.start().code, len(node.daemons())) == (SUCCESS, 1)
    assert (toy.monitor().code, toy.probe().code) == (SUCCESS, SUCCESS)
    assert (toy.stop().code, node.daemons()) == (SUCCESS, [])
    assert toy.probe().code == NOT_RUNNING
    assert list(node.resources.iterdir()) == []
    assert pairs_are_whole(node.ras)


def test_start_and_stop_can_be_repeated(node: ToyNode, toy: Agent) -> None:
    assert toy.stop().code == SUCCESS
    assert (toy.start().code, toy.start().code, len(node.daemons())) == (SUCCESS, SUCCESS, 1)
    assert (toy.stop().code, toy.stop().code) == (SUCCESS, SUCCESS)


def test_start_and_stop_are_the_manager_s_word(node: ToyNode, toy: Agent) -> None:
    toy.start()
    assert node.state("wanted")["wanted"] == "up"
    toy.stop()
    assert node.state("wanted")["wanted"] == "down"


@pytest.mark.parametrize("words", [("restart",), (), ("promote",)])
def test_an_unknown_action_is_unimplemented(toy: Agent, words: tuple[str, ...]) -> None:
    call = toy.call(*words)
    assert call.code == UNIMPLEMENTED
    assert call.reason.endswith(
        "allowed: start, stop, monitor, validate-all, reload-agent, meta-data"
    )


def test_what_follows_the_action_is_ignored(node: ToyNode, toy: Agent) -> None:
    """As OCF 1.1 asks."""
    assert (toy.call("start", "now").code, len(node.daemons())) == (SUCCESS, 1)


def test_nothing_is_said_when_all_is_well(toy: Agent) -> None:
    calls = [toy.start(timeout=700), toy.monitor(), toy.probe(), toy.stop(timeout=200)]
    assert [(call.stdout, call.stderr) for call in calls] == [("", "")] * 4


def test_a_clone_s_instance_is_the_resource(node: ToyNode, toy: Agent) -> None:
    toy.resource = "toy1:0"
    assert toy.start().code == SUCCESS
    assert record_of(node, "toy1")["resource"]["name"] == "toy1"


def test_a_globally_unique_clone_is_refused(node: ToyNode, toy: Agent) -> None:
    toy.resource = "toy1:1"
    unique = {"OCF_RESKEY_CRM_meta_globally_unique": "true"}
    call = toy.start(environment=unique)
    assert (call.code, node.daemons()) == (CONFIGURED, [])
    assert call.reason.endswith("allowed: globally-unique=false")
    assert toy.probe(environment=unique).code == NOT_RUNNING
    assert toy.stop(environment=unique).code == SUCCESS


@pytest.mark.parametrize(("option", "value"), [("clone_max", "2"), ("promotable", "true")])
def test_what_would_run_on_several_nodes_is_refused(
    node: ToyNode, toy: Agent, option: str, value: str
) -> None:
    environment = {f"OCF_RESKEY_CRM_meta_{option}": value}
    toy.resource = "toy1:0"
    for action in ("start", "validate-all"):
        call = toy.call(action, timeout=40, environment=environment)
        assert (call.code, node.daemons()) == (CONFIGURED, [])
        assert "would run one logical host more than once" in call.reason
    assert toy.stop(environment=environment).code == SUCCESS


def test_a_clone_of_one_instance_is_none(node: ToyNode, toy: Agent) -> None:
    toy.resource = "toy1:0"
    one = {"OCF_RESKEY_CRM_meta_clone_max": "1", "OCF_RESKEY_CRM_meta_promotable": "false"}
    assert (toy.start(environment=one).code, len(node.daemons())) == (SUCCESS, 1)


def test_what_ran_before_a_clone_was_made_unique_is_seen_and_stopped(node, toy) -> None:
    toy.start()
    toy.resource = "toy1:1"
    unique = {"OCF_RESKEY_CRM_meta_globally_unique": "true"}
    assert toy.probe(environment=unique).code == SUCCESS
    assert (toy.stop(environment=unique).code, node.daemons()) == (SUCCESS, [])


# The recurring monitor.

ANSWERS = {
    "STOPPED": NOT_RUNNING,
    "PARTIAL": GENERIC,
    "STARTING": DEGRADED,
    "UNKNOWN": DEGRADED,
    "RUNNING": SUCCESS,
}


@pytest.mark.parametrize("status", ANSWERS)
def test_what_a_monitor_answers(node: ToyNode, toy: Agent, status: str) -> None:
    toy.start()
    processes_too = "" if status != "STOPPED" else "def ark_processes(ctx, default): return []"
    node.hooks(f"""
        from arkcore import Status, StatusReport
        def ark_status(ctx, default): return StatusReport(Status.{status}, "as told")
        {processes_too}
    """)
    if status == "STOPPED":
        node.kill_daemons()
    call = toy.monitor(timeout=4)
    assert call.code == ANSWERS[status]
    assert ("as told" in call.reason) == (call.code != SUCCESS)


def test_an_answer_that_does_not_come_is_a_failure_once_its_timer_is_over(node, toy) -> None:
    toy.start()
    node.hooks("def ark_status(ctx, default): raise RuntimeError('no answer')")
    began, codes = time.monotonic(), [DEGRADED]
    while codes[-1] == DEGRADED and time.monotonic() < began + 20:
        codes.append(toy.monitor(timeout=12, quickcheck_process=2).code)
    assert (codes[1], codes[-1]) == (DEGRADED, GENERIC)
    assert time.monotonic() >= began + 1.5


def test_in_maintenance_a_dead_application_is_degraded_only(node: ToyNode, toy: Agent) -> None:
    toy.start()
    node.kill_daemons()
    assert Maintenance(Paths(str(node.prefix)), "toy1").begin(None)
    call = toy.monitor()
    assert (call.code, call.reason) == (DEGRADED, "maintenance")


def test_a_monitor_that_can_ask_nobody_is_degraded_and_says_so(node: ToyNode, toy: Agent) -> None:
    toy.start()
    call = toy.monitor(colour="green")
    assert call.code == DEGRADED
    assert "colour = 'green': allowed: 'red', 'blue'" in call.reason
    assert any("QuickCheck failed. BLIND:" in line for line in node.ras)


def test_a_monitor_is_the_word_that_it_is_wanted_here(node: ToyNode, toy: Agent) -> None:
    """Pacemaker takes over by a probe what runs already, and calls no start."""
    toy.start()
    toy.stop()
    node.hooks("def ark_stop(ctx, default): default(ctx)")
    assert node.state("wanted")["wanted"] == "down"
    assert toy.monitor().code == NOT_RUNNING
    assert node.state("wanted")["wanted"] == "up"


def test_the_clock_s_gap_follows_the_monitor_s_interval(node: ToyNode, toy: Agent) -> None:
    # The clock is that of a machine that is up for longer than this one may be.
    up = "import time; from arkcore.memory import files; "
    up += "files.boottime = lambda: 9999 + time.monotonic()"
    before, called, after = toy.path.read_text().partition("\npacemaker(")
    toy.path.write_text(f"{before}\n{up}{called}{after}")
    toy.start()
    node.hooks("def ark_status(ctx, default): raise RuntimeError('no answer')")
    toy.monitor(timeout=4, interval=600)
    path = node.prefix / "run/ark/resources/toy1/undecided.json"
    value = json.loads(path.read_text())
    for key in ("first", "last"):  # seen so twenty minutes ago
        assert value[key] > 9999
        value[key] -= 1200
    path.write_text(json.dumps(value))
    assert toy.monitor(timeout=4, interval=600).code == GENERIC


# The probe.


def test_a_monitor_where_it_is_not_to_run_is_a_probe(node: ToyNode, toy: Agent) -> None:
    toy.start()
    toy.stop()
    written = node.ras
    call = toy.monitor(environment={"OCF_RESKEY_CRM_meta_role": "Stopped"})
    assert (call.code, node.ras) == (NOT_RUNNING, written)
    assert node.state("wanted")["wanted"] == "down"


def test_a_probe_knows_no_maintenance_and_no_lock(node: ToyNode, toy: Agent) -> None:
    toy.start()
    Maintenance(Paths(str(node.prefix)), "toy1").begin(None)
    lock = ResourceLock(str(node.prefix / "run/ark/resources/toy1"))
    assert lock.try_take("remove", boottime())
    assert toy.probe().code == SUCCESS
    node.kill_daemons()
    assert toy.probe().code == NOT_RUNNING
    lock.release()


def test_a_probe_writes_no_line_and_moves_no_clock(node: ToyNode, toy: Agent) -> None:
    toy.start()
    written = node.ras
    node.hooks("def ark_status(ctx, default): raise RuntimeError('no answer')")
    assert toy.probe(timeout=3).code == GENERIC
    assert (node.ras, node.state("undecided")) == (written, {})


def test_what_is_there_in_part_is_no_stopped_resource(node: ToyNode, toy: Agent) -> None:
    toy.start()
    node.hooks("""
        from arkcore import Status, StatusReport
        def ark_status(ctx, default): return StatusReport(Status.STOPPED)
    """)
    call = toy.probe()
    assert call.code == GENERIC
    assert "It is PARTIAL (it says STOPPED, but there lives pid" in call.reason


def test_a_probe_awaits_what_is_starting(node: ToyNode, toy: Agent) -> None:
    toy.start()
    (node.home / "asked").write_text("")
    node.hooks("""
        from arkcore import Status, StatusReport
        def ark_status(ctx, default):
            with open(ctx.options.home + "/asked", "r+") as file:
                number = len(file.read())
                file.write("x")
            return StatusReport(Status.STARTING if number < 3 else Status.RUNNING)
    """)
    assert toy.probe().code == SUCCESS


@pytest.mark.parametrize(
    "parameters",
    [{"colour": "green"}, {"nonsense": "1"}, {"logical_host": ""}, {"home": "/no/such/place"}],
)
def test_a_probe_with_unusable_parameters_says_not_running(toy, parameters) -> None:
    assert toy.probe(**parameters).code == NOT_RUNNING


def test_a_probe_without_the_plugin_says_not_running(node: ToyNode) -> None:
    for plugin in ("toy-broken", "no-such-plugin"):
        agent = Agent(node.prefix, plugin, logical_host="LHOST1")
        assert agent.probe().code == NOT_RUNNING


def test_a_probe_with_unusable_parameters_sees_what_the_recorded_ones_see(node, toy) -> None:
    toy.start()
    assert toy.probe(colour="green").code == SUCCESS


def test_a_probe_without_the_plugin_sees_what_was_last_running(node: ToyNode, toy: Agent) -> None:
    toy.start()
    toy.monitor()  # remembers its processes
    lost = Agent(node.prefix, "no-such-plugin", logical_host="LHOST1")
    (node.prefix / "var/lib/ark/records/toy1.json").unlink()
    call = lost.probe()
    assert call.code == GENERIC
    assert f"there live of its processes: {node.daemons()[0]}" in call.reason
    node.kill_daemons()
    assert lost.probe().code == NOT_RUNNING


#: What keeps the resource from being used here, though its plugin can be asked.
ELSEWHERE = ["ark.toml", "parameter"]


def spoil(node: ToyNode, what: str) -> dict[str, str]:
    """Parameters to be added; nothing of what ARK had recorded is left."""
    for place in ("var/lib/ark", "run/ark"):
        shutil.rmtree(node.prefix / place)
    if what == "ark.toml":
        (node.prefix / "etc/ark/ark.toml").write_text("nonsense = 1\n")
        return {}
    return {"nonsense": "1"}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_probe_asks_whoever_can_be_asked_whatever_else_is_wrong(node, toy, what: str) -> None:
    toy.start()
    wrong = spoil(node, what)
    assert toy.probe(**wrong).code == SUCCESS
    node.kill_daemons()
    assert toy.probe(**wrong).code == NOT_RUNNING


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_stop_stops_what_lives_whatever_else_is_wrong(node, toy, what: str) -> None:
    toy.start()
    wrong = spoil(node, what)
    assert (toy.stop(**wrong).code, node.daemons()) == (SUCCESS, [])
    assert any("it is stopped all the same" in line for line in node.ras)


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_stop_where_nothing_lives_calls_no_stop_command(node, toy, what: str) -> None:
    """The product may not even be installed here."""
    toy.start()
    node.kill_daemons()
    wrong = spoil(node, what)
    node.hooks("def ark_stop(ctx, default): raise RuntimeError('no product here')")
    assert toy.stop(**wrong).code == SUCCESS
    assert "Nothing was ever restored here." in node.ras[-1]


def test_a_probe_without_a_name_is_refused(toy: Agent) -> None:
    toy.resource = ""
    call = toy.probe()
    assert (call.code, call.reason) == (
        CONFIGURED,
        "OCF_RESOURCE_INSTANCE is not set: an agent is called by Pacemaker",
    )


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 9", NOT_RUNNING),  # it tells nothing: and it never was here
        (None, NOT_RUNNING),  # it is not there
        ("exit 4", GENERIC),  # half of it runs
        ("exit 5", GENERIC),  # it is starting, and does not come up
        ("exit 0", SUCCESS),
        ("exec sleep 60", GENERIC),
    ],
)
def test_a_probe_believes_a_status_command_rather_than_what_was_never_started(
    node: ToyNode, script: str | None, code: int
) -> None:
    program = node.home / "status"
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    words = {"start": "/bin/true", "stop": "/bin/true", "status": program}
    codes = "0=RUNNING 3=STOPPED 4=PARTIAL 5=STARTING"
    pid_file = {"pid_file": node.home / "pid", "process_name": "x"}
    agent = Agent(
        node.prefix, "command", "c1", logical_host="LH", status_codes=codes, **words, **pid_file
    )
    assert agent.probe(timeout=4).code == code


def test_a_probe_leaves_nothing_of_its_status_command_behind(node: ToyNode, toy: Agent) -> None:
    node.hooks("""
        def ark_status(ctx, default):
            left = f"exec setsid /bin/sh -c 'sleep 1000; : {ctx.options.home}/left'"
            ctx.run(["/bin/sh", "-c", left + " >/dev/null 2>&1 &"])
            return default(ctx)
    """)
    toy.start()
    daemons = node.daemons()
    assert toy.probe().code == SUCCESS
    assert node.processes() == daemons


# Parameters.

WRONG = {
    ("number", "many"): (CONFIGURED, "number = 'many': allowed: a whole number"),
    ("number", "10"): (CONFIGURED, "number = 10: allowed: from 1 up to 9"),
    ("colour", "green"): (CONFIGURED, "colour = 'green': allowed: 'red', 'blue'"),
    ("words", "'a"): (CONFIGURED, 'words = "\'a": allowed: words separated by blanks'),
    ("logical_host", ""): (CONFIGURED, "logical_host = '': must be text"),
    ("mount_points", "shared"): (CONFIGURED, "mount_points = 'shared': must be an absolute path"),
    ("restore_process", "0"): (CONFIGURED, "restore_process = 0: allowed: seconds from 1"),
    ("restore_process", "long"): (CONFIGURED, "restore_process = 'long': allowed: seconds from 1"),
    ("ras_detail", "all"): (CONFIGURED, "ras_detail = 'all': allowed: 'guide', 'full'"),
    ("recover_attempts", "3"): (ARGS, "recover_attempts: unknown parameter; allowed: "),
    ("hom", "/x"): (ARGS, "hom: unknown parameter; allowed: logical_host, home, number"),
}


@pytest.mark.parametrize("action", ["start", "validate-all"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_parameter_is_one_clear_line(node, toy, action, wrong) -> None:
    name, text = wrong
    code, told = WRONG[wrong]
    call = toy.call(action, timeout=30, **{name: text})
    assert call.code == code
    assert call.whole_reason.startswith(f"toy1 (ocf:ark:toy): {told}")
    assert node.daemons() == []
    assert "Traceback" not in call.stderr


def test_a_missing_parameter_is_one_clear_line(node: ToyNode) -> None:
    call = Agent(node.prefix, "toy", logical_host="LHOST1").start()
    assert (call.code, call.reason) == (
        CONFIGURED,
        "toy1 (ocf:ark:toy): home: missing; where the application lives",
    )


def test_a_plugin_that_is_not_there_is_not_installed(node: ToyNode) -> None:
    call = Agent(node.prefix, "no-such-plugin", logical_host="LHOST1").start()
    assert call.code == INSTALLED
    assert "unknown plugin 'no-such-plugin'; installed: " in call.whole_reason


def test_the_node_s_own_file_is_no_fault_of_the_parameters(node: ToyNode, toy: Agent) -> None:
    (node.prefix / "etc/ark/ark.toml").write_text("nonsense = 1\n")
    call = toy.start()
    assert call.code == ARGS
    assert "ark.toml: nonsense: unknown key" in call.whole_reason


def test_texts_become_values_of_the_declared_types(node: ToyNode, toy: Agent) -> None:
    given = {"number": "7", "words": "one 'two three'", "restore_process": "90.5"}
    assert toy.start(mount_points="/ /proc", **given).code == SUCCESS
    resource = record_of(node)["resource"]
    assert resource["options"]["number"] == 7
    assert resource["options"]["words"] == ["one", "two three"]
    assert resource["timers"]["restore.process"] == 90.5
    assert resource["mount_points"] == ["/", "/proc"]


def test_the_exit_reason_s_prefix_is_pacemaker_s(toy: Agent) -> None:
    call = toy.start(colour="green", environment={"OCF_EXIT_REASON_PREFIX": "told:"})
    assert any(line.startswith("told:toy1 (ocf:ark:toy): ") for line in call.stderr.splitlines())


def test_an_exit_reason_is_one_line_whatever_the_parameter(toy: Agent) -> None:
    call = toy.start(colour="a\nocf-exit-reason:b\x1b[2J")
    assert call.code == CONFIGURED
    lines = [line for line in call.stderr.splitlines() if line.startswith("ocf-exit-reason:")]
    assert len(lines) == 1
    assert "\x1b" not in call.stderr


@pytest.mark.parametrize("name", ["number", "colour"])
def test_an_exit_reason_says_what_is_allowed_however_long_the_value(toy: Agent, name: str) -> None:
    call = toy.start(**{name: "9" * 5000})
    assert call.code == CONFIGURED
    assert call.reason.startswith(f"toy1 (ocf:ark:toy): {name} = '999")
    assert "allowed: " in call.reason
    assert len(call.reason.encode()) <= 127
    assert "9" * 500 in call.whole_reason


def test_an_exit_reason_is_cut_at_a_character(toy: Agent) -> None:
    """Pacemaker would cut it at a byte, and its state then is no XML any more."""
    call = toy.start(mount_points=f"/{'共有' * 60}")
    assert 120 < len(call.reason.encode()) <= 127
    assert re.fullmatch(r"not mounted: /[共有]+…[共有]+", call.reason)
    assert call.whole_reason == f"not mounted: /{'共有' * 60}"


# The record.


def test_a_record_is_believed_for_the_very_parameters_only(node: ToyNode, toy: Agent) -> None:
    toy.start()
    path = node.prefix / "var/lib/ark/records/toy1.json"
    first = path.stat().st_ino
    toy.monitor()
    assert path.stat().st_ino == first
    toy.monitor(number=2)
    assert (record_of(node)["resource"]["options"]["number"], path.stat().st_ino != first) == (
        2,
        True,
    )


def test_a_stop_with_unusable_parameters_goes_by_the_recorded_ones(node, toy) -> None:
    toy.start()
    call = toy.stop(colour="green")
    assert (call.code, node.daemons()) == (SUCCESS, [])
    assert any("the recorded copy serves" in line for line in node.ras)


def test_a_directory_of_records_that_others_could_write_is_mended_and_told(node, toy) -> None:
    """It costs a word, not the service: all that a record would tell is in the parameters."""
    toy.start()
    records = node.prefix / "var/lib/ark/records"
    for operation in (toy.monitor, toy.stop, toy.start):
        records.chmod(0o777)
        call = operation(number=2)
        assert call.code == SUCCESS
        assert f"{records}: mode 0777 let others write it; now 0750" in call.stderr
        assert records.stat().st_mode & 0o777 == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_record_of_another_user_is_neither_read_nor_written(node, toy) -> None:
    toy.start()
    record = node.prefix / "var/lib/ark/records/toy1.json"
    os.chown(record, 65534, 65534)
    before = record.read_text()
    for call in (toy.monitor(number=2), toy.stop(number=2), toy.start(number=2)):
        assert call.code == SUCCESS
        assert f"toy1 is not recorded: {record}: belongs to user id 65534" in call.stderr
    assert record.read_text() == before


def test_a_stop_of_what_was_never_started_is_done(node: ToyNode, toy: Agent) -> None:
    assert toy.stop(colour="green").code == SUCCESS
    assert "Nothing was ever restored here." in node.ras[-1]


@pytest.mark.parametrize(("plugin", "wrong"), [("toy", {"colour": "green"}), ("toy-broken", {})])
def test_a_stop_after_a_start_that_was_refused_is_done(node, plugin: str, wrong) -> None:
    """Pacemaker stops what it could not start, and fences a node where that fails."""
    agent = Agent(node.prefix, plugin, logical_host="LHOST1", home=node.home, **wrong)
    assert agent.start().code in (CONFIGURED, INSTALLED)
    assert agent.stop().code == SUCCESS


def test_a_stop_of_a_second_resource_of_one_logical_host_is_done_and_stops_nothing(
    node, toy
) -> None:
    toy.start()
    other = Agent(node.prefix, "toy", "toy2", logical_host="LHOST1", home=node.home)
    assert (other.start().code, other.stop().code, len(node.daemons())) == (ARGS, SUCCESS, 1)
    assert toy.probe().code == SUCCESS


def test_a_start_that_was_refused_is_no_word_against_what_was_started_before(node, toy) -> None:
    toy.start()
    (node.prefix / "var/lib/ark/records/toy1.json").unlink()
    assert toy.start(colour="green").code == CONFIGURED
    assert node.state("wanted")["wanted"] == "up"
    call = toy.stop(colour="green")
    assert (call.code, len(node.daemons())) == (GENERIC, 1)


@pytest.mark.parametrize("name", ["a b", "\u30ea\u30bd\u30fc\u30b9", "a" * 201])
def test_a_stop_of_what_no_resource_can_be_called_is_done(toy: Agent, name: str) -> None:
    toy.resource = name
    assert toy.start().code == CONFIGURED
    assert toy.stop().code == SUCCESS


FATAL = {
    "exits": "import os; os._exit(0)",
    "dies": "import os; os.kill(os.getpid(), 11)",
    "hangs": "import time; time.sleep(1000)",
}


@pytest.mark.parametrize("fault", FATAL.values(), ids=FATAL.keys())
def test_a_plugin_that_dies_while_it_is_loaded_is_none_for_every_operation(
    node: ToyNode, fault: str
) -> None:
    (node.resources / "toy1.toml").unlink()
    place = node.prefix / "packages"
    metadata = place / "ark_fatal-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ark-fatal\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[arkcore.plugins]\nfatal = ark_fatal:Fatal\n")
    (place / "ark_fatal.py").write_text(fault)
    fatal = Agent(node.prefix, "fatal", logical_host="LHOST1")
    text = fatal.path.read_text()
    fatal.path.write_text(text.replace("sys.path += [", f"sys.path += [{str(place)!r}, "))
    calls = {action: fatal.begin(action, timeout=4) for action in ("start", "validate-all")}
    calls["meta-data"] = fatal.begin("meta-data", timeout=4)
    codes = {action: call.end() for action, call in calls.items()}
    assert codes == dict.fromkeys(calls, INSTALLED)
    for call in calls.values():
        assert re.search("the plugin's process|no end after|no answer within", call.reason)
    reload = fatal.call("reload-agent", timeout=4)
    assert (reload.code, "not reloaded: " in reload.stderr) == (SUCCESS, True)


def test_reload_takes_over_what_can_change_while_it_runs(node: ToyNode, toy: Agent) -> None:
    toy.start()
    daemons = node.daemons()
    assert toy.call("reload-agent", timeout=20, ras_detail="full").code == SUCCESS
    assert record_of(node)["resource"]["ras"][0] == "full"
    assert (toy.monitor(ras_detail="full").code, node.daemons()) == (SUCCESS, daemons)


@pytest.mark.parametrize("wrong", [{"ras_detail": "al"}, {"nonsense": "1"}])
def test_a_reload_of_what_is_wrong_leaves_what_runs_as_it_was_and_says_so(
    node: ToyNode, toy: Agent, wrong: dict[str, str]
) -> None:
    """With an error code Pacemaker would stop it, on every node alike."""
    toy.start()
    before, daemons = record_of(node), node.daemons()
    call = toy.call("reload-agent", timeout=20, **wrong)
    assert (call.code, record_of(node), node.daemons()) == (SUCCESS, before, daemons)
    [name] = wrong
    assert f"not reloaded: toy1 (ocf:ark:toy): {name}" in call.stderr
    monitor = toy.monitor(**wrong)
    assert monitor.code == DEGRADED
    assert name in monitor.reason


# Neighbours.


def test_two_resources_of_one_logical_host_do_not_run_on_one_node(node, toy) -> None:
    toy.start()
    other = Agent(node.prefix, "toy", "toy2", logical_host="LHOST1", home=node.home)
    call = other.start()
    assert call.code == ARGS
    assert "resource toy1 protects the same logical host with toy" in call.whole_reason
    clash = other.start(logical_host="LHOST1xx")
    assert clash.code == SUCCESS  # its first eight bytes are its own


def test_a_record_of_what_the_cluster_has_no_more_is_no_neighbour(node, toy) -> None:
    toy.start()
    toy.stop()
    install_tool(node, "crm_resource", "echo toy2")
    other = Agent(node.prefix, "toy", "toy2", logical_host="LHOST1", home=node.home)
    assert other.start().code == SUCCESS


def test_what_the_cluster_has_is_a_neighbour_also_where_it_does_not_run(node, toy) -> None:
    toy.start()
    toy.stop()
    install_tool(node, "crm_resource", 'echo "toy1"; echo "toy2"')
    other = Agent(node.prefix, "toy", "toy2", logical_host="LHOST1", home=node.home)
    assert other.call("validate-all").code == ARGS


def test_the_first_bytes_are_compared_with_pacemaker_s_resources_too(node, toy) -> None:
    toy.start(logical_host="LONGHOST1")
    other = Agent(node.prefix, "toy", "toy2", logical_host="LONGHOST2", home=node.home)
    call = other.start()
    assert call.code == ARGS
    assert "its first 8 bytes are those of 'LONGHOST1' (resource toy1)" in call.whole_reason


def test_crm_resource_which_names_no_resource_has_the_very_resource_checked(node, toy) -> None:
    """`crm_resource --validate` and pcs call the resource "test", whichever it is."""
    toy.start()
    asked = Agent(node.prefix, "toy", "test", logical_host="LHOST1", home=node.home, number=2)
    assert asked.call("validate-all").code == SUCCESS
    wrong = asked.call("validate-all", number=10)
    assert wrong.reason == "toy1 (ocf:ark:toy): number = 10: allowed: from 1 up to 9"


def test_a_resource_that_is_called_test_is_one(node: ToyNode, toy: Agent) -> None:
    toy.start()
    install_tool(node, "crm_resource", 'echo "toy1"; echo "test"')
    second = Agent(node.prefix, "toy", "test", logical_host="LHOST1", home=node.home)
    assert second.call("validate-all").code == ARGS


# The disk.


def test_a_start_without_its_disk_fails_before_anything(node: ToyNode, toy: Agent) -> None:
    call = toy.start(mount_points="/no/such/disk")
    assert (call.code, call.reason) == (GENERIC, "not mounted: /no/such/disk")
    assert node.daemons() == []
    assert "Starting." not in node.ras


# Deadlines.

#: Seconds; the twentieth of it that is Pacemaker's is what a busy machine may delay the answer by.
TIMEOUT = 14.0


def test_a_start_that_hangs_ends_in_its_operation_s_time_and_leaves_nothing(node, toy) -> None:
    node.hooks("""
        import time
        def ark_start(ctx, default):
            default(ctx)
            time.sleep(1000)
    """)
    call = toy.call("start", timeout=TIMEOUT)
    assert call.code == GENERIC
    assert call.seconds < TIMEOUT
    assert node.daemons() == []
    assert pairs_are_whole(node.ras)


def test_a_start_command_that_hangs_is_ended_in_time(node: ToyNode, toy: Agent) -> None:
    node.hooks("""
        def ark_start(ctx, default):
            ctx.run(["/bin/sh", "-c", f"trap '' TERM; {ctx.options.home}/daemon 1000; :"])
    """)
    call = toy.call("start", timeout=TIMEOUT)
    assert call.code == GENERIC
    assert call.seconds < TIMEOUT
    assert node.processes() == []


def test_a_stop_that_hangs_is_forced_in_its_operation_s_time(node: ToyNode, toy: Agent) -> None:
    toy.start()
    node.hooks("""
        import time
        def ark_stop(ctx, default): time.sleep(1000)
    """)
    call = toy.call("stop", timeout=TIMEOUT)
    assert (call.code, node.daemons()) == (SUCCESS, [])
    assert call.seconds < TIMEOUT


def test_a_stop_whose_force_hangs_too_kills_in_its_operation_s_time(node, toy) -> None:
    toy.start()
    node.hooks("""
        import time
        def ark_stop(ctx, default): time.sleep(1000)
        def ark_force_stop(ctx, default): time.sleep(1000)
    """)
    call = toy.call("stop", timeout=TIMEOUT)
    assert (call.code, node.daemons()) == (SUCCESS, [])
    assert call.seconds < TIMEOUT


def test_a_monitor_that_hangs_is_undecided_in_its_operation_s_time(node, toy) -> None:
    toy.start()
    node.hooks("""
        import time
        def ark_status(ctx, default): time.sleep(1000)
    """)
    call = toy.monitor(timeout=TIMEOUT)
    assert call.code == DEGRADED
    assert call.seconds < TIMEOUT


def test_a_probe_that_hangs_ends_in_its_operation_s_time(node: ToyNode, toy: Agent) -> None:
    toy.start()
    node.hooks("""
        import time
        def ark_status(ctx, default): time.sleep(1000)
    """)
    call = toy.probe(timeout=TIMEOUT)
    assert call.code == GENERIC
    assert call.seconds < TIMEOUT


def test_what_a_killed_start_left_is_ended_by_the_stop_that_follows(node, toy) -> None:
    node.hooks("""
        def ark_start(ctx, default):
            ctx.run(["/usr/bin/setsid", "--wait", f"{ctx.options.home}/daemon", "1000"])
    """)
    call = toy.begin("start", timeout=40)
    wait_for(node.daemons)
    os.killpg(group_of(call), signal.SIGKILL)  # as Pacemaker does
    call.end()
    assert node.daemons() != []
    assert (toy.stop().code, node.daemons()) == (SUCCESS, [])
    assert any(line.startswith("Restore aborted.") for line in node.ras)


def test_the_time_counts_from_the_process_s_beginning() -> None:
    from arkcore.managers.ocf import Operation

    own = processes.look(os.getpid())
    assert own is not None
    age = boottime() - own.start / os.sysconf("SC_CLK_TCK")
    ends = Operation({"OCF_RESKEY_CRM_meta_timeout": "100000"}).ends
    assert ends is not None
    assert ends.at - time.monotonic() == pytest.approx(95 - age, abs=0.5)


# Timeouts that are too short.

CIB = """
case "$*" in
*op_defaults*) {defaults} ;;
*) cat <<XML
<primitive id="toy1"><operations>
<op name="start" interval="0" timeout="60s"/><op name="monitor" interval="10s" timeout="2min"/>
</operations></primitive>
XML
esac
"""


def test_validate_all_names_the_timeouts_to_set(node: ToyNode, toy: Agent) -> None:
    install_tool(node, "cibadmin", CIB.format(defaults="exit 105"))
    call = toy.call("validate-all", timeout=20)
    assert call.code == CONFIGURED
    assert call.whole_reason == (
        "toy1: the timeout of start, 60 s, is too short for restore_process 480 and "
        "restore_cleanup 90: set at least 611 s; the timeout of stop, 20 s, is too short for "
        "remove_process 120 and remove_cleanup 5: set at least 143 s"
    )


def test_validate_all_tells_what_is_wrong_with_the_product_s_configuration(
    node: ToyNode, toy: Agent
) -> None:
    check = """
    from arkcore import Finding, Level
    def ark_check_configuration(ctx, default):
        return [Finding("app.conf", Level.{}, ctx.logical_host, "mend it")]
    """
    node.hooks(check.format("FAIL"))
    call = toy.call("validate-all")
    assert (call.code, call.reason) == (CONFIGURED, "toy1: app.conf: LHOST1; mend it")
    node.hooks(check.format("WARN"))
    assert toy.call("validate-all").code == SUCCESS
    node.hooks("def ark_check_configuration(ctx, default): raise SystemExit(0)")
    assert toy.call("validate-all").code == INSTALLED


def test_validate_all_knows_the_cluster_s_defaults(node: ToyNode, toy: Agent) -> None:
    defaults = 'echo \'<nvpair name="timeout" value="200s"/>\''
    install_tool(node, "cibadmin", CIB.format(defaults=defaults))
    shorter = {"restore_process": 30, "restore_cleanup": 10}
    assert toy.call("validate-all", **shorter).code == SUCCESS


def test_a_start_whose_timeout_is_too_short_says_so_in_the_log(node: ToyNode, toy: Agent) -> None:
    assert toy.call("start", timeout=60).code == SUCCESS
    assert (
        "the timeout of start, 60 s, is too short for restore_process 480 and restore_cleanup 90: "
        "set at least 611 s"
    ) in node.ras
