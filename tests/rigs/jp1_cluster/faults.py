"""What can befall a service on the cluster, by name: for the torture, each can strike anywhere.

A fault strikes and returns; nobody waits here for what the cluster does about it.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

from rigs.cluster import Node
from rigs.jp1_cluster.service import AJS3, BASE, WEB, Service
from rigs.jp1_cluster.world import World

Strike = Callable[[World, Service, Node, random.Random], None]

#: Processes of JP1 whose death is a failure. That of the scheduler alone is none, by its maker.
_VICTIMS = ("jbs_spmd", "jevservice", "jajs_spmd", "jajs_agtd", "jajs_hstd")


def _kill_jp1(world: World, service: Service, node: Node, chance: random.Random) -> None:
    world.kill(service, node, chance.choice(_VICTIMS))


def _kill_nginx(world: World, service: Service, node: Node, _: random.Random) -> None:
    world.kill_server(service, node)


def _freeze(world: World, service: Service, node: Node, chance: random.Random) -> None:
    world.kill(service, node, chance.choice(("jbs_spmd", "jajs_spmd")), signal.SIGSTOP)


def _cut_power(_: World, __: Service, node: Node, ___: random.Random) -> None:
    node.cut_power()


def _cut_power_of_idle(world: World, _: Service, node: Node, __: random.Random) -> None:
    world.other(node).cut_power()


def _cut_power_of_both(world: World, _: Service, __: Node, chance: random.Random) -> None:
    for each in chance.sample([world.n1, world.n2], 2):
        each.cut_power()


def _cut_network(world: World, _: Service, node: Node, __: random.Random) -> None:
    world.cluster.cut(node)


def _cut_network_of_idle(world: World, _: Service, node: Node, __: random.Random) -> None:
    world.cluster.cut(world.other(node))


def _part(world: World, _: Service, __: Node, ___: random.Random) -> None:
    world.cluster.part()


def _standby(world: World, _: Service, node: Node, __: random.Random) -> None:
    world.cluster.standby(node)


def _stop_hangs(world: World, _: Service, node: Node, chance: random.Random) -> None:
    command = chance.choice(("jbs_stop.cluster", "jajs_stop.cluster"))
    world.fault(node, command, "hang=before", "ignore_term=1")
    world.cluster.standby(node)


def _stop_leaves_processes(world: World, _: Service, node: Node, __: random.Random) -> None:
    world.fault(node, "jbs_stop.cluster", "leave=jcocmd,jbshcd")
    world.cluster.standby(node)


def _start_refuses(world: World, service: Service, node: Node, chance: random.Random) -> None:
    command, victim = chance.choice(
        (("jbs_start.cluster", "jbs_spmd"), ("jajs_start.cluster", "jajs_agtd"))
    )
    world.fault(node, command, "refuse=1")
    world.kill(service, node, victim)


def _power_during_failover(world: World, _: Service, node: Node, chance: random.Random) -> None:
    world.cluster.standby(node)
    time.sleep(chance.uniform(0.0, 4.0))
    node.cut_power()


def _killed_during_start(world: World, service: Service, node: Node, chance: random.Random) -> None:
    layer = chance.choice((BASE, AJS3, WEB))
    world.cluster.tool("crm_resource", "-r", service.resource(layer), "--restart", check=False)
    for process in service.processes(node)[: chance.randint(1, 6)]:
        world.signal(process, signal.SIGKILL)


FAULTS: dict[str, Strike] = {
    "a process of JP1 killed": _kill_jp1,
    "nginx killed": _kill_nginx,
    "JP1 frozen, its monitor hangs": _freeze,
    "power of the active node cut": _cut_power,
    "power of the idle node cut": _cut_power_of_idle,
    "power of both nodes cut": _cut_power_of_both,
    "active node cut off": _cut_network,
    "idle node cut off": _cut_network_of_idle,
    "nodes parted": _part,
    "standby": _standby,
    "standby, and the stop hangs": _stop_hangs,
    "standby, and the stop leaves processes": _stop_leaves_processes,
    "killed, and the restart is refused": _start_refuses,
    "standby, and the power cut meanwhile": _power_during_failover,
    "restart by hand, and processes killed": _killed_during_start,
}
