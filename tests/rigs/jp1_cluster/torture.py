"""Random faults in a row on one cluster, by seed; after each, all that must hold is looked at.

    PYTHONPATH=tests python -m rigs.jp1_cluster.torture --faults 50 --seed 1

Exit 1 where anything was wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from rigs.cluster import CannotBuild, ClusterError, Problem
from rigs.jp1_cluster.faults import FAULTS
from rigs.jp1_cluster.world import World

#: Seconds in which a service must be back, without anybody's help but what a fault took away.
_LIMIT = 150.0


class Torture:
    """One run: its cluster, its chance, and what was found."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._chance = random.Random(seed)
        self._began = time.monotonic()
        self.struck: Counter[str] = Counter()
        #: What says that two nodes were at work at once.
        self.double: list[str] = []
        #: Faults after which the service did not come back by itself.
        self.stuck: list[str] = []
        self.others: list[str] = []
        self.downtimes: list[float] = []

    @property
    def problems(self) -> list[str]:
        """All that was wrong, the worst first."""
        return [*self.double, *self.stuck, *self.others]

    def one(self, number: int) -> None:
        """One fault, and the way back to two nodes in service, wherever the service is then."""
        world, service = self._world, self._world.service
        name = self._chance.choice(list(FAULTS))
        active = world.wait_in_service(service)
        moment = time.monotonic()
        self.struck[name] += 1
        FAULTS[name](world, service, active, self._chance)
        try:
            self._wait_back()
        except ClusterError as error:
            self.stuck.append(f"{number} {name}: stuck: {error}")
        down = sum(gap.seconds for gap in world.clients[service.name].gaps(moment))
        self.downtimes.append(down)
        world.mend()
        world.wait_in_service(service, within=_LIMIT)
        found = world.proof.problems()
        self.keep(f"{number} {name}", found)
        verdict = "; ".join(map(str, found)) or f"without service for {down:.1f} s"
        where = world.cluster.where(service.resources[-1])
        self._tell(f"{number:3d}  {active.name} -> {where}  {name}: {verdict}")

    def keep(self, fault: str, found: list[Problem]) -> None:
        """Keep what was found after a fault, by what it means."""
        for problem in found:
            kept = self.double if problem.double else self.others
            kept.append(f"{fault}: {problem}")

    def _wait_back(self) -> None:
        """Until the cluster has done its work: power back where it was cut on both nodes."""
        world = self._world
        if not any(node.alive for node in world.cluster.nodes.values()):
            for node in world.cluster.nodes.values():
                node.boot()
        # Long enough for a monitor to see it: the interval, the confirmation, the clock.
        time.sleep(self._chance.uniform(0.0, 12.0))
        world.wait_in_service(world.service, within=_LIMIT)

    def _tell(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {text}", flush=True)

    def table(self, seed: int) -> str:
        """The figures, for people and the documents."""
        down = sorted(self.downtimes)
        lines = [
            f"seed              {seed}",
            f"seconds           {time.monotonic() - self._began:.0f}",
            f"faults            {self.struck.total()}",
            *(f"  {number:3d}             {name}" for name, number in sorted(self.struck.items())),
            f"nodes fenced      {len(self._world.cluster.power_switch.fenced)}",
            f"without service   {down[len(down) // 2]:.1f} s median, {down[-1]:.1f} s at most",
            f"double-active     {len(self.double)}",
            f"stuck             {len(self.stuck)}",
            f"other violations  {len(self.others)}",
        ]
        return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.jp1_cluster.torture", description=__doc__)
    parser.add_argument("--faults", type=int, default=50, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same faults")
    options = parser.parse_args(argv)
    try:
        world = World()
    except (CannotBuild, FileNotFoundError) as error:
        print(f"cluster torture: {error}", file=sys.stderr)
        return 1
    with world:
        torture = Torture(world, options.seed)
        for number in range(1, options.faults + 1):
            torture.one(number)
        print(torture.table(options.seed))
    for problem in torture.problems:
        print(problem, file=sys.stderr)
    return 1 if torture.problems else 0


if __name__ == "__main__":
    sys.exit(main())
