"""Looks again and again, and shows what it sees: on a terminal in place, else one after another."""

from __future__ import annotations

import os
import signal
import sys
import time

from rich.console import Group
from rich.live import Live

from arkcore.cli.console import show
from arkcore.cli.language import say
from arkcore.cli.styled import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from arkcore.cli.styled import SafeConsole


def watch(out: SafeConsole, look: Callable[[], RenderableType], every: float) -> None:
    """Show what `look` sees, every so many seconds, until ^C or SIGTERM.

    What was seen last stays on the screen. Without a terminal each look is printed below the one
    before; it ends too when nobody reads any more.
    """
    # A terminal whose cursor is hidden must get it back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if out.is_terminal:
            _in_place(out, look, every)
        else:
            _one_after_another(out, look, every)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # Else the interpreter would try to write what is left, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_place(out: SafeConsole, look: Callable[[], RenderableType], every: float) -> None:
    with Live(console=out, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            began = time.monotonic()
            seen = look()
            live.update(Group(_head(every), "", seen), refresh=True)
            _pause(began, every)


def _one_after_another(out: SafeConsole, look: Callable[[], RenderableType], every: float) -> None:
    while True:
        began = time.monotonic()
        seen = look()
        show(out, Group(_head(every), "", seen, ""))
        sys.stdout.flush()
        _pause(began, every)


def _head(every: float) -> Text:
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    return Text(
        say(f"{now}, every {every:g} s; ^C ends", f"{now}、{every:g} 秒ごと。^C で終了"), "dim"
    )


def _pause(began: float, every: float) -> None:
    """Until it is time to look again; at least a moment, however long a look takes."""
    time.sleep(max(0.2, began + every - time.monotonic()))
