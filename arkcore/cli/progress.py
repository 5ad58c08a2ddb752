"""What a person sees of an action at work: its RAS lines and, on a terminal, what is going on."""

from __future__ import annotations

import sys
import time

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from arkcore.base.call import Action
from arkcore.base.status import Outcome
from arkcore.base.text import shown
from arkcore.cli.console import console, duration
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.styled import Text
from arkcore.ras.format import format_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.status import Verdict
    from arkcore.cli.styled import SafeConsole
    from arkcore.resources.resource import Resource
    from arkcore.resources.timers import Timers

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_SPINNER = "|/-\\"
_BAR = 20


class Governing:
    """Which timer governs now, as far as the RAS lines tell, and how much of it is spent."""

    def __init__(
        self, action: Action, timers: Timers, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._action = action
        self._timers = timers
        self._clock = clock
        self._since = clock()
        if action is Action.QUICK_CHECK:
            self._process, self._cleanup = "lifekeeper.quickcheck_run", ""
        else:
            self._process, self._cleanup = f"{action.word}.process", f"{action.word}.cleanup"

    def hear(self, line: str) -> None:
        """A message of the RAS log, which may begin another timer."""
        if self._action is Action.RECOVER:
            if line.startswith("Stopping."):
                self._begin("remove.process", "remove.cleanup")
            elif line.startswith("Starting."):
                self._begin("restore.process", "recover.cleanup")
        if line.startswith("Start failed.") and self._cleanup:
            self._begin(self._cleanup, "")

    def _begin(self, process: str, cleanup: str) -> None:
        self._process, self._cleanup = process, cleanup
        self._since = self._clock()

    def now(self) -> tuple[str, float, float]:
        """The timer's name, the seconds spent of it, and its limit."""
        spent, limit = self._clock() - self._since, self._timers[self._process]
        if spent > limit and self._cleanup:
            return self._cleanup, spent - limit, self._timers[self._cleanup]
        return self._process, spent, limit


class Lines:
    """Not a terminal: the RAS lines as they are, and the verdict."""

    def __init__(self, action: Action, resource: str, host: str) -> None:
        self._action = action
        self._resource = resource
        self._host = host
        self._began = time.monotonic()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def line(self, message: str) -> None:
        line = format_line(self._resource, self._host, message, time.time()).decode()
        put(line.removesuffix("\n"), flush=True)

    def now(self, text: str) -> None:
        pass

    def aside(self, text: str) -> None:
        """What somebody wrote on stderr."""
        put(text, to=sys.stderr, flush=True)

    def tick(self) -> None:
        pass

    def verdict(self, verdict: Verdict) -> None:
        word, text = told(verdict, time.monotonic() - self._began)
        put(f"{self._action.word} {self._resource}: {word} {text}", flush=True)


class Screen:
    """A terminal: the lines, and below them one that moves: what is done, which timer, how long."""

    def __init__(self, action: Action, name: str, resource: Resource | None) -> None:
        self._action = action
        self._name = name
        self._resource = resource
        self._console: SafeConsole = console()
        self._governing = Governing(action, resource.timers) if resource else None
        self._began = time.monotonic()
        self._step = ""
        self._now = ""
        # Without a thread of its own: it is refreshed where we wait.
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        plain = not (self._console.encoding or "").lower().startswith("utf")
        self._spinner = _PLAIN_SPINNER if plain else _SPINNER

    def __enter__(self) -> Screen:
        head = Text(f"{self._action.word} {self._name}", "bold")
        if self._resource:
            plugin = self._resource.plugin
            about = f"  {self._resource.logical_host}, {plugin.name} {plugin.version}"
            head.append(about, "not bold dim")
        self._console.print(head)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def line(self, message: str) -> None:
        if self._governing:
            self._governing.hear(message)
        if message.endswith("ing."):
            self._step = message.removesuffix(".")
        text = Text("  ")
        text.append(time.strftime("%H:%M:%S"), "dim")
        text.append("  ")
        text.append(shown(message), _style(message))
        self._live.console.print(text)
        self.tick()

    def now(self, text: str) -> None:
        self._now = text
        self.tick()

    def aside(self, text: str) -> None:
        self._live.console.print(Text(f"  {shown(text)}", "yellow"))

    def tick(self) -> None:
        self._live.update(self._bottom(), refresh=True)

    def verdict(self, verdict: Verdict) -> None:
        self._live.update(Text(""), refresh=True)
        self._live.stop()
        seconds = time.monotonic() - self._began
        word, text = told(verdict, seconds)
        style = {
            Outcome.WELL: "bold green",
            Outcome.FAILED: "bold red",
            Outcome.INTERNAL: "bold red",
        }.get(verdict.outcome, "bold yellow")
        what = f"{self._action.word} {self._name}: "
        self._console.print(Text.assemble((what, "bold"), (word, style), " ", text))

    def _bottom(self) -> Table:
        elapsed = time.monotonic() - self._began
        sign = self._spinner[int(elapsed * 10) % len(self._spinner)]
        doing = ", ".join(dict.fromkeys(each for each in (self._step, shown(self._now)) if each))
        grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
        grid.add_column(width=1, style="cyan")
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        cells: list[Text | ProgressBar | str] = [f"{sign}", Text(doing or " ")]
        if self._governing:
            name, spent, limit = self._governing.now()
            if self._console.width >= 100:
                grid.add_column(width=_BAR)
                cells.append(ProgressBar(total=limit, completed=min(spent, limit), width=_BAR))
            grid.add_column(no_wrap=True, justify="right", style="dim")
            total = say(f"{elapsed:.0f} s", f"{elapsed:.0f} 秒")
            timer = say(
                f"{name} {spent:.0f} of {limit:g} s", f"{name} {limit:g} 秒のうち {spent:.0f} 秒"
            )
            cells.append(timer if f"{spent:.0f}" == f"{elapsed:.0f}" else f"{total}, {timer}")
        grid.add_row(*cells)
        return grid


def _style(message: str) -> str:
    script, _, rest = message.partition(" ")
    if message.startswith("| "):
        return "dim"
    if " failed." in message or " aborted." in message:
        return "red"
    if script in {action.script for action in Action} and rest.startswith("completed."):
        return "bold"
    if message.startswith("/"):
        return "cyan"
    return ""


def told(verdict: Verdict, seconds: float) -> tuple[str, str]:
    """The verdict for a person: its word, and what there is to say."""
    words = {
        Outcome.WELL: say("well", "成功"),
        Outcome.FAILED: say("failed", "失敗"),
        Outcome.UNDECIDED: say("undecided", "判定不能"),
        Outcome.SKIPPED: say("skipped", "スキップ"),
        Outcome.INTERNAL: say("internal error", "内部エラー"),
    }
    status = verdict.status.value if verdict.status else ""
    why = shown(verdict.reason) or status
    spent = say(f"{seconds:.1f} s", f"{seconds:.1f} 秒") if seconds < 120 else duration(seconds)
    return words[verdict.outcome], f"({spent})" + (f": {why}" if why else "")
