"""The right plugin. The wrong ones inherit it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from arkcore import (
    Application,
    CommandResult,
    Finding,
    Level,
    Process,
    Status,
    StatusReport,
    hookimpl,
    option,
)

#: What `ctl status` returns, and what it means.
CODES = {0: Status.RUNNING, 2: Status.PARTIAL, 3: Status.STOPPED, 4: Status.STARTING}


class Options:
    root: str = option(required=True, text="where the product is", text_ja="製品のある場所")
    data: str = option(required=True, text="the shared disk", text_ja="共有ディスク")
    patience: float = option(
        5.0,
        "seconds that the status command may take",
        "状態確認コマンドの制限時間（秒）",
        minimum=0.5,
        maximum=60,
    )


class Right:
    """Nothing is wrong with it."""

    name = "right"

    def ctl(self, ctx: Any, action: str, **more: Any) -> CommandResult:
        words = [self.command(ctx), action, ctx.logical_host, ctx.options.data]
        result: CommandResult = ctx.run(words, **more)
        return result

    def command(self, ctx: Any) -> str:
        return f"{ctx.options.root}/bin/ctl"

    @hookimpl
    def ark_application(self) -> Application:
        return self.application()

    def application(self, **more: Any) -> Application:
        return Application(
            **{
                "name": self.name,
                "title": "Right",
                "options": Options,
                "machine_wide": ("right-shared",),
                **more,
            }
        )

    @hookimpl
    def ark_status(self, ctx: Any) -> StatusReport:
        return self.status(ctx)

    def status(self, ctx: Any) -> StatusReport:
        result = self.ctl(ctx, "status", timeout=ctx.options.patience)
        status = CODES.get(-1 if result.returncode is None else result.returncode)
        if status is None:
            gone = result.error and not os.path.exists(self.command(ctx))
            status = Status.STOPPED if gone else Status.UNKNOWN
        if status is Status.STOPPED and self.processes(ctx):
            status = Status.PARTIAL
        return StatusReport(status, result.told())

    @hookimpl
    def ark_processes(self, ctx: Any) -> Sequence[Process]:
        return self.processes(ctx)

    def processes(self, ctx: Any) -> list[Process]:
        found: list[Process] = ctx.find_processes(
            [f"{ctx.options.root}/bin"], variables=("RIGHT_HOST",)
        )
        return found

    @hookimpl
    def ark_start(self, ctx: Any) -> None:
        self.start(ctx)

    def start(self, ctx: Any) -> None:
        self.ctl(ctx, "start").check()

    @hookimpl
    def ark_stop(self, ctx: Any) -> None:
        self.stop(ctx)

    def stop(self, ctx: Any) -> None:
        self.ctl(ctx, "stop").check()

    @hookimpl
    def ark_force_stop(self, ctx: Any) -> None:
        self.force_stop(ctx)

    def force_stop(self, ctx: Any) -> None:
        ctx.terminate(self.processes(ctx), grace=0.2)

    @hookimpl
    def ark_check_configuration(self, ctx: Any) -> Iterable[Finding]:
        yield Finding("configuration", Level.OK, f"none is needed beneath {ctx.options.root}")

    @hookimpl
    def ark_preflight(self, ctx: Any) -> Iterable[Finding]:
        yield from self.preflight(ctx)

    def preflight(self, ctx: Any) -> Iterable[Finding]:
        command = self.command(ctx)
        if os.access(command, os.X_OK):
            yield Finding("ctl", Level.OK, command)
        else:
            yield Finding("ctl", Level.FAIL, f"{command} is not there", "install the product")
