"""How soon the page of `ark report` can be used: made, opened, filtered, zoomed; in seconds.

PYTHONPATH=tests python -m browser.figures CHROMIUM
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from browser.devtools import Browser, Page
from browser.history import write_history

RUNS = (2, 200, 2000, 20_000)
ROUNDS = 3
#: Until the filter, told one letter, has changed what is seen.
_FILTER = (
    "new Promise(function(done){var t=performance.now(),f=document.getElementById('filter');"
    "f.value='failed';f.dispatchEvent(new Event('input'));requestAnimationFrame(function(){"
    "setTimeout(function(){done(performance.now()-t)},0)})})"
)
_ZOOM = (
    "new Promise(function(done){var t=performance.now();document.getElementById('in').click();"
    "requestAnimationFrame(function(){setTimeout(function(){done(performance.now()-t)},0)})})"
)


def _process_time(page: Page) -> float:
    metrics = page.call("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "ProcessTime"))


def main() -> int:
    [program] = sys.argv[1:]
    print("  runs    made     KiB    usable    filter      zoom  processor")
    with tempfile.TemporaryDirectory() as name, Browser(program, Path(name)) as browser:
        for runs in RUNS:
            directory = Path(name) / str(runs)
            file = directory / "report.html"
            logs = write_history(directory, runs)
            began = time.monotonic()
            ark = Path(sys.executable).with_name("ark")
            subprocess.run(
                [ark, "report", *logs, "--since", "2026-01-01", "-o", file],
                env={"PATH": os.defpath, "ARK_PREFIX": name, "LC_ALL": "C.UTF-8"},
                check=True,
                stdout=subprocess.DEVNULL,
            )
            made = time.monotonic() - began
            best = [float("inf")] * 4
            for _ in range(ROUNDS):
                page = Page(browser, file)
                page.call("Performance.enable", timeDomain="threadTicks")
                page.frame()
                # From the navigation on, until the page's script has run and a frame is drawn.
                usable = page.ask(
                    "Math.max(performance.getEntriesByType('navigation')[0].loadEventEnd,"
                    "performance.getEntriesByName('first-contentful-paint')[0]?.startTime||0)/1000"
                )
                # On a busy machine only what its process has taken of a processor tells anything.
                taken = _process_time(page)
                times = (usable, page.ask(_FILTER) / 1000, page.ask(_ZOOM) / 1000, taken)
                best = [min(pair) for pair in zip(best, times, strict=True)]
                page.close()
            size = file.stat().st_size // 1024
            figures = "  ".join(f"{each:8.2f}" for each in best)
            print(f"{runs:6d}  {made:6.2f}  {size:6d}  {figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
