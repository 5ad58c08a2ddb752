"""What the plugin makes of a real systemd's answers, of silence, and of answers that are none."""

from __future__ import annotations

import os
import secrets
import signal
import time

import pytest
from ark_systemd import Systemd
from ark_systemd._group import living
from ark_systemd._status import judge
from own_systemd import Manager

from arkcore import Finding, Level, Status, StatusReport, processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from arkcore import Context

SLEEP = "ExecStart=/bin/sleep 1000"


@pytest.fixture
def unit(manager: Manager) -> Callable[..., str]:
    """Writes a service of a name that no other test has."""
    return lambda *text: manager.unit(f"ark-{secrets.token_hex(4)}", *text)


@pytest.fixture
def of(manager: Manager, make_context: Callable[..., Context]) -> Callable[..., Context]:
    return lambda name, **given: make_context(name, manager.systemctl, **given)


def status(ctx: Context) -> StatusReport:
    return Systemd().ark_status(ctx)


class TestStatus:
    def test_follows_a_service_through_its_life(self, unit, of, manager) -> None:
        name = unit(SLEEP)
        ctx = of(name)
        assert status(ctx).status is Status.STOPPED
        Systemd().ark_start(ctx)
        assert status(ctx).status is Status.RUNNING
        [process] = Systemd().ark_processes(ctx)
        assert [process.pid] == manager.pids(name)
        processes.send(process, signal.SIGSTOP)
        wait_until(lambda: status(ctx).status is Status.UNKNOWN)
        assert "stopped by a signal" in status(ctx).detail
        processes.send(process, signal.SIGCONT)
        wait_until(lambda: status(ctx).status is Status.RUNNING)
        processes.send(process, signal.SIGKILL)
        wait_until(lambda: status(ctx).status is Status.STOPPED)
        assert "Result=signal" in status(ctx).detail

    def test_is_starting_until_the_service_is_ready(self, unit, of, manager) -> None:
        name = unit(f"{SLEEP}\nExecStartPost=/bin/sleep 1000")
        manager.tell("start", "--no-block", name)
        ctx = of(name)
        wait_until(lambda: status(ctx).status is Status.STARTING)
        Systemd().ark_force_stop(ctx)
        assert not Systemd().ark_processes(ctx)
        wait_until(lambda: status(ctx).status is Status.STOPPED)

    def test_is_starting_while_systemd_waits_to_restart_it(self, unit, of, manager) -> None:
        name = unit(f"{SLEEP}\nRestart=always\nRestartSec=1000")
        ctx = of(name)
        Systemd().ark_start(ctx)
        [process] = Systemd().ark_processes(ctx)
        processes.send(process, signal.SIGKILL)
        wait_until(lambda: status(ctx).detail == "activating (auto-restart)")
        assert status(ctx).status is Status.STARTING
        Systemd().ark_stop(ctx)
        assert status(ctx).status is Status.STOPPED

    def test_does_not_believe_an_active_unit_without_processes(self, unit, of, manager) -> None:
        name = unit(f"{SLEEP}\nRemainAfterExit=yes\nSuccessExitStatus=SIGKILL")
        ctx = of(name)
        Systemd().ark_start(ctx)
        [process] = Systemd().ark_processes(ctx)
        processes.send(process, signal.SIGKILL)
        wait_until(lambda: status(ctx).status is Status.PARTIAL)
        assert status(ctx).detail.startswith("active (exited), but nothing lives")
        Systemd().ark_start(ctx)
        assert status(ctx).status is Status.RUNNING

    def test_of_a_unit_that_is_not_installed_is_stopped(self, of) -> None:
        found = status(of(f"ark-{secrets.token_hex(4)}.service"))
        assert found.status is Status.STOPPED
        assert "LoadState=not-found" in found.detail

    def test_is_unknown_while_systemd_does_not_answer(self, unit, of, manager) -> None:
        name = unit(SLEEP)
        ctx = of(name)
        Systemd().ark_start(ctx)
        with manager.silent():
            found = status(of(name, seconds=0.3))
            assert found.status is Status.UNKNOWN
            assert "had not ended" in found.detail
            assert [each.pid for each in living(name)] == manager.pids(name)
            Systemd().ark_force_stop(of(name, seconds=4))
            assert not living(name)
            assert status(of(name, seconds=0.3)).status is Status.UNKNOWN

    @pytest.mark.parametrize(
        "answer",
        [
            "exit 1",
            "exit 0",
            "echo Failed to connect to bus: No such file or directory; exit 1",
            "echo LoadState=loaded; echo ActiveState=; echo SubState=dead",
            "echo LoadState=loaded; echo ActiveState=inactive",
            "echo LoadState=loaded; echo ActiveState=odd; echo SubState=dead",
            "for each in active inactive; do echo ActiveState=$each; done; echo SubState=dead",
            "kill -9 $$",
        ],
    )
    def test_is_unknown_for_an_answer_that_is_none(
        self, answer: str, tmp_path: Path, make_context: Callable[..., Context]
    ) -> None:
        program = tmp_path / "systemctl"
        program.write_text(f"#!/bin/sh\n{answer}\n")
        program.chmod(0o755)
        assert status(make_context("a.service", program)).status is Status.UNKNOWN
        assert status(make_context("a.service", "/nowhere")).status is Status.UNKNOWN

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ({"ActiveState": "inactive", "SubState": "dead", "Job": "7"}, Status.STARTING),
            ({"ActiveState": "inactive", "SubState": "dead", "Job": ""}, Status.STOPPED),
            ({"ActiveState": "active", "FreezerState": "frozen"}, Status.UNKNOWN),
            ({"ActiveState": "active", "FreezerState": "running"}, Status.RUNNING),
        ],
    )
    def test_heeds_waiting_jobs_and_the_freezer(
        self, given: dict[str, str], wanted: Status
    ) -> None:
        this = processes.look(os.getpid())
        assert this is not None
        assert (
            judge({"LoadState": "loaded", "SubState": "running", **given}, [this]).status is wanted
        )


class TestHealth:
    def test_is_asked_where_systemd_says_running_alone(self, unit, of) -> None:
        class Product(Systemd):
            def health(self, ctx: Context, seen: StatusReport) -> StatusReport:
                return StatusReport(Status.PARTIAL, f"systemd said {seen.detail}")

        ctx = of(unit(SLEEP))
        assert Product().ark_status(ctx).status is Status.STOPPED
        Systemd().ark_start(ctx)
        assert Product().ark_status(ctx).detail == "systemd said active (running)"


class TestStart:
    def test_is_not_refused_for_earlier_starts(self, unit, of) -> None:
        ctx = of(unit(SLEEP, "StartLimitBurst=1\nStartLimitIntervalSec=1000"))
        for _ in range(2):
            Systemd().ark_start(ctx)
            assert status(ctx).status is Status.RUNNING
            # It has failed: systemd does not forget it.
            for process in Systemd().ark_processes(ctx):
                processes.send(process, signal.SIGKILL)
            wait_until(lambda: status(ctx).status is Status.STOPPED)


class TestStop:
    def test_by_force_prevents_the_restart(self, unit, of) -> None:
        ctx = of(unit(f"{SLEEP}\nRestart=always\nRestartSec=0\nKillSignal=SIGCONT"))
        Systemd().ark_start(ctx)
        Systemd().ark_force_stop(ctx)
        assert not Systemd().ark_processes(ctx)
        wait_until(lambda: status(ctx).status is Status.STOPPED)


class TestPreflight:
    def test_tells_what_the_cluster_cannot_live_with(self, unit, of, manager) -> None:
        name = unit(f"{SLEEP}\nRestart=always\nKillMode=process")
        manager.tell("enable", name)
        found = {each.check: each for each in preflight(of(name))}
        assert found["start at boot"].level is Level.FAIL
        assert found["Restart"].level is Level.WARN
        assert found["KillMode"].level is Level.WARN

    def test_finds_nothing_wrong_with_a_plain_service(self, unit, of) -> None:
        assert {each.level for each in preflight(of(unit(SLEEP)))} == {Level.OK}

    def test_tells_the_unit_behind_an_alias(self, unit, of, manager) -> None:
        name = unit(SLEEP)
        alias = name.replace("ark-", "ark-other-")
        (manager.units / alias).symlink_to(name)
        manager.tell("daemon-reload")
        [found] = [each for each in preflight(of(alias)) if each.check == "options.unit"]
        assert (found.level, found.advice) == (Level.FAIL, f'unit = "{name}"')


def preflight(ctx: Context) -> list[Finding]:
    return list(Systemd().ark_preflight(ctx))


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
