"""Seeded runs of the engine in a hostile world of real processes, judged from outside.

A seed makes a plan: actions, alone or two at once, through the programs that LifeKeeper is given,
while the product, the plugin, the machine and our own processes are made to fail. A model, which
reads /proc and the RAS log by itself, says after each step what was untrue, late, left or lost.

    PYTHONPATH=tests python -m rigs.torture --minutes 10 --seeds 40 --start-seed 1
"""

from rigs.torture.finding import KINDS, Violation
from rigs.torture.plan import Plan, make_plan
from rigs.torture.run import SeedRun, run_seed
from rigs.torture.tally import Tally

__all__ = ["KINDS", "Plan", "SeedRun", "Tally", "Violation", "make_plan", "run_seed"]
