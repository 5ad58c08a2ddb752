"""Attacks by processes that take a number of the product, or the name of a daemon of the node."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from attacks.people import Person
from attacks.victim import Victim, end, executable, lives, pids
from support import wait_for


def in_session(session: int) -> list[int]:
    """The processes that live in a session."""
    found = []
    for pid in pids():
        try:
            if lives(pid) and os.getsid(pid) == session:
                found.append(pid)
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize(
    "script",
    ['"$1" 600 & exit 0', '(while :; do "$1" 0.002; done) & exit 0'],
    ids=["one process", "one after another"],
)
def test_a_stranger_in_the_session_of_a_dead_product_is_not_the_product(
    app_victim: Victim,
    app: Person,
    stranger: Person,
    tool: Callable[..., Path],
    script: str,
) -> None:
    """A stranger takes the number of the dead product's session, and runs its program there."""
    victim = app_victim
    victim.configure(user=app.name)
    pid = victim.restore()
    session = os.getsid(pid)
    end(pid)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass  # somebody else has awaited it
    wait_for(lambda: not os.path.exists(f"/proc/{session}"))
    daemon = victim.home / "daemon"
    words = [tool("as_pid", victim), session, stranger.uid, stranger.gid]
    words += ["/usr/bin/setsid", "/bin/sh", "-c", script, "sh", daemon]
    subprocess.run(list(map(str, words)), env={}, check=False, timeout=60)
    wait_for(lambda: in_session(session))
    strangers = in_session(session)
    try:
        assert victim.status["status"] == "STOPPED", victim.status
        ended = victim.act("remove")
        assert ended.code == 0, ended
        assert strangers[0] in in_session(session)
    finally:
        for each in in_session(session):
            # Of those that come one after another, some have gone by now.
            with contextlib.suppress(ProcessLookupError):
                end(each)


def disguised(victim: Victim, app: Person, name: str) -> str:
    """A command with which the user runs /bin/sleep under the name of another program."""
    place = victim.home / "data/place"
    place.mkdir(parents=True)
    app.owns(place)
    script = (
        f'mount -t tmpfs none {place}; touch "{place}/{name}"; '
        f'mount --bind /bin/sleep "{place}/{name}"; exec "{place}/{name}" 601'
    )
    victim.command("trick", f"#!/bin/sh\n{script}\n")
    return f"unshare --user --map-root-user --mount {victim.home}/trick"


def renamed(victim: Victim, app: Person, name: str) -> str:
    """A command with which the user runs a shell that calls itself like another program."""
    victim.command(
        "trick", f"#!/bin/sh\nprintf %s {name} >/proc/self/comm; while :; do sleep 601; done\n"
    )
    return f"{victim.home}/trick"


HOOKS = """
def ark_start(ctx, default):
    default(ctx)
    user = "setpriv --reuid ark-app --regid ark-app --clear-groups env -i"
    path = "PATH=/usr/sbin:/usr/bin:/bin:/sbin"
    ctx.run(["/bin/sh", "-c", f"setsid {user} {path} WHAT </dev/null >/dev/null 2>&1 &"])
    import time; time.sleep(0.7)
"""


@pytest.mark.parametrize("trick", [disguised, renamed])
def test_a_product_that_looks_like_the_machine_s_daemon_is_ended(
    victim: Victim, app: Person, trick: Callable[[Victim, Person, str], str]
) -> None:
    """The user's part of a product takes the name of a daemon that serves the whole machine."""
    what = trick(victim, app, "shared-daemon")
    (victim.home / "hooks.py").write_text(HOOKS.replace("WHAT", what))
    victim.configure(plugin="toy", host="LHTOY", home=str(victim.home))
    assert victim.act("restore").code == 0
    mine = [pid for pid in pids() if lives(pid) and os.stat(f"/proc/{pid}").st_uid == app.uid]
    assert mine, [executable(pid) for pid in pids()]
    ended = victim.act("remove")
    assert ended.code == 0, ended
    assert not any(map(lives, mine)), victim.ras
