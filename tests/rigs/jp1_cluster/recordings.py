"""Records known faults on the cluster: the RAS logs of both nodes, and the answer they lead to.

    PYTHONPATH=tests python -m rigs.jp1_cluster.recordings --into tests/recordings [NAME ...]

One file a fault. A test has `ark why` read each, and compares what it names with what was injected.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rigs.cluster import CannotBuild, ClusterError, Node, wait_for
from rigs.jp1_cluster.injected import CUT, FREEZE, INJECTIONS, KILL, MOVE, POWER, WAIT, Injection
from rigs.jp1_cluster.own_application import MOUNT, NAME, OwnApplication
from rigs.jp1_cluster.world import World

_LOG, _BOXES = "/var/log/ark/ras.log", "/var/log/ark/blackbox"
#: Seconds within which a fault shows, and the service is back.
_LIMIT = 120.0
_SCRIPTS = {"restore": "Restore", "remove": "Remove", "quickcheck": "QuickCheck"}


class Recorder:
    """The cluster with two groups: JP1 of the logical host lh1, and an application of our own."""

    def __init__(self, world: World, directory: Path) -> None:
        self._world = world
        self._directory = directory
        self._nodes = world.cluster.nodes
        self._application = OwnApplication(world.cluster, world.n1)
        world.cluster.wait_running(*self._application.resources, on=world.n1, within=_LIMIT)

    def record(self, injection: Injection) -> str:
        """One recording, written; what there is to say of it."""
        self._settle()
        group, resources = self._group(injection)
        began = {name: len(self._lines(node)) for name, node in self._nodes.items()}
        boxes = self._boxes()
        for node, command, what in injection.faults:
            self._fault(injection, self._nodes[node], command, what)
        self._strike(injection, group)
        self._wait(injection, resources, began)
        logs = {
            name: _of(self._lines(node), began[name], resources, serving=name == "n1")
            for name, node in self._nodes.items()
        }
        made = {
            "injected": injection.injected,
            "plugin": injection.plugin,
            "answer": asdict(injection.answer),
            "black_boxes": {name: sorted(self._boxes()[name] - boxes[name]) for name in boxes},
            "logs": logs,
        }
        text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        text = text.replace(str(Path.cwd()), "/opt/rig")
        (self._directory / f"{injection.name}.json").write_text(text, encoding="utf-8")
        return f"{sum(map(len, logs.values()))} lines"

    # The way there and back.

    def _group(self, injection: Injection) -> tuple[str, tuple[str, ...]]:
        service = self._world.service
        if injection.is_jp1:
            return service.name, service.resources
        return self._application.group, self._application.resources

    def _settle(self) -> None:
        """Nothing goes wrong any more, and both groups are at home."""
        world, application = self._world, self._application
        cluster = world.cluster
        cluster.heal()
        cluster.boot_all(_LIMIT)
        for node in self._nodes.values():
            application.clear_faults(node)
        for group in (application.group, world.service.name):
            cluster.tool("crm_resource", "-r", group, "--clear", check=False)
        world.mend()
        tops = {application.group: NAME, world.service.name: world.service.resources[-1]}
        away = {
            group: world.n1
            for group, top in tops.items()
            if cluster.where(top) not in ("", world.n1.name)
        }
        if away:
            cluster.move_at_once(away, _LIMIT)
        cluster.wait_running(*application.resources, on=world.n1, within=_LIMIT)
        cluster.wait_running(*world.service.resources, on=world.n1, within=_LIMIT)

    def _fault(self, injection: Injection, node: Node, command: str, what: str) -> None:
        if injection.is_jp1:
            self._world.fault(node, command, *what.split())
        else:
            self._application.fault(node, command, what)

    def _clear(self, injection: Injection, node: Node) -> None:
        if injection.is_jp1:
            self._world.service.clear_faults(node)
        else:
            self._application.clear_faults(node)

    def _strike(self, injection: Injection, group: str) -> None:
        world = self._world
        if injection.strike == MOVE:
            world.cluster.tool("crm_resource", "-r", group, "--move", "-N", "n2")
        elif injection.strike == POWER:
            world.n1.cut_power()
        elif injection.strike == CUT:
            world.cluster.cut(world.n1)
        elif injection.strike == FREEZE and not injection.victims:
            world.n1.run("fsfreeze", "-f", MOUNT)
        elif injection.strike in (KILL, FREEZE):
            number = signal.SIGKILL if injection.strike == KILL else signal.SIGSTOP
            for name in injection.victims:
                found = [each for each in world.n1.processes() if each.name == name[:15]]
                for process in found if not injection.is_jp1 else found[:1]:
                    os.kill(process.pid, number)

    def _wait(
        self, injection: Injection, resources: tuple[str, ...], began: dict[str, int]
    ) -> None:
        """Until the fault has shown, and the cluster has done all that it does about it."""
        world, answer = self._world, injection.answer
        if injection.line:
            node = self._nodes[injection.node]
            resource, start = answer.resource, began[node.name]
            told = f" : {resource} : "

            def stands() -> bool:
                lines = self._lines(node)[start:]
                return any(told in line and injection.line in line for line in lines)

            wait_for(f"{injection.line} of {resource}", stands, _LIMIT)
            if injection.line.endswith("failed."):
                node.run("fsfreeze", "-u", MOUNT, check=False)
            else:
                time.sleep(0.5)  # in the middle of its step
                node.cut_power()
        elif not answer.lost:
            node = self._nodes[answer.node]
            script = _SCRIPTS[answer.action]
            # A stop that fails is followed by the forced one, after which it may well succeed.
            ends = "Force stopping." if answer.action == "remove" else f"{script} failed."
            told, start = f" : {answer.resource} : ", began[node.name]
            wait_for(
                f"{ends} of {answer.resource} on {node.name}",
                lambda: any(told in line and ends in line for line in self._lines(node)[start:]),
                _LIMIT,
            )
        if injection.strike == WAIT:
            # What nobody can tell is up is not stopped either, and its node would be fenced.
            self._clear(injection, world.n1)
        if answer.lost:
            world.cluster.wait_running(*resources, on=world.n2, within=_LIMIT)
        elif injection.is_back:
            time.sleep(1.0)  # the cluster learns of it
            world.cluster.wait_running(*resources, within=_LIMIT)
        world.cluster.wait_idle(_LIMIT)

    # What the nodes have written.

    def _lines(self, node: Node) -> list[str]:
        return node.text(_LOG).splitlines()

    def _boxes(self) -> dict[str, set[str]]:
        found = {}
        for name, node in self._nodes.items():
            directory = node.file(_BOXES)
            found[name] = {each.name for each in directory.glob("*.txt")}
        return found


def _of(lines: list[str], began: int, resources: tuple[str, ...], *, serving: bool) -> list[str]:
    """The lines of `resources` since `began`, and on the node that served how it had come up."""
    found: list[tuple[int, str]] = []
    for resource in resources:
        told = f" : {resource} : "
        mine = [(number, line) for number, line in enumerate(lines) if told in line]
        starts = [
            number
            for number, line in mine
            if serving and number < began and line.endswith(" : Restore start.")
        ]
        first = starts[-1] if starts else began
        found += _without_checks([each for each in mine if each[0] >= first])
    return [line for _, line in sorted(found)]


def _without_checks(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Of one resource's checks that went well in a row, the last alone."""
    kept: list[tuple[int, str]] = []
    for each in lines:
        kept.append(each)
        said = [line.rpartition(" : ")[2] for _, line in kept[-4:]]
        if said == ["QuickCheck start.", "QuickCheck completed."] * 2:
            del kept[-4:-2]
    return kept


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m rigs.jp1_cluster.recordings", description=__doc__
    )
    parser.add_argument("names", nargs="*", help="these alone; by default all")
    parser.add_argument("--into", type=Path, required=True, help="the directory")
    parser.add_argument("--missing", action="store_true", help="those that are not there yet")
    options = parser.parse_args(argv)
    options.into.mkdir(parents=True, exist_ok=True)
    known = {each.name: each for each in INJECTIONS}
    try:
        wanted = [known[name] for name in options.names or known]
    except KeyError as error:
        parser.error(f"there is no fault {error}; known are: {', '.join(known)}")
    if options.missing:
        wanted = [each for each in wanted if not (options.into / f"{each.name}.json").exists()]
    failed = 0
    began = time.monotonic()
    try:
        world = World()
    except (CannotBuild, FileNotFoundError) as error:
        print(f"cluster recordings: {error}", file=sys.stderr)
        return 1
    with world:
        recorder = Recorder(world, options.into)
        for injection in wanted:
            try:
                told = recorder.record(injection)
            except ClusterError as error:
                told, failed = f"NOT RECORDED: {error}", failed + 1
            print(f"{time.monotonic() - began:7.1f} s  {injection.name}: {told}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
