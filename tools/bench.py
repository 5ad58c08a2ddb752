"""The figures of docs/en/benchmarks.md, each a ratio or a difference taken in one run.

Usage: tools/bench.py DIR [--figures PAGE ...] | tools/bench.py --short

DIR holds Debian's package resource-agents, unpacked. `--figures`: writes the tables into the pages.
`--short`: what CI can run. Exit code 1 where something is beyond its bound, after all tables.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bench_actions import actions, lines
from bench_check import healthy_check, short_check
from bench_measuring import Report
from bench_readers import readers
from bench_sites import sites


def main() -> None:
    words = sys.argv[1:]
    try:
        # A check that is niced has more to do: its commands get the usual priority.
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    except OSError:
        print("this process is niced; run it without for true figures", file=sys.stderr)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="ark-bench-") as name:
        os.chmod(name, 0o755)
        home = Path(name)
        if words == ["--short"]:
            short_check(report, home / "check")
        else:
            healthy_check(report, home / "check", Path(words[0]).resolve())
            actions(report, home / "actions")
            lines(report, home)
            readers(report, home)
            sites(report, home / "sites")
    if "--figures" in words:
        report.write_into([Path(page) for page in words[words.index("--figures") + 1 :]])
    for each in report.beyond:
        print(f"BEYOND: {each}", file=sys.stderr)
    sys.exit(bool(report.beyond))


if __name__ == "__main__":
    main()
