"""How fast a large RAS log is read: beside awk, which pairs the same lines, and from its end."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench_measuring import Report

#: Megabytes of the log that is read.
MEGABYTES = int(os.environ.get("READERS_MB", "100"))
#: At most so many times as long as awk, and so many seconds for the last hour.
TIMES, SECONDS = 2.0, 0.5
#: Seconds between two checks of one resource in the log.
EVERY = 5
RESOURCES = ("lkjp1_base", "lkjp1_ajs3")
DATE = "YYYY/MM/DD"

AWK = r"""
BEGIN { FS = " : " }
$4 ~ /^[A-Z][A-Za-z]+ start\.$/ { split($4, w, " "); begun[$2, w[1]] = $1; next }
match($4, /^(Restore|Remove|QuickCheck|Recover) (completed|failed)\./) {
    split($4, w, " "); key = $2 SUBSEP w[1]
    if (key in begun) {
        a = begun[key]
        s = 3600 * substr($1, 13, 2) + 60 * substr($1, 16, 2) + substr($1, 19, 2)
        s -= 3600 * substr(a, 13, 2) + 60 * substr(a, 16, 2) + substr(a, 19, 2)
        n[key]++; total[key] += s; if (s > worst[key]) worst[key] = s; delete begun[key]
    }
}
END { for (k in n) print k, n[k], total[k], worst[k] }
"""

#: What `ark timers --suggest` does with a log.
SUMMARY = """
import sys
from arkcore.cli.tuning.measured import History
from arkcore.ras.reader import Reader
from arkcore.ras.source import Source
from arkcore.resources.timers import Timers
found = {}
for run in Reader([Source(sys.argv[1])], keeps=False).runs():
    if run.resource not in found:
        found[run.resource] = History(Timers({}))
    found[run.resource].hear(run)
assert all(each.scripts for each in found.values())
# Not ru_maxrss: that counts the memory of the process that has forked this one.
[peak] = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
print(int(peak.split()[1]) // 1024)
"""

RESTART = (
    "QuickCheck start.", "QuickCheck failed. It is STOPPED (x).", "Recover start.",
    "Status checking.", "Status check completed. STOPPED", "Stopping.",
    "/etc/opt/jp1base/jbs_stop.cluster LVMRH5LKB", "Stop completed.", "Starting.",
    "/etc/opt/jp1base/jbs_start.cluster LVMRH5LKB", "Start completed.", "Recover completed.",
)  # fmt: skip


def _day() -> str:
    """The lines of one day, with DATE for its date: checks, and a restart a few times."""
    lines = []
    for second in range(0, 86400, EVERY):
        at = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        told = [
            (name, text) for name in RESOURCES for text in (*RESTART[:1], "QuickCheck completed.")
        ]
        if second % 14400 == 0:
            told += [(RESOURCES[0], text) for text in RESTART]
        lines += [f"[{DATE} {at}] : {name} : LVMRH5LKB : {text}\n" for name, text in told]
    return "".join(lines)


def write_log(path: Path, megabytes: int) -> None:
    """A log of that size, whose last line is of now."""
    day, today = _day(), datetime.date.today()
    days = max(1, megabytes * 1_000_000 // len(day))
    now = time.strftime("%H:%M:%S")
    with path.open("w") as file:
        for ago in range(days, -1, -1):
            date = (today - datetime.timedelta(days=ago)).strftime("%Y/%m/%d")
            lines = day if ago else "".join(
                line for line in day.splitlines(keepends=True) if line[12:20] <= now
            )  # fmt: skip
            file.write(lines.replace(DATE, date))


def cpu(argv: Sequence[str]) -> tuple[float, str]:
    """Seconds of a processor that `argv` takes, and what it prints."""
    before = os.times()
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    after = os.times()
    seconds = after.children_user - before.children_user
    return seconds + after.children_system - before.children_system, printed


def readers(report: Report, directory: Path) -> None:
    log = directory / "ras.log"
    write_log(log, MEGABYTES)
    small = directory / "small.log"
    write_log(small, MEGABYTES // 10)
    by_awk, _ = cpu(["awk", AWK, str(log)])
    ours, memory = cpu([sys.executable, "-c", SUMMARY, str(log)])
    _, less = cpu([sys.executable, "-c", SUMMARY, str(small)])
    ark = [str(Path(sys.executable).parent / "ark"), "log", "--file", str(log), "--since", "1h"]
    last_hour = min(cpu(ark)[0] for _ in range(5))
    ratio = ours / by_awk
    size = log.stat().st_size / 1_000_000
    report.table(f"a RAS log of {size:.0f} MB", "found", "at most")
    awk = os.path.basename(os.path.realpath("/usr/bin/awk"))
    report.row(f"awk ({awk}) pairs its lines", f"{by_awk:.1f} s of a processor", "–")
    report.row("it is summarised", f"{ours:.1f} s, {ratio:.2f} times awk", f"{TIMES:g} times awk")
    report.row(
        "memory for that; for a tenth of the log", f"{int(memory)} MB; {int(less)} MB", "the same"
    )
    report.row("ark log --since 1h", f"{last_hour:.2f} s of a processor", f"{SECONDS:g} s")
    report.hold("a log is summarised, times awk", ratio, TIMES)
    report.hold("memory of a summary, MB", int(memory), int(less) + 8)
    report.hold("the last hour of a log, seconds", last_hour, SECONDS)
