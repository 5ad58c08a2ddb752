"""A disk that hangs holds up no action: what is known of the application is ended all the same."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from ark_command import Command
from ark_testing import Node
from failing_disk import failing

from arkcore import (
    ConfigurationError,
    Level,
    SilentDisk,
    Status,
    StepFailed,
    ask_path,
    processes,
)
from arkcore.base.call import Action
from arkcore.machine import asked, disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.context.context import Context
    from arkcore.machine.processes import Process

    MakeContext = Callable[..., Context]

RESTORE, REMOVE, CHECK = Action.RESTORE, Action.REMOVE, Action.QUICK_CHECK
TAG = "lkdisk"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not os.path.exists("/dev/fuse"), reason="only root can mount"
)


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's disk did not answer holds nobody up in the next."""
    monkeypatch.setattr(asked, "_unanswered", (-asked._REST, ""))
    monkeypatch.setattr(disk, "_silent", {})


class Site:
    """One node whose application has all of its files on a disk of its own."""

    def __init__(self, directory: Path, disk: Path) -> None:
        self.disk = disk
        self.pid_file = disk / "app.pid"
        self._prefix = directory / "ark"
        self._resources = self._prefix / "etc/ark/resources"
        self._resources.mkdir(parents=True)
        self._node = Node("node1", directory / "lk", str(self._prefix))

    def script(self, name: str, body: str) -> list[str]:
        path = self.disk / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return [str(path)]

    def protect(self, **options: object) -> None:
        start = f"setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $! >{self.pid_file}"
        values = {
            "start": self.script("start", start),
            "stop": self.script("stop", f"kill $(cat {self.pid_file})"),
            **options,
        }
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
        (self._resources / f"{TAG}.toml").write_text(
            f'plugin = "command"\nlogical_host = "LHOST"\n[timers]\nquickcheck.confirm = 0.2\n'
            f"remove.process = 10\nforce_stop_wait = 0.2\n[options]\n{lines}\n"
        )
        self._node.create(TAG)

    def call(self, action: Action) -> tuple[int | None, float]:
        end = self._node.call(action, TAG)
        if action is RESTORE and end.code == 0:
            self._node.set_state(TAG, "ISP")
        return end.code, end.seconds

    def started(self) -> Process:
        assert self.call(RESTORE)[0] == 0, self.log()
        process = processes.look(int(self.pid_file.read_text()))
        assert process is not None
        return process

    def log(self) -> str:
        return (self._prefix / "var/log/ark/ras.log").read_text()


@pytest.fixture
def site(tmp_path: Path, passable: Path) -> Site:
    return Site(tmp_path, passable)


class TestARemove:
    @pytest.mark.parametrize("user", ["", "nobody"])
    def test_with_a_pid_file_ends_the_processes_and_succeeds(self, site: Site, user: str) -> None:
        site.disk.chmod(0o1777 if user else 0o755)
        site.protect(pid_file=str(site.pid_file), **({"user": user} if user else {}))
        process = site.started()
        with failing(site.disk):
            code, seconds = site.call(REMOVE)
            assert not processes.still_lives(process)
        assert code == 0, site.log()
        assert seconds < 30
        assert "is not run: its disk has not answered for 2 s" in site.log()

    def test_with_a_status_command_ends_the_processes(self, site: Site) -> None:
        status = site.script("status", f"kill -0 $(cat {site.pid_file}) || exit 3")
        site.protect(status=status)
        process = site.started()
        with failing(site.disk):
            code, seconds = site.call(REMOVE)
            assert not processes.still_lives(process)
        assert code in (0, 1)
        assert seconds < 60

    def test_with_a_forced_stop_command_ends_the_processes(self, site: Site) -> None:
        kill = site.script("kill", f"kill -9 $(cat {site.pid_file})")
        site.protect(pid_file=str(site.pid_file), force_stop=kill)
        process = site.started()
        with failing(site.disk):
            assert site.call(REMOVE)[0] == 0, site.log()
            assert not processes.still_lives(process)

    def test_of_a_changed_resource_file_ends_the_processes(self, site: Site) -> None:
        site.protect(pid_file=str(site.pid_file))
        process = site.started()
        site.protect(pid_file=str(site.pid_file), stop_codes=[0, 1])
        with failing(site.disk):
            code, seconds = site.call(REMOVE)
            assert not processes.still_lives(process)
        assert code == 0, site.log()
        assert seconds < 40


def test_a_check_is_undecided_in_time(site: Site) -> None:
    site.protect(pid_file=str(site.pid_file))
    process = site.started()
    with failing(site.disk):
        code, seconds = site.call(CHECK)
    assert code == 0
    assert seconds < 20
    assert processes.still_lives(process)
    site.call(REMOVE)


class TestAHook:
    """Each hook by itself, in this process."""

    def test_a_status_command_is_not_run(self, make_context: MakeContext, passable: Path) -> None:
        ctx = make_context(status=[str(passable / "status")])
        with failing(passable):
            report = Command().ark_status(ctx)
        assert report.status is Status.UNKNOWN
        assert report.detail.endswith("status is not run: its disk has not answered for 2 s")

    def test_a_start_command_is_not_run(self, make_context: MakeContext, passable: Path) -> None:
        ctx = make_context(start=["/bin/sh", str(passable / "start")], tcp="127.0.0.1:1")
        with failing(passable), pytest.raises(StepFailed, match="has not answered"):
            Command().ark_start(ctx)

    def test_a_command_that_cannot_be_judged_is_refused(
        self, make_context: MakeContext, passable: Path
    ) -> None:
        with failing(passable), pytest.raises(ConfigurationError) as told:
            make_context(start=[str(passable / "start")], tcp="127.0.0.1:1")
        assert "its disk has not answered for 2 s" in str(told.value)

    def test_a_preflight_tells_it(self, make_context: MakeContext, passable: Path) -> None:
        ctx = make_context(start=[str(passable / "start")], tcp="127.0.0.1:1")
        with failing(passable):
            finding = next(iter(Command().ark_preflight(ctx)))
        assert finding.level is Level.FAIL

    def test_a_silent_disk_is_waited_for_once(self, passable: Path) -> None:
        path = str(passable / "file")
        with failing(passable):
            began = time.monotonic()
            for _ in range(5):
                with pytest.raises(SilentDisk):
                    ask_path(path, lambda: os.stat(path))
            assert time.monotonic() - began < 2 * disk.PATIENCE
