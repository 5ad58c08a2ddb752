"""The failovers on a real Pacemaker cluster, told while they happen; needs root.

python -m rigs.jp1_cluster.demo: two nodes in namespaces of this machine, a shared disk, a virtual
address, JP1/Base and JP1/AJS3 - Manager (stand-ins) and a real nginx on top. A client outside calls
nginx all the time: what it misses is what is told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from signal import SIGINT

from arkcore import say
from rigs.cluster import CannotBuild, ClusterError, Node
from rigs.jp1_cluster.measure import measure
from rigs.jp1_cluster.service import AJS3
from rigs.jp1_cluster.world import World


class Story:
    """The demo, step by step; each says what it does, does it, and proves it."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._bold = sys.stdout.isatty()

    def tell(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def title(self, text: str) -> None:
        print(f"\n\033[1m{text}\033[0m" if self._bold else f"\n{text}", flush=True)

    def prove(self, what: str, so: object) -> None:
        if not so:
            raise ClusterError(
                say(f"it should be so, and is not: {what}", f"期待と異なります: {what}")
            )
        self.tell(say(f"so it is: {what}", f"確認: {what}"))

    # The steps.

    def build(self) -> World:
        self.title(
            say("1  Two nodes, one cluster, in service on n1", "1  2 ノードのクラスター、n1 で開始")
        )
        self.tell(
            say(
                "network, processes, files and name of each node are its own; fencing is on",
                "ノードごとに独立したネットワーク、プロセス、ファイル、名前。フェンシング有効",
            )
        )
        world = World(self.tell)
        self._told(world)
        return world

    def in_place(self, world: World) -> None:
        self.title(
            say("2  A process of AJS3 Manager is killed", "2  AJS3 Manager のプロセスを強制終了")
        )
        fault = world.kill(world.service, world.n1, "jajs_agtd")
        self._back(world, fault, world.n1)

    def power(self, world: World) -> None:
        self.title(say("3  The power of n1 is cut", "3  n1 の電源断"))
        fault = time.monotonic()
        world.n1.cut_power()
        self._back(world, fault, world.n2)
        self._fenced(world, "n1", fault)
        world.cluster.boot_all()
        self.tell(say("n1 has booted and joined", "n1 が起動しクラスターに参加"))

    def network(self, world: World) -> None:
        self.title(say("4  The network of n2 is cut", "4  n2 のネットワーク切断"))
        fault = time.monotonic()
        world.cluster.cut(world.n2)
        self._back(world, fault, world.n1)
        self._fenced(world, "n2", fault)
        world.mend()
        self.tell(say("n2 has booted and joined", "n2 が起動しクラスターに参加"))

    def hanging_stop(self, world: World) -> None:
        self.title(
            say(
                "5  n1 into standby, and jajs_stop.cluster hangs",
                "5  n1 を standby へ、停止がハング",
            )
        )
        world.fault(world.n1, "jajs_stop.cluster", "hang=before", "ignore_term=1")
        began = time.monotonic()
        world.cluster.standby(world.n1)
        self._back(world, began, world.n2)
        world.mend()
        resource = world.service.resource(AJS3)
        print(say("\nWhat the RAS log of n1 says of it:\n", "\nn1 の RAS ログ:\n"))
        print(_last_remove(world.n1.text("/var/log/ark/ras.log"), resource))

    def ending(self, world: World) -> None:
        self.title(say("6  What the disk says", "6  ディスクの記録"))
        lines = len(world.service.record().splitlines())
        found = world.proof.problems()
        self.prove(
            say(
                f"{lines} lines signed on the shared disk, never by two nodes at once; starts and "
                "stops in order; both RAS logs whole and paired; nothing left behind",
                f"共有ディスクの署名 {lines} 行、2 ノード同時の書き込みなし。開始と停止の順序、"
                "両ノードの RAS ログの対、残存プロセスなし",
            ),
            not found,
        )

    # What the steps need.

    def _told(self, world: World) -> None:
        view = world.cluster.view()
        for state in view.resources.values() if view else ():
            self.tell(f"{state.name:<9} {state.role} {' '.join(state.nodes)}")

    def _back(self, world: World, fault: float, on: Node) -> None:
        back = world.wait_recovered(world.service, fault, on)
        split = measure(world.service, fault, back)
        seconds = [
            (say("detection", "検知"), split.detection),
            (say("the cluster", "クラスター"), split.cluster),
            (say("set wait", "設定した待ち"), split.waits),
            (say("JP1 and nginx", "JP1 と nginx"), split.product),
            (say("we", "Generic ARK"), split.ours),
        ]
        parts = ", ".join(f"{what} {part:.2f}" for what, part in seconds)
        self.prove(
            say(
                f"service again on {on.name}, {split.total:.2f} s after the fault ({parts})",
                f"{on.name} でサービス再開、障害から {split.total:.2f} 秒 ({parts})",
            ),
            world.cluster.where(world.service.resources[-1]) == on.name,
        )

    def _fenced(self, world: World, victim: str, since: float) -> None:
        fenced = [each.victim for each in world.cluster.power_switch.fenced_since(since)]
        self.prove(
            say(f"{victim} was fenced before that", f"その前に {victim} をフェンシング"),
            victim in fenced,
        )


def _last_remove(log: str, resource: str) -> str:
    lines = [line for line in log.splitlines() if f" : {resource} : " in line]
    start = max(n for n, line in enumerate(lines) if line.endswith("Remove start."))
    end = next(n for n, line in enumerate(lines) if n > start and " : Remove " in line)
    return "\n".join(f"  {line}" for line in lines[start : end + 1])


def main(story: Story | None = None) -> int:
    """The demo; its exit code."""
    print(say("Generic ARK on a real Pacemaker cluster.", "実際の Pacemaker での Generic ARK。"))
    print(
        say(
            "JP1 is a stand-in; Pacemaker, nginx, our agents and logs are the real ones.",
            "JP1 は模擬プログラムです。Pacemaker、nginx、エージェントとログは実物です。",
        )
    )
    story = story or Story()
    try:
        with story.build() as world:
            steps: tuple[Callable[[World], None], ...] = (
                story.in_place,
                story.power,
                story.network,
                story.hanging_stop,
                story.ending,
            )
            for step in steps:
                step(world)
    except KeyboardInterrupt:
        print(
            say(
                "\ncluster demo: interrupted; the cluster is cleared away",
                "\ncluster demo: 中断しました。クラスターは片付けました",
            ),
            file=sys.stderr,
        )
        return 128 + SIGINT
    except CannotBuild as error:
        print(f"cluster demo: {error}", file=sys.stderr)
        return 1
    except ClusterError as error:
        print(say(f"\nDEMO FAILED: {error}", f"\nデモ失敗: {error}"), file=sys.stderr)
        return 1
    print(
        say("\nThe demo is complete: every step came true.", "\nデモ完了。すべて確認できました。")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
