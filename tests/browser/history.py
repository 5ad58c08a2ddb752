"""Makes RAS logs of two nodes for the page: failovers among many runs that go well."""

from __future__ import annotations

from pathlib import Path

from ras_writing import RasWriter

HOSTILE = "| <script>document.title='owned'</script><img src=x onerror=alert(1)> & \x1b[31m"


def write_history(directory: Path, runs: int) -> tuple[str, ...]:
    """Logs that hold about `runs` scripts, as options of `ark report`; two of them: no failure."""
    one, two = RasWriter(), RasWriter(now=RasWriter().now + 1)
    other = RasWriter(resource="lkjp1_ajs3", host="LHOST1")
    one.restore(20)
    for number in range(max(0, (runs - 2) // 2)):
        if number % 50 == 7:
            one.told(
                "QuickCheck start.", 3, "QuickCheck failed. It is STOPPED (x).", 1,
                "Recover start.", "Stopping.", 2, "Stop completed.", "Starting.", "/start", 9,
                "Start completed.", "Recover completed.", 60,
            )  # fmt: skip
        else:
            one.check(1).check(2).restore(3).remove(4)
        other.now = one.now
        other.restore(5)
    if runs > 2:
        _fail(one)
    two.now = one.now + 1
    two.restore(45)
    one.lines += other.lines
    one.lines.sort(key=lambda line: line[:21])
    one.write(directory / "one/ras.log")
    two.write(directory / "two/ras.log")
    return "--file", f"node1={directory}/one", "--file", f"node2={directory}/two"


def _fail(one: RasWriter) -> None:
    one.told(
        "QuickCheck start.", 3, "QuickCheck failed. It is STOPPED (x).", 1,
        "Recover start.", "Starting.", "/opt/start LHOST1", 60, "start returned 1", HOSTILE,
        "Start failed. Expected RUNNING", "Recover failed. Expected RUNNING", 2,
        "Remove start.", "Stopping.", 8, "Stop completed.", "Remove completed.",
    )  # fmt: skip
