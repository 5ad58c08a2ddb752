from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import get_origin
from xml.etree import ElementTree

import pytest
from agents import CONFIGURED, SUCCESS, Agent
from support import PROGRAMS, ToyNode

from arkcore.cli.cluster_example import of_plugin
from arkcore.plugin.application import declared_options
from arkcore.plugin.discovery import find
from arkcore.resources.declaration import declaration_of
from arkcore.resources.parameters import COMMON, START_PARAMETERS
from arkcore.resources.timers import Timers

PLACE = "usr/lib/ocf/resource.d/ark"
PLUGINS = ["jp1-base", "jp1-ajs3-manager", "jp1-ajs3-agent", "command", "postgresql", "systemd"]
DTD = Path("/usr/share/resource-agents/ra-api-1.dtd")


@pytest.fixture
def root(node: ToyNode) -> Path:
    return node.prefix / "root"


@pytest.fixture
def toy(node: ToyNode) -> Agent:
    (node.resources / "toy1.toml").unlink()
    return Agent(node.prefix, "toy", logical_host="LHOST1", home=node.home)


def told(text: str) -> str:
    """An error as one line."""
    return " ".join(text.split())


def tool(node: ToyNode, name: str, script: str) -> None:
    path = node.prefix / "usr/sbin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


# Installing.


def test_an_installed_agent_works_and_finds_its_prefix(node: ToyNode, root: Path, ark) -> None:
    (node.resources / "toy1.toml").unlink()
    result = ark("pacemaker", "install", "toy", "--root", str(root))
    agent = root / PLACE / "toy"
    assert (result.returncode, agent.stat().st_mode & 0o7777) == (0, 0o755)
    assert str(agent) in result.stdout
    assert f"ARK_PREFIX={node.prefix}" in result.stdout
    parameters = {"OCF_RESKEY_logical_host": "LHOST1", "OCF_RESKEY_home": str(node.home)}
    environment = {"OCF_RESOURCE_INSTANCE": "rsc", "ARK_PREFIX": "/elsewhere", **parameters}
    assert subprocess.run([agent, "start"], env=environment, timeout=30).returncode == 0
    assert len(node.daemons()) == 1


def test_installing_again_changes_nothing(root: Path, ark_here) -> None:
    first = ark_here("pacemaker", "install", "toy", "--root", str(root))
    before = (root / PLACE / "toy").stat()
    again = ark_here("pacemaker", "install", "toy", "--root", str(root))
    after = (root / PLACE / "toy").stat()
    assert (first.returncode, again.returncode, again.stdout) == (0, 0, first.stdout)
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_an_agent_that_somebody_changed_is_put_right(root: Path, ark_here) -> None:
    ark_here("pacemaker", "install", "toy", "--root", str(root))
    agent = root / PLACE / "toy"
    text = agent.read_text()
    agent.write_text(text.replace("'toy'", "'other'"))
    agent.chmod(0o700)
    assert ark_here("pacemaker", "install", "toy", "--root", str(root)).returncode == 0
    assert (agent.read_text(), agent.stat().st_mode & 0o7777) == (text, 0o755)


@pytest.mark.parametrize("kind", ["file", "link", "directory"])
def test_what_is_not_ours_is_never_written_over(root: Path, ark_here, kind: str) -> None:
    place = root / PLACE
    place.mkdir(parents=True)
    if kind == "file":
        (place / "toy").write_text("precious")
    elif kind == "link":
        (root / "precious").write_text("precious")
        (place / "toy").symlink_to(root / "precious")
    else:
        (place / "toy").mkdir()
    result = ark_here("pacemaker", "install", "command", "toy", "--root", str(root))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert f"{place}/toy: there is something else already" in result.stderr
    assert os.listdir(place) == ["toy"]
    if kind != "directory":
        assert (place / "toy").read_text() == "precious"


def test_every_plugin_that_works_is_installed_and_the_broken_ones_are_told(
    root: Path, ark_here
) -> None:
    result = ark_here("pacemaker", "install", "--root", str(root))
    shipped = {"command", "jp1-ajs3-agent", "jp1-ajs3-manager", "jp1-base", "postgresql", "toy"}
    assert result.returncode == 1
    assert shipped <= set(os.listdir(root / PLACE))
    told = result.stderr.splitlines()
    assert any("toy-broken" in line for line in told)
    assert not {"toy-broken", "toy-unsupported", "wrong-misspelt-hook"} & set(
        os.listdir(root / PLACE)
    )
    assert not any("observer" in line for line in told)


def test_an_unknown_plugin_is_one_line(root: Path, ark_here) -> None:
    result = ark_here("pacemaker", "install", "no-such", "--root", str(root))
    assert (result.returncode, root.exists()) == (1, False)
    assert "unknown plugin 'no-such'; installed: command, " in result.stderr


def test_a_plugin_named_twice_is_installed_once(root: Path, ark_here) -> None:
    run = ark_here("pacemaker", "install", "--root", str(root), "command", "command")
    assert (run.returncode, run.stdout.count("ocf:ark:command"), run.stderr) == (0, 1, "")


def test_uninstall_takes_ours_and_leaves_the_rest(root: Path, ark_here) -> None:
    ark_here("pacemaker", "install", "toy", "command", "--root", str(root))
    (root / PLACE / "theirs").write_text("precious")
    result = ark_here("pacemaker", "uninstall", "--root", str(root))
    assert (result.returncode, os.listdir(root / PLACE)) == (0, ["theirs"])
    assert result.stdout.splitlines() == [
        f"removed {root}/{PLACE}/{name}" for name in ("command", "toy")
    ]
    (root / PLACE / "theirs").unlink()
    assert ark_here("pacemaker", "uninstall", "--root", str(root)).returncode == 0
    assert not (root / PLACE).exists()
    assert ark_here("pacemaker", "uninstall", "--root", str(root)).returncode == 0


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_an_empty_root_is_refused(ark_here, tmp_path: Path, monkeypatch, command: str) -> None:
    """A package's build whose variable is not set must not write beneath where it happens to be."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    run = ark_here("pacemaker", command, "--root", "")
    assert (run.returncode, run.stdout) == (2, "")
    assert "Invalid value for --root: is empty; allowed is a directory" in told(run.stderr)
    assert os.listdir() == []


# Meta-data.


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932", "ascii"])
def test_meta_data_is_utf_8_whatever_the_locale(ark, encoding: str) -> None:
    plain = ark("pacemaker", "meta-data", "jp1-base")
    elsewhere = ark("pacemaker", "meta-data", "jp1-base", PYTHONIOENCODING=encoding)
    assert (elsewhere.returncode, elsewhere.stdout) == (0, plain.stdout)
    assert "論理ホスト" in plain.stdout


def test_meta_data_that_cannot_be_written_is_one_line(node: ToyNode) -> None:
    environment = {"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    command = [PROGRAMS / "ark", "pacemaker", "meta-data", "toy"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment, timeout=30
        )
    assert (done.returncode, done.stderr) == (1, "ark: [Errno 28] No space left on device\n")


def test_meta_data_that_nobody_reads_is_no_complaint(node: ToyNode) -> None:
    environment = {"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    command = [PROGRAMS / "ark", "pacemaker", "meta-data", "toy"]
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as pipe:
        done = subprocess.run(
            command, stdout=pipe, stderr=subprocess.PIPE, text=True, env=environment, timeout=30
        )
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_meta_data_tells_every_parameter_in_both_languages(ark_here, plugin: str) -> None:
    root = ElementTree.fromstring(ark_here("pacemaker", "meta-data", plugin).stdout)
    assert (root.get("name"), root.findtext("version")) == (plugin, "1.1")
    options = declared_options(find(plugin).load().ark_application().options)
    told = {each.get("name"): each for each in root.iter("parameter")}
    assert set(told) == {*options, *COMMON}
    for name, parameter in told.items():
        for tag in ("longdesc", "shortdesc"):
            texts = {each.get("lang"): each.text for each in parameter.iter(tag)}
            assert all(texts[language] for language in ("en", "ja")), name
        required = name == "logical_host" or (name in options and options[name].required)
        assert parameter.get("required") == str(int(required)), name
        assert (parameter.find("content").get("default") is None) == required, name


def test_what_can_change_while_it_runs_is_marked(ark_here) -> None:
    root = ElementTree.fromstring(ark_here("pacemaker", "meta-data", "jp1-base").stdout)
    marked = {each.get("name") for each in root.iter("parameter") if each.get("reloadable") == "1"}
    # What a started product inherits is set at its start: a change needs a restart.
    assert marked == set(COMMON) - {"logical_host", "mount_points", *START_PARAMETERS}


@pytest.mark.parametrize(("plugin", "exclusive"), [("jp1-base", True), ("command", False)])
def test_a_logical_host_is_unique_where_a_second_resource_of_it_is_refused(
    ark_here, plugin: str, exclusive: bool
) -> None:
    root = ElementTree.fromstring(ark_here("pacemaker", "meta-data", plugin).stdout)
    unique = [each.get("name") for each in root.iter("parameter") if each.get("unique") == "1"]
    assert unique == (["logical_host"] if exclusive else [])
    groups = {each.get("name"): each.get("unique-group") for each in root.iter("parameter")}
    assert groups.pop("logical_host") == ("logical_host" if exclusive else None)
    assert set(groups.values()) == {None}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_meta_data_says_how_a_parameter_is_written(ark_here, plugin: str) -> None:
    text = ark_here("pacemaker", "meta-data", plugin).stdout
    assert not re.findall(r"\{ .* = |\[\"|restore\.|remove\.|quickcheck\.", text)
    _, _, kinds = declaration_of(plugin)
    for parameter in ElementTree.fromstring(text).iter("parameter"):
        kind = get_origin(kinds.get(parameter.get("name")))
        english, japanese = (each.text for each in parameter.iter("longdesc"))
        assert ("words KEY=VALUE" in english, "KEY=VALUE の語" in japanese) == (kind is dict,) * 2
        quoted = "quoted as for a shell" in english, "引用符はシェルと同じ" in japanese
        assert quoted == (kind in (list, dict),) * 2


@pytest.mark.parametrize("plugin", PLUGINS)
def test_meta_data_keeps_to_the_schema_of_resource_agents(
    ark_here, plugin: str, tmp_path: Path
) -> None:
    if not (shutil.which("xmllint") and DTD.exists()):
        pytest.skip("xmllint and resource-agents are not installed")
    document = tmp_path / "meta-data.xml"
    document.write_text(ark_here("pacemaker", "meta-data", plugin).stdout)
    command = ["xmllint", "--noout", "--valid", "--path", str(DTD.parent), str(document)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_timeouts_follow_from_the_plugin_s_timers(ark_here) -> None:
    root = ElementTree.fromstring(ark_here("pacemaker", "meta-data", "jp1-base").stdout)
    timeouts = {each.get("name"): each.get("timeout") for each in root.iter("action")}
    assert timeouts["start"] == "611s"  # (480 + 90 + 10) / 0.95
    assert timeouts["stop"] == "143s"  # (120 + 5 + 10) / 0.95
    assert set(timeouts) == {
        "start", "stop", "monitor", "reload-agent", "validate-all", "meta-data",
    }  # fmt: skip


def test_a_default_given_back_is_the_default(node: ToyNode, ark_here) -> None:
    """What meta-data says of defaults can be given as parameters."""
    root = ElementTree.fromstring(ark_here("pacemaker", "meta-data", "command").stdout)
    defaults = {
        each.get("name"): each.find("content").get("default")
        for each in root.iter("parameter")
        if each.find("content").get("default") is not None
    }
    given = {"logical_host": "LH", "start": "/bin/true", "stop": "/bin/true", "status": "/bin/true"}
    agent = Agent(node.prefix, "command", "rsc", **{**defaults, **given})
    call = agent.call("validate-all")
    assert (call.code, call.reason) == (SUCCESS, "")


def test_meta_data_of_an_unknown_or_broken_plugin_is_one_line(ark_here) -> None:
    for plugin in ("no-such", "toy-broken"):
        result = ark_here("pacemaker", "meta-data", plugin)
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)


# Examples.


def test_the_example_is_a_jp1_server_in_order(ark_here) -> None:
    text = ark_here("pacemaker", "example").stdout
    assert "group LHOST1 LHOST1_ip LHOST1_disk LHOST1_base LHOST1_ajs3" in text
    for timeout in ("start interval=0s timeout=611s", "stop interval=0s timeout=143s"):
        assert text.count(timeout) == 2
    assert text.count("params logical_host=LHOST1 mount_points=/shared/lhost1") == 2
    assert "stonith-enabled=true" in text
    assert "LHOST2" not in text


def test_mutual_standby_is_a_second_group_at_home_on_the_other_node(ark_here) -> None:
    given = ["--logical-host", "A1", "--logical-host", "B1", "--node", "x", "--node", "y"]
    text = ark_here("pacemaker", "example", "--mutual", *given).stdout
    assert "location A1_prefers A1 50: x" in text
    assert "location B1_prefers B1 50: y" in text
    assert "colocation apart -50: B1 A1" in text


def test_it_is_restarted_in_place_as_often_as_by_a_recover(ark_here) -> None:
    """Pacemaker moves a resource at the failure that reaches the threshold, not after it."""
    text = ark_here("pacemaker", "example").stdout
    assert text.count("migration-threshold=4 failure-timeout=1800s") == 2


@pytest.mark.parametrize(("attempts", "threshold"), [(0, "1"), (1, "2"), (3, "4")])
def test_no_restart_in_place_is_a_threshold_of_one(attempts: int, threshold: str) -> None:
    primitive = of_plugin("rsc", "toy", {}, Timers({"recover.attempts": attempts}))
    assert primitive.meta["migration-threshold"] == threshold  # 0 would mean: never


def test_the_example_for_pcs_says_the_same(ark_here) -> None:
    text = ark_here("pacemaker", "example", "--mutual", "--tool", "pcs").stdout
    commands = text.replace("\\\n", "").splitlines()
    prefix = "pcs -f ark-after.xml"
    created = [line.split()[5] for line in commands if line.startswith(f"{prefix} resource create")]
    parts = ("ip", "disk", "base", "ajs3")
    assert created == [f"{host}_{part}" for host in ("LHOST1", "LHOST2") for part in parts]
    assert sum("--group LHOST1" in line for line in commands) == 4
    assert f"{prefix} constraint colocation add LHOST2 with LHOST1 score=-50" in commands


def test_pcs_hands_all_of_it_over_at_once(ark_here) -> None:
    """Before its constraints are there, a group would start on either node, and stay there."""
    text = ark_here("pacemaker", "example", "--tool", "pcs").stdout
    commands = [line for line in text.replace("\\\n", "").splitlines() if line.startswith("pcs ")]
    assert commands[0] == "pcs cluster cib ark-before.xml"
    assert all(line.startswith("pcs -f ark-after.xml ") for line in commands[1:-1])
    assert commands[-1] == "pcs cluster cib-push ark-after.xml diff-against=ark-before.xml"


def test_pcs_hands_nothing_over_where_a_command_of_it_fails(
    ark_here, node: ToyNode, tmp_path: Path
) -> None:
    tool(
        node,
        "pcs",
        'echo "$*" >>calls; touch ark-before.xml; case "$*" in *LHOST1_disk*) exit 1;; esac',
    )
    (tmp_path / "example").write_text(ark_here("pacemaker", "example", "--tool", "pcs").stdout)
    environment = {"PATH": f"{node.prefix}/usr/sbin:/usr/bin:/bin"}
    done = subprocess.run(["sh", "example"], cwd=tmp_path, env=environment, timeout=30)
    calls = (tmp_path / "calls").read_text()
    assert (done.returncode, "LHOST1_disk" in calls, "cib-push" in calls) == (1, True, False)


def test_one_resource_of_any_plugin(ark_here) -> None:
    text = ark_here("pacemaker", "example", "command").stdout
    assert 'ocf:ark:command \\\n    params logical_host=LHOST1 start="CHANGE ME"' in text
    assert ark_here("pacemaker", "example", "command", "--mutual").returncode == 2
    assert ark_here("pacemaker", "example", "no-such").returncode == 1


def test_the_example_of_a_status_command_does_not_take_a_failed_question_for_stopped(
    ark_here,
) -> None:
    given = example_of(ark_here("pacemaker", "example", "command").stdout)
    assert given["status_codes"] == "0=RUNNING 3=STOPPED other=UNKNOWN"
    assert "status_codes" not in example_of(ark_here("pacemaker", "example", "jp1-base").stdout)


#: What a person puts in place of the marks.
FILLED_IN = {
    "command": {"start": "/bin/true", "stop": "/bin/true", "status": "/bin/true"},
    "toy": {"home": "/srv/toy"},
}


def example_of(text: str) -> dict[str, str]:
    """The parameters of the one resource in an example for crm."""
    [line] = [line for line in text.splitlines() if line.strip().startswith("params ")]
    words = shlex.split(line.strip().removesuffix("\\"))[1:]
    return {key: value for key, _, value in (word.partition("=") for word in words)}


@pytest.mark.parametrize("plugin", ["command", "postgresql", "jp1-base", "toy"])
def test_one_resource_can_be_run_once_its_marks_are_filled_in(
    node: ToyNode, ark_here, plugin: str, tmp_path: Path
) -> None:
    (node.resources / "toy1.toml").unlink()
    given = example_of(ark_here("pacemaker", "example", plugin).stdout)
    marked = {key for key, value in given.items() if value == "CHANGE ME"}
    filled = {"postgresql": {"data_directory": str(tmp_path)}, **FILLED_IN}.get(plugin, {})
    assert marked == set(filled)
    agent = Agent(node.prefix, plugin, "rsc", **{**given, **filled})
    call = agent.call("validate-all")
    assert (call.code, call.reason) == (SUCCESS, "")


def test_one_resource_with_its_marks_is_refused(node: ToyNode, ark_here) -> None:
    given = example_of(ark_here("pacemaker", "example", "command").stdout)
    call = Agent(node.prefix, "command", "rsc", **given).call("validate-all")
    assert (call.code, "start = ['CHANGE', 'ME']" in call.reason) == (CONFIGURED, True)


def test_one_resource_is_of_the_given_host_and_node(ark_here) -> None:
    given = ["--logical-host", "APP1", "--node", "x"]
    text = ark_here("pacemaker", "example", "command", *given).stdout
    assert "params logical_host=APP1 " in text
    assert "location command_group_prefers command_group 50: x" in text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--logical-host", "A", "--logical-host", "B"], "2 are too many"),
        (["--mutual", "--ip", "1", "--ip", "2", "--ip", "3"], "3 are too many"),
        (["--mutual", "--logical-host", "A", "--logical-host", "A"], "'A' twice"),
        (["--mutual", "--node", "node2"], "'node2' twice"),
        (["--mutual", "--ip", "2001:db8::1", "--ip", "2001:DB8:0::1"], "'2001:db8::1' twice"),
        (["--mutual", "--mount-point", "/a", "--mount-point", "/a/"], "'/a' twice"),
        (["--mutual", "--device", "/dev/a", "--device", "/dev//a"], "'/dev/a' twice"),
        (["--mutual", "--logical-host", "A", "--logical-host", "A_ip"], "the id 'A_ip' would be"),
        (["--mutual", "--logical-host", "apart"], "the id 'apart' would be there twice"),
        (["--logical-host", ""], "is empty"),
        (["command", "--ip", "192.0.2.1"], "goes with a JP1 server only"),
    ],
)
def test_what_no_example_can_be_made_of_is_refused(ark_here, words: list[str], why: str) -> None:
    run = ark_here("pacemaker", "example", *words)
    assert (run.returncode, run.stdout) == (2, "")
    assert why in told(run.stderr)


#: A name of a machine or a logical host, as the message says it.
NAME = "allowed are letters, digits and . _ -, beginning with a letter"


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        *(("--logical-host", name, NAME) for name in ("-x", "日本", "a b", "a\nb", "_a")),
        ("--logical-host", "A" * 33, "JP1/AJS3 - Manager allows at most 32"),
        *(("--node", name, NAME) for name in ("b c", "-x", "日本", "a=b", "a\nb")),
        *(
            ("--ip", address, "allowed is an IP address, such as 192.0.2.11")
            for address in ("notanip", "192.0.2.11/24", "fe80::1%eth0", "192.0.2.11\n")
        ),
        *(
            ("--mount-point", directory, "allowed is an absolute path without control characters")
            for directory in ("shared", "/a\nb", "/a\x1b", "/a\udcff")
        ),
        ("--device", "/a\nb", "control characters are not allowed"),
    ],
)
def test_a_wrong_value_of_an_example_is_named_with_what_is_allowed(
    ark_here, option: str, value: str, allowed: str
) -> None:
    run = ark_here("pacemaker", "example", option, value)
    assert (run.returncode, run.stdout) == (2, "")
    error = told(run.stderr)
    assert f"Invalid value for {option}: " in error
    assert repr(value) in error
    assert allowed in error


def test_the_host_of_one_resource_is_checked_too(ark_here) -> None:
    run = ark_here("pacemaker", "example", "command", "--logical-host", "a b")
    assert (run.returncode, run.stdout) == (2, "")
    assert f"command: logical_host = 'a b': {NAME}" in told(run.stderr)


def test_two_hosts_that_the_product_cannot_tell_apart_are_refused(ark_here) -> None:
    hosts = ["--logical-host", "ABCDEFGHIJKLMNO1", "--logical-host", "ABCDEFGHIJKLMNO2"]
    run = ark_here("pacemaker", "example", "--mutual", *hosts)
    assert (run.returncode, run.stdout) == (2, "")
    assert "'ABCDEFGHIJKLMNO2': its first 15 bytes are those of" in told(run.stderr)


@pytest.mark.parametrize(
    ("tool", "directory"),
    [
        *(("crm", directory) for directory in ("/shared/a b", "/shared/it's", '/a"b')),
        *(("pcs", directory) for directory in ("/shared/a b", "/shared/it's", '/a"b', "/a\\")),
    ],
)
def test_a_mount_point_of_an_example_is_one_for_the_agent(
    ark_here, tool: str, directory: str
) -> None:
    """A shell's words, for the tool; and within the parameter once more, for the agent."""
    text = ark_here("pacemaker", "example", "--tool", tool, "--mount-point", directory).stdout
    lines = text.replace("\\\n", "").splitlines()
    words = [word for line in lines if "ocf:" in line for word in shlex.split(line)]
    given = [word.partition("=")[2] for word in words if word.startswith("mount_points=")]
    assert [shlex.split(each) for each in given] == [[directory], [directory]]
    assert f"directory={directory}" in words


@pytest.mark.parametrize("directory", ["/共有", "/a\\"])
def test_what_crm_would_alter_is_refused_for_crm_only(ark_here, directory: str) -> None:
    words = ["pacemaker", "example", "--mount-point", directory]
    run = ark_here(*words)
    assert (run.returncode, run.stdout) == (2, "")
    assert f"{directory!r}: crm can be given ASCII only, and no backslash" in told(run.stderr)
    assert f"directory='{directory}'" in ark_here(*words, "--tool", "pcs").stdout


# The other commands, for a resource of Pacemaker's.


def test_status_knows_a_resource_of_pacemaker_s(toy: Agent, ark) -> None:
    toy.start()
    result = ark("status")
    assert (result.returncode, result.stderr) == (0, "")
    [row] = [line.split() for line in result.stdout.splitlines() if line.startswith("toy1")]
    assert row[1] == "RUNNING"


def test_status_leaves_out_what_the_cluster_has_no_more(node: ToyNode, toy: Agent, ark) -> None:
    toy.start()
    toy.stop()
    assert "toy1" in ark("status").stdout
    tool(node, "crm_resource", "echo other")
    assert "toy1" not in ark("status").stdout


def in_service_on(node: ToyNode, place: str) -> None:
    tool(node, "crm_node", "echo here")
    told = f'echo "resource toy1 is running on: {place} "'
    tool(node, "crm_resource", f'case "$*" in *list*) echo toy1 ;; *) {told} ;; esac')


def test_a_restore_where_pacemaker_does_not_hold_it_is_refused(node, toy, ark) -> None:
    toy.start()
    toy.stop()
    in_service_on(node, "there")
    result = ark("run", "restore", "toy1")
    assert (result.returncode, node.daemons()) == (1, [])
    assert "refused: toy1 is not in service here" in result.stderr
    command = "crm_resource --resource toy1 --meta --set-parameter target-role"
    assert f"{command} --parameter-value Started" in result.stderr


def test_a_remove_where_pacemaker_holds_it_needs_maintenance(node, toy, ark) -> None:
    toy.start()
    in_service_on(node, "here")
    refused = ark("run", "remove", "toy1")
    assert (refused.returncode, len(node.daemons())) == (1, 1)
    assert "is in service here and not in maintenance" in refused.stderr
    assert ark("maintenance", "toy1", "on").returncode == 0
    assert ark("run", "remove", "toy1").returncode == 0
    assert node.daemons() == []
    assert node.state("wanted")["wanted"] == "up"


def test_a_person_s_action_uses_the_cluster_s_parameters(node: ToyNode, toy: Agent, ark) -> None:
    toy.start(ras_detail="full")
    result = ark("run", "quickcheck", "toy1")
    assert (result.returncode, "quickcheck toy1: well" in result.stdout) == (0, True)
    assert any("Status: RUNNING" in line for line in result.stdout.splitlines())


def test_timers_show_what_the_cluster_sets_and_what_operations_need(toy: Agent, ark_here) -> None:
    toy.start(restore_process=100)
    text = ark_here("timers", "toy1").stdout
    [row] = [line.split() for line in text.splitlines() if line.startswith("restore.process")]
    assert row[1:6] == ["100", "s", "480", "s", "cluster"]
    [row] = [line.split() for line in text.splitlines() if line.startswith("start ")]
    assert row == ["start", "211", "s"]  # (100 + 90 + 10) / 0.95
    assert "recover.attempts" not in text


def test_validate_checks_what_the_cluster_last_handed_over(toy: Agent, ark_here) -> None:
    toy.start()
    result = ark_here("validate")
    assert (result.returncode, result.stdout) == (0, "toy1 (ocf:ark:toy): ok\n")
