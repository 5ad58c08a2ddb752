"""Attacks by size: declared memory, processes, output, sparse files, full file systems."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from attacks.people import Person
from attacks.victim import End, Victim, hold
from support import PROGRAMS, wait_for

from arkcore.machine import processes


def wide(
    victim: Victim,
    stranger: Person,
    tool: Callable[..., Path],
    size: int,
    which: str = "environment",
) -> int:
    mark = ["ARK_ACTION=web:00", f"ARK_PREFIX={victim.prefix}"]
    return stranger.start([tool("wide", victim), which, str(size), *mark], ready=True).pid


# One process with a huge environment or huge arguments.


def test_a_huge_environment_costs_no_memory(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """A process declares 512 MiB of environment (PR_SET_MM_MAP); we may have 300 MB."""
    victim.configure()
    victim.restore()
    wide(victim, stranger, tool, 512)

    def poor() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))

    for action in ("quickcheck", "remove"):
        end = victim.call(PROGRAMS / f"ark-{action}", "-t", "web", prepare=poor)
        assert end.code == 0, end
    assert not victim.daemon()


def test_a_huge_environment_keeps_no_remove(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """A process declares 96 MiB of environment; a remove has its timers."""
    victim.configure()
    victim.restore()
    wide(victim, stranger, tool, 96)
    end = victim.act("remove")
    assert end.code == 0, end
    assert end.cpu < 3


def test_a_huge_environment_slows_no_check(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """A process declares 96 MiB of environment; a quickCheck of a dead product looks at all."""
    victim.configure()
    victim.restore()
    victim.kill_product()
    wide(victim, stranger, tool, 96)
    end = victim.act("quickcheck")
    assert end.code == 1, end
    assert end.cpu < 2


def test_what_is_read_of_an_environment_is_bounded(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """The engine reads the environment of a process that declares 64 MiB."""
    pid = wide(victim, stranger, tool, 64)
    entries = processes.environment(pid)
    assert sum(map(len, entries)) + len(entries) <= 1 << 20


def test_what_is_read_of_arguments_is_bounded(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """The engine reads the arguments of a process that declares 64 MiB."""
    pid = wide(victim, stranger, tool, 64, "arguments")
    words = processes.arguments(pid)
    assert sum(map(len, words)) + len(words) <= 1 << 20


def test_huge_arguments_keep_no_remove(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """A process declares 96 MiB of arguments, and bears a forged mark."""
    victim.configure()
    victim.restore()
    wide(victim, stranger, tool, 96, "arguments")
    end = victim.act("remove")
    assert end.code == 0, end
    assert end.cpu < 3


def test_many_huge_environments_keep_no_remove(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """Twelve processes declare 16 MiB of environment each."""
    victim.configure()
    victim.restore()
    for _ in range(12):
        wide(victim, stranger, tool, 16)
    end = victim.act("remove")
    assert end.code == 0, end
    assert end.cpu < 3


def test_a_page_that_cannot_be_had_holds_nobody_up(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """A process declares pages of a file that was cut short as its environment."""
    victim.configure()
    stranger.owns(victim.home / "data")
    page = victim.home / "data/page"
    stranger.start([tool("wide", victim), "page", "1", page], ready=True)
    assert victim.act("restore").code == 0
    assert victim.act("remove").code == 0


# Many processes and threads.


def test_a_zombie_leader_with_threads_keeps_nothing(
    victim: Victim, stranger: Person, tool: Callable[..., Path]
) -> None:
    """A process whose first thread has ended has 2,000 others."""
    victim.configure()
    stranger.start([tool("zombie_leader", victim), "2000", "60"], ready=True)
    assert victim.act("restore").code == 0
    began = time.process_time()
    for _ in range(10):
        processes.table()
    assert (time.process_time() - began) / 10 < 0.3
    end = victim.act("remove")
    assert end.code == 0, end


def test_five_hundred_processes_keep_no_remove(victim: Victim, stranger: Person) -> None:
    """A stranger has 500 processes, with a forged mark each."""
    victim.configure()
    victim.restore()
    source = """
    for _ in range(500):
        if os.fork() == 0:
            os.execve("/bin/sleep", ["sleep", "60"],
                      {"ARK_ACTION": "web:1", "ARK_PREFIX": sys.argv[1]})
    print("ready", flush=True)
    time.sleep(60)
    """
    stranger.python(dedent(source), victim.prefix)
    end = victim.act("remove")
    assert end.code == 0, end
    assert not victim.daemon()


def test_thousands_of_zombies_keep_no_remove(victim: Victim, stranger: Person) -> None:
    """A stranger leaves 3,000 processes dead and does not await them."""
    victim.configure()
    victim.restore()
    source = """
    for _ in range(3000):
        if os.fork() == 0:
            os._exit(0)
    print("ready", flush=True)
    time.sleep(60)
    """
    stranger.python(dedent(source))
    end = victim.act("remove")
    assert end.code == 0, end
    assert not victim.daemon()


def test_a_storm_of_forks_keeps_no_remove(victim: Victim, stranger: Person) -> None:
    """A stranger forks as fast as he can, so that new processes come with every look."""
    victim.configure()
    victim.restore()
    source = """
    print("ready", flush=True)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    """
    stranger.python(dedent(source))
    end = victim.act("remove")
    assert end.code == 0, end
    assert not victim.daemon()


# Output.


def test_output_is_bounded_after_the_start(app_victim: Victim, app: Person) -> None:
    """The product goes on writing to its output when the start is over: 60 MB, then more."""
    text = (
        "#!/bin/sh\n"
        f"setsid sh -c 'head -c 60000000 /dev/zero; exec {app_victim.home}/daemon 1000' 2>&1 &\n"
        f"echo $! >{app_victim.home}/run/web.pid\n"
    )
    app_victim.command("start", text)
    app_victim.configure(user=app.name)
    app_victim.restore()
    output = app_victim.prefix / "var/log/ark/output/web.start"
    wait_for(lambda: is_quiet(output))
    assert app_victim.act("quickcheck").code == 0
    assert used(output) <= 16 << 20


def test_room_that_a_start_reserves_is_given_back(app_victim: Victim, app: Person) -> None:
    """The start reserves 64 MiB on its output, and writes none of it."""
    reserve = (
        "import ctypes; "
        "ctypes.CDLL(None).fallocate64(1, 1, ctypes.c_long(0), ctypes.c_long(1 << 26))"
    )
    text = (
        f"#!/bin/sh\n{sys.executable} -I -c '{reserve}'\n"
        f"setsid {app_victim.home}/daemon 1000 2>&1 &\necho $! >{app_victim.home}/run/web.pid\n"
    )
    app_victim.command("start", text)
    app_victim.configure(user=app.name)
    app_victim.restore()
    assert app_victim.act("quickcheck").code == 0
    assert used(app_victim.prefix / "var/log/ark/output/web.start") <= 16 << 20


def is_quiet(path: Path) -> bool:
    size = used(path)
    return hold(lambda: used(path) == size, 0.1)


def used(path: Path) -> int:
    """What a file takes of its disk, in bytes; none where there is none."""
    try:
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def test_a_status_command_s_flood_is_bounded(app_victim: Victim, app: Person) -> None:
    """The status command writes as much as it can, and never ends."""
    app_victim.command("status", "#!/bin/sh\nexec cat /dev/zero\n")
    app_victim.configure(user=app.name, timers={"lifekeeper.quickcheck_run": 2})
    end = app_victim.act("quickcheck")
    assert end.code == 0, end
    assert end.seconds < 15  # 2 s and what a busy machine takes; without that timer 18 s
    assert all(used(path) < 1 << 22 for path in app_victim.prefix.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "deed",
    [
        "os.truncate(1, 1 << 40)",
        "fcntl.fcntl(1, 1033, 0x0002 | 0x0004 | 0x0008)",
        "os.fchmod(1, 0o777)",
        "os.lseek(1, 1 << 40, 0); os.write(1, b'x')",
        "ctypes.CDLL(None).fallocate64(1, 1, ctypes.c_long(0), ctypes.c_long(1 << 26))",
    ],
    ids=["sparse", "seals", "mode", "far", "reserved"],
)
def test_a_command_does_nothing_to_our_output_files(app_victim: Victim, deed: str) -> None:
    """A command makes the file of its output 1 TiB, seals it, or changes its mode."""
    script = app_victim.home / "status.py"
    script.write_text(
        f"import ctypes, fcntl, os\ntry:\n    {deed}\n"
        "except OSError:\n    pass\nraise SystemExit(3)\n"
    )
    app_victim.configure(status=[sys.executable, "-I", str(script)])
    end = app_victim.act("quickcheck")
    assert end.cpu < 8
    assert app_victim.act("remove").code == 0
    assert all(used(path) < 1 << 22 for path in app_victim.prefix.rglob("*") if path.is_file())


# Full file systems.


class FullNode:
    """A node whose /run or /var/log a stranger fills; a mount namespace of its own holds it."""

    def __init__(self, victim: Victim, stranger: Person, place: str, options: str) -> None:
        self.victim = victim
        self._stranger = stranger
        self._place = victim.prefix / place
        self._place.mkdir(parents=True, exist_ok=True)
        script = 'mount -t tmpfs -o "mode=0755,$2" tmpfs "$1" && mkdir -m 1777 "$1/public" && '
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             script + "echo ready; exec sleep 300", "sh", self._place, options],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"
        self.inside = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "--"]

    def fill(self) -> None:
        """As the stranger: write until nothing more fits."""
        s = self._stranger
        script = 'cat /dev/zero >"$1/public/fill" 2>/dev/null; i=0; '
        script += 'while [ $i -lt 300 ] && echo >"$1/public/$i"; do i=$((i+1)); done'
        subprocess.run(
            [*self.inside[:-1], "-S", str(s.uid), "-G", str(s.gid), "--",
             "sh", "-c", script, "sh", self._place],
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=30,
        )  # fmt: skip

    def act(self, action: str) -> End:
        return self.victim.call(*self.inside, PROGRAMS / f"ark-{action}", "-t", "web")

    def close(self) -> None:
        assert self._holder.stdout is not None
        self._holder.kill()
        self._holder.wait()
        self._holder.stdout.close()


@pytest.fixture
def make_full(victim: Victim, stranger: Person) -> Iterator[Callable[[str, str], FullNode]]:
    made: list[FullNode] = []

    def make(place: str, options: str) -> FullNode:
        victim.configure()
        made.append(FullNode(victim, stranger, place, options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("options", ["size=256k", "size=4m,nr_inodes=60"], ids=["bytes", "inodes"])
def test_a_full_run_keeps_the_intent_of_a_remove(
    make_full: Callable[[str, str], FullNode], options: str
) -> None:
    """A stranger fills /run; a remove is called, then a recover that was queued behind it."""
    full = make_full("run", options)
    assert full.act("restore").code == 0
    full.fill()
    assert full.act("remove").code == 0
    assert not full.victim.daemon()
    full.act("recover")
    assert not full.victim.daemon(), full.victim.ras


def test_a_full_run_hides_no_failure(make_full: Callable[[str, str], FullNode]) -> None:
    """A stranger fills /run; the product is dead."""
    full = make_full("run", "size=256k")
    assert full.act("restore").code == 0
    full.fill()
    full.victim.kill_product()
    assert full.act("quickcheck").code == 1


def test_a_full_run_keeps_no_restore(make_full: Callable[[str, str], FullNode]) -> None:
    """A stranger fills /run before the first restore."""
    full = make_full("run", "size=256k")
    full.fill()
    assert full.act("restore").code == 0
    assert full.victim.daemon()


def test_a_full_log_directory_keeps_nothing(make_full: Callable[[str, str], FullNode]) -> None:
    """A stranger fills /var/log."""
    full = make_full("var/log", "size=256k")
    full.fill()
    assert full.act("restore").code == 0
    assert full.act("quickcheck").code == 0
    assert full.act("remove").code == 0
    assert not full.victim.daemon()
