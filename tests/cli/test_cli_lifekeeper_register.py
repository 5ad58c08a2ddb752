"""`ark lifekeeper register`, `plan`, `status`, `unregister`, against a stand-in of LifeKeeper."""

from __future__ import annotations

import json
import shutil
import tomllib

import pytest
from agents import SUCCESS, Agent
from ark_testing import Node
from ark_testing.lifekeeper_programs import PLACES
from support import ToyNode

from arkcore.base.call import Action

IP, DISK = "ip-192.0.2.10", "/shared/jp1"
ON = ("--ip", IP, "--filesystem", DISK)


@pytest.fixture
def held(node: ToyNode) -> Node:
    """LifeKeeper on the node: it holds the IP address and the file system."""
    made = Node("node1", node.prefix / "LifeKeeper", str(node.prefix))
    made.create_other(IP, "comm", "ip")
    made.create_other(DISK, "gen", "filesys")
    return made


@pytest.fixture
def web(node: ToyNode) -> str:
    """A second resource of the same logical host, which requires toy1."""
    home = node.prefix / "web"
    home.mkdir()
    shutil.copy("/bin/sleep", home / "webd")
    start = f"setsid {home}/webd 1000 >/dev/null 2>&1 & echo $! > {home}/pid"
    (node.resources / "web1.toml").write_text(
        f'plugin = "command"\nlogical_host = "LHOST1"\nrequires = ["toy1"]\n'
        f"[timers]\nquickcheck.confirm = 0.2\nforce_stop_wait = 0.3\n[options]\n"
        f'start = ["/bin/sh", "-c", "{start}"]\n'
        f'stop = ["/bin/sh", "-c", "kill $(cat {home}/pid)"]\n'
        f'pid_file = "{home}/pid"\nprocess_name = "webd"\n'
    )
    return "web1"


def registered(lifekeeper: Node) -> set[str]:
    return set(lifekeeper.database.tags()) - {IP, DISK}


# Registering.


def test_the_hierarchy_is_made_lowest_first(node, held, web, ark) -> None:
    result = ark("lifekeeper", "register", *ON)
    assert result.returncode == 0, result.stderr
    assert held.database.dependencies() == [("toy1", IP), ("toy1", DISK), ("web1", "toy1")]
    assert (held.state("toy1"), held.state("web1")) == ("ISP", "ISP")
    assert len(node.daemons()) == 1
    starts = [line for line in node.ras_lines if line.endswith("Restore completed.")]
    assert [line.split(" : ")[1] for line in starts] == ["toy1", "web1"]


def test_lifekeeper_holds_copies_of_launchers_that_work(node, held, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    assert held.call(Action.QUICK_CHECK, "toy1").code == 0
    node.kill_daemons()
    assert held.call(Action.QUICK_CHECK, "toy1").code == 1
    assert held.call(Action.RECOVER, "toy1").code == 0
    assert len(node.daemons()) == 1


def test_a_resource_brings_along_what_it_requires(held, web, ark) -> None:
    assert ark("lifekeeper", "register", "web1", *ON).returncode == 0
    assert registered(held) == {"toy1", "web1"}


def test_done_again_it_changes_nothing(node, held, web, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    before, ras = held.database.dependencies(), node.ras
    result = ark("lifekeeper", "register", *ON)
    assert result.returncode == 0, result.stderr
    assert "toy1: registered already" in result.stdout
    assert (held.database.dependencies(), node.ras) == (before, ras)


def test_it_goes_on_from_where_it_stopped(node, held, web, ark) -> None:
    (node.home / "hooks.py").write_text("def ark_start(ctx, default): raise OSError('broken')")
    result = ark("lifekeeper", "register", *ON)
    assert result.returncode == 1
    assert "toy1: creapphier ended with exit code" in result.stderr
    assert registered(held) == {"toy1"}
    (node.home / "hooks.py").unlink()
    result = ark("lifekeeper", "register", *ON)
    assert result.returncode == 1
    command = f"{held.root}/bin/perform_action -t toy1 -a restore"
    assert command in result.stderr
    assert held.database.restore("toy1")
    assert ark("lifekeeper", "register", *ON).returncode == 0
    assert held.database.dependencies() == [("toy1", IP), ("toy1", DISK), ("web1", "toy1")]


def test_one_that_is_in_service_on_the_other_node_is_left_so(held, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    for tag in ("toy1", IP, DISK):
        held.set_state(tag, "OSU")
    assert ark("lifekeeper", "register", *ON).returncode == 0
    assert held.state("toy1") == "OSU"


def test_a_dry_run_prints_what_a_run_runs(node, held, web, ark) -> None:
    dry = ark("lifekeeper", "register", *ON, "--dry-run")
    assert dry.returncode == 0
    assert registered(held) == set()
    assert not (node.prefix / "etc/ark/lifekeeper").exists()
    run = ark("lifekeeper", "register", *ON)
    commands = [line.strip() for line in run.stdout.splitlines() if "/LifeKeeper/" in line]
    assert dry.stdout.splitlines()[1:] == commands
    assert len(commands) == 5


def test_a_dry_run_refuses_what_a_run_refuses(held, ark) -> None:
    held.set_state(IP, "OSU")
    told = [ark("lifekeeper", "register", *ON, *words) for words in ((), ("--dry-run",))]
    assert [each.returncode for each in told] == [1, 1]
    assert told[0].stderr == told[1].stderr
    assert f"{IP}: it is OSU, not in service here" in told[1].stderr
    assert told[1].stdout == ""


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("toy2", ("--option", "nosuch=77"), "nosuch"),
        ("toy1", (), "says otherwise (logical_host, options)"),
    ],
    ids=["a wrong file", "a file that says otherwise"],
)
def test_a_dry_run_refuses_the_resource_file_that_a_run_refuses(
    node, held, ark, name, words, told
) -> None:
    file = ["--plugin", "toy", "--logical-host", "OTHER2", *words]
    row = ["lifekeeper", "register", name, *file, *ON]
    dry, run = ark(*row, "--dry-run"), ark(*row)
    assert (dry.returncode, dry.stdout, dry.stderr) == (1, "", run.stderr)
    assert told in dry.stderr
    assert [path.name for path in node.resources.iterdir()] == ["toy1.toml"]


def test_a_dry_run_needs_no_lifekeeper(ark) -> None:
    result = ark("lifekeeper", "register", "--alone", "--dry-run")
    assert result.returncode == 0
    assert "creapphier" in result.stdout
    assert "ins_list" in result.stderr


def test_without_service_nothing_is_started(node, held, ark) -> None:
    assert ark("lifekeeper", "register", *ON, "--no-in-service").returncode == 0
    assert (held.state("toy1"), node.ras) == ("OSU", [])


# Refusals: nothing is half done.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "what does it stand on?"),
        (("--ip", "ip-nosuch"), "ip-nosuch: LifeKeeper holds no such resource"),
        (("nosuch", *ON), "no such resource"),
    ],
)
def test_what_is_missing_is_refused_before_anything(node, held, ark, words, told) -> None:
    result = ark("lifekeeper", "register", *words)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert told in result.stderr
    assert registered(held) == set()
    assert not (node.prefix / "etc/ark/lifekeeper").exists()


def test_what_it_stands_on_must_be_in_service(held, ark) -> None:
    held.set_state(IP, "OSU")
    result = ark("lifekeeper", "register", *ON)
    assert result.returncode == 1
    assert f"perform_action -t {IP} -a restore" in result.stderr
    assert registered(held) == set()


def test_a_mount_point_needs_its_file_system_mounted(node, held, ark) -> None:
    node.configure(text=f'mount_points = ["{node.prefix}/disk"]')
    result = ark("lifekeeper", "register", "--ip", IP)
    assert "--filesystem TAG" in result.stderr
    result = ark("lifekeeper", "register", *ON)
    assert "not mounted" in result.stderr
    assert registered(held) == set()


def test_a_broken_resource_file_is_refused(node, held, ark) -> None:
    (node.resources / "toy1.toml").write_text("nonsense")
    result = ark("lifekeeper", "register", *ON)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert registered(held) == set()


def test_two_logical_hosts_are_registered_apart(node, held, ark) -> None:
    node.configure("toy2", "OTHER2")
    result = ark("lifekeeper", "register", *ON)
    assert "2 logical hosts: LHOST1, OTHER2" in result.stderr
    assert ark("lifekeeper", "register", "toy2", *ON).returncode == 0


def test_another_kits_resource_of_the_same_tag_is_refused(held, ark) -> None:
    held.create_other("toy1", "comm", "ip")
    result = ark("lifekeeper", "register", *ON)
    assert result.returncode == 1
    assert "no generic application (comm/ip)" in result.stderr


def test_no_lifekeeper_is_one_line(ark) -> None:
    for words in (("register", *ON), ("status",), ("unregister", "toy1")):
        result = ark("lifekeeper", *words)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert "LKROOT" in result.stderr


def test_a_program_that_others_can_write_is_not_run(held, ark) -> None:
    (held.root / "lkadm/subsys/gen/app/bin/creapphier").chmod(0o777)
    result = ark("lifekeeper", "register", *ON)
    assert result.returncode == 1
    assert "creapphier" in result.stderr
    assert registered(held) == set()


@pytest.mark.parametrize("info", ["a'b", "日本", "a;b"])
def test_an_application_info_lifekeeper_refuses_is_wrong_usage(held, ark_here, info) -> None:
    assert ark_here("lifekeeper", "register", *ON, "--info", info).returncode == 2


def test_a_resource_of_pacemakers_is_not_registered(node, held, ark) -> None:
    (node.resources / "toy1.toml").unlink()
    agent = Agent(node.prefix, "toy", logical_host="LHOST1", home=node.home)
    assert agent.start().code == SUCCESS
    result = ark("lifekeeper", "register", "toy1", *ON)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "a resource of Pacemaker's" in result.stderr
    assert registered(held) == set()


# The resource file.


def test_the_resource_file_is_written_and_registered(node, held, ark) -> None:
    words = ["--plugin", "toy", "--logical-host", "OTHER2"]
    options = ["--option", f"home={node.home}", "--option", "number=3"]
    result = ark("lifekeeper", "register", "toy2", *words, *options, *ON)
    assert result.returncode == 0, result.stderr
    written = tomllib.loads((node.resources / "toy2.toml").read_text())
    assert written == {
        "plugin": "toy",
        "logical_host": "OTHER2",
        "options": {"home": str(node.home), "number": 3},
    }
    assert held.state("toy2") == "ISP"
    again = ark("lifekeeper", "register", "toy2", *words, *options, *ON)
    assert again.returncode == 0, again.stderr


def test_a_wrong_resource_file_does_not_stay(node, held, ark) -> None:
    words = ["--plugin", "toy", "--logical-host", "OTHER2", "--option", "nosuch=77"]
    result = ark("lifekeeper", "register", "toy2", *words, *ON)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "nosuch" in result.stderr
    assert [path.name for path in node.resources.iterdir()] == ["toy1.toml"]
    assert registered(held) == set()


def test_a_resource_file_that_says_otherwise_is_left_alone(node, held, ark) -> None:
    before = (node.resources / "toy1.toml").read_text()
    words = ["--plugin", "toy", "--logical-host", "OTHER2"]
    result = ark("lifekeeper", "register", "toy1", *words, *ON)
    assert result.returncode == 1
    assert "says otherwise (logical_host, options)" in result.stderr
    assert (node.resources / "toy1.toml").read_text() == before


@pytest.mark.parametrize(
    "words",
    [
        ("--logical-host", "X"),
        ("--plugin", "toy"),
        ("toy1", "toy2", "--plugin", "toy", "--logical-host", "X"),
    ],
)
def test_half_a_resource_file_is_wrong_usage(ark_here, words) -> None:
    assert ark_here("lifekeeper", "register", *words).returncode == 2


# Looking.


def test_the_plan_is_drawn_with_what_lifekeeper_holds(held, web, ark) -> None:
    text = ark("lifekeeper", "plan", *ON).stdout
    lines = text.splitlines()
    assert lines[0].startswith("web1  command, LHOST1  not registered")
    assert lines[1].endswith("toy1  toy, LHOST1  not registered")
    assert lines[2].endswith(f"{IP}  IP address  ISP (in service)")
    assert lines[3].endswith(f"{DISK}  file system  ISP (in service)")
    assert "order: toy1, web1" in lines[5]


def test_a_plan_needs_no_lifekeeper(ark) -> None:
    result = ark("lifekeeper", "plan", "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)[0]["registered"] is None


def test_status_reads_what_lifekeeper_holds(node, held, web, tmp_path, ark) -> None:
    assert ark("lifekeeper", "status").returncode == 1
    assert ark("lifekeeper", "register", *ON).returncode == 0
    other = Node("node2", tmp_path / "LK2", str(tmp_path / "other"))
    other.create("toy1")
    held.database.pair_with("node2", other.root)
    result = ark("lifekeeper", "status", "--json")
    assert result.returncode == 0
    facts = {each["resource"]: each for each in json.loads(result.stdout)}
    assert facts["toy1"]["state"] == "ISP"
    assert facts["toy1"]["other_nodes"] == [{"node": "node2", "tag": "toy1"}]
    assert facts["web1"]["other_nodes"] == []


def test_status_tells_of_failure_and_of_other_programs(held, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    copy = held.root / PLACES["recover"] / "toy1"
    copy.write_text("#!/bin/sh\n")
    result = ark("lifekeeper", "status")
    assert result.returncode == 1
    assert "other: recover" in result.stdout
    held.set_state("toy1", "OSF")
    assert "OSF (failed)" in ark("lifekeeper", "status").stdout


def test_in_japanese(held, ark) -> None:
    text = ark("lifekeeper", "status", LC_ALL="ja_JP.UTF-8").stdout
    assert "未登録" in text
    text = ark("lifekeeper", "register", *ON, LC_ALL="ja_JP.UTF-8").stdout
    assert "残りの作業" in text


# Taking it back.


def test_unregistering_takes_along_what_requires_it(node, held, web, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    refused = ark("lifekeeper", "unregister", "toy1")
    assert refused.returncode == 1
    assert "web1, toy1; --stop" in refused.stderr
    assert len(node.daemons()) == 1
    result = ark("lifekeeper", "unregister", "toy1", "--stop", "--confirmed")
    assert result.returncode == 0, result.stderr
    assert registered(held) == set()
    assert held.database.dependencies() == []
    assert node.daemons() == []
    assert sorted(path.name for path in node.resources.iterdir()) == ["toy1.toml", "web1.toml"]
    assert ark("lifekeeper", "unregister", "toy1").returncode == 0


def test_what_no_manual_confirms_is_only_printed(held, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    result = ark("lifekeeper", "unregister", "toy1", "--stop")
    assert result.returncode == 1
    assert f"# {held.root}/bin/ins_remove -t toy1" in result.stdout
    assert held.state("toy1") == "OSU"


def test_a_remove_that_fails_ends_it(node, held, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    (held.root / PLACES["remove"] / "toy1").write_text("#!/bin/sh\nexit 1\n")
    result = ark("lifekeeper", "unregister", "toy1", "--stop", "--confirmed")
    assert result.returncode == 1
    assert "perform_action ended with exit code" in result.stderr
    assert registered(held) == {"toy1"}


def test_a_dry_run_of_it_runs_nothing(held, web, ark) -> None:
    assert ark("lifekeeper", "register", *ON).returncode == 0
    result = ark("lifekeeper", "unregister", "toy1", "--dry-run")
    assert result.returncode == 0
    first, second = (line for line in result.stdout.splitlines() if "perform_action" in line)
    assert "-t web1 -a remove" in first
    assert "-t toy1 -a remove" in second
    assert held.state("toy1") == "ISP"
