"""Two toy nodes under the stand-in of LifeKeeper, with someone who checks; for tests of drills."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ark_testing import Cluster, Node
from support import PROGRAMS, ToyNode

#: What the client asks: whether a process runs a program.
_CLIENT = """\
import os, sys
for name in filter(str.isdigit, os.listdir("/proc")):
    try:
        if os.readlink(f"/proc/{name}/exe") in sys.argv[1:]:
            sys.exit(0)
    except OSError:
        continue
print("nobody serves")
sys.exit(3)
"""


class Drilling:
    """`ark drill` at work on one of the nodes."""

    def __init__(self, node: ToyNode, *words: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [PROGRAMS / "ark", "drill", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                "ARK_PREFIX": str(node.prefix),
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                **environment,
            },
        )
        self.out, self.err = "", ""

    def read_until(self, text: str, within: float = 30.0) -> None:
        """Until it has printed `text`."""
        assert self.process.stdout is not None
        until = time.monotonic() + within
        while text not in self.out:
            ready, _, _ = select.select([self.process.stdout], [], [], until - time.monotonic())
            assert ready, f"never seen: {text!r} in {self.out!r}"
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"it ended without {text!r}: {self.out!r}"
            self.out += data.decode()

    def end(self) -> int:
        out, err = self.process.communicate(timeout=60)
        self.out, self.err = self.out + out.decode(), err.decode()
        return self.process.returncode

    @property
    def facts(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.out)
        return found


class Pair:
    """Two servers, one and two, on which toy1 is registered; in service on one."""

    def __init__(self, one: ToyNode, two: ToyNode) -> None:
        self.one, self.two = one, two
        self.n1 = Node("one", one.prefix / "LifeKeeper", str(one.prefix))
        self.n2 = Node("two", two.prefix / "LifeKeeper", str(two.prefix))
        self.n1.database.pair_with("two", self.n2.root)
        self.n2.database.pair_with("one", self.n1.root)
        self.client = one.prefix / "client.py"
        self.client.write_text(_CLIENT)
        for each in (one, two):
            # Quick enough for a test, and governing what they govern.
            each.configure(timers={"remove.process": 20, "restore.process": 20})
        self.create("toy1")

    def create(self, tag: str) -> None:
        self.n1.create(tag)
        self.n2.create(tag)

    def begin(self) -> None:
        """toy1 in service on one, and on two out of service."""
        assert self.n1.database.restore("toy1")

    @contextmanager
    def checked(self, *tags: str) -> Iterator[None]:
        """While this lasts LifeKeeper checks the node that has them in service, and acts."""
        cluster = Cluster((self.n1, self.n2), tags or ("toy1",), check_interval=0.1)
        over = threading.Event()

        def check() -> None:
            while not over.wait(0.4):
                cluster.check()

        checking = threading.Thread(target=check)
        checking.start()
        try:
            yield
        finally:
            over.set()
            checking.join()

    @property
    def client_command(self) -> str:
        """Whether toy1's daemon runs on either node."""
        programs = [f"{node.home}/daemon" for node in (self.one, self.two)]
        return " ".join([sys.executable, "-IS", str(self.client), *programs])

    def drill(self, node: ToyNode, *words: str, **environment: str) -> Drilling:
        """To its end."""
        drilling = Drilling(node, *words, **environment)
        drilling.end()
        return drilling


def second_node(directory: Path) -> ToyNode:
    directory.mkdir()
    return ToyNode(directory)
