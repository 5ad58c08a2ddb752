"""The JP1 plugins under LifeKeeper's four programs, on the stand-in JP1."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ark_lab import Product, StandIn
from ark_lab.testing import HOST, Lab
from ark_testing import Node
from support import pairs_are_whole, wait_for

from arkcore.base.call import Action

RESTORE, REMOVE = Action.RESTORE, Action.REMOVE
CHECK, RECOVER = Action.QUICK_CHECK, Action.RECOVER


class Site:
    """One node: the stand-in, our files, LifeKeeper's copies of the programs."""

    def __init__(self, lab: Lab, product: Product | None = Product.MANAGER) -> None:
        self.lab = lab
        self.jp1: StandIn = lab.node("node1", product=product)
        self.prefix = lab.directory / "ark"
        self.resources = self.prefix / "etc/ark/resources"
        self.resources.mkdir(parents=True)
        self.node = Node("node1", lab.directory / "lk", str(self.prefix))

    def protect(
        self, tag: str, plugin: str, host: str = HOST, extra: str = "", **timers: float
    ) -> str:
        values = {"force_stop_wait": 0.2, "quickcheck.confirm": 0.2, **timers}
        lines = [f"{key.replace('__', '.')} = {value}" for key, value in values.items()]
        (self.resources / f"{tag}.toml").write_text(
            f'plugin = "{plugin}"\nlogical_host = "{host}"\n{extra}\n[timers]\n'
            + "\n".join(lines)
            + f'\n[options]\nroot = "{self.jp1.root}"\n'
        )
        self.node.create(tag)
        return tag

    def call(self, action: Action, tag: str) -> int | None:
        end = self.node.call(action, tag)
        if action is RESTORE and end.code == 0:
            self.node.set_state(tag, "ISP")
        return end.code

    @property
    def ras(self) -> list[str]:
        return (self.prefix / "var/log/ark/ras.log").read_text().splitlines()

    def messages(self, tag: str) -> list[str]:
        return [line.split(" : ", 3)[3] for line in self.ras if f" : {tag} : " in line]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(tmp_path) as made:
        yield made


def status_of(site: Site, tag: str) -> str:
    """What `ark status` says of a resource."""
    program = Path(sys.executable).parent / "ark"
    answer = subprocess.run(
        [program, "status", tag, "--json"],
        env={"ARK_PREFIX": str(site.prefix), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    [facts] = json.loads(answer.stdout)
    return str(facts["status"])


def kill_one(jp1: StandIn, host: str, name: str) -> None:
    [process] = [each for each in jp1.processes(host) if each.name == name]
    os.kill(process.pid, signal.SIGKILL)
    jp1.wait_until(lambda: process.pid not in {each.pid for each in jp1.processes(host)})


@pytest.mark.parametrize(
    ("plugin", "product", "victim"),
    [
        # Every other process: the conformance kit.
        ("jp1-base", None, "jevservice"),
        ("jp1-ajs3-manager", Product.MANAGER, "jajs_agtd"),
        ("jp1-ajs3-agent", Product.AGENT, "jpqmon"),
    ],
)
def test_the_whole_life(lab: Lab, plugin: str, product: Product | None, victim: str) -> None:
    site = Site(lab, product)
    tag = "lkjp1"
    requires = ""
    if product is not None:
        assert site.call(RESTORE, site.protect("lkjp1_base", "jp1-base")) == 0
        requires = 'requires = ["lkjp1_base"]'
    machine_wide = {each.pid for each in site.jp1.processes() if each.host is None}
    site.protect(tag, plugin, extra=requires)
    assert site.call(REMOVE, tag) == 0
    assert site.call(RESTORE, tag) == 0
    assert site.call(RESTORE, tag) == 0
    assert site.call(CHECK, tag) == 0
    victims = [each for each in site.jp1.processes(HOST) if each.name.startswith(victim)]
    os.kill(victims[0].pid, signal.SIGKILL)
    wait_for(lambda: victims[0].pid not in {each.pid for each in site.jp1.processes(HOST)})
    assert site.call(CHECK, tag) == 1
    assert site.call(RECOVER, tag) == 0
    assert site.call(CHECK, tag) == 0
    assert site.call(REMOVE, tag) == 0
    assert site.call(REMOVE, tag) == 0
    assert site.call(CHECK, tag) == 0
    assert site.messages(tag)[-1] == "QuickCheck completed. Skipped: wanted = down."
    assert pairs_are_whole(site.messages(tag))
    if product is not None:
        assert site.call(REMOVE, "lkjp1_base") == 0
    assert site.jp1.processes(HOST) == []
    assert status_of(site, tag) == "STOPPED"
    left = {each.pid for each in site.jp1.processes()}
    assert machine_wide <= left
    assert site.jp1.commands() == []


def test_the_guides_sample_of_a_stop_that_needed_force(lab: Lab) -> None:
    site = Site(lab, None)
    tag = site.protect("lkjp1_base", "jp1-base", remove__process=2)
    assert site.call(RESTORE, tag) == 0
    site.jp1.fault("jbs_stop.cluster", leave="jbsroute")
    before = len(site.ras)
    assert site.call(REMOVE, tag) == 0
    etc = site.jp1.root / "etc/opt/jp1base"
    told = [line.partition("] : ")[2] for line in site.ras[before:]]
    assert told == [
        f"lkjp1_base : {HOST} : Remove start.",
        f"lkjp1_base : {HOST} : Stopping.",
        f"lkjp1_base : {HOST} : {etc}/jbs_stop.cluster {HOST}",
        f"lkjp1_base : {HOST} : Force stopping.",
        f"lkjp1_base : {HOST} : {etc}/jbs_killall.cluster {HOST}",
        f"lkjp1_base : {HOST} : Stop completed.",
        f"lkjp1_base : {HOST} : Remove completed.",
    ]
    assert site.jp1.processes(HOST) == []


def test_why_a_recover_stops_by_force_what_is_gone_is_told(lab: Lab) -> None:
    site = Site(lab, None)
    tag = site.protect("lkjp1_base", "jp1-base")
    assert site.call(RESTORE, tag) == 0
    kill_one(site.jp1, HOST, "jbsroute")
    assert site.call(RECOVER, tag) == 0
    told = site.messages(tag)
    assert told[told.index("Force stopping.") - 1] == (
        "No process is left. A forced stop follows all the same: the product's maker asks for one "
        "before a restart"
    )


def test_a_late_killer_of_a_forced_stop_does_not_hit_the_next_start(lab: Lab) -> None:
    site = Site(lab, None)
    tag = site.protect("lkjp1_base", "jp1-base")
    site.jp1.configure(kill_again=1.5)
    assert site.call(RESTORE, tag) == 0
    kill_one(site.jp1, HOST, "jbs_spmd")
    assert site.call(CHECK, tag) == 1
    assert site.call(RECOVER, tag) == 0
    site.jp1.wait_until(lambda: not site.jp1.commands())
    assert site.call(CHECK, tag) == 0


def test_a_daemon_that_keeps_stdout_open_holds_up_nobody(lab: Lab) -> None:
    site = Site(lab, None)
    tag = site.protect("lkjp1_base", "jp1-base")
    site.jp1.configure(keep_stdout=True)
    end = site.node.call(RESTORE, tag)
    assert end.code == 0
    assert end.seconds < 60  # the daemon lives on, and the timer is 480 s
    assert end.output == ""


STATES = ("stopped", "running", "half dead", "stop refused")


class Pair:
    """One application of two logical hosts on one node, as mutual standby leaves them there."""

    def __init__(self, lab: Lab, plugin: str, product: Product | None) -> None:
        self.site = Site(lab, product)
        self.product = product
        self.manager = "jbs_spmd" if product is None else "jajs_spmd"
        self.stop = "jbs_stop.cluster" if product is None else "jajs_stop.cluster"
        self.hosts = {"one": "LHOST-ONE", "two": "LHOST-TWO"}
        for name, host in self.hosts.items():
            self.site.jp1.logical_host(host, lab.directory / f"shared-{host}")
            below = ""
            if product is not None:
                self.site.protect(f"base_{name}", "jp1-base", host)
                below = f'requires = ["base_{name}"]'
            self.site.protect(name, plugin, host, below, remove__process=3)

    def put(self, name: str, state: str) -> None:
        """Bring the application of a logical host into a state."""
        if self.product is not None:
            assert self.site.call(RESTORE, f"base_{name}") == 0
        if state == "stopped":
            return
        assert self.site.call(RESTORE, name) == 0
        host = self.hosts[name]
        if state == "half dead":
            kill_one(self.site.jp1, host, self.manager)
        if state == "stop refused":
            self.site.jp1.fault(self.stop, host=host, rc=1, nothing=True)

    def of(self, name: str) -> set[int]:
        """The application's processes of one logical host, by the stand-in's own knowledge."""
        below = "opt/jp1base" if self.product is None else "opt/jp1ajs2"
        directory = self.site.jp1.root / below
        found = self.site.jp1.processes(self.hosts[name])
        return {each.pid for each in found if each.exe.is_relative_to(directory)}


@pytest.mark.parametrize("second", STATES)
@pytest.mark.parametrize("first", STATES)
@pytest.mark.parametrize(
    ("plugin", "product"),
    [
        ("jp1-base", None),
        ("jp1-ajs3-manager", Product.MANAGER),
        ("jp1-ajs3-agent", Product.AGENT),
    ],
)
def test_mutual_standby_never_touches_the_other_logical_host(
    lab: Lab, plugin: str, product: Product | None, first: str, second: str
) -> None:
    pair = Pair(lab, plugin, product)
    pair.put("one", first)
    pair.put("two", second)
    other = pair.of("two")
    assert pair.site.call(REMOVE, "one") == 0
    assert pair.of("one") == set()
    assert pair.of("two") == other
    assert pair.site.call(RESTORE, "one") == 0
    assert pair.of("two") == other
    expected = {"stopped": 0, "half dead": 1}.get(second, 0)
    if second == "stopped":  # no manager has said anything of it, and it was never up
        pair.site.node.set_state("two", "OSU")
    assert pair.site.call(CHECK, "two") == expected


def test_a_quickcheck_of_what_is_not_in_service_is_0(lab: Lab) -> None:
    site = Site(lab, None)
    tag = site.protect("lkjp1_base", "jp1-base")
    assert site.call(RESTORE, tag) == 0
    kill_one(site.jp1, HOST, "jbs_spmd")
    site.node.set_state(tag, "OSU")
    assert site.call(CHECK, tag) == 0
    assert site.messages(tag)[-1] == "QuickCheck completed. Skipped: not in service here."
    site.node.set_state(tag, "ISP")
    assert site.call(CHECK, tag) == 1


def test_a_hung_status_command_is_ended_and_named(lab: Lab) -> None:
    site = Site(lab, None)
    tag = site.protect("lkjp1_base", "jp1-base", lifekeeper__quickcheck_run=4)
    assert site.call(RESTORE, tag) == 0
    site.jp1.fault("jbs_spmd_status", hang="before")
    end = site.node.call(CHECK, tag)
    assert end.code == 0
    assert end.seconds < 15  # 4 s and what a busy machine takes; without that timer 18 s
    assert "jbs_spmd_status" in site.messages(tag)[-1]
    assert site.jp1.commands() == []


def test_a_start_that_floods_its_output_and_a_status_that_is_no_text_hurt_nobody(lab: Lab) -> None:
    site = Site(lab, None)
    tag = site.protect("lkjp1_base", "jp1-base")
    site.jp1.fault("jbs_start.cluster", flood=30_000_000)
    site.jp1.fault("jbs_spmd_status", garbage=True)
    assert site.call(RESTORE, tag) == 0
    output = site.prefix / "var/log/ark/output/lkjp1_base.start"
    assert output.stat().st_size < 5_000_000
    assert site.call(CHECK, tag) == 0
