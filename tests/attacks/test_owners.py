"""Attacks on files that root believes, by whoever owns them or a directory on the way to them."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ark_command import Command, Options
from attacks.people import Person
from attacks.victim import Victim, group_umask, open_umask
from support import PROGRAMS

from arkcore.plugin.application import make_options

#: A file that shows that root has run what another wrote.
PROOF = "run-as-root"
ARK_VALIDATE = [PROGRAMS / "ark", "validate", "web"]


def evil(victim: Victim) -> Path:
    """A command of the stranger's, and where it shows who has run it."""
    path = victim.top / "evil"
    (victim.top / "open").mkdir(exist_ok=True)
    (victim.top / "open").chmod(0o777)
    path.write_text(f"#!/bin/sh\nid -u >>{victim.top}/open/{PROOF}\nexit 0\n")
    path.chmod(0o755)
    return path


def root_ran_it(victim: Victim) -> bool:
    proof = victim.top / "open" / PROOF
    return proof.exists() and "0" in proof.read_text().split()


def rewritten(victim: Victim, owner: Person) -> Path:
    """The stranger's own copy of the resource file, with his command in it."""
    path = victim.top / "evil.toml"
    path.write_text(
        (victim.resources / "web.toml")
        .read_text()
        .replace(f"{victim.home}/status", str(evil(victim)))
    )
    return owner.owns(path)


def owned_directory(victim: Victim, owner: Person) -> Path:
    path = victim.top / "theirs"
    path.mkdir()
    return owner.owns(path)


# The resource file.


def test_a_resource_file_that_leads_into_a_stranger_s_directory_is_refused(
    victim: Victim, stranger: Person
) -> None:
    """web.toml is a link to a file of root's in a directory of the stranger's."""
    real = victim.configure()
    theirs = owned_directory(victim, stranger)
    shutil.move(real, theirs / "web.toml")
    real.symlink_to(theirs / "web.toml")
    end = victim.ark("validate", "web")
    assert end.code == 1, end
    assert str(theirs) in end.output or str(real) in end.output


def test_a_resource_file_exchanged_under_a_link_runs_nothing(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """The stranger exchanges the file behind the link with his own, every 30 µs."""
    real = victim.configure()
    theirs = owned_directory(victim, stranger)
    shutil.move(real, theirs / "web.toml")
    real.symlink_to(theirs / "web.toml")
    shutil.move(rewritten(victim, stranger), theirs / "evil.toml")
    stranger.start([tool("exchange", victim), theirs / "web.toml", theirs / "evil.toml", "30"])
    for _ in range(12):
        victim.act("quickcheck")
    assert not root_ran_it(victim)


def test_a_prefix_below_a_stranger_s_directory_is_refused(victim: Victim, stranger: Person) -> None:
    """ARK_PREFIX lies in a directory of the stranger's, who can put another in its place."""
    victim.configure()
    theirs = owned_directory(victim, stranger)
    shutil.move(victim.prefix, theirs / "node")
    victim.prefix = theirs / "node"
    end = victim.ark("validate", "web")
    assert end.code == 1, end
    assert str(theirs) in end.output


def test_a_prefix_exchanged_below_a_stranger_s_directory_runs_nothing(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """The stranger exchanges a whole prefix with his own, every 30 µs."""
    victim.configure()
    mine = rewritten(victim, stranger)
    theirs = owned_directory(victim, stranger)
    shutil.move(victim.prefix, theirs / "node")
    shutil.copytree(theirs / "node", theirs / "other")
    shutil.move(mine, theirs / "other/etc/ark/resources/web.toml")
    for directory, _, files in os.walk(theirs / "other"):
        for name in (".", *files):
            os.chown(os.path.join(directory, name), stranger.uid, stranger.gid)
    victim.prefix = theirs / "node"
    stranger.start([tool("exchange", victim), theirs / "node", theirs / "other", "30"])
    for _ in range(12):
        victim.act("quickcheck")
    assert not root_ran_it(victim)


@pytest.mark.parametrize("part", ["etc/ark/resources", "etc/ark", "etc"])
def test_a_directory_on_the_way_that_a_stranger_owns_is_refused(
    victim: Victim, stranger: Person, part: str
) -> None:
    """A directory above the resource file belongs to a stranger."""
    victim.configure()
    stranger.owns(victim.prefix / part)
    end = victim.ark("validate", "web")
    assert end.code == 1, end
    assert str(victim.prefix / part) in end.output


def test_a_directory_on_the_way_that_a_group_can_write_is_refused(
    victim: Victim, stranger: Person
) -> None:
    """A directory above the resource files can be written by a stranger's group."""
    victim.configure()
    os.chown(victim.prefix / "etc", 0, stranger.gid)
    (victim.prefix / "etc").chmod(0o775)
    end = victim.ark("validate", "web")
    assert end.code == 1, end
    assert str(victim.prefix / "etc") in end.output


def test_a_resource_file_of_another_owner_is_refused(victim: Victim, stranger: Person) -> None:
    """The resource file belongs to a stranger."""
    stranger.owns(victim.configure())
    assert victim.ark("validate", "web").code == 1


def test_a_resource_file_that_others_can_write_is_refused(victim: Victim) -> None:
    """The resource file has the mode 0666."""
    victim.configure().chmod(0o666)
    assert victim.ark("validate", "web").code == 1


def test_a_resource_file_that_leads_to_a_device_is_refused(victim: Victim) -> None:
    """The resource file is a link to /dev/zero, which never ends."""
    victim.configure()
    (victim.resources / "web.toml").unlink()
    (victim.resources / "web.toml").symlink_to("/dev/zero")
    end = victim.ark("validate", "web", timeout=20)
    assert end.code == 1, end


def test_a_hard_link_to_a_stranger_s_file_is_refused(victim: Victim, stranger: Person) -> None:
    """The resource file is a second name of a file that the stranger can still write."""
    victim.configure()
    mine = rewritten(victim, stranger)
    (victim.resources / "web.toml").unlink()
    os.link(mine, victim.resources / "web.toml")
    victim.act("quickcheck")
    assert victim.ark("validate", "web").code == 1
    assert not root_ran_it(victim)


def test_the_node_file_of_a_stranger_is_refused(victim: Victim, stranger: Person) -> None:
    """ark.toml belongs to a stranger, who has root write a log where he wants."""
    victim.configure()
    victim.settings(f'[log]\njson = "{victim.top}/victim-file"\n')
    stranger.owns(victim.prefix / "etc/ark/ark.toml")
    victim.act("quickcheck")
    assert victim.ark("validate", "web").code == 1
    assert not (victim.top / "victim-file").exists()


def test_a_neighbour_s_file_that_was_refused_counts_for_nothing(
    victim: Victim, stranger: Person
) -> None:
    """A stranger's resource file claims the logical host that root's resource has."""
    for name in ("base", "other"):
        victim.configure(name, plugin="jp1-base", host="LVBASE", root=str(victim.top))
    stranger.owns(victim.resources / "other.toml")
    end = victim.ark("validate", "base")
    assert end.code == 0, end


# Commands that root runs.


@pytest.mark.parametrize("which", ["start", "status", "stop"])
def test_a_stranger_s_command_is_not_run_as_root(
    victim: Victim, stranger: Person, which: str
) -> None:
    """A command without `user` belongs to a stranger, mode 0755."""
    options: dict[str, Any] = {which: [str(stranger.owns(evil(victim)))]}
    victim.configure(**options)
    end = victim.ark("validate", "web")
    for action in ("restore", "quickcheck", "remove"):
        victim.act(action)
    assert not root_ran_it(victim)
    assert str(evil(victim)) in end.output + victim.ras


def test_preflight_names_a_stranger_s_command(victim: Victim, stranger: Person) -> None:
    """`ark preflight`'s look at a command that root runs and a stranger owns."""
    values = {name: [str(victim.home / name)] for name in ("stop", "status")}
    values["start"] = [str(stranger.owns(evil(victim)))]
    looked_at: Any = SimpleNamespace(options=make_options(Options, values))
    found = {each.check: each.level for each in Command().ark_preflight(looked_at)}
    assert found["options.start"].value != "ok"


def test_a_command_in_a_stranger_s_directory_is_not_run_as_root(
    victim: Victim, stranger: Person
) -> None:
    """A command of root's lies in a directory of the stranger's, who has exchanged it."""
    theirs = owned_directory(victim, stranger)
    shutil.move(evil(victim), theirs / "status")
    os.chown(theirs / "status", 0, 0)
    victim.configure(status=[str(theirs / "status")])
    victim.act("restore")
    victim.act("quickcheck")
    assert not root_ran_it(victim)


def test_an_interpreter_s_script_of_a_stranger_is_not_run_as_root(
    victim: Victim, stranger: Person
) -> None:
    """The command is /bin/sh, and its script belongs to a stranger."""
    victim.configure(status=["/bin/sh", str(stranger.owns(evil(victim)))])
    victim.act("restore")
    victim.act("quickcheck")
    assert not root_ran_it(victim)


@pytest.mark.parametrize(
    "before",
    [
        ["/usr/bin/env", "sh"],
        ["/usr/bin/timeout", "9"],
        ["/usr/bin/nohup"],
        ["/bin/bash", "--rcfile", "/dev/null"],
        ["/bin/sh", "-c"],
        ["/usr/bin/setpriv", "--no-new-privs"],
    ],
    ids=lambda words: os.path.basename(words[0]) + str(len(words)),
)
def test_a_program_that_runs_a_stranger_s_script_is_refused(
    victim: Victim, stranger: Person, before: list[str]
) -> None:
    """A program of root's is handed a stranger's script, which it runs as root."""
    script = stranger.owns(evil(victim))
    victim.configure(start=[*before, str(script)])
    end = victim.ark("validate", "web")
    victim.act("restore")
    assert not root_ran_it(victim)
    assert end.code == 1
    assert f"it runs as root, and {script} belongs to user id {stranger.uid}" in end.output


@pytest.mark.parametrize("hops", [1, 3])
def test_a_script_whose_interpreter_is_a_stranger_s_is_refused(
    victim: Victim, stranger: Person, hops: int
) -> None:
    """The first line of a script of root's names a stranger's program, or a script that does."""
    interpreter = stranger.owns(evil(victim))
    for number in range(hops):
        interpreter = victim.command(f"hop{number}", f"#!{interpreter}\n")
    victim.configure(start=[str(interpreter)])
    end = victim.ark("validate", "web")
    victim.act("restore")
    assert not root_ran_it(victim)
    assert end.code == 1


def test_a_stranger_s_command_is_not_run_as_the_application_s_user(
    app_victim: Victim, app: Person, stranger: Person
) -> None:
    """A command with `user` belongs to a stranger."""
    typed = app_victim.home / "data/typed"
    script = stranger.owns(app_victim.command("his", f"#!/bin/sh\nid -u >{typed}\n"))
    app_victim.configure(user=app.name, start=[str(script)])
    end = app_victim.ark("validate", "web")
    app_victim.act("restore")
    assert not typed.exists()
    assert end.code == 1
    assert f"it runs as {app.name}, and {script} belongs to user id {stranger.uid}" in end.output


# State, records, maintenance.


def given_away(victim: Victim, stranger: Person, path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return stranger.owns(path)


def given(stranger: Person, path: Path, text: str) -> None:
    """A file as the stranger writes it into a directory of his."""
    path.unlink(missing_ok=True)
    path.write_text(text)
    stranger.owns(path)


def test_state_of_a_stranger_hides_no_failure(victim: Victim, stranger: Person) -> None:
    """The directory of the state is a stranger's, who writes {"wanted": "down"}."""
    victim.configure()
    victim.restore()
    victim.kill_product()
    directory = given_away(victim, stranger, victim.state("x").parent)
    given(stranger, directory / "wanted.json", '{"wanted": "down"}')
    assert victim.act("quickcheck").code == 1


def test_a_state_file_of_a_stranger_hides_no_failure(victim: Victim, stranger: Person) -> None:
    """One state file belongs to a stranger."""
    victim.configure()
    victim.restore()
    victim.kill_product()
    path = victim.state("wanted.json")
    path.write_text('{"wanted": "down"}')
    stranger.owns(path)
    assert victim.act("quickcheck").code == 1


def test_maintenance_by_a_stranger_hides_no_failure(victim: Victim, stranger: Person) -> None:
    """The maintenance directory belongs to a stranger, who switches maintenance on."""
    victim.configure()
    victim.restore()
    victim.kill_product()
    directory = given_away(victim, stranger, victim.prefix / "var/lib/ark/maintenance")
    given(stranger, directory / "web.json", '{"since": 1, "until": null}')
    assert victim.act("quickcheck").code == 1


def test_a_record_of_a_stranger_runs_nothing(victim: Victim, stranger: Person) -> None:
    """The directory of the records is a stranger's, who writes his command into one."""
    victim.configure()
    victim.restore()
    directory = stranger.owns(victim.prefix / "var/lib/ark/records")
    record = directory / "web.json"
    record.write_text(record.read_text().replace(f"{victim.home}/status", str(evil(victim))))
    stranger.owns(record)
    victim.act("quickcheck")
    assert not root_ran_it(victim)


def test_scripts_left_open_by_a_stranger_say_nothing(victim: Victim, stranger: Person) -> None:
    """A stranger's file tells of a script that was killed; it is told in the RAS log."""
    victim.configure()
    victim.restore()
    directory = given_away(victim, stranger, victim.prefix / "var/lib/ark/open")
    value = {"script": "FORGED", "began": time.time(), "told": True, "boot": "", "due": None}
    (directory / "web.json").write_text(json.dumps(value))
    stranger.owns(directory / "web.json")
    victim.act("quickcheck")
    assert "FORGED" not in victim.ras


def test_open_umask_makes_nothing_that_others_can_write(victim: Victim) -> None:
    """`ark validate` is called with the umask 0."""
    victim.configure()
    assert victim.call(*ARK_VALIDATE, prepare=open_umask).code == 0
    assert writable_beneath(victim.prefix / "var") == []


def test_group_umask_makes_nothing_that_a_group_can_write(victim: Victim) -> None:
    """`ark validate` is called with the umask 002, as many distributions set it."""
    victim.configure()
    assert victim.call(*ARK_VALIDATE, prepare=group_umask).code == 0
    assert writable_beneath(victim.prefix / "var") == []
    assert (victim.prefix / "var/lib/ark/records/web.json").exists()


def test_open_umask_around_the_four_programs_is_held(victim: Victim) -> None:
    """The four programs are called with the umask 0."""
    victim.configure()
    for action in ("restore", "quickcheck", "remove"):
        victim.call(PROGRAMS / f"ark-{action}", "-t", "web", prepare=open_umask)
    assert writable_beneath(victim.prefix / "var") == []
    assert writable_beneath(victim.prefix / "run") == []


def test_maintenance_under_an_open_umask_can_be_written_by_nobody(victim: Victim) -> None:
    """`ark maintenance on` is called with the umask 0."""
    victim.configure()
    words = [PROGRAMS / "ark", "maintenance", "web", "on"]
    assert victim.call(*words, prepare=open_umask).code == 0
    assert writable_beneath(victim.prefix / "var") == []


def writable_beneath(top: Path) -> list[str]:
    found = []
    for directory, _, files in os.walk(top):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            if os.lstat(path).st_mode & 0o022:
                found.append(path)
    return found
