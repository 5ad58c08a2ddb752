"""A plugin whose hooks a test writes itself.

Its application lives in the directory `home`: the daemon `home/daemon` (a copy of sleep), known by
its executable. A function in `home/hooks.py` that bears a hook's name takes that hook's place.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any

from arkcore import (
    Application,
    Finding,
    HealthCommand,
    Level,
    LogicalHostRule,
    Process,
    Status,
    StatusReport,
    SupportClass,
    hookimpl,
    option,
)

if os.environ.get("TOY_HANGS_AT_IMPORT"):
    time.sleep(1000)


class Options:
    home: str = option(required=True, text="where the application lives")
    number: int = option(1, "a number", minimum=1, maximum=9)
    colour: str = option("red", "a colour", choices=("red", "blue"))
    words: list[str] = option([], "some words")


class Toy:
    """The toy."""

    def _instead(self, name: str, ctx: Any, default: Any) -> Any:
        path = f"{ctx.options.home}/hooks.py"
        functions: dict[str, Any] = {}
        if os.path.exists(path):
            with open(path) as file:
                exec(compile(file.read(), path, "exec"), functions)
        function = functions.get(name)
        return function(ctx, default) if function else default(ctx)

    @hookimpl
    def ark_application(self) -> Application:
        return self._application()

    def _application(self, name: str = "toy", *, exclusive: bool = True) -> Application:
        return Application(
            name=name,
            title="the toy",
            options=Options,
            timers={"quickcheck.confirm": 0.2, "force_stop_wait": 0.3},
            machine_wide=("shared-daemon",),
            logical_host=LogicalHostRule(max_bytes=20, unique_bytes=8, exclusive=exclusive),
        )

    @hookimpl
    def ark_health_commands(self, options: Any) -> list[HealthCommand]:
        """What the file `home/health` names, a command a line; none where there is no file.

        A line may begin with `timeout=SECONDS`.
        """
        path = f"{options.home}/health"
        if not os.path.exists(path):
            return []
        with open(path) as file:
            return [_health_command(line.split()) for line in file]

    @hookimpl
    def ark_status(self, ctx: Any) -> StatusReport:
        return self._instead("ark_status", ctx, self._status)

    def _status(self, ctx: Any) -> StatusReport:
        alive = self._processes(ctx)
        return StatusReport(Status.RUNNING if alive else Status.STOPPED)

    @hookimpl
    def ark_processes(self, ctx: Any) -> list[Process]:
        return self._instead("ark_processes", ctx, self._processes)

    def _processes(self, ctx: Any) -> list[Process]:
        return ctx.find_processes([ctx.options.home])

    @hookimpl
    def ark_start(self, ctx: Any) -> None:
        self._instead("ark_start", ctx, self._start)

    def _start(self, ctx: Any) -> None:
        ctx.run(["/bin/sh", "-c", f"setsid {ctx.options.home}/daemon 1000 >/dev/null 2>&1 &"])

    @hookimpl
    def ark_stop(self, ctx: Any) -> None:
        self._instead("ark_stop", ctx, self._stop)

    def _stop(self, ctx: Any) -> None:
        pids = [str(process.pid) for process in self._processes(ctx)]
        ctx.run(["/bin/kill", *pids]).check()

    @hookimpl
    def ark_force_stop(self, ctx: Any) -> None:
        self._instead("ark_force_stop", ctx, self._force_stop)

    def _force_stop(self, ctx: Any) -> None:
        ctx.terminate(self._processes(ctx), grace=0.2)

    @hookimpl
    def ark_check_configuration(self, ctx: Any) -> list[Finding]:
        return self._instead("ark_check_configuration", ctx, lambda _: [])

    @hookimpl
    def ark_preflight(self, ctx: Any, site: Any) -> list[Finding]:
        if os.environ.get("TOY_PREFLIGHT") == "raise":
            raise ValueError("no luck")
        return [Finding(f"toy: site of {len(site.nodes)} nodes", Level.OK, ctx.logical_host)]


class Several(Toy):
    """The toy, of which several resources may have one logical host."""

    @hookimpl
    def ark_application(self) -> Application:
        return self._application("toy-several", exclusive=False)


class Unsupported(Toy):
    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            name="toy-unsupported",
            title="unsupported",
            options=Options,
            support=SupportClass.UNPROTECTED,
        )


class Misspelt(Toy):
    @hookimpl
    def ark_satus(self, ctx: Any) -> StatusReport:
        return StatusReport(Status.RUNNING)


class Observer:
    """Writes down what it hears, in the directory that TOY_HOME names."""

    @hookimpl
    def ark_action_started(self, resource: str, logical_host: str, action: str) -> None:
        self._write(f"started {resource} {logical_host} {action}")

    @hookimpl
    def ark_action_finished(
        self, resource: str, logical_host: str, action: str, outcome: str
    ) -> None:
        self._write(f"finished {resource} {logical_host} {action} {outcome}")

    def _write(self, text: str) -> None:
        home = os.environ.get("TOY_HOME", "")
        if not home:
            return
        if os.path.exists(f"{home}/observer-hangs"):
            with open(f"{home}/observer-hangs") as file:
                program = file.read()
            if program:
                subprocess.run([program, "1000"])
            time.sleep(1000)
        with open(f"{home}/observed", "a") as file:
            file.write(text + "\n")


def _health_command(words: list[str]) -> HealthCommand:
    timeout = None
    if words[0].startswith("timeout="):
        timeout = float(words.pop(0).partition("=")[2])
    return HealthCommand(words, timeout=timeout, node_lock="toy")
