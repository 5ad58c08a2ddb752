"""What a product's directory holds for the whole machine outlives each logical host of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ark_lab import StandIn
from ark_lab.testing import HOST, Lab
from ark_testing import Node
from support import wait_for

from arkcore.base.call import Action
from arkcore.machine import processes

OTHER = "LVMRH6LKB"
RESTORE, REMOVE, CHECK = Action.RESTORE, Action.REMOVE, Action.QUICK_CHECK
#: No page tells the name of such a process.
UNKNOWN = "opt/jp1ajs2/bin/ajsagent"


class Site:
    """A node with JP1/AJS3 of two logical hosts, each of which is a resource."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.jp1: StandIn = lab.node()
        self.jp1.logical_host(OTHER, lab.shared)
        self.jp1.configure(ajs_needs_base=0)
        self.prefix = lab.directory / "ark"
        self.resources = self.prefix / "etc/ark/resources"
        self.resources.mkdir(parents=True)
        self.node = Node("node1", lab.directory / "lk", str(self.prefix))
        self._started: list[subprocess.Popen[bytes]] = []

    def protect(self, tag: str, host: str, **options: object) -> None:
        lines = [f"{key} = {value!r}" for key, value in options.items()]
        (self.resources / f"{tag}.toml").write_text(
            f'plugin = "jp1-ajs3-manager"\nlogical_host = "{host}"\n'
            "[timers]\nforce_stop_wait = 0.2\nremove.process = 100\n"
            f'[options]\nroot = "{self.jp1.root}"\n' + "\n".join(lines) + "\n"
        )
        self.node.create(tag)

    def program(self, path: str) -> Path:
        """An executable of the product's, at `path` beneath the root."""
        program = self.jp1.root / path
        shutil.copy("/bin/sleep", program)
        return program

    def start(self, path: str) -> int:
        """Have a person start that program, whose shell has HOST for its logical host."""
        environment = {"JP1_HOSTNAME": HOST}
        child = subprocess.Popen(
            [self.program(path), "1000"], env=environment, start_new_session=True
        )
        self._started.append(child)
        wait_for(lambda: b"JP1_HOSTNAME=" + HOST.encode() in processes.environment(child.pid))
        return child.pid

    def call(self, action: Action, tag: str) -> tuple[int | None, float]:
        """The exit code, and how long it took."""
        began = time.monotonic()
        code = self.node.call(action, tag).code
        if action is RESTORE and code == 0:
            self.node.set_state(tag, "ISP")
        return code, time.monotonic() - began

    def ras(self, tag: str) -> list[str]:
        lines = (self.prefix / "var/log/ark/ras.log").read_text().splitlines()
        return [line.split(" : ", 3)[3] for line in lines if f" : {tag} : " in line]

    def close(self) -> None:
        for child in self._started:
            child.kill()
            child.wait()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Lab(tmp_path) as lab:
        made = Site(lab)
        yield made
        made.close()


def started_once(site: Site) -> str:
    """A start command that also starts, once for the machine, a daemon of the product's own."""
    daemon = site.program(UNKNOWN)
    script = site.jp1.root / "etc/opt/jp1ajs2/site_start.cluster"
    script.write_text(
        "#!/bin/sh\n"
        f'{site.jp1.root}/etc/opt/jp1ajs2/jajs_start.cluster "$@"\n'
        f"mkdir {site.jp1.root}/once 2>/dev/null || exit 0\n"
        f"setsid {daemon} 1000 </dev/null >/dev/null 2>&1 &\n"
    )
    script.chmod(0o755)
    return "/etc/opt/jp1ajs2/site_start.cluster"


def living(site: Site, path: str) -> list[int]:
    return running(site.jp1.root / path)


def running(program: Path) -> list[int]:
    return [pid for pid in processes.pids() if processes.executable(pid) == str(program)]


def test_a_daemon_that_a_start_made_once_for_the_machine_outlives_the_remove(site: Site) -> None:
    command = started_once(site)
    site.protect("ajs1", HOST, start_command=command)
    site.protect("ajs2", OTHER, start_command=command)
    assert site.call(RESTORE, "ajs1")[0] == 0
    assert site.call(RESTORE, "ajs2")[0] == 0
    wait_for(lambda: len(living(site, UNKNOWN)) == 1)
    [daemon] = living(site, UNKNOWN)
    assert site.call(CHECK, "ajs1")[0] == 0
    code, seconds = site.call(REMOVE, "ajs1")
    assert code == 0
    assert seconds < 60  # its timer is 100 s
    assert living(site, UNKNOWN) == [daemon]
    assert "Force stopping." not in site.ras("ajs1")
    told = [line for line in site.ras("ajs1") if f"pid {daemon} ajsagent" in line]
    assert len(told) == 1
    assert told[0].startswith(f"left alone, though it bears the name or a mark of {HOST}: ")
    assert site.call(CHECK, "ajs2")[0] == 0
    assert site.call(REMOVE, "ajs2")[0] == 0
    assert living(site, UNKNOWN) == [daemon]


def test_what_not_ours_names_outlives_the_remove_wherever_its_program_lies(site: Site) -> None:
    program = site.lab.directory / "elsewhere/sharedd"
    program.parent.mkdir()
    shutil.copy("/bin/sleep", program)
    script = site.jp1.root / "etc/opt/jp1ajs2/site_start.cluster"
    script.write_text(
        "#!/bin/sh\n"
        f'{site.jp1.root}/etc/opt/jp1ajs2/jajs_start.cluster "$@"\n'
        f"setsid {program} 1000 </dev/null >/dev/null 2>&1 &\n"
    )
    script.chmod(0o755)
    command = "/etc/opt/jp1ajs2/site_start.cluster"
    site.protect("ajs1", HOST, start_command=command, not_ours=["sharedd"])
    assert site.call(RESTORE, "ajs1")[0] == 0
    wait_for(lambda: len(running(program)) == 1)
    assert site.call(REMOVE, "ajs1")[0] == 0
    [daemon] = running(program)
    assert any("left alone" in line and f"pid {daemon} " in line for line in site.ras("ajs1"))
    os.kill(daemon, signal.SIGKILL)


@pytest.mark.parametrize("path", ["opt/jp1ajs2/bin/jevtraplog", UNKNOWN])
def test_a_daemon_that_a_person_started_for_a_logical_host_outlives_the_remove(
    site: Site, path: str
) -> None:
    site.protect("ajs1", HOST)
    assert site.call(RESTORE, "ajs1")[0] == 0
    daemon = site.start(path)
    assert site.call(CHECK, "ajs1")[0] == 0
    code, seconds = site.call(REMOVE, "ajs1")
    assert code == 0
    assert seconds < 60  # its timer is 100 s
    assert living(site, path) == [daemon]
    assert any(f"pid {daemon} {Path(path).name}" in line for line in site.ras("ajs1"))


def test_a_daemon_that_the_option_ours_names_ends_with_its_logical_host(site: Site) -> None:
    site.protect("ajs1", HOST, ours=[Path(UNKNOWN).name])
    assert site.call(RESTORE, "ajs1")[0] == 0
    daemon = site.start(UNKNOWN)
    assert site.call(REMOVE, "ajs1")[0] == 0
    assert os.waitstatus_to_exitcode(os.waitpid(daemon, 0)[1]) in (-signal.SIGTERM, -signal.SIGKILL)
    [told] = [line for line in site.ras("ajs1") if f"pid {daemon} " in line]
    assert told.startswith("killed: ")
