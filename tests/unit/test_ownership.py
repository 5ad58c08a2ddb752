"""Whose a process is: what counts as a claim, and of whom."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import wait_for

from arkcore.base.paths import Paths
from arkcore.context.ownership import Owner
from arkcore.context.unattributed import Unattributed
from arkcore.machine import processes
from arkcore.memory.state import State
from arkcore.plugin.source import PluginSource
from arkcore.resources.resource import ApplicationFacts, LogSettings, RasSettings, Resource
from arkcore.resources.timers import Timers

#: The user of no process of the application's.
STRANGER = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has processes of other users")
Spawn = Callable[..., subprocess.Popen[bytes]]


class Node:
    """A resource's memory, and the product's own directory with one program in it."""

    def __init__(self, directory: Path) -> None:
        self.prefix = str(directory / "node")
        self.name = f"owner-{os.getpid()}"
        self.state = State(Paths(self.prefix), self.name)
        self.home = directory / "home"
        self.home.mkdir()
        shutil.copy("/bin/sleep", self.home / "daemon")
        shutil.copy("/bin/sh", self.home / "shell")
        os.mkfifo(self.home / "never", 0o644)
        #: One process of the product's that is handed the logical host's name, and waits.
        self.named = (
            str(self.home / "shell"),
            "-c",
            f"read x <{self.home}/never",
            "sh",
            "LHOST",
        )

    def owner(self, *named: str, spare: tuple[str, ...] = ()) -> Owner:
        facts = ApplicationFacts(
            force_before_restart=False, runs_as_processes=True, machine_wide=spare
        )
        resource = Resource(
            name=self.name,
            logical_host="LHOST",
            plugin=PluginSource("x", "x", "X", "x", "0", ""),
            application=facts,
            timers=Timers({}),
            options={},
            ras=RasSettings(),
            log=LogSettings(),
        )
        return Owner(resource, self.state, named)

    def mark(self, word: str = "0123") -> dict[str, str]:
        return {"ARK_ACTION": f"{self.name}:{word}", "ARK_PREFIX": self.prefix}

    def note_start(self, word: str = "0123") -> None:
        """As a good start leaves it."""
        self.state.commands.begin_starts()
        self.state.commands.note(f"{self.name}:{word}", "start")
        self.state.commands.forget_kind("start")

    def search(self, *named: str, owner: Owner | None = None, **values: Any) -> Unattributed:
        values = {"variables": ["X_HOST"], "commands": [], **values}
        return Unattributed(owner or self.owner(*named), [str(self.home)], **values)

    def found(self, *named: str, **values: Any) -> list[int]:
        return [each.pid for each in self.search(*named, **values).owned()]

    def started(self, *named: str) -> list[int]:
        return [each.pid for each in self.owner(*named).started()[0]]


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    # What the test makes was made by others: it is nobody's guard.
    monkeypatch.setattr("arkcore.context.ownership.os.getppid", lambda: -1)
    directory = tmp_path
    while directory != Path("/tmp") and directory != directory.parent:
        directory.chmod(0o755)  # a stranger has to get at the program
        directory = directory.parent
    return Node(tmp_path)


@pytest.fixture
def spawn(node: Node) -> Iterator[Spawn]:
    """Starts the product's program, or another, which shows its environment by then."""
    made: list[subprocess.Popen[bytes]] = []

    def start(
        *argv: str | Path, user: int | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        words = argv or (node.home / "daemon", "300")
        groups: Any = {} if user is None else {"group": user, "extra_groups": []}
        child = subprocess.Popen(words, env=environment, user=user, cwd="/", **groups)
        made.append(child)
        wanted = {f"{name}={value}".encode() for name, value in environment.items()}
        wait_for(lambda: wanted <= set(processes.environment(child.pid)))
        return child

    yield start
    for child in made:
        for each in processes.descendants({child.pid}):
            processes.send(each, signal.SIGKILL)
        child.kill()
        child.wait()


class TestMarks:
    def test_one_that_nobody_wrote_down_is_not_believed(self, node: Node, spawn: Spawn) -> None:
        node.note_start("0123")
        child = spawn(**node.mark("4567"))
        assert node.started() == node.found() == []
        assert child.poll() is None

    def test_one_of_a_good_start_is_believed(self, node: Node, spawn: Spawn) -> None:
        node.note_start()
        child = spawn(**node.mark())
        assert node.started() == node.found() == [child.pid]

    def test_one_of_a_stop_is_no_start_s(self, node: Node, spawn: Spawn) -> None:
        node.state.commands.begin_starts()
        node.state.commands.note(f"{node.name}:0123", "stop")
        spawn(**node.mark())
        assert node.started() == node.found() == []

    def test_another_installation_s_is_another_s(self, node: Node, spawn: Spawn) -> None:
        node.note_start()
        spawn(**{**node.mark(), "ARK_PREFIX": "/elsewhere"})
        assert node.started() == node.found() == []

    def test_any_counts_where_the_memory_of_starts_is_lost(self, node: Node, spawn: Spawn) -> None:
        child = spawn(**node.mark())
        assert node.started() == node.found() == [child.pid]

    def test_what_another_command_bears_is_no_start_s_in_a_lost_memory_either(
        self, node: Node, spawn: Spawn
    ) -> None:
        node.state.commands.note(f"{node.name}:0123", "status")
        spawn(**node.mark())
        assert node.started() == node.found() == []

    @as_root
    def test_in_a_pid_namespace_of_its_own_a_known_one_counts(
        self, node: Node, spawn: Spawn
    ) -> None:
        node.note_start()
        with inside(spawn, node) as pid:
            assert pid in node.started()

    @as_root
    def test_in_a_pid_namespace_of_its_own_no_unknown_one_counts(
        self, node: Node, spawn: Spawn
    ) -> None:
        with inside(spawn, node) as pid:
            assert pid not in node.started()


CLONE_NEWPID = 0x20000000
CLONE_NEWNS = 0x00020000


@contextmanager
def inside(spawn: Spawn, node: Node) -> Iterator[int]:
    """The pid here of what enters a pid namespace of its own after its start, and is alone then."""
    told = node.home / "told"
    program = (
        "import ctypes, os, time\n"
        f"assert ctypes.CDLL(None).unshare({CLONE_NEWPID}) == 0\n"
        "pid = os.fork() or time.sleep(300)\n"
        f"open({str(told)!r}, 'w').write(f'{{pid}} ')\n"
    )
    spawn(sys.executable, "-c", program, **node.mark()).wait()
    pid = int(told.read_text())
    try:
        assert not processes.in_our_namespace(pid)
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)


@as_root
class TestUsers:
    CLAIMS = ("mark", "argument", "variable")

    def claim(self, node: Node, how: str, spawn: Spawn) -> int:
        """The pid of a stranger's process that runs the product's program and claims to be it."""
        node.note_start()
        if how == "mark":
            return spawn(user=STRANGER, **node.mark()).pid
        if how == "variable":
            return spawn(user=STRANGER, X_HOST="LHOST").pid
        return spawn(*node.named, user=STRANGER, PATH="/usr/bin:/bin").pid

    @pytest.mark.parametrize("how", CLAIMS)
    def test_a_stranger_s_claim_counts_for_nothing(
        self, node: Node, spawn: Spawn, how: str
    ) -> None:
        self.claim(node, how, spawn)
        assert node.started() == node.found() == []

    @pytest.mark.parametrize("how", CLAIMS)
    def test_a_stranger_s_claim_is_told(self, node: Node, spawn: Spawn, how: str) -> None:
        pid = self.claim(node, how, spawn)
        assert [each.pid for each in node.search().without_owner()] == [pid]

    @pytest.mark.parametrize("how", CLAIMS)
    def test_the_claim_of_a_user_whom_the_resource_names_counts(
        self, node: Node, spawn: Spawn, how: str
    ) -> None:
        pid = self.claim(node, how, spawn)
        assert pid in node.found("nobody")
        assert pid in node.found(users=["nobody"])
        assert (pid in node.started("nobody")) is (how == "mark")

    def test_a_user_that_is_missing_allows_nobody_else(self, node: Node, spawn: Spawn) -> None:
        owner = node.owner("no-such-user")
        assert owner.users() == node.owner().users()
        assert owner.lacks_user
        stranger = processes.look(spawn(user=STRANGER).pid)
        assert stranger is not None
        assert not owner.may_have(stranger, owner.users())

    def test_where_a_user_is_missing_a_mark_that_was_written_down_counts(
        self, node: Node, spawn: Spawn
    ) -> None:
        node.note_start()
        pid = spawn(user=STRANGER, **node.mark()).pid
        assert node.started() == []
        assert node.started("no-such-user") == [pid]
        assert node.found("no-such-user") == [pid]

    def test_where_a_user_is_missing_a_mark_that_was_made_up_counts_for_nothing(
        self, node: Node, spawn: Spawn
    ) -> None:
        spawn(user=STRANGER, **node.mark("9999"))
        assert node.started("no-such-user") == []
        assert node.found("no-such-user") == []

    @pytest.mark.parametrize("how", CLAIMS)
    def test_the_claim_of_a_recorded_process_s_user_counts(
        self, node: Node, spawn: Spawn, how: str
    ) -> None:
        recorded = spawn(user=STRANGER)
        process = processes.look(recorded.pid)
        assert process is not None
        node.state.processes.note([process], processes.users)
        pid = self.claim(node, how, spawn)
        assert pid in node.found()

    def test_the_real_user_counts_as_well(self, node: Node, spawn: Spawn) -> None:
        # As a program with the set-user-id bit that a stranger runs.
        program = f"import os, time; os.setresuid({STRANGER}, 0, 0); time.sleep(300)"
        node.note_start()
        child = spawn(sys.executable, "-c", program, **node.mark())
        wait_for(lambda: processes.users(child.pid) == {0, STRANGER})
        assert node.started() == []

    def test_what_descends_from_ours_keeps_its_own(self, node: Node, spawn: Spawn) -> None:
        daemon = str(node.home / "daemon")
        program = (
            "import os, subprocess, sys\n"
            f"subprocess.run([{daemon!r}, '300'], user={STRANGER}, env={{}})"
        )
        node.note_start()
        words = ("-c", '"$@"; :', "sh", sys.executable, "-c", program)
        parent = spawn(node.home / "shell", *words, **node.mark())

        def daemons() -> list[int]:
            below = processes.descendants({parent.pid})
            return [each.pid for each in below if processes.executable(each.pid) == daemon]

        # It is the daemon only after it has become the stranger's.
        wait_for(daemons)
        [stranger] = daemons()
        assert processes.owner(stranger) == STRANGER
        assert stranger in node.started()

    def test_what_this_action_has_made_may_have_changed_its_own(
        self, node: Node, spawn: Spawn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("arkcore.context.ownership.os.getppid", os.getpid)
        pid = self.claim(node, "mark", spawn)
        assert node.started() == node.found() == [pid]

    def test_a_user_whom_nobody_can_look_up_leaves_every_user_possible(
        self, node: Node, spawn: Spawn
    ) -> None:
        pid = self.claim(node, "mark", spawn)
        assert node.started("no-such-user") == node.found("no-such-user") == [pid]

    def test_nothing_is_read_of_a_stranger_s_process(
        self, node: Node, spawn: Spawn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pid = self.claim(node, "mark", spawn)
        read: list[int] = []
        shown = processes.environment

        def noted(asked: int) -> Any:
            read.append(asked)
            return shown(asked)

        monkeypatch.setattr(processes, "environment", noted)
        node.started()
        node.found()
        assert read
        assert pid not in read


class TestExecutables:
    @as_root
    @pytest.mark.parametrize("copied", [True, False])
    def test_in_another_mount_namespace_device_and_inode_decide(
        self, node: Node, spawn: Spawn, tmp_path: Path, copied: bool
    ) -> None:
        """A copy is seen there at the very path of the product's own program."""
        daemon = str(node.home / "daemon")
        shutil.copy("/bin/sleep", tmp_path / "copy")
        program = (
            "import ctypes, os\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            f"assert libc.unshare({CLONE_NEWNS}) == 0\n"
            f"assert libc.mount(b'', b'/', None, {MS_REC | MS_PRIVATE}, None) == 0\n"
            f"copied = {copied}\n"
            f"source, target = {str(tmp_path / 'copy')!r}.encode(), {daemon!r}.encode()\n"
            f"assert not copied or libc.mount(source, target, None, {MS_BIND}, None) == 0\n"
            f"os.execv({daemon!r}, [{daemon!r}, '300'])\n"
        )
        child = spawn(sys.executable, "-c", program, X_HOST="LHOST")
        wait_for(lambda: processes.executable(child.pid) == daemon)
        wait_for(lambda: b"X_HOST=LHOST" in processes.environment(child.pid))
        assert node.found() == ([] if copied else [child.pid])

    def test_one_that_was_deleted_counts(self, node: Node, spawn: Spawn) -> None:
        child = spawn(X_HOST="LHOST")
        (node.home / "daemon").unlink()
        shutil.copy("/bin/sleep", node.home / "daemon")  # as an upgrade does
        assert node.found() == [child.pid]


MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


class TestParts:
    """What several logical hosts share inherits the environment of whoever started it."""

    def test_what_is_none_inherits_no_claim(self, node: Node, spawn: Spawn) -> None:
        node.note_start()
        named, marked = spawn(X_HOST="LHOST"), spawn(**node.mark())
        owner = node.owner()
        assert node.found(owner=owner, parts=["other"]) == []
        assert {each.pid for each in owner.spared} == {named.pid, marked.pid}

    @pytest.mark.parametrize("part", ["daemon", "dae*"])
    def test_what_is_one_inherits_its_claim(self, node: Node, spawn: Spawn, part: str) -> None:
        child = spawn(X_HOST="LHOST")
        owner = node.owner()
        assert node.found(owner=owner, parts=["other", part]) == [child.pid]
        assert owner.spared == set()

    def test_what_is_none_but_is_given_the_name_belongs(self, node: Node, spawn: Spawn) -> None:
        child = spawn(*node.named, PATH="/usr/bin:/bin")
        assert node.found(parts=["other"]) == [child.pid]

    def test_what_is_none_but_was_recorded_belongs(self, node: Node, spawn: Spawn) -> None:
        child = spawn(X_HOST="LHOST")
        process = processes.look(child.pid)
        assert process is not None
        node.state.processes.note([process])
        assert node.found(parts=["other"]) == [child.pid]

    def test_what_is_none_but_descends_from_one_belongs_whatever_lies_between(
        self, node: Node, spawn: Spawn
    ) -> None:
        (node.home / "shell").rename(node.home / "manager")
        between = f"/bin/sh -c '{node.home}/daemon 300; :'; :"
        manager = spawn(node.home / "manager", "-c", between, X_HOST="LHOST", PATH="/usr/bin:/bin")
        wait_for(lambda: len(processes.descendants({manager.pid})) == 2)
        daemon = max(each.pid for each in processes.descendants({manager.pid}))
        wait_for(lambda: processes.executable(daemon) == str(node.home / "daemon"))
        owner = node.owner()
        assert node.found(owner=owner, parts=["manager"]) == sorted([manager.pid, daemon])
        assert owner.spared == set()

    def test_what_is_none_is_told(self, node: Node, spawn: Spawn) -> None:
        child = spawn(X_HOST="LHOST")
        shown = node.search(parts=["other"]).without_owner()
        assert [each.pid for each in shown] == [child.pid]

    def test_a_machine_wide_one_that_bears_the_name_is_spared_and_told(
        self, node: Node, spawn: Spawn
    ) -> None:
        child = spawn(X_HOST="LHOST")
        owner = node.owner(spare=("daemon",))
        assert node.found(owner=owner, parts=["daemon"]) == []
        assert [each.pid for each in owner.spared] == [child.pid]
