"""Starts a program that stays in the foreground, leaves it running, and knows when it has ended."""

from __future__ import annotations

import os
import time

from arkcore.base.errors import PluginError, StepFailed
from arkcore.machine import command, processes
from arkcore.machine.channel import Event
from arkcore.machine.command import CommandResult
from arkcore.machine.spawn import clean_environment, command_line, spawn, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from arkcore.machine.output import Output
    from arkcore.machine.processes import Process

_START = "start"


class Foreground:
    """A daemon of this worker's own: its child, until the worker ends."""

    def __init__(self, argv: Sequence[str], pid: int, output: Output) -> None:
        self.pid = pid
        self._argv = argv
        self._output = output
        self._began = time.monotonic()

    def ended(self) -> CommandResult | None:
        """How it has ended; None while it lives. Its remains are left: they show what it was."""
        self._output.trim()
        try:
            how = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None  # somebody has awaited it: nothing tells
        if how is None:
            return None
        exited = how.si_code == os.CLD_EXITED
        return CommandResult(
            self._argv,
            returncode=how.si_status if exited else -how.si_status,
            seconds=time.monotonic() - self._began,
            raw=self._output.end(),
        )


def start(
    ctx: Any, words: Sequence[str], user: str | None, env: Mapping[str, str | None]
) -> Process:
    """Start the daemon that `words` call, as `user`; `ctx`: the context of a start."""
    argv = words_of("ctx.start_daemon", words)
    if ctx._engine.step.kind != _START:
        raise PluginError(f"start_daemon: only ark_start starts a daemon: {argv!r}")
    if ctx.deadline.passed:
        raise StepFailed(CommandResult(argv, error=command.NO_TIME).told())
    ctx._sender.send(Event.COMMAND, command_line(argv))
    ctx._sender.send(Event.NOW, f"{argv[0]} ({_START})")
    mark = f"{ctx.resource}:{os.urandom(16).hex()}"
    ctx._notes.commands.note(mark, _START)
    output: Output = ctx._output()

    def make(group: int) -> int:
        return spawn(argv, clean_environment(mark, env, user), output, user, group)

    try:
        pid: int = ctx._place_start(make)
    except (OSError, ValueError) as error:
        output.close()
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StepFailed(CommandResult(argv, error=why).told()) from None
    daemon = Foreground(argv, pid, output)
    ctx._engine.daemons.append(daemon)
    process = processes.look(pid)
    if process is None:
        result = daemon.ended() or CommandResult(argv, error="it ended at once")
        ctx._engine.step.results.append(result)
        raise StepFailed(result.told())
    ctx._notes.commands.note(mark, _START, pid, process.start)
    ctx._engine.shown.add(process)
    return process
