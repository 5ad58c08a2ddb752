"""
`ark demo`: the main job on one machine, without root, told while it happens.

Two nodes, a disk they share, JP1/Base and JP1/AJS3 - Manager. JP1 and LifeKeeper are stand-ins; our
programs, plugins, timers and logs are the real ones, called as LifeKeeper calls them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
from ark_testing import Cluster, Node
from click.exceptions import Exit

from ark_lab.standin import Product, StandIn, double_starts
from arkcore import say

HOST: Final = "LVMRH5LKB"
BASE: Final = "lkjp1_base"
AJS3: Final = "lkjp1_ajs3"

# What differs from the defaults, so that the story takes a minute and not a night.
_TIMERS: Final = """
[timers]
force_stop_wait = 2
quickcheck.confirm = 1
remove.process = 20
restore.process = 60
"""


class DemoFailed(Exception):
    """A step of the story did not come true."""


class Server:
    """One server: its JP1, our files, its LifeKeeper."""

    def __init__(self, name: str, directory: Path, shared: Path) -> None:
        self.name = name
        self.jp1 = StandIn.install(
            directory / name / "jp1", products=(Product.BASE, Product.MANAGER), allow_user=True
        )
        self.jp1.configure(manager_delay=0.3, child_delay=0.1, stop_delay=0.3)
        self.jp1.logical_host(HOST, shared)
        self.prefix = directory / name / "ark"
        self._write(BASE, "jp1-base")
        self._write(AJS3, "jp1-ajs3-manager", f'requires = ["{BASE}"]')
        self.lifekeeper = Node(name, directory / name / "LifeKeeper", str(self.prefix))
        for tag in (BASE, AJS3):
            self.lifekeeper.create(tag)

    @property
    def ras_log(self) -> Path:
        return self.prefix / "var/log/ark/ras.log"

    def _write(self, tag: str, plugin: str, more: str = "") -> None:
        path = self.prefix / "etc/ark/resources" / f"{tag}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o755)
        text = f'plugin = "{plugin}"\nlogical_host = "{HOST}"\n{more}\n{_TIMERS}\n'
        path.write_text(text + f'[options]\nroot = "{self.jp1.root}"\n')
        path.chmod(0o644)

    def names(self) -> list[str]:
        return [process.name for process in self.jp1.processes(HOST)]


class Story:
    """The demo, step by step; each says what it does, does it, and proves it."""

    def __init__(self, directory: Path) -> None:
        self._began = time.monotonic()
        self._bold = sys.stdout.isatty()
        self.directory = directory
        self.shared = directory / "shared"
        self.one = Server("node1", directory, self.shared)
        self.two = Server("node2", directory, self.shared)
        self.cluster = Cluster(
            (self.one.lifekeeper, self.two.lifekeeper),
            (BASE, AJS3),
            tell=self.tell,
            check_interval=4.0,
        )

    # Telling.

    def tell(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def title(self, english: str, japanese: str) -> None:
        text = say(english, japanese)
        print(f"\n\033[1m{text}\033[0m" if self._bold else f"\n{text}", flush=True)

    def prove(self, english: str, japanese: str, so: bool) -> None:
        what = say(english, japanese)
        if not so:
            raise DemoFailed(
                say(f"it should be so, and is not: {what}", f"期待と異なります: {what}")
            )
        self.tell(say(f"so it is: {what}", f"確認: {what}"))

    # The steps.

    def in_service(self) -> None:
        self.title("1  In service on node1", "1  node1 で運用開始")
        done = self.cluster.in_service(self.one.lifekeeper)
        self.prove("restore of both resources said 0", "両リソースの restore が 0 を返した", done)
        self.prove(
            "JP1/Base and AJS3 Manager run on node1",
            "JP1/Base と AJS3 Manager が node1 で稼働している",
            self._runs(self.one),
        )
        self.prove(
            "nothing of the logical host runs on node2",
            "node2 に論理ホストのプロセスはない",
            self.two.names() == [],
        )
        self.prove("quickCheck is content", "quickCheck は正常", self.cluster.check())

    def local_recovery(self) -> None:
        self.title(
            "2  A process of AJS3 Manager is killed; recovered on the same node",
            "2  AJS3 Manager のプロセスを強制終了、同じノードで回復",
        )
        self._kill(self.one, "jajs_agtd")
        self.prove(
            "quickCheck saw it and recover was called",
            "quickCheck が検知し、recover が呼び出された",
            not self.cluster.check(),
        )
        self.prove(
            "the resources stayed on node1",
            "リソースは node1 に残った",
            self.cluster.active() is self.one.lifekeeper,
        )
        self.prove(
            "JP1/Base and AJS3 Manager run on node1",
            "JP1/Base と AJS3 Manager が node1 で稼働している",
            self._runs(self.one),
        )
        self.prove("quickCheck is content again", "quickCheck は再び正常", self.cluster.check())

    def failover(self) -> None:
        self.title(
            "3  JP1/Base dies and cannot be started on node1; failover to node2",
            "3  JP1/Base が異常終了し、node1 では開始できず、node2 へフェイルオーバー",
        )
        self.one.jp1.fault("jbs_start.cluster", refuse=True)
        self.tell(
            say(
                "node1: from now on jbs_start.cluster refuses",
                "node1: 以後、jbs_start.cluster は開始を拒否する",
            )
        )
        self._kill(self.one, "jbs_spmd")
        self.prove("quickCheck saw it", "quickCheck が検知した", not self.cluster.check())
        self.prove(
            "the resources are on node2",
            "リソースは node2 にある",
            self.cluster.active() is self.two.lifekeeper,
        )
        self.prove(
            "JP1/Base and AJS3 Manager run on node2",
            "JP1/Base と AJS3 Manager が node2 で稼働している",
            self._runs(self.two),
        )
        self.prove(
            "nothing of the logical host is left on node1",
            "node1 に論理ホストのプロセスは残っていない",
            self.one.names() == [],
        )

    def failback(self) -> None:
        self.title("4  node1 is mended; failback", "4  node1 を修復し、フェイルバック")
        self.one.jp1.clear_faults()
        self.prove(
            "the switch went through",
            "切り替えが完了した",
            self.cluster.in_service(self.one.lifekeeper),
        )
        self.prove(
            "JP1/Base and AJS3 Manager run on node1",
            "JP1/Base と AJS3 Manager が node1 で稼働している",
            self._runs(self.one),
        )
        self.prove(
            "nothing of the logical host is left on node2",
            "node2 に論理ホストのプロセスは残っていない",
            self.two.names() == [],
        )
        self.prove("quickCheck is content", "quickCheck は正常", self.cluster.check())

    def ending(self) -> None:
        self.title("5  Out of service, and what was written", "5  運用終了と記録")
        self.prove(
            "remove said 0",
            "remove が 0 を返した",
            self.cluster.out_of_service(self.one.lifekeeper),
        )
        self.prove(
            "nothing of the logical host is left",
            "論理ホストのプロセスは残っていない",
            self.one.names() == [],
        )
        self.prove(
            "the shared disk never had two writers",
            "共有ディスクに 2 ノードから同時に書き込まれたことはない",
            double_starts(self.shared) == [],
        )
        for server in (self.one, self.two):
            whole = _pairs_are_whole(server.ras_log)
            self.prove(
                f"in the RAS log of {server.name} each start has its end",
                f"{server.name} の RAS ログで、すべての開始に終了がある",
                whole,
            )
        print(
            say(
                "\nWhat support would look at first, the failed recover on node1:\n",
                "\n障害調査で最初に見る、node1 での recover の失敗:\n",
            )
        )
        print(_failed_recover(self.one.ras_log))
        print(say("\nThe RAS logs:", "\nRAS ログ:"))
        for server in (self.one, self.two):
            print(f"  {server.ras_log}")

    def close(self) -> None:
        for server in (self.one, self.two):
            server.jp1.kill_everything()

    # What the steps need.

    def _runs(self, server: Server) -> bool:
        return {"jbs_spmd", "jevservice", "jajs_spmd"} <= set(server.names())

    def _kill(self, server: Server, name: str) -> None:
        victim = next(each for each in server.jp1.processes(HOST) if each.name == name)
        self.tell(f"{server.name}: kill -9 {victim.pid} ({name})")
        os.kill(victim.pid, signal.SIGKILL)
        server.jp1.wait_until(
            lambda: victim.pid not in {each.pid for each in server.jp1.processes(HOST)}
        )


def _messages(log: Path) -> list[tuple[str, str]]:
    lines = log.read_text(encoding="utf-8").splitlines()
    fields = [line.split(" : ", 3) for line in lines]
    return [(parts[1], parts[3]) for parts in fields]


def _pairs_are_whole(log: Path) -> bool:
    """
    Whether each script's start line has its end line. A quickCheck may come while a recover is at
    work, and then stands, whole, within its pair.
    """
    still_open: set[tuple[str, str]] = set()
    for resource, message in _messages(log):
        script, _, rest = message.partition(" ")
        if script not in ("Restore", "Remove", "QuickCheck", "Recover"):
            continue
        if rest == "start.":
            if (resource, script) in still_open:
                return False
            still_open.add((resource, script))
        elif rest.startswith(("completed.", "failed.")):
            still_open.discard((resource, script))
    return not still_open


def _failed_recover(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").splitlines()
    end = next(n for n, line in enumerate(lines) if f"{BASE}" in line and "Recover failed." in line)
    start = max(n for n in range(end) if lines[n].endswith("Recover start."))
    return "\n".join(f"  {line}" for line in lines[start : end + 1])


@click.command("demo")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the two nodes are made; it is emptied first.",
)
def demo(directory: Path | None) -> None:
    """
    Show the main job on this machine: service, local recovery, failover, failback.

    Two nodes and a shared disk are directories; JP1 and LifeKeeper are stand-ins. No root is
    needed, and it takes about half a minute. Exit code 1 where a step does not come true.

    \b
    Examples:
      ark demo
      ark demo --directory /root/ark-demo
    """
    place = (directory or Path.cwd() / ".demo").absolute()
    try:
        _prepare(place)
        story = Story(place)
    except (OSError, RuntimeError) as error:
        print(f"ark demo: cannot be prepared in {place}: {error}", file=sys.stderr)
        raise Exit(1) from error
    raise Exit(_run(story))


def _prepare(place: Path) -> None:
    mark = place / ".ark-demo"
    if place.exists() and any(place.iterdir()) and not mark.exists():
        raise OSError("it holds something that is not a demo's; name another directory")
    for root in place.glob("*/jp1"):
        StandIn(root).kill_everything()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    mark.touch()


def _run(story: Story) -> int:
    print(
        say(
            "Generic ARK: JP1/Base and JP1/AJS3 - Manager on two nodes.",
            "Generic ARK: 2 ノードでの JP1/Base と JP1/AJS3 - Manager。",
        )
    )
    print(
        say(
            "JP1 and LifeKeeper are stand-ins here; programs, plugins and logs are the real ones.",
            "JP1 と LifeKeeper は模擬プログラムです。プログラム、プラグイン、ログは実物です。",
        )
    )
    steps: tuple[Callable[[], None], ...] = (
        story.in_service,
        story.local_recovery,
        story.failover,
        story.failback,
        story.ending,
    )
    try:
        for step in steps:
            step()
    except DemoFailed as error:
        print(say(f"\nDEMO FAILED: {error}", f"\nデモ失敗: {error}"), file=sys.stderr)
        print(
            say(f"What happened is in {story.directory}", f"経過は {story.directory} にあります"),
            file=sys.stderr,
        )
        return 1
    finally:
        story.close()
    print(
        say(
            "\nThe demo is complete: every step came true.",
            "\nデモ完了。すべての手順を確認できました。",
        )
    )
    return 0
