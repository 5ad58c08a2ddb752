"""A status command that hangs for ever, under LifeKeeper's rules, at every timer's own length.

Prints the figures of docs/en/benchmarks.md. It takes as long as it would take at night: a
quickCheck every 120 s until the undecided clock has run out, then a recover; about ten minutes.

Usage: tools/hung_status.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from ark_lab.testing import HOST, Lab
from ark_testing import Node

from arkcore.base.call import Action

TAG = "lkjp1_base"
#: LKCHECKINTERVAL, and the seconds after which LifeKeeper ends a quickCheck by itself.
INTERVAL, LIFEKEEPER_LIMIT = 120.0, 22.0
OUR_LIMIT, TIMER = 18.0, 480.0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ark-hang-") as name, Lab(Path(name)) as lab:
        return _run(Path(name), lab)


def _run(directory: Path, lab: Lab) -> int:
    jp1 = lab.node("node1", product=None)
    prefix = directory / "ark"
    resource = prefix / f"etc/ark/resources/{TAG}.toml"
    resource.parent.mkdir(parents=True)
    resource.write_text(
        f'plugin = "jp1-base"\nlogical_host = "{HOST}"\n[options]\nroot = "{jp1.root}"\n'
    )
    node = Node("node1", directory / "LifeKeeper", str(prefix), quickcheck_limit=LIFEKEEPER_LIMIT)
    node.create(TAG)
    if node.call(Action.RESTORE, TAG).code != 0:
        return _wrong("restore failed")
    node.set_state(TAG, "ISP")
    if node.call(Action.QUICK_CHECK, TAG).code != 0:
        return _wrong("a healthy check failed")
    jp1.fault("jbs_spmd_status", hang="before")
    print(f"{'quickCheck':<12}{'began':>8}{'took':>8}  answered", flush=True)
    first = time.monotonic()
    number, code = 0, 0
    while code == 0:
        due = first + number * INTERVAL
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic() - first
        end = node.call(Action.QUICK_CHECK, TAG)
        number += 1
        told = "ended by LifeKeeper's SIGALRM" if end.code is None else f"exit {end.code}"
        print(f"{number:<12}{began:>6.0f} s{end.seconds:>6.2f} s  {told}", flush=True)
        if end.code is None or end.seconds > OUR_LIMIT:
            return _wrong(f"a run did not end within {OUR_LIMIT:g} s by itself")
        code = end.code
        if time.monotonic() - first > TIMER + 2 * INTERVAL:
            return _wrong("the timer ran out and no check failed")
    spent = time.monotonic() - first
    print(f"failed after {spent:.1f} s (timer {TIMER:g} s, checks every {INTERVAL:g} s)")
    boxes = sorted((prefix / "var/log/ark/blackbox").iterdir())
    tree = boxes[0].read_text().partition("Process tree")[2]
    [line] = [line for line in tree.splitlines() if "jbs_spmd_status -h" in line]
    print("first black box, the hung process: pid, parent, state, wait channel, arguments")
    print(" ", " ".join(line.split()).replace(str(jp1.root), ""))
    print(f"black boxes: {len(boxes)}, the largest {max(b.stat().st_size for b in boxes)} bytes")
    jp1.clear_faults()
    end = node.call(Action.RECOVER, TAG)
    print(f"recover: exit {end.code} after {end.seconds:.1f} s")
    if end.code != 0:
        return _wrong("the recover failed")
    return 0 if node.call(Action.QUICK_CHECK, TAG).code == 0 else _wrong("not well afterwards")


def _wrong(what: str) -> int:
    print(f"hung_status: {what}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
