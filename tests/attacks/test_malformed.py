"""Attacks by values: numbers, names and environments that no one would write."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from attacks.people import Person
from attacks.sites import write_site
from attacks.victim import Victim
from support import PROGRAMS

#: As they stand in JSON.
NUMBERS = {
    "infinite": "1e999",
    "NaN": "NaN",
    "endless": "9" * 4000,
    "negative": "-1e300",
    "large": "1e300",
    "text": '"x"',
    "list": "[]",
    "true": "true",
    "null": "null",
}
#: Those that have ended in errors of their own.
WORST = {name: NUMBERS[name] for name in ("infinite", "NaN", "endless", "negative", "large")}


# State.


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_a_remove_s_owner_that_is_no_process_blinds_no_check(victim: Victim, number: str) -> None:
    """wanted.json says that a remove of process 1e999 is at work."""
    victim.configure()
    victim.restore()
    text = f'{{"wanted": "down", "since": 1, "before": "up", "by": [{number}, 1]}}'
    victim.state("wanted.json").write_text(text)
    victim.kill_product()
    ended = victim.act("quickcheck")
    assert "internal error" not in ended.output + victim.ras
    assert "BLIND" not in ended.output


STATE = {
    "verdict.json": '{{"action": "restore", "status": "RUNNING", "at": {0}, "since": {0}}}',
    "blind.json": '{{"since": {0}, "reason": "x"}}',
    "force.json": '{{"boot": "{1}", "at": {0}}}',
    "undecided.json": '{{"boot": "{1}", "first": {0}, "last": {0}, "failed": false}}',
    "attempts.json": '{{"boot": "{1}", "attempts": [["restart", {0}]]}}',
    "processes.json": '{{"boot": "{1}", "processes": [[{0}, {0}]]}}',
    "sessions.json": '{{"boot": "{1}", "leaders": [[{0}, {0}]], "programs": [{0}]}}',
    "commands.json": '{{"web:0": ["start", {0}, {0}]}}',
    "lock": '["restore", {0}, {0}, {0}]',
    "preempted.json": '{{"pid": {0}, "by": {0}}}',
}


@pytest.mark.parametrize("number", WORST.values(), ids=WORST)
def test_state_of_malformed_numbers_is_nothing_remembered(victim: Victim, number: str) -> None:
    """Every number of every state file, of maintenance and of an open script is malformed."""
    victim.configure()
    victim.restore()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    for name, shape in STATE.items():
        victim.state(name).write_text(shape.format(number, boot))
    open_script = victim.prefix / "var/lib/ark/open/web.json"
    open_script.parent.mkdir(parents=True, exist_ok=True)
    open_script.write_text(f'{{"script": "Restore", "began": {number}, "told": true, "due": 1}}')
    for words in (["status", "web"], ["status", "--json"]):
        ended = victim.ark(*words)
        assert "Traceback" not in ended.output, ended
        assert "internal error" not in ended.output, ended
    ended = victim.act("quickcheck")
    assert ended.code == 0
    assert "internal error" not in ended.output + victim.ras
    assert victim.act("remove").code == 0
    assert not victim.daemon()


@pytest.mark.parametrize("number", WORST.values(), ids=WORST)
def test_maintenance_of_malformed_times_is_told(victim: Victim, number: str) -> None:
    """The times of a maintenance file are malformed."""
    victim.configure()
    path = victim.prefix / "var/lib/ark/maintenance/web.json"
    path.parent.mkdir(parents=True)
    path.write_text(f'{{"since": {number}, "until": {number}}}')
    for words in (
        ["status"],
        ["status", "web", "--json"],
        ["maintenance"],
        ["maintenance", "--json"],
    ):
        ended = victim.ark(*words)
        assert "Traceback" not in ended.output, ended
        assert "internal error" not in ended.output, ended
    assert "internal error" not in victim.act("quickcheck").output


# The peer's answers.


@pytest.mark.parametrize("number", WORST.values(), ids=WORST)
@pytest.mark.parametrize("key", ["taken_at", "offset", "restored"])
def test_a_peer_s_malformed_number_is_refused_in_one_line(
    victim: Victim, key: str, number: str
) -> None:
    """A number of the peer's answers is malformed."""
    path = answers(victim)
    value = json.loads(path.read_text())
    value["node"] = "ark-other-node"
    value["disks"] = {"LHWEB": {"device": "x", "size": 1, "identity": "x"}}
    value["offset"] = 1.0
    text = json.dumps(value)
    path.write_text(re.sub(rf'("{key}": )[^,}}]+', lambda found: found[1] + number, text, count=1))
    ended = victim.ark("preflight", "--peer", path)
    assert "Traceback" not in ended.output, ended
    assert "internal error" not in ended.output, ended


def answers(victim: Victim) -> Path:
    victim.configure()
    write_site(victim, {"web": "command"})
    path = victim.top / "peer.json"
    victim.ark("preflight", "--export", path)
    return path


@pytest.mark.parametrize(
    "data",
    [b"[" * 200_000, b"", b"\xff\xfe", b"null", b"[]", b"{}", b"\0" * 1000, b'{"format": 1e999}'],
    ids=["deep", "empty", "bytes", "null", "list", "nothing", "zeros", "infinite"],
)
def test_a_peer_s_garbage_is_refused_in_one_line(victim: Victim, data: bytes) -> None:
    """The peer's answers are nested 200,000 deep, or no answers at all."""
    victim.configure()
    write_site(victim, {"web": "command"})
    (victim.top / "peer.json").write_bytes(data)
    ended = victim.ark("preflight", "--peer", victim.top / "peer.json")
    assert ended.code == 1, ended
    assert "Traceback" not in ended.output
    assert len(ended.output.strip().splitlines()) == 1, ended


# Pacemaker's parameters.


OCF = {
    "endless timeout": {"OCF_RESKEY_CRM_meta_timeout": "9" * 400},
    "endless interval": {"OCF_RESKEY_CRM_meta_interval": "9" * 400},
    "more than Python reads": {"OCF_RESKEY_CRM_meta_timeout": "9" * 5000},
    "negative": {"OCF_RESKEY_CRM_meta_timeout": "-1"},
    "no number": {"OCF_RESKEY_CRM_meta_timeout": "20s; reboot"},
    "other digits": {"OCF_RESKEY_CRM_meta_timeout": "٣٠٠٠٠"},
    "endless timer": {"OCF_RESKEY_remove_process": "9" * 400},
    "infinite timer": {"OCF_RESKEY_remove_process": "1e999"},
    "shell": {"OCF_RESKEY_env": "A=$(touch {0}) B=`touch {0}` C=;touch {0}"},
    "quotes": {"OCF_RESKEY_env": "'A=1"},
    "newline": {"OCF_RESKEY_user": "root\nroot"},
    "clone": {"OCF_RESKEY_CRM_meta_clone_max": "9" * 400},
    "role": {"OCF_RESKEY_CRM_meta_role": "\x1b[2J"},
    "no version": {"OCF_RA_VERSION_MAJOR": "x"},
    "long value": {"OCF_RESKEY_encoding": "x" * 100_000},
    "unknown key": {"OCF_RESKEY_\x1b[2J": "x"},
}


@pytest.mark.parametrize("environment", OCF.values(), ids=OCF)
def test_no_parameter_of_the_cluster_keeps_a_stop(
    victim: Victim, environment: dict[str, str]
) -> None:
    """A resource runs; then the cluster's parameters are malformed, and it is stopped."""
    proof = victim.top / "proof"
    commands: dict[str, Any] = {
        name: [str(victim.home / name)] for name in ("start", "stop", "status")
    }
    agent = victim.agent(logical_host="LHWEB", **commands)
    assert agent.call("start", timeout=20).code == 0
    good = dict(agent.invocation("stop", 8).environment)
    bad = {name: text.replace("{0}", str(proof)) for name, text in environment.items()}
    for action in ("monitor", "stop"):
        ended = victim.call(agent.path, action, environment={**good, **bad}, timeout=30)
        assert "Traceback" not in ended.output, ended
        assert "OverflowError" not in ended.output, ended
    # As a user whom nobody knows no status can be asked: that is told, beside an ended product.
    assert ended.code == 0 or "there is no user" in ended.output, ended
    assert not victim.daemon()
    assert not proof.exists()


INSTANCES = [
    "",
    "../../etc/passwd",
    "a/b",
    "a\nb",
    "\x1b[2J",
    "x" * 3000,
    "-rf",
    ".",
    "..",
    "web:9",
]


@pytest.mark.parametrize("name", INSTANCES, ids=range(len(INSTANCES)))
def test_no_name_of_a_resource_is_a_path(victim: Victim, name: str) -> None:
    """OCF_RESOURCE_INSTANCE is a path, a line end, an escape sequence."""
    commands: dict[str, Any] = {
        each: [str(victim.home / each)] for each in ("start", "stop", "status")
    }
    agent = victim.agent(logical_host="LHWEB", **commands)
    before = files(victim.top)
    environment = {**agent.invocation("start", 20).environment, "OCF_RESOURCE_INSTANCE": name}
    ended = victim.call(agent.path, "start", environment=environment)
    assert "Traceback" not in ended.output
    assert "\x1b" not in ended.output
    strange = [path for path in files(victim.top) - before if "passwd" in path or "\n" in path]
    assert strange == []


def files(top: Path) -> set[str]:
    return {str(path) for path in top.rglob("*")}


# Tags.


TAGS = [
    "../../../etc/passwd",
    "a/b",
    "/etc/passwd",
    "a\nRemove completed.",
    "\x1b[2J\x1b]0;pwned\x07",
    "x" * 3000,
    ".",
    "..",
    ".hidden",
    "²",
    "a b",
    "a;reboot",
    "$(reboot)",
    "-t",
    "web\u202e",
]


@pytest.mark.parametrize("tag", TAGS, ids=range(len(TAGS)))
@pytest.mark.parametrize("action", ["restore", "remove", "quickcheck", "recover"])
def test_no_tag_is_a_path(victim: Victim, action: str, tag: str) -> None:
    """A tag that names no resource file: refused in one escaped line, and nothing is made."""
    victim.configure()
    before = files(victim.top)
    ended = victim.call(PROGRAMS / f"ark-{action}", "-t", tag)
    assert ended.code == (0 if action == "quickcheck" else 1), ended
    assert "Traceback" not in ended.output
    assert "\x1b" not in ended.output
    assert "\u202e" not in ended.output
    assert len(ended.output.strip().splitlines()) == 1, ended
    assert files(victim.top) == before


@pytest.mark.parametrize("words", [["-t", ""], ["-t"], [], ["-d", ""], ["-i", "id"]], ids=range(5))
@pytest.mark.parametrize("action", ["restore", "remove", "recover"])
def test_a_call_without_a_tag_is_refused(victim: Victim, action: str, words: list[str]) -> None:
    """A program is called with an empty tag, or none."""
    victim.configure()
    ended = victim.call(PROGRAMS / f"ark-{action}", *words)
    assert ended.code == 1, ended
    assert "Nothing was ever restored" not in ended.output + victim.ras


@pytest.mark.parametrize("words", [["-t", ""], [], ["-i", "id"]], ids=range(3))
@pytest.mark.parametrize("name", ["restore", "remove", "recover"])
def test_a_launcher_without_a_tag_is_refused(victim: Victim, name: str, words: list[str]) -> None:
    """A launcher is called bare, under the name it was written with."""
    victim.configure()
    victim.ark("lifekeeper", "launchers", victim.top / "launchers")
    found = [path for path in (victim.top / "launchers").iterdir() if path.name.lower() == name]
    ended = victim.call(found[0], *words)
    assert ended.code == 1, ended
    assert "Nothing was ever restored" not in ended.output + victim.ras


def test_two_tags_are_refused(victim: Victim) -> None:
    """A program is called with two tags."""
    victim.configure()
    assert victim.call(PROGRAMS / "ark-remove", "-t", "web", "-t", "other").code == 1


def test_a_tag_that_is_no_utf8_is_refused(victim: Victim) -> None:
    """A tag of bytes that are no UTF-8."""
    done = subprocess.run(
        [os.fsencode(PROGRAMS / "ark-remove"), b"-t", b"\xff\xfe"],
        env=victim.environment(),
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


# Resource files.


FILES = {
    "byte order mark": b"\xef\xbb\xbf" + b'plugin = "command"\n',
    "zero": b"\0",
    "deep": b"a = " + b"[" * 50_000,
    "deep tables": b"[" + b".".join([b"a"] * 5000) + b"]\n",
    "digits": b"a = " + b"9" * 5000,
    "NaN": b'plugin = "command"\nlogical_host = "x"\n[timers]\nrestore.process = nan\n',
    "infinite": b'plugin = "command"\nlogical_host = "x"\n[timers]\nrestore.process = inf\n',
    "five megabytes": b"# " + b"x" * 5_000_000,
    "escapes in keys": b'"\\u001b[2J" = 1\n',
    "not UTF-8": b"\xff\xfe",
    "empty": b"",
    "wrong type": b"plugin = 1\nlogical_host = []\n",
    "date": b"plugin = 2026-01-01\n",
    "path": b'plugin = "../../etc/passwd"\nlogical_host = "x"\n',
    "host path": b'plugin = "command"\nlogical_host = "../../etc"\n',
    "dunder": b'plugin = "__import__"\nlogical_host = "x"\n',
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_a_malformed_resource_file_is_refused_in_one_line(victim: Victim, data: bytes) -> None:
    """A resource file holds what nobody would write."""
    (victim.resources / "web.toml").write_bytes(data)
    ended = victim.ark("validate", "web")
    assert ended.code == 1, ended
    assert "Traceback" not in ended.output
    assert len(ended.output.strip().splitlines()) == 1, ended
    assert "\x1b" not in ended.output


@pytest.mark.parametrize("name", ["../x", "a/b", "-x", "A", "ark-x", "x\x1b"], ids=range(6))
def test_a_new_plugin_has_no_path_for_a_name(victim: Victim, name: str) -> None:
    """`ark new` with a name that is a path, an option, an escape sequence."""
    before = files(victim.top)
    ended = victim.ark("new", "--", name)
    assert ended.code != 0
    assert "\x1b" not in ended.output
    assert files(victim.top) == before


# Who may not.


@pytest.mark.parametrize(
    "words",
    [
        ["maintenance", "web", "on"],
        ["run", "quickcheck", "web"],
        ["run", "remove", "web", "--force"],
        ["verify", "web", "--yes"],
        ["drill", "web", "--yes"],
    ],
    ids=["maintenance", "run", "force", "verify", "drill"],
)
def test_a_stranger_s_command_is_refused(
    victim: Victim, stranger: Person, words: list[str]
) -> None:
    """A stranger gives a command that changes something."""
    victim.configure()
    pid = victim.restore()
    done = stranger.run([PROGRAMS / "ark", *words], victim.environment())
    assert done.returncode in (1, 2), done
    assert "Traceback" not in done.stderr
    assert victim.daemon() == pid
    assert not (victim.prefix / "var/lib/ark/maintenance/web.json").exists()


@pytest.mark.parametrize("how", ["pid_file", "status"])
def test_a_stranger_is_told_nothing_false(victim: Victim, stranger: Person, how: str) -> None:
    """A stranger asks for the status of what runs as root, and sees only a part of it."""
    pid_file: dict[str, Any] = {"pid_file": victim.home / "run/web.pid"}
    victim.configure(**(pid_file if how == "pid_file" else {}))
    victim.restore()
    (victim.home / "run").chmod(0o700)
    told = f"{victim.prefix}/run/ark: you may not read there; ask as root\n"
    for words in (["ark", "status", "web"], ["ark", "status", "web", "--json"], ["ark", "status"]):
        look = stranger.run([PROGRAMS / words[0], *words[1:]], victim.environment())
        assert (look.returncode, look.stdout, look.stderr) == (1, "", f"ark: {told}")
    check = stranger.run([PROGRAMS / "ark-quickcheck", "-t", "web"], victim.environment())
    assert (check.returncode, check.stderr) == (0, f"ark: quickcheck: BLIND: {told}")
    remove = stranger.run([PROGRAMS / "ark-remove", "-t", "web"], victim.environment())
    assert (remove.returncode, remove.stderr) == (1, f"ark: remove: {told}")
    assert victim.daemon()
