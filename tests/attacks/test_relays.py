"""A product that will not end: it goes on by way of its children, or out of sight."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attacks.people import Person
from attacks.victim import Victim, hold
from support import wait_for

#: Seconds for which something that lives would have shown itself many times.
_LONG = 0.4


class Relay:
    """A product in place of the daemon, which notes each of its steps in a file."""

    def __init__(self, victim: Victim, app: Person, program: Path, first: object) -> None:
        self.victim = victim
        self._log = victim.home / "data/log"
        self._stop = victim.top / "stop"
        words = f"{program} {first} {self._log} {self._stop}"
        victim.command("start", f"#!/bin/sh\n{words} </dev/null >/dev/null 2>&1\n")
        victim.command("stop", "#!/bin/sh\nexit 0\n")
        victim.command("status", f"#!/bin/sh\n[ -s {self._log} ] || exit 3\n")
        # Running or not is told by the log, which the product makes: after that by its processes.
        victim.configure(user=app.name)

    def went_on(self) -> bool:
        """Whether it still takes steps."""
        before = self._log.stat().st_size if self._log.exists() else 0
        return not hold(lambda: self._size() == before, _LONG)

    def size_changes(self) -> bool:
        before = self._size()
        time.sleep(0.05)
        return self._size() != before

    def _size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def status_says_stopped(self) -> None:
        self.victim.command("status", "#!/bin/sh\nexit 3\n")

    def tell_to_end(self) -> None:
        self._stop.touch()


@pytest.fixture
def make_relay(app_victim: Victim, app: Person, tool: Callable[..., Path]) -> object:
    made: list[Relay] = []
    over = threading.Event()
    undertaker = threading.Thread(target=bury, args=(over,))
    undertaker.start()

    def make(program: str, first: object) -> Relay:
        made.append(Relay(app_victim, app, tool(program, app_victim), first))
        return made[-1]

    yield make
    for each in made:
        each.tell_to_end()
    wait_for(lambda: not any(each.size_changes() for each in made))
    over.set()
    undertaker.join()


def bury(over: threading.Event) -> None:
    """Await the relays' dead, which come to this process: a thousand a second would fill /proc."""
    while not over.is_set():
        buried = False
        for pid in children():
            if name_of(pid) in ("relay", "namespaced"):
                try:
                    buried = os.waitpid(pid, os.WNOHANG)[0] != 0 or buried
                except ChildProcessError:
                    continue  # another thread was first
        if not buried:
            time.sleep(0.002)


def children() -> list[int]:
    """The children of this process, the dead ones too; whoever adopted them."""
    found: list[int] = []
    for thread in Path("/proc/self/task").iterdir():
        found += map(int, (thread / "children").read_text().split())
    return found


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return ""


def is_ended_or_told(relay: Relay) -> None:
    """The one thing that must never be: a remove that is completed beside a live product."""
    assert relay.victim.act("restore").code == 0, relay.victim.ras
    assert relay.went_on()
    relay.status_says_stopped()
    ended = relay.victim.act("remove")
    assert ended.code == 1 or not relay.went_on(), relay.victim.ras


@pytest.mark.parametrize("hop", [2000, 5000, 10_000, 20_000])
def test_a_relay_of_children_is_ended_or_told(
    make_relay: Callable[[str, object], Relay], hop: int
) -> None:
    """The product goes on by way of its children, one hop in so many µs, and ignores signals."""
    is_ended_or_told(make_relay("relay", hop))


def test_a_product_that_enters_a_pid_namespace_late_is_ended_or_told(
    make_relay: Callable[[str, object], Relay],
) -> None:
    """The product enters a pid namespace of its own when it is RUNNING."""
    is_ended_or_told(make_relay("namespaced", 1.0))


def test_a_product_in_a_pid_namespace_from_its_start_is_ended_or_told(
    make_relay: Callable[[str, object], Relay],
) -> None:
    """The product lives in a pid namespace of its own from its start."""
    is_ended_or_told(make_relay("namespaced", 0.0))


def test_a_relay_is_no_stopped_product_to_a_probe(
    make_relay: Callable[[str, object], Relay], victim: Victim
) -> None:
    """A relay runs; what looks must not say that it is stopped."""
    relay = make_relay("relay", 3000)
    assert relay.victim.act("restore").code == 0
    relay.status_says_stopped()
    seen = [relay.victim.status["status"] for _ in range(3)]
    assert "STOPPED" not in seen, seen


def test_a_product_without_environment_is_ended_or_told(
    make_relay: Callable[[str, object], Relay], app: Person
) -> None:
    """The product clears its environment, leaves its session, and loses its parent."""
    relay = make_relay("relay", 5000)
    start = relay.victim.home / "start"
    first, rest = start.read_text().split("\n", 1)
    relay.victim.command("start", f"{first}\nexec env -i setsid {rest}")
    is_ended_or_told(relay)


def test_a_product_that_starts_a_watcher_is_ended_or_told(
    make_relay: Callable[[str, object], Relay],
) -> None:
    """Three relays at once: whoever is killed, another has the next step."""
    relay = make_relay("relay", 4000)
    start = relay.victim.home / "start"
    first, rest = start.read_text().split("\n", 1)
    relay.victim.command("start", f"{first}\n{rest}{rest}{rest}")
    is_ended_or_told(relay)


def test_a_product_that_stops_itself_is_ended(app_victim: Victim, app: Person) -> None:
    """The product stops itself (SIGSTOP) and all that it has."""
    app_victim.command(
        "start",
        "#!/bin/sh\nsetsid sh -c 'kill -STOP $$; sleep 1000' </dev/null >/dev/null 2>&1 &\n"
        f"echo $! >{app_victim.home}/run/web.pid\n",
    )
    app_victim.configure(user=app.name)
    assert app_victim.act("restore").code == 0
    ended = app_victim.act("remove")
    pid = (app_victim.home / "run/web.pid").read_text() if ended.code else ""
    assert ended.code == 0, pid


# What a command of the user's can do to us.


DEEDS = {
    "stops itself": "kill -STOP $$",
    "kills itself": "kill -KILL $$",
    "kills its session": "kill -KILL 0",
    "kills all it may": "kill -KILL -1",
    "stops its parent": "kill -STOP $PPID; exit 3",
    "kills its parent": "kill -KILL $PPID; exit 3",
    "forbids itself all": "ulimit -t 0; ulimit -f 0; while :; do :; done",
    "lowers its parent": "renice 19 -p $PPID; exit 3",
    "leaves children": "setsid sleep 300 & setsid sleep 300 & exit 3",
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_a_status_command_decides_only_its_own_answer(
    app_victim: Victim, app: Person, deed: str
) -> None:
    """A status command of the user's sends signals, sets limits, leaves processes behind."""
    # In a pid namespace of its own account only: "all it may" would reach other tests' processes.
    if "-1" in deed:
        deed = f"exec unshare --user --pid --fork sh -c '{deed}'"
    app_victim.command("status", f"#!/bin/sh\n{deed}\n")
    app_victim.configure(user=app.name, timers={"lifekeeper.quickcheck_run": 3})
    ended = app_victim.act("quickcheck")
    assert ended.seconds < 9
    assert "internal error" not in ended.output
    assert "RUNNING" not in app_victim.ras
    ended = app_victim.act("remove")
    assert ended.seconds < 12
    assert "Remove start." in app_victim.ras
