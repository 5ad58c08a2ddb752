"""The tutorial, done as a reader does it: its commands, its files, its plugin on Memcached."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ark_testing import Node
from fresh import ROOT, Fresh

from arkcore.base.call import Action

# `make test` has one unpacked where none is installed.
UNPACKED = ROOT / ".deps/memcached/usr/bin/memcached"
MEMCACHED = shutil.which("memcached") or str(UNPACKED)

#: What an author writes is less than this many lines, blank ones not counted.
FEW = 60


def written_by_the_author(documents) -> list[str]:
    codes = [code for code in documents.code_of("tutorial.md") if code.kind in ("python", "toml")]
    return [line for code in codes for line in code.text.splitlines() if line.strip()]


def test_what_the_author_writes_is_little(english):
    lines = written_by_the_author(english)
    assert len(english.code_of("tutorial.md")) >= 8
    assert 40 < len(lines) < FEW


class Reader:
    """One who reads the page from top to bottom and does what it says."""

    def __init__(self, english, wheels: list[Path], directory: Path) -> None:
        self.fresh = Fresh(directory / "environment")
        self.fresh.install(*wheels)
        self.fresh.path = f"{Path(MEMCACHED).parent}:{self.fresh.path}"
        self.home = directory
        self.prefix = directory / "node"
        (self.prefix / "etc/ark/resources").mkdir(parents=True)
        self.project = directory / "ark-memcached"
        self.port = _free_port()
        self.shell: list[str] = []
        self._read(english)
        # At last and not for editing, which would need a library more.
        self.fresh.install(self.project)

    def _read(self, english) -> None:
        """Do all of it up to the tests; keep the commands for the tests and for trying it."""
        page = english.pages["tutorial.md"]
        for code in english.code_of("tutorial.md"):
            if code.kind == "console":
                (line,) = code.text.splitlines()
                if line.startswith("$ ark new"):
                    self.fresh.call("/bin/sh", "-ec", line.removeprefix("$ "), cwd=self.home)
            elif code.kind == "python":
                before = page[: page.index(code.text)]
                self._put(self.project / re.findall(r"`([\w/]+\.py)`", before)[-1], code.text)
            elif code.kind == "toml":
                # On a node of this test's own, with a port that is free.
                text = code.text.replace("port = 11211", f"port = {self.port}")
                assert text != code.text
                text += f'program = "{MEMCACHED}"\nuser = "nobody"\n'
                (self.prefix / code.title.removeprefix("/")).write_text(text)
            elif code.kind == "sh" and "pip install" in code.text:
                self._take_away(code.text)
            elif code.kind == "sh":
                self.shell.append(code.text)

    def _take_away(self, text: str) -> None:
        commands = text.splitlines()
        assert commands[:2] == ["cd ark-memcached", "pip install -e '.[test]'"]
        self.fresh.call("/bin/sh", "-ec", "\n".join(commands[2:]), cwd=self.project)

    def _put(self, path: Path, text: str) -> None:
        assert path.exists(), f"{path}: the page has it put in the place of a file"
        path.write_text(text)

    def does(self, *beginnings: str) -> str:
        """Run those commands of a block that begin so; what they write."""
        [block] = [text for text in self.shell if all(each in text for each in beginnings)]
        lines = [line for line in block.splitlines() if line.startswith(beginnings)]
        return self.fresh.call(
            "/bin/sh", "-ec", "\n".join(lines), cwd=self.project, ARK_PREFIX=str(self.prefix)
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


#: Seconds; the conformance kit and pip on a busy machine.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def reader(english, wheels, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(english, wheels, tmp_path_factory.mktemp("tutorial"))


@pytest.fixture
def alone() -> Iterator[None]:
    """One at a time: the cache has the same logical host, whichever reader's and test's it is."""
    with open(Path(tempfile.gettempdir()) / "ark-tutorial.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(b"version\r\n")
            return client.recv(100).startswith(b"VERSION ")
    except OSError:
        return False


def test_the_plugin_passes_style_and_types(reader):
    reader.does("mypy", "ruff check", "ruff format")


@pytest.mark.usefixtures("alone")
def test_the_plugin_passes_the_conformance_kit(reader):
    told = reader.does("pytest")
    passed = re.search(r"(\d+) passed in", told)
    assert passed
    assert int(passed[1]) >= 25


@pytest.mark.usefixtures("alone")
def test_it_can_be_tried_by_hand(reader):
    told = reader.does("ark validate", "ark run restore", "ark run quickcheck", "ark status")
    assert "restore lkcache: well" in told
    assert "RUNNING" in told
    assert answers(reader.port)
    told = reader.does("ark run remove")
    assert "remove lkcache: well" in told
    assert not answers(reader.port)


@pytest.mark.usefixtures("alone")
def test_it_is_protected_under_lifekeeper(reader, tmp_path):
    """By the launchers that the page has written, on a server that a driver plays."""
    node = Node("node1", tmp_path / "LifeKeeper", str(reader.prefix))
    node.create("lkcache")
    words = (reader.prefix / "launchers", "--prefix", reader.prefix)
    reader.fresh.call("ark", "lifekeeper", "launchers", *words)
    for action, name in (
        (Action.RESTORE, "restore"),
        (Action.REMOVE, "remove"),
        (Action.QUICK_CHECK, "quickCheck"),
        (Action.RECOVER, "recover"),
    ):
        shutil.copy(reader.prefix / "launchers" / name, node.program(action, "lkcache"))
    node.set_state("lkcache", "ISP")
    try:
        assert node.call(Action.RESTORE, "lkcache").code == 0
        assert node.call(Action.QUICK_CHECK, "lkcache").code == 0
        os.kill(_pid(reader), 9)
        assert node.call(Action.QUICK_CHECK, "lkcache").code == 1
        assert not answers(reader.port)
        assert node.call(Action.RECOVER, "lkcache").code == 0
        assert answers(reader.port)
    finally:
        assert node.call(Action.REMOVE, "lkcache").code == 0
    assert not answers(reader.port)


@pytest.mark.usefixtures("alone")
def test_it_is_protected_under_pacemaker(reader):
    """By the agent that the page has installed, called as the cluster calls it."""
    [block] = [text for text in reader.shell if "ark pacemaker install" in text]
    install, create = block.splitlines()
    root = reader.home / "agents"
    reader.fresh.call(
        "/bin/sh", "-ec", f"{install} --root {root}", ARK_PREFIX=str(reader.home / "node2")
    )
    agent = root / "usr/lib/ocf/resource.d/ark/memcached"
    words = dict(word.split("=") for word in create.partition(" params ")[2].split())
    # As the page has it, but for what this machine does not have.
    words |= {"port": str(reader.port), "program": MEMCACHED, "user": "nobody"}
    parameters = {f"OCF_RESKEY_{name}": value for name, value in words.items()}

    def called(action: str) -> int:
        about = {"OCF_RESOURCE_INSTANCE": "lkcache", "OCF_RESKEY_CRM_meta_timeout": "60000"}
        done = reader.fresh.run(agent, action, **about, **parameters)
        print(action, done)  # shown where it is not as expected
        return done.returncode

    assert "port" in reader.fresh.call(agent, "meta-data")
    assert called("monitor") == 7
    try:
        assert called("start") == 0
        assert answers(reader.port)
        assert called("monitor") == 0
    finally:
        assert called("stop") == 0
    assert not answers(reader.port)
    assert called("monitor") == 7


def _pid(reader: Reader) -> int:
    """The one process that was recorded when it was last RUNNING."""
    path = reader.prefix / "run/ark/resources/lkcache/processes.json"
    recorded = json.loads(path.read_text())
    [(pid, _)] = recorded["processes"] if isinstance(recorded, dict) else recorded
    return int(pid)
