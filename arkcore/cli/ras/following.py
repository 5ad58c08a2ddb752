"""Shows the RAS log as it is written: its lines, or its runs and what is at work."""

from __future__ import annotations

import time

from rich.console import Group
from rich.live import Live

from arkcore.cli.console import duration
from arkcore.cli.ras.tree import step_name, tree
from arkcore.cli.styled import Text
from arkcore.ras.follow import Follower
from arkcore.ras.line import parse_line
from arkcore.ras.pairing import Pairing
from arkcore.ras.records import ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arkcore.cli.styled import SafeConsole
    from arkcore.ras.records import Run

#: Seconds between two looks at a log that is followed.
_LOOK = 0.3
#: Bytes that stand in it already and are read too.
_BEFORE = 1 << 17


def follow_lines(out: SafeConsole, path: str, resource: str | None, failed: bool) -> None:
    """Print each line as it is written, until ^C."""
    log = Follower(path)
    try:
        while True:
            for data in log.lines():
                line = parse_line(data.decode("utf-8", "backslashreplace"))
                if line is None or resource not in (None, line.resource):
                    continue
                if not failed or line.went_badly:
                    out.print(Text(line.text, "red" if line.went_badly else ""), soft_wrap=True)
            out.file.flush()
            time.sleep(_LOOK)
    except KeyboardInterrupt:
        pass
    finally:
        log.close()


def follow_runs(
    out: SafeConsole,
    path: str,
    number: int,
    resource: str,
    limits: Callable[[str], Mapping[str, float]],
    wanted: Callable[[Run], bool],
) -> None:
    """Print the last runs, then each as it ends; on a terminal also what is at work; until ^C."""
    log = Follower(path, _BEFORE)
    pairing = Pairing(limits=limits, only=resource)
    try:
        with Live(console=out, auto_refresh=False, transient=True) as live:
            # Of what is cut off at the beginning, the end alone tells nothing.
            found = [run for run in pairing.feed(log.lines()) if wanted(run) and _is_whole(run)]
            _print(out, found[-number:])
            while True:
                _print(out, [run for run in pairing.feed(log.lines()) if wanted(run)])
                if out.is_terminal:
                    working = pairing.open_scripts()
                    live.update(Group(*(_at_work(each, limits) for each in working)), refresh=True)
                else:
                    out.file.flush()
                time.sleep(_LOOK)
    except KeyboardInterrupt:
        pass
    finally:
        log.close()


def _is_whole(run: Run) -> bool:
    return not isinstance(run, ScriptTaken) or run.started


def _print(out: SafeConsole, runs: list[Run]) -> None:
    for run in runs:
        for line in tree(run):
            out.print(line, soft_wrap=True)


def _at_work(script: ScriptTaken, limits: Callable[[str], Mapping[str, float]]) -> Text:
    """The script that is at work, its step, and how long that has taken."""
    now = time.time()
    step = script.steps[-1] if script.steps and not script.steps[-1].ended else None
    began = step.began if step is not None else script.began
    line = Text(f"{script.resource}  {script.action.script}", "bold")
    if step is not None:
        line.append(f": {step_name(step.step)}")
    line.append(f"  {duration(max(0.0, now - began))}")
    limit = limits(script.resource).get(f"{script.action.word}.process", 0.0)
    if 0 < limit < float("inf"):
        line.append(f" / {script.action.word}.process {limit:g} s")
    return line
