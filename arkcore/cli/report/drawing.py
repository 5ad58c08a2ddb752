"""Draws a period as SVG: a lane for each resource on each node, bars, gaps, failovers, an axis."""

from __future__ import annotations

import time
from dataclasses import dataclass
from html import escape

from arkcore.base.status import Outcome
from arkcore.base.text import shown
from arkcore.cli.console import duration
from arkcore.cli.language import say
from arkcore.cli.ras.tree import outcome_of, stamp, step_name, time_used
from arkcore.ras.records import Checks, ScriptTaken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from arkcore.cli.report.history import Failover, Gap, History, Lane
    from arkcore.ras.records import Run, StepTaken

#: Units of the picture.
WIDTH, LEFT, RIGHT, TOP = 1200, 190, 16, 40
_LANE, _BAR, _STEP = 46, 24, 8
#: Of bars that are narrower, and of one kind, one is drawn for each place, which is so wide.
_NARROW, _PLACE = 1.0, 4
#: A bar, a step or a mark is at least so wide, to be seen.
_LEAST = 2.0
_TICKS = 8
_STEPS_OF_TIME = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200,
    86400, 172800, 604800, 1209600, 2592000,
)  # fmt: skip

#: Of the page's picture, and of the picture alone. Text has a contrast of 4.5 and more.
STYLE = """
.lane{fill:#f3f4f6}.name{font:600 13px sans-serif;fill:#111827}
.sub,.tick{font:12px sans-serif;fill:#4b5563}.line{stroke:#d1d5db}
.well rect.bar,rect.well{fill:#2f7d4f}.failed rect.bar,rect.failed{fill:#b42318}
.near rect.bar,rect.near{fill:#b26a00}.odd rect.bar,rect.odd{fill:#6b4fa0}
.skipped rect.bar,rect.skipped{fill:#6b7280}.checks rect.bar,rect.checks{fill:#8fb8a0}
.step{fill:#ffffff;fill-opacity:.45}.step.bad{fill:#000000;fill-opacity:.55}
.gap{fill:#b42318;fill-opacity:.16;stroke:#b42318;stroke-opacity:.7}
.over{stroke:#1d4ed8;stroke-width:2;fill:none}.head{fill:#1d4ed8}
"""


@dataclass(frozen=True)
class Scale:
    """Places moments on the picture."""

    began: float
    ends: float

    def x(self, at: float) -> float:
        share = (at - self.began) / max(1.0, self.ends - self.began)
        return LEFT + max(0.0, min(1.0, share)) * (WIDTH - LEFT - RIGHT)


def kind_of(run: Run) -> str:
    """The class of a run in the picture and the table."""
    if isinstance(run, Checks):
        return "checks"
    if not isinstance(run, ScriptTaken):
        return "odd"
    if run.went_badly:
        return "failed"
    if run.outcome is Outcome.SKIPPED:
        return "skipped"
    if run.outcome is not Outcome.WELL:
        return "odd"
    return "near" if run.is_near else "well"


def title_of(run: Run) -> str:
    """A run in one line."""
    where = f"{run.node} {run.resource}".strip()
    if isinstance(run, Checks):
        told = say(f"{run.count} QuickChecks, well", f"QuickCheck {run.count} 回、正常")
        return f"{where}: {told}, {stamp(run.began)} – {stamp(run.ends)}"
    if not isinstance(run, ScriptTaken):
        return f"{where}: {run.message}, {stamp(run.began)}"
    took = time_used(run.seconds, run.used)
    return f"{where}: {run.action.script} {outcome_of(run)}, {stamp(run.began)}, {took}"


def picture(history: History, *, alone: bool) -> str:
    """The picture. `alone`: a file of its own, with its style and without a script's handles."""
    scale = Scale(history.began, history.ends)
    height = TOP + _LANE * len(history.lanes) + 8
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'data-began="{history.began:.0f}" data-ends="{history.ends:.0f}" '
        f'data-zone="{time.localtime(history.began).tm_gmtoff}" '
    )
    if alone:
        label = say("Timeline of the RAS log", "RAS ログの時間軸")
        head += f'role="img" aria-label="{label}" width="{WIDTH}" height="{height}">'
        head += f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    else:
        label = say("Timeline: runs by node and resource", "時間軸: ノードとリソースごとの実行")
        head += f'role="group" aria-label="{label}" id="timeline">'
    number = {id(run): position for position, run in enumerate(history.runs)}
    parts = [head, *_axis(scale, height)]
    for row, lane in enumerate(history.lanes):
        parts += _lane(lane, TOP + row * _LANE, scale, number, history, alone=alone)
    for over in history.failovers:
        parts += _failover(over, history, scale)
    return "\n".join([*parts, "</svg>\n"])


def _axis(scale: Scale, height: int) -> Iterator[str]:
    span = scale.ends - scale.began
    step = next((each for each in _STEPS_OF_TIME if span / each <= _TICKS), _STEPS_OF_TIME[-1])
    shape = "%H:%M:%S" if span < 7200 else "%H:%M" if span < 86400 else "%m/%d %H:%M"
    # From a round local time on.
    local = time.localtime(scale.began)
    at = scale.began - (local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec) % step
    yield '<g id="axis" aria-hidden="true">'
    day = time.strftime("%Y/%m/%d", local)
    yield f'<text class="sub" x="8" y="20">{day}</text>'
    while at <= scale.ends:
        if at >= scale.began:
            x, text = scale.x(at), time.strftime(shape, time.localtime(at))
            yield f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="28" y2="{height - 8}"/>'
            anchor = "end" if x > WIDTH - 60 else "middle"
            yield f'<text class="tick" x="{x:.1f}" y="20" text-anchor="{anchor}">{text}</text>'
        at += step
    yield "</g>"


def _lane(
    lane: Lane, y: int, scale: Scale, number: dict[int, int], history: History, *, alone: bool
) -> Iterator[str]:
    width = WIDTH - LEFT - RIGHT
    name, node = _cut(lane.resource), _cut(f"{lane.node} {lane.logical_host}".strip(), 26)
    yield f'<rect class="lane" x="{LEFT}" y="{y + 4}" width="{width}" height="{_LANE - 8}" rx="3"/>'
    yield f'<text class="name" x="8" y="{y + 20}">{name}</text>'
    yield f'<text class="sub" x="8" y="{y + 36}">{node}</text>'
    for gap in history.gaps:
        if gap.resource == lane.resource:
            yield from _gap(gap, y, scale)
    top = y + (_LANE - _BAR) / 2
    drawn: set[tuple[int, str]] = set()
    for run in lane.runs:
        if run.ends < scale.began or run.began > scale.ends:
            continue
        left, right = scale.x(run.began), scale.x(run.ends)
        kind = kind_of(run)
        if right - left < _NARROW:
            # Of many in one place, one is drawn.
            place = int(left / _PLACE), kind
            if place in drawn:
                continue
            drawn.add(place)
        yield from _bar(run, kind, (left, right, top), scale, number[id(run)], alone=alone)


def _bar(
    run: Run,
    kind: str,
    place: tuple[float, float, float],
    scale: Scale,
    number: int,
    *,
    alone: bool,
) -> Iterator[str]:
    left, right, top = place
    title = escape(shown(title_of(run)))
    has_row = isinstance(run, ScriptTaken)
    handle = f' data-run="{number}"'
    if not alone and has_row:
        handle += f' role="button" tabindex="-1" aria-label="{title}"'
    yield f'<g class="run {kind}"{handle}><title>{title}</title>'
    height = _BAR if has_row else 10
    shift = 0 if has_row else (_BAR - 10) / 2
    yield _rect("bar", left, right, top + shift, height, run.began, run.ends)
    if isinstance(run, ScriptTaken):
        for step in run.steps:
            yield from _step(step, top, scale)
    yield "</g>"


def _step(step: StepTaken, top: float, scale: Scale) -> Iterator[str]:
    left, right = scale.x(step.began), scale.x(step.ends)
    if right - left < _NARROW and step.well:
        return
    kind = "step bad" if not step.well else "step"
    rect = _rect(kind, left, right, top + _BAR - _STEP, _STEP, step.began, step.ends)
    title = escape(f"{step_name(step.step)}, {duration(step.seconds)}")
    yield rect.removesuffix("/>") + f"><title>{title}</title></rect>"


def _gap(gap: Gap, y: int, scale: Scale) -> Iterator[str]:
    ends = scale.ends if gap.ends is None else gap.ends
    left, right = scale.x(gap.began), scale.x(ends)
    title = say("no service", "サービス停止") + f" {duration(ends - gap.began)}"
    if gap.ends is None:
        title += say(", no end in the log", "、ログに終了なし")
    rect = _rect("gap", left, right, y + 4, _LANE - 8, gap.began, ends)
    yield rect.removesuffix("/>") + f"><title>{title}</title></rect>"


def _failover(over: Failover, history: History, scale: Scale) -> Iterator[str]:
    rows = {(lane.node, lane.resource): row for row, lane in enumerate(history.lanes)}
    begin, end = rows[over.source, over.resource], rows[over.target, over.resource]
    y1, y2 = (TOP + row * _LANE + _LANE / 2 for row in (begin, end))
    x1, x2 = scale.x(over.left), scale.x(over.came)
    side = -1 if y2 > y1 else 1
    title = escape(f"{over.resource}: {over.source} → {over.target}")
    times = f'data-b="{over.left:.0f}" data-e="{over.came:.0f}"'
    yield f'<g class="failover" {times}><title>{title}</title>'
    yield f'<path class="over" d="M{x1:.1f} {y1} L{x2:.1f} {y2 + 8 * side}"/>'
    yield f'<path class="head" d="M{x2:.1f} {y2} l-5 {9 * side} l10 0 z"/></g>'


def _rect(
    kind: str, left: float, right: float, top: float, height: float, began: float, ends: float
) -> str:
    width = max(_LEAST, right - left)
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{height:g}" data-b="{began:.0f}" data-e="{ends:.0f}"/>'
    )


def _cut(text: str, most: int = 22) -> str:
    text = shown(text)
    return escape(text if len(text) <= most else f"{text[: most - 1]}…")
