"""python -m rigs.torture: many seeds, one table; exit 1 where anything was wrong."""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from rigs.torture.run import SeedRun, run_seed
from rigs.torture.tally import Tally


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    began = time.monotonic()
    until = began + 60 * options.minutes

    def one(seed: int) -> SeedRun | None:
        if time.monotonic() >= until:
            return None
        run = run_seed(seed, steps=options.steps, until=until)
        if not options.json:
            _tell(run, always=options.trace)
        return run

    seeds = range(options.start_seed, options.start_seed + options.seeds)
    with ThreadPoolExecutor(options.workers) as pool:
        runs = [run for run in pool.map(one, seeds) if run is not None]
    tally = Tally()
    for run in runs:
        tally.add(run.tally)
    tally.seconds = time.monotonic() - began
    if options.json:
        bad = {run.tally.seeds[0]: run.trace for run in runs if run.tally.violations}
        print(json.dumps({**tally.as_mapping(), "traces": bad}, indent=2))
    else:
        print(tally.table())
    if not tally.violations:
        return 0
    for violation in tally.violations:
        print(violation, file=sys.stderr)
    for seed in sorted({violation.seed for violation in tally.violations}):
        print(f"to repeat it: {_replay(seed, options.steps)}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rigs.torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="begin nothing after this")
    parser.add_argument("--seeds", type=int, default=1000, help="how many, at most")
    parser.add_argument("--start-seed", type=int, default=1, help="the first")
    parser.add_argument("--steps", type=int, default=25, help="of each seed's plan")
    parser.add_argument("--workers", type=int, default=2, help="seeds at once")
    parser.add_argument("--json", action="store_true", help="the figures for a program")
    parser.add_argument("--trace", action="store_true", help="each seed's trace, not only bad ones")
    return parser


def _tell(run: SeedRun, *, always: bool) -> None:
    seed, bad = run.tally.seeds[0], len(run.tally.violations)
    lines = [f"seed {seed}: {run.tally.actions.total()} actions, {bad} violations"]
    if bad or always:
        lines += run.trace
    print("\n".join(lines), file=sys.stderr, flush=True)


def _replay(seed: int, steps: int) -> str:
    return (
        f"PYTHONPATH=tests {sys.executable} -m rigs.torture "
        f"--seeds 1 --start-seed {seed} --steps {steps} --trace"
    )


if __name__ == "__main__":
    sys.exit(main())
