"""A patch of JP1 on both nodes by four commands, as docs/en/jp1-patch.md tells, with checks on."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest
from ark_lab.testing import HOST, Lab
from ark_testing import Cluster, Node
from ssh_pair import OtherNode
from support import PROGRAMS

from arkcore.base.call import Action

ROWS = [("lkjp1_base", "jp1-base", ""),
        ("lkjp1_ajs3", "jp1-ajs3-manager", 'requires = ["lkjp1_base"]')]  # fmt: skip


class Checks:
    """LifeKeeper's checks, which go on while this is entered."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._over = threading.Event()
        self._rounds = 0
        self._round = threading.Condition()
        self._thread = threading.Thread(target=self._check)

    def _check(self) -> None:
        while not self._over.wait(0.2):
            self._cluster.check()
            with self._round:
                self._rounds += 1
                self._round.notify_all()

    def await_round(self) -> None:
        """Until a round has passed that began after this call."""
        with self._round:
            wanted = self._rounds + 2
            assert self._round.wait_for(lambda: self._rounds >= wanted, timeout=200)

    def __enter__(self) -> Checks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0, reason="a host name of its own needs root")
def test_four_commands_patch_both_nodes_while_checks_go_on(tmp_path: Path) -> None:
    with Lab(tmp_path / "lab") as lab:
        lab.directory.mkdir(exist_ok=True)
        other = OtherNode(tmp_path / "other", "node2")
        prefixes = {"node1": tmp_path / "one", "node2": other.prefix}
        nodes = []
        try:
            for name, prefix in prefixes.items():
                jp1 = lab.node(name)
                resources = prefix / "etc/ark/resources"
                resources.mkdir(parents=True, exist_ok=True)
                (resources / "toy1.toml").unlink(missing_ok=True)
                node = Node(name, tmp_path / f"lk-{name}", str(prefix))
                for tag, plugin, extra in ROWS:
                    (resources / f"{tag}.toml").write_text(
                        f'plugin = "{plugin}"\nlogical_host = "{HOST}"\n{extra}\n'
                        f"[timers]\nforce_stop_wait = 0.2\nquickcheck.confirm = 0.2\n"
                        f'[options]\nroot = "{jp1.root}"\n'
                    )
                    node.create(tag)
                nodes.append(node)
            cluster = Cluster((nodes[0], nodes[1]), [tag for tag, *_ in ROWS])
            assert cluster.in_service(nodes[0])
            restored = len(cluster.calls)

            def ark(*words: str) -> None:
                done = subprocess.run(
                    [str(PROGRAMS / "ark"), *words],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=300,
                    env={"ARK_PREFIX": str(prefixes["node1"]), "PATH": other.path},
                )
                assert done.returncode == 0, done.stdout + done.stderr

            first, second = lab.nodes
            with Checks(cluster) as checks:
                ark("maintenance", "begin", HOST, "--until", "2099-12-24 03:00",
                    "--peer", "node2", "--reason", "JP1 patch")  # fmt: skip
                ark("run", "remove", HOST)
                assert first.processes(HOST) == []
                checks.await_round()
                ark("run", "restore", HOST)
                ark("maintenance", "end", HOST, "--peer", "node2")
                checks.await_round()
            ends = cluster.calls[restored:]
            assert {(node, end.action, end.code) for node, _, end in ends} == {
                ("node1", Action.QUICK_CHECK, 0)
            }
            assert first.processes(HOST)
            assert second.processes(HOST) == []
            told = [line.split(" : ") for line in other.ras_lines if " : Maintenance " in line]
            assert [(tag, message.split(maxsplit=2)[1]) for _, tag, _, message, *_ in told] == [
                ("lkjp1_base", "begins,"),
                ("lkjp1_ajs3", "begins,"),
                ("lkjp1_ajs3", "ends:"),
                ("lkjp1_base", "ends:"),
            ]
        finally:
            other.stop_sshd()
