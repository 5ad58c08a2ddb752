"""A signal to our own process at a random instant of an action, and what must be true afterwards.

The tests do this a few times. From a shell, as often as you like, with the same seed again:

    PYTHONPATH=tests .venv/bin/python -m hostile.instants --signal SIGKILL --runs 200 --seed 1
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from hostile.world import World

#: An action of the toy's takes a good tenth of a second: some instants come after its end.
LONGEST = 0.2


def interrupt(world: World, number: int, seed: int, runs: int) -> None:
    """Send `number` to `runs` actions, restore and remove in turn, each followed by a whole one."""
    choose = random.Random(seed)
    for run in range(runs):
        action = ("restore", "remove")[run % 2]
        instant = choose.uniform(0, LONGEST)
        program = world.start(action)
        time.sleep(instant)
        program.process.send_signal(number)
        code = program.end()
        where = f"seed {seed}, run {run}, {action} after {instant:.4f} s\n"
        # Before it is our program, the interpreter ends by the signal; that is no verdict.
        assert code in (0, 1, -number), where
        if code == 0:
            assert len(world.own()) == (1 if action == "restore" else 0), where
        if code >= 0:
            world.is_whole()
        assert world.run(action) == 0, where + "\n".join(world.ras)
        assert len(world.own()) == (1 if action == "restore" else 0), where
        world.is_whole()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--signal", default="SIGKILL")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory))
        began = time.monotonic()
        try:
            interrupt(world, signal.Signals[asked.signal], asked.seed, asked.runs)
        except AssertionError as error:
            print(f"{asked.signal}: {error}", file=sys.stderr)
            return 1
        finally:
            world.close()
        spent = time.monotonic() - began
        aborted = sum(" aborted. It began " in line for line in world.ras)
        print(f"{asked.signal}: {asked.runs} actions, seed {asked.seed}, {spent:.0f} s:")
        print(f"each next action well, nothing left, {aborted} told as aborted, log whole")
    return 0


if __name__ == "__main__":
    sys.exit(main())
