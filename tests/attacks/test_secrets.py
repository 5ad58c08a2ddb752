"""What a stranger reads of secrets, and where they are shown although nobody needs them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from attacks.people import Person
from attacks.sites import write_site
from attacks.victim import Victim, open_umask
from support import PROGRAMS

SECRET = "s3cr3t-0f-th3-b4nk"


@pytest.fixture
def secretive(victim: Victim) -> Victim:
    """A node whose resource file, 0600 in directories of 0700, holds a secret in many places."""
    victim.command("start", (victim.home / "start").read_text() + f"echo password={SECRET}-out\n")
    (victim.home / "start").chmod(0o700)
    victim.configure(
        start=[str(victim.home / "start"), f"--password={SECRET}-start"],
        stop=[str(victim.home / "stop"), f"--password={SECRET}-stop"],
        env={"DB_PASSWORD": f"{SECRET}-env", "PGPASSWORD": f"{SECRET}-pg"},
    )
    lock_up(victim)
    return victim


def lock_up(victim: Victim) -> None:
    for path in victim.resources.iterdir():
        path.chmod(0o600)
    victim.resources.chmod(0o700)


def whole_life(victim: Victim) -> None:
    for action in ("restore", "quickcheck", "recover", "remove"):
        victim.act(action)
    victim.act("restore")


def seen_by(stranger: Person, victim: Victim) -> str:
    return stranger.may_read(victim.top)


def test_a_stranger_reads_no_secret_of_a_record(secretive: Victim, stranger: Person) -> None:
    """The record of a resource that validated holds all options of a file of 0600."""
    assert secretive.ark("validate").code == 0
    assert SECRET not in seen_by(stranger, secretive)


@pytest.mark.parametrize("how", ["huge", "in a stranger's directory", "behind a stranger's link"])
def test_a_file_that_is_no_secret_of_root_s_is_refused(
    victim: Victim, stranger: Person, how: str
) -> None:
    """The file of a secret is too long to be one, or a stranger decides what lies at its path."""
    file = victim.prefix / "etc/ark/password"
    file.write_text(SECRET * (5000 if how == "huge" else 1))
    file.chmod(0o600)
    if how != "huge":
        theirs = victim.top / "theirs"
        theirs.mkdir()
        at = theirs / "password"
        if how.startswith("in"):
            file.rename(at)
        else:
            at.symlink_to(file)
            os.lchown(at, stranger.uid, stranger.gid)
        stranger.owns(theirs)
        file = at
    victim.configure(env={"DB_PASSWORD": {"file": str(file)}})
    ended = victim.ark("validate", "web")
    assert ended.code == 1
    assert ended.output.count("\n") == 1
    assert str(file) in ended.output or str(file.parent) in ended.output
    assert SECRET not in ended.output


def test_a_stranger_reads_no_secret_after_a_whole_life(secretive: Victim, stranger: Person) -> None:
    """Log, state, records, output and open scripts after every action."""
    whole_life(secretive)
    assert SECRET not in seen_by(stranger, secretive)


def test_a_stranger_reads_no_secret_after_a_failure(secretive: Victim, stranger: Person) -> None:
    """The last lines of a start that fails, and its arguments, are in the RAS log."""
    secretive.command("start", f"#!/bin/sh\necho password={SECRET}-out\nexit 1\n").chmod(0o700)
    secretive.act("restore")
    assert SECRET not in seen_by(stranger, secretive)


def test_a_stranger_reads_no_secret_of_a_command_that_is_late(
    secretive: Victim, stranger: Person
) -> None:
    """The black box of a late command holds its arguments, its output and its environment."""
    secretive.command("status", f"#!/bin/sh\necho {SECRET}-status\nexec sleep 60\n").chmod(0o700)
    (secretive.resources / "web.toml").write_text(
        (secretive.resources / "web.toml")
        .read_text()
        .replace("lifekeeper.quickcheck_run = 8", "lifekeeper.quickcheck_run = 2")
    )
    lock_up(secretive)
    secretive.act("quickcheck")
    boxes = list((secretive.prefix / "var/log/ark/blackbox").glob("*.txt"))
    assert boxes
    assert SECRET not in seen_by(stranger, secretive)


def test_a_stranger_reads_no_secret_of_the_trace(secretive: Victim, stranger: Person) -> None:
    """The trace tells hook calls with their options."""
    log = secretive.prefix / "var/log/ark"
    secretive.settings(f'[log]\ntrace = "{log}/trace.log"\njson = "{log}/log.json"\n')
    whole_life(secretive)
    assert (log / "trace.log").exists()
    assert SECRET not in seen_by(stranger, secretive)


def test_the_trace_shows_no_value_of_an_environment(secretive: Victim) -> None:
    """The trace tells `env`, whose keys say that its values are secrets."""
    log = secretive.prefix / "var/log/ark"
    secretive.settings(f'[log]\ntrace = "{log}/trace.log"\n')
    whole_life(secretive)
    assert f"{SECRET}-env" not in (log / "trace.log").read_text()


def test_logs_of_every_kind_show_no_value_of_an_environment(secretive: Victim) -> None:
    """With every detail switched on, no log shows a value of `env`."""
    log = secretive.prefix / "var/log/ark"
    secretive.settings(
        f'[ras]\ndetail = "full"\n[log]\ntrace = "{log}/trace.log"\njson = "{log}/log.json"\n'
    )
    whole_life(secretive)
    text = "".join(path.read_text() for path in log.glob("*.*") if path.is_file())
    assert f"{SECRET}-env" not in text
    assert f"{SECRET}-pg" not in text


def test_a_stranger_reads_no_parameter_of_the_cluster(victim: Victim, stranger: Person) -> None:
    """A password among Pacemaker's parameters, whose own files are 0600 and 0640."""
    commands: dict[str, Any] = {
        name: [str(victim.home / name)] for name in ("start", "stop", "status")
    }
    agent = victim.agent(logical_host="LHWEB", env={"PGPASSWORD": SECRET}, **commands)
    assert agent.call("start", timeout=20).code == 0
    agent.call("monitor", interval=10)
    assert SECRET not in seen_by(stranger, victim)


@pytest.mark.parametrize("table", ["", "[options]", "[timers]", "[ras]"])
def test_a_password_under_a_misspelt_key_is_shown_nowhere(victim: Victim, table: str) -> None:
    """A password stands under a key that nobody knows, at the top or in a table."""
    path = victim.configure()
    text = path.read_text()
    line = f'db_pasword = "{SECRET}"'
    path.write_text(text.replace(table, f"{table}\n{line}") if table else f"{line}\n{text}")
    if table == "[ras]":
        path.write_text(f"{text}[ras]\n{line}\n")
    ends = [victim.ark("validate"), victim.ark("status"), victim.act("quickcheck")]
    ends.append(victim.act("restore"))
    assert ends[0].code == 1
    assert SECRET not in "".join(end.output for end in ends)
    assert SECRET not in everything(victim.prefix, but="etc")


def test_a_password_of_a_wrong_type_is_shown_nowhere(victim: Victim) -> None:
    """A value of `env` is no text but a list that holds the password."""
    path = victim.configure()
    path.write_text(path.read_text() + f'env = {{DB_PASSWORD = ["{SECRET}"]}}\n')
    ends = [victim.ark("validate"), victim.act("quickcheck")]
    assert ends[0].code == 1
    assert SECRET not in "".join(end.output for end in ends)
    assert SECRET not in everything(victim.prefix, but="etc")


def test_a_password_under_a_misspelt_parameter_is_shown_nowhere(victim: Victim) -> None:
    """The same among Pacemaker's parameters."""
    commands: dict[str, Any] = {
        name: [str(victim.home / name)] for name in ("start", "stop", "status")
    }
    agent = victim.agent(logical_host="LHWEB", db_pasword=SECRET, **commands)
    seen = agent.call("validate-all").output + agent.call("start", timeout=20).output
    assert SECRET not in seen
    assert SECRET not in everything(victim.prefix, but="etc")


def test_an_export_for_the_other_node_holds_no_secret(victim: Victim) -> None:
    """`ark preflight --export` of a node with a password under a misspelt key."""
    path = victim.configure()
    path.write_text(
        path.read_text() + f'env = {{DB_PASSWORD = "{SECRET}-env"}}\npasword = "{SECRET}"\n'
    )
    write_site(victim, {"web": "command"})
    victim.ark("preflight", "--export", victim.top / "answers.json")
    assert (victim.top / "answers.json").exists()
    assert SECRET not in (victim.top / "answers.json").read_text()


def test_an_export_s_digests_cannot_be_guessed(victim: Victim) -> None:
    """A short password is found again by the digest of every word of a dictionary."""
    path = victim.configure()
    path.write_text(path.read_text() + 'env = {DB_PASSWORD = "tiger"}\n')
    write_site(victim, {"web": "command"})
    victim.ark("preflight", "--export", victim.top / "answers.json")
    text = (victim.top / "answers.json").read_text()
    assert "env.DB_PASSWORD" in text or "env" in text
    assert hashlib.sha256(json.dumps("tiger").encode()).hexdigest() not in text


def test_a_late_command_s_black_box_is_root_s_alone(victim: Victim) -> None:
    """A black box is written under the umask 0."""
    victim.command("status", "#!/bin/sh\nexec sleep 60\n")
    victim.configure(timers={"lifekeeper.quickcheck_run": 2})
    words = [PROGRAMS / "ark-quickcheck", "-t", "web"]
    victim.call(*words, prepare=open_umask)
    box, *_ = (victim.prefix / "var/log/ark/blackbox").glob("*.txt")
    assert box.stat().st_mode & 0o007 == 0
    assert box.parent.stat().st_mode & 0o007 == 0


def test_no_secret_stands_in_a_process_list(secretive: Victim, stranger: Person) -> None:
    """A value of `env` is in no process's arguments, at any moment of a restore."""
    running = subprocess.Popen(
        [PROGRAMS / "ark-restore", "-t", "web"],
        env=secretive.environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen = ""
    while running.poll() is None:
        seen += stranger.run(["/bin/sh", "-c", "cat /proc/[0-9]*/cmdline"]).stdout
    assert f"{SECRET}-env" not in seen


def everything(top: Path, but: str) -> str:
    """The text of all files beneath a directory, but for one branch."""
    return "".join(
        path.read_text("utf-8", "backslashreplace")
        for path in top.rglob("*")
        if path.is_file() and not path.is_relative_to(top / but)
    )
