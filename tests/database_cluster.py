"""PostgreSQL on two real Pacemaker nodes that are broken at random while a client writes.

Run as a program (`make cluster-postgresql KILLS=30 SEED=1`) it prints each fault and what came of
it, and in the end what the client had been promised and what was there.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final

from database import BIN, ENV, USER, Database, make_template
from rigs.cluster import Cluster, Node, wait_for
from rigs.cluster.held import Held

from arkcore.machine import processes
from arkcore.machine.processes import Process
from arkcore.managers.operation_times import least_timeout
from arkcore.resources.timers import Timers

HOST = "LVPG1"
MOUNT = "/srv/pg"
DISK, IP, SERVER = "pg-disk", "pg-ip", "pg-server"
#: The last part of the virtual address, and of the client's own.
ADDRESS, CLIENT = 101, 200

#: Seconds. Shorter than the defaults, so that a fault is over in seconds.
TIMERS = {
    "restore.process": 60.0,
    "restore.cleanup": 10.0,
    "restore.confirm": 4.0,
    "remove.process": 20.0,
    "remove.cleanup": 5.0,
    "remove.force_reserve": 10.0,
    "force_stop_wait": 1.0,
    "quickcheck.process": 6.0,
    "quickcheck.cleanup": 2.0,
    "quickcheck.confirm": 0.5,
}
INTERVAL = 2
_WRITER = Path(__file__).with_name("database_writer.py")


class Written:
    """What the client tried, and what was acknowledged to it. Times are CLOCK_MONOTONIC."""

    def __init__(self, record: str) -> None:
        self.tried: dict[int, float] = {}
        self.acknowledged: dict[int, float] = {}
        for line in record[: record.rfind("\n") + 1].splitlines():
            moment, what, number = line.split("\t")
            into = self.tried if what == "tried" else self.acknowledged
            into[int(number)] = float(moment)


class DatabaseCluster:
    """Two nodes, a shared disk with a data directory, a virtual address, and a client that writes.

    Commits are durable (fsync is on). A killed node loses its processes and its /run, and not what
    it has written to a file: the kernel that holds the pages is the machine's.

    :param settings: further lines of postgresql.conf.
    """

    def __init__(self, settings: Sequence[str] = ()) -> None:
        self._settings = settings
        self._writer: Held | None = None
        self.cluster = Cluster()
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        cluster = self.cluster
        self.record = cluster.directory / "written"
        self.address = cluster.network.address(ADDRESS)
        self._disk = cluster.disk(200)
        self._fill_disk()
        cluster.start()
        ark = str(Path(sys.executable).with_name("ark"))
        for node in cluster.nodes.values():
            node.run("mkdir", "-p", MOUNT)
            node.run(ark, "pacemaker", "install", "postgresql")
        cluster.crm(self._configuration())
        self.wait_in_service()
        self.sql("create table written (number bigint primary key)")

    def _fill_disk(self) -> None:
        """Lay the data directory, which each node will see, onto the disk."""
        directory = self.cluster.directory
        (directory / "initdb").mkdir()
        directory.chmod(0o755)
        template = make_template(directory / "initdb")
        mount = directory / "mount"
        mount.mkdir()
        subprocess.run(["mount", self._disk.device, mount], check=True)
        try:
            # The socket lies on the disk too: what a dead node leaves there, the next one finds.
            database = Database(mount, template, fsync=True, sockets=MOUNT)
            with (database.data / "postgresql.conf").open("a") as file:
                file.write("\n".join(["listen_addresses = '*'", *self._settings, ""]))
            with (database.data / "pg_hba.conf").open("a") as file:
                file.write("host all all 10.7.0.0/24 trust\n")
        finally:
            subprocess.run(["umount", mount], check=True)
        shutil.rmtree(directory / "initdb")

    def _configuration(self) -> str:
        """In the language of crm."""
        timers = Timers(TIMERS)
        times = [
            f"op {operation} interval={interval}s timeout={least_timeout(operation, timers)}s"
            for operation, interval in (("start", 0), ("stop", 0), ("monitor", INTERVAL))
        ]
        parameters = {
            "logical_host": HOST,
            "mount_points": MOUNT,
            "data_directory": f"{MOUNT}/data",
            "bin_directory": str(BIN),
            "user": USER,
            "status_timeout": "2",
            **({"env": " ".join(f"{key}={value}" for key, value in ENV.items())} if ENV else {}),
            **{key.replace(".", "_"): f"{value:g}" for key, value in TIMERS.items()},
        }
        told = " ".join(f'{key}="{value}"' for key, value in parameters.items())
        return (
            f"primitive {DISK} ocf:heartbeat:Filesystem params device={self._disk.device} "
            f"directory={MOUNT} fstype=ext4 op monitor interval=10s "
            f"op start timeout=40s op stop timeout=40s\n"
            f"primitive {IP} ocf:heartbeat:IPaddr2 params ip={self.address} cidr_netmask=24 "
            f"nic=eth0 op monitor interval=10s\n"
            f"primitive {SERVER} ocf:ark:postgresql params {told} {' '.join(times)} "
            f"meta priority=10\n"
            f"group pg {DISK} {IP} {SERVER}\n"
        )

    def close(self) -> None:
        self.stop_writing()
        self.cluster.close()

    def __enter__(self) -> DatabaseCluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # The client, outside of both nodes.

    def begin_to_write(self, interval: float = 0.01, patience: float = 2.0) -> None:
        """Let the client write over the virtual address from now on, until it is told to stop."""
        client = [str(BIN / "psql"), "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1"]
        client += ["-h", self.address, "-d", "postgres", "-U", USER]
        command = [sys.executable, "-I", str(_WRITER), str(self.record)]
        command += [str(interval), str(patience), *self._with_libraries(client)]
        self._writer = Held(["net"], command, self.cluster.directory / "writer.log")
        self.cluster.network.plug("writer", self._writer.pid, CLIENT)
        self._writer.ask("start")
        wait_for("a first row is acknowledged", lambda: self.written().acknowledged, 20)

    def stop_writing(self) -> None:
        if self._writer is not None:
            self._writer.kill()
            self._writer = None

    def written(self) -> Written:
        return Written(self.record.read_text() if self.record.exists() else "")

    def rows(self) -> set[int]:
        """What is there."""
        return {int(line) for line in self.sql("select number from written").split()}

    def sql(self, text: str) -> str:
        """What the active server answers, by its socket."""
        words = ["psql", "-X", "-A", "-t", "-q", "-h", MOUNT, "-d", "postgres", "-U", USER]
        words[0] = str(BIN / "psql")
        return self.active().run(*self._with_libraries([*words, "-c", text])).stdout

    @staticmethod
    def _with_libraries(words: list[str]) -> list[str]:
        return ["/usr/bin/env", *(f"{key}={value}" for key, value in ENV.items()), *words]

    # The server.

    def active(self) -> Node:
        """The node on which all of it runs."""
        name = self.cluster.where(SERVER)
        if not name:
            raise AssertionError("the server runs on no node, or on two")
        return self.cluster.nodes[name]

    def wait_in_service(self, within: float = 120.0) -> Node:
        return self.cluster.nodes[self.cluster.wait_running(DISK, IP, SERVER, within=within)]

    def servers(self, node: Node) -> list[Process]:
        """The node's live processes of PostgreSQL."""
        return [each for each in node.processes() if each.name == "postgres"]

    def postmaster(self, node: Node) -> Process:
        found = self.servers(node)
        [top] = [each for each in found if each.ppid not in {other.pid for other in found}]
        return top

    # Faults.

    def kill_postmaster(self, node: Node) -> None:
        os.kill(self.postmaster(node).pid, signal.SIGKILL)

    def kill_all(self, node: Node) -> None:
        for process in self.servers(node):
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def kill_child(self, node: Node) -> None:
        top = self.postmaster(node)
        children = [each for each in self.servers(node) if each.pid != top.pid]
        os.kill(random.choice(children).pid, signal.SIGKILL)

    def hang(self, node: Node) -> None:
        os.kill(self.postmaster(node).pid, signal.SIGSTOP)

    def cut_power(self, node: Node) -> None:
        node.cut_power()

    def cut_network(self, node: Node) -> None:
        self.cluster.cut(node)

    def switch(self, node: Node) -> None:
        self.cluster.standby(node)

    #: By name, with whether the server must move to the other node.
    FAULTS: Final = {
        "postmaster killed": (kill_postmaster, False),
        "all its processes killed": (kill_all, False),
        "a child killed": (kill_child, False),
        "postmaster hung": (hang, False),
        "power cut": (cut_power, True),
        "network cut": (cut_network, True),
        "switched over": (switch, True),
    }

    def suffer(self, name: str) -> float:
        """Do one fault to the active node, and wait until all is well; the longest silence.

        That is how many seconds passed from the fault, or from one acknowledged row, to the next.
        """
        fault, moves = self.FAULTS[name]
        node = self.wait_in_service()
        victim = self.postmaster(node)
        moment = time.monotonic()
        fault(self, node)
        if moves:
            other = next(each for each in self.cluster.nodes.values() if each is not node)
            self.cluster.wait_running(DISK, IP, SERVER, on=other, within=120)
        if fault is DatabaseCluster.hang:
            # A connection that there was goes on until the server is ended.
            wait_for("the hung server's end", lambda: not processes.still_lives(victim), 60)
        over = time.monotonic()
        wait_for(f"rows again after: {name}", lambda: self._is_served(over), 120)
        silence = self._longest_silence(moment)
        self.repair(node)
        return silence

    def _is_served(self, moment: float) -> bool:
        """Whether rows have come for a second without a break, and a second after `moment`."""
        now = time.monotonic()
        times = sorted(each for each in self.written().acknowledged.values() if each > now - 1.0)
        breaks = [after - before for before, after in pairwise([now - 1.0, *times, now])]
        return now > moment + 2.0 and max(breaks) < 0.5

    def _longest_silence(self, moment: float) -> float:
        times = sorted(each for each in self.written().acknowledged.values() if each > moment)
        return max(after - before for before, after in pairwise([moment, *times]))

    def repair(self, node: Node) -> None:
        """Both nodes up and in the cluster, nothing failed."""
        self.cluster.heal()
        self.cluster.boot_all()
        self.cluster.standby(node, on=False)
        self.cluster.forget_failures()
        self.cluster.wait_idle()
        self.wait_in_service()


class Result:
    """What the client was promised, and what was there in the end."""

    def __init__(self, written: Written, rows: set[int]) -> None:
        self.tried = len(written.tried)
        self.acknowledged = len(written.acknowledged)
        #: Acknowledged commits that are gone. There must be none.
        self.lost = sorted(set(written.acknowledged) - rows)
        #: Rows that are there though the client never heard so: it cannot know, and must ask.
        self.unheard = sorted(rows - set(written.acknowledged))
        #: Rows that nobody wrote.
        self.invented = sorted(rows - set(written.tried))


def run(
    faults: Sequence[str],
    tell: Callable[[str], None] = lambda _: None,
    settings: Sequence[str] = (),
) -> tuple[Result, dict[str, list[float]]]:
    """Do the faults one after another while a client writes; and the silences, by name."""
    seconds: dict[str, list[float]] = {}
    with DatabaseCluster(settings) as made:
        made.begin_to_write()
        for number, name in enumerate(faults, 1):
            took = made.suffer(name)
            seconds.setdefault(name, []).append(took)
            tell(f"{number:3} {name:<26} {took:5.1f} s of silence")
        made.stop_writing()
        made.wait_in_service()
        return Result(made.written(), made.rows()), seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", help="these by name, with commas between, instead of random")
    parser.add_argument("--setting", action="append", default=[], help="a line of postgresql.conf")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    names = list(DatabaseCluster.FAULTS)
    faults = [random.choice(names) for _ in range(arguments.kills)]
    if arguments.faults:
        faults = arguments.faults.split(",")
    began = time.monotonic()
    result, seconds = run(faults, lambda line: print(line, flush=True), arguments.setting)
    for name, taken in sorted(seconds.items()):
        print(
            f"{name}: {len(taken)} times, median {statistics.median(taken):.1f} s, "
            f"longest {max(taken):.1f} s of silence"
        )
    print(
        f"seed {arguments.seed}, {len(faults)} faults in {time.monotonic() - began:.0f} s: "
        f"{result.tried} rows tried, {result.acknowledged} acknowledged, "
        f"{len(result.unheard)} there without the client knowing"
    )
    print(f"lost after acknowledged commit: {len(result.lost)} {result.lost[:20] or ''}")
    return 1 if result.lost or result.invented else 0


if __name__ == "__main__":
    sys.exit(main())
