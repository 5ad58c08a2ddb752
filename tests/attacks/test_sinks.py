"""Attacks on the places that root writes to and reads from: links, FIFOs, devices, huge files."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest
from attacks.people import Person
from attacks.sites import write_site
from attacks.victim import Victim
from support import PROGRAMS

ACTIONS = ("restore", "quickcheck", "remove")


def put(kind: str, path: Path, target: Path) -> None:
    """Put a link to `target`, a dangling one, a FIFO or a device at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() or path.is_symlink():
        path.unlink()
    if kind == "link":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")


@pytest.fixture
def precious(victim: Victim) -> Path:
    """A file of root's that nobody may touch."""
    path = victim.top / "precious"
    path.write_text("precious\n")
    return path


def acts_in_time(victim: Victim) -> None:
    for action in ACTIONS:
        ended = victim.act(action, timeout=25)
        assert ended.code == 0, ended


# Logs.


@pytest.mark.parametrize("kind", ["link", "fifo", "device"])
@pytest.mark.parametrize("sink", ["json", "trace"])
def test_a_log_s_place_that_is_no_file_holds_nobody_up(
    victim: Victim, precious: Path, sink: str, kind: str
) -> None:
    """In the place of log.json or log.trace lies a link, a FIFO, a device."""
    place = victim.prefix / "var/log/ark/extra.log"
    victim.configure()
    victim.settings(f'[log]\n{sink} = "{place}"\n')
    put(kind, place, precious)
    acts_in_time(victim)
    assert precious.read_text() == "precious\n"


@pytest.mark.parametrize("sink", ["json", "trace"])
def test_a_log_in_a_directory_of_the_application_s_is_not_written(
    app_victim: Victim, app: Person, sink: str
) -> None:
    """The application's user exchanges the directory of log.json for a link to one of root's."""
    logs, roots = app.owns(app_victim.home / "data") / "logs", app_victim.top / "root-s"
    roots.mkdir()
    (roots / "ark.log").write_text("precious\n")
    app_victim.settings(f'[log]\n{sink} = "{logs}/ark.log"\n')
    app_victim.configure(user=app.name)
    app.shell('ln -s "$2" "$1"', logs, roots)
    ended = app_victim.ark("validate", "web")
    assert ended.code == 1
    assert f"log.{sink} = '{logs}/ark.log': " in ended.output
    acts_in_time(app_victim)
    assert (roots / "ark.log").read_text() == "precious\n"


def test_a_log_that_is_not_written_is_complained_of_once(app_victim: Victim, app: Person) -> None:
    """log.trace lies below a directory of the application's; a restore has many hook calls."""
    data = app_victim.home / "data"
    app_victim.settings(f'[log]\ntrace = "{data}/ark.trace"\n')
    app_victim.configure(user=app.name)
    ended = app_victim.act("restore")
    assert ended.code == 0
    assert ended.output.count("cannot write the trace") == 1
    assert f"{data}: belongs to user id {app.uid}" in ended.output
    assert not (data / "ark.trace").exists()


@pytest.mark.parametrize("kind", ["link", "fifo", "device"])
def test_a_ras_log_that_is_no_file_holds_nobody_up(
    victim: Victim, precious: Path, kind: str
) -> None:
    """In the place of the RAS log lies a link, a FIFO, a device."""
    victim.configure()
    put(kind, victim.prefix / "var/log/ark/ras.log", precious)
    acts_in_time(victim)
    assert precious.read_text() == "precious\n"


def test_term_ends_an_action_whose_log_is_a_fifo(victim: Victim) -> None:
    """log.json is a FIFO; whoever calls a restore sends TERM after two seconds."""
    place = victim.prefix / "var/log/ark/extra.log"
    victim.configure()
    victim.command("start", "#!/bin/sh\nexec sleep 60\n")
    victim.settings(f'[log]\njson = "{place}"\n')
    put("fifo", place, place)
    running = subprocess.Popen(
        [PROGRAMS / "ark-restore", "-t", "web"],
        env=victim.environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(2)
    running.send_signal(signal.SIGTERM)
    try:
        running.wait(10)
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize("words", [["log"], ["log", "web", "--bad"], ["log", "--json"]])
def test_looking_at_a_log_that_is_a_fifo_ends(victim: Victim, words: list[str]) -> None:
    """`ark log` with a FIFO in the place of the RAS log."""
    victim.configure()
    put("fifo", victim.prefix / "var/log/ark/ras.log", victim.top)
    victim.ark(*words, timeout=10)


def test_looking_at_a_log_that_never_ends_ends(victim: Victim) -> None:
    """`ark log` with a link to /dev/zero in the place of the RAS log."""
    victim.configure()
    put("device", victim.prefix / "var/log/ark/ras.log", victim.top)
    victim.ark("log", timeout=10)


# State.


@pytest.mark.parametrize("kind", ["link", "fifo", "device"])
@pytest.mark.parametrize("name", ["wanted.json", "commands.json", "verdict.json", "undecided.json"])
def test_a_state_file_that_is_no_file_holds_nobody_up(
    victim: Victim, precious: Path, name: str, kind: str
) -> None:
    """In the place of a state file lies a link, a FIFO, a device."""
    victim.configure()
    put(kind, victim.state(name), precious)
    acts_in_time(victim)
    assert precious.read_text() == "precious\n"


@pytest.mark.parametrize("name", ["lock", "action.lock"])
def test_a_lock_that_is_a_link_fails_aloud(victim: Victim, name: str, precious: Path) -> None:
    """In the lock's place lies a link to a file of root's."""
    victim.configure()
    put("link", victim.state(name), precious)
    ended = victim.act("restore", timeout=25)
    assert ended.code == 0 or "lock" in ended.output + victim.ras
    assert precious.read_text() == "precious\n"


@pytest.mark.parametrize("name", ["lock", "action.lock"])
def test_a_lock_that_is_a_fifo_holds_nobody_up(victim: Victim, name: str) -> None:
    """In the lock's place lies a FIFO."""
    victim.configure()
    put("fifo", victim.state(name), victim.top)
    victim.act("restore", timeout=30)


def test_a_start_s_output_that_is_a_link_is_not_followed(victim: Victim, precious: Path) -> None:
    """In the place of a start's output lies a link to a file of root's."""
    victim.configure()
    put("link", victim.prefix / "var/log/ark/output/web.start", precious)
    victim.act("restore", timeout=25)
    assert precious.read_text() == "precious\n"


def test_a_start_s_output_that_is_a_fifo_holds_nobody_up(victim: Victim) -> None:
    """In the place of a start's output lies a FIFO."""
    victim.configure()
    put("fifo", victim.prefix / "var/log/ark/output/web.start", victim.top)
    acts_in_time(victim)


# Resource files.


def test_a_fifo_among_the_resource_files_holds_no_recover(victim: Victim) -> None:
    """A FIFO lies beside the resource file; a recover reads its neighbours' files."""
    victim.configure()
    victim.restore()
    victim.kill_product()
    os.mkfifo(victim.resources / "other.toml")
    ended = victim.act("recover", timeout=25)
    assert ended.code == 0, ended
    assert victim.daemon()


@pytest.mark.parametrize(
    "words", [["validate"], ["status"], ["timers"]], ids=lambda words: words[0]
)
def test_a_fifo_among_the_resource_files_holds_no_look(victim: Victim, words: list[str]) -> None:
    """A FIFO lies beside the resource file; a person looks."""
    victim.configure()
    os.mkfifo(victim.resources / "other.toml")
    victim.ark(*words, timeout=12)


def test_a_fifo_among_the_resource_files_blinds_no_check(victim: Victim) -> None:
    """A FIFO lies beside the resource file, which has changed since it was recorded."""
    victim.configure()
    victim.restore()
    os.mkfifo(victim.resources / "other.toml")
    victim.configure(timers={"quickcheck.process": 21})
    victim.kill_product()
    assert victim.act("quickcheck", timeout=25).code == 1


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_a_node_file_that_is_no_file_holds_nobody_up(victim: Victim, kind: str) -> None:
    """In the place of ark.toml lies a FIFO or a link to a device."""
    victim.configure()
    victim.restore()
    put(kind, victim.prefix / "etc/ark/ark.toml", victim.top)
    victim.act("quickcheck", timeout=25)
    ended = victim.act("remove", timeout=25)
    assert ended.code == 0, ended
    assert not victim.daemon()


def test_a_huge_resource_file_is_refused_in_time(victim: Victim) -> None:
    """A resource file of 1 TiB, sparse, lies beside the other."""
    victim.configure()
    with open(victim.resources / "other.toml", "wb") as file:
        file.truncate(1 << 40)
    victim.ark("validate", timeout=20)
    assert victim.act("restore", timeout=25).code == 0


def test_files_that_vanish_while_they_are_read_hold_nobody_up(
    victim: Victim, stranger: Person
) -> None:
    """Neighbours' files come and go all the time, some as links to nothing."""
    victim.configure()
    source = f"""
    import os, time
    until = time.monotonic() + 20
    place = {str(victim.resources)!r}
    while time.monotonic() < until:
        for number in range(4):
            path = f"{{place}}/other{{number}}.toml"
            try:
                os.symlink("/nowhere", path) if number % 2 else open(path, "w").close()
                os.unlink(path)
            except OSError:
                pass
    """
    restless = subprocess.Popen([sys.executable, "-IS", "-c", dedent(source)])
    try:
        acts_in_time(victim)
    finally:
        restless.kill()
        restless.wait()


# What people have written and read.


@pytest.mark.parametrize("option", ["--export", "--report"])
def test_preflight_writes_through_no_link(
    victim: Victim, precious: Path, stranger: Person, option: str
) -> None:
    """A stranger has laid a link where `ark preflight` is to write, in a directory like /tmp."""
    victim.configure()
    write_site(victim, {"web": "command"})
    place = victim.top / "sticky"
    place.mkdir()
    place.chmod(0o1777)
    stranger.shell('ln -s "$2" "$1/node2"', place, precious)
    victim.ark("preflight", option, place / "node2")
    assert precious.read_text() == "precious\n"


@pytest.mark.parametrize("option", ["--export", "--report"])
def test_preflight_writes_into_no_file_of_a_stranger(
    victim: Victim, stranger: Person, option: str
) -> None:
    """A stranger has made the file that `ark preflight` is to write, and keeps it open."""
    victim.configure()
    write_site(victim, {"web": "command"})
    place = victim.top / "sticky"
    place.mkdir()
    place.chmod(0o1777)
    stranger.shell('echo mine >"$1/node2"', place)
    victim.ark("preflight", option, place / "node2")
    assert (place / "node2").stat().st_uid == 0 or (place / "node2").read_text() == "mine\n"


@pytest.mark.parametrize("option", ["--export", "--report"])
def test_preflight_writes_into_no_fifo(victim: Victim, option: str) -> None:
    """A FIFO lies where `ark preflight` is to write."""
    victim.configure()
    write_site(victim, {"web": "command"})
    os.mkfifo(victim.top / "node2")
    victim.ark("preflight", option, victim.top / "node2", timeout=40)


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_preflight_reads_a_peer_s_answers_in_time(victim: Victim, kind: str) -> None:
    """A FIFO or a device lies where the peer's answers should be."""
    victim.configure()
    write_site(victim, {"web": "command"})
    put(kind, victim.top / "peer", victim.top)
    ended = victim.ark("preflight", "--peer", victim.top / "peer", timeout=40)
    assert ended.code != 0


def test_the_documents_name_no_file_in_tmp() -> None:
    """A command that root types after our examples writes where strangers can lay links."""
    top = Path(__file__).parents[2]
    texts = [*(top / "docs").rglob("*.md"), *(top / "arkcore/cli").rglob("*.py")]
    found = [
        f"{path.name}: {line.strip()}"
        for path in texts
        for line in path.read_text(encoding="utf-8").splitlines()
        if " /tmp/" in line and re.search(r"--(export|peer|report)|scp", line)
    ]
    assert found == []


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo"])
def test_launchers_are_written_over_nothing(victim: Victim, precious: Path, kind: str) -> None:
    """A link or a FIFO lies in the place of a launcher."""
    place = victim.top / "launchers"
    place.mkdir()
    if kind == "dangling":
        (place / "restore").symlink_to(victim.top / "nowhere")
    else:
        put(kind, place / "restore", precious)
    names = set(os.listdir(place))
    victim.ark("lifekeeper", "launchers", place)
    assert names <= set(os.listdir(place))
    assert precious.read_text() == "precious\n"
    assert not (victim.top / "nowhere").exists()


@pytest.mark.parametrize("words", [["lifekeeper", "launchers"], ["pacemaker", "install", "--root"]])
def test_launchers_go_into_no_directory_that_others_can_write(
    victim: Victim, words: list[str]
) -> None:
    """The directory of the launchers, or of the agents, can be written by everybody."""
    place = victim.top / "launchers"
    inner = place / "usr/lib/ocf/resource.d/ark" if "install" in words else place
    inner.mkdir(parents=True)
    inner.chmod(0o777)
    ended = victim.ark(*words, place)
    assert ended.code == 1, ended
    assert list(inner.iterdir()) == []


def test_agents_go_through_no_link_of_a_stranger(victim: Victim, stranger: Person) -> None:
    """The directory of the agents is a link of a stranger's."""
    theirs = victim.top / "theirs"
    theirs.mkdir()
    stranger.owns(theirs)
    inner = victim.top / "root/usr/lib/ocf/resource.d"
    inner.mkdir(parents=True)
    (inner / "ark").symlink_to(theirs)
    victim.ark("pacemaker", "install", "--root", victim.top / "root")
    assert list(theirs.iterdir()) == []


def test_a_new_plugin_is_made_over_nothing(victim: Victim, precious: Path) -> None:
    """`ark new --directory` names a link."""
    (victim.top / "made").symlink_to(precious)
    ended = victim.ark("new", "my-app", "--directory", victim.top / "made")
    assert ended.code == 1
    assert precious.read_text() == "precious\n"
