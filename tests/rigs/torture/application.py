"""The plugin of the torture's product, and the ways in which a plugin itself goes wrong.

A world copies this file beside metadata of its own, so that its programs find it by entry point
as they find any plugin. What is to go wrong stands in the file `plugin-fault` of the logical host:
a hook's name and a fault's.
"""

from __future__ import annotations

from arkcore import Application, HealthCommand, Process, Status, StatusReport, hookimpl, option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore import CommandResult, Context

#: What each return code of the status command means; any other one is no answer.
_ANSWERS = {
    0: Status.RUNNING,
    4: Status.PARTIAL,
    8: Status.STOPPED,
    12: Status.STARTING,
}


class Options:
    """Where the product lies."""

    product: str = option(required=True, text="the product's directory")


class Hostile:
    """A product of two daemons and one command, `bin/command VERB LOGICAL-HOST`."""

    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            name="torture",
            title="the torture's product",
            options=Options,
            machine_wide=("shared-daemon",),
        )

    @hookimpl
    def ark_health_commands(self, options: Options, logical_host: str) -> list[HealthCommand]:
        return [HealthCommand([f"{options.product}/bin/command", "status", logical_host])]

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        _go_wrong("status", ctx)
        result = self._command("status", ctx)
        status = _ANSWERS.get(-1 if result.returncode is None else result.returncode)
        return StatusReport(status or Status.UNKNOWN, result.told())

    @hookimpl
    def ark_processes(self, ctx: Context) -> Sequence[Process]:
        _go_wrong("processes", ctx)
        return ctx.find_processes([ctx.options.product], variables=["TORTURE_HOST"])

    @hookimpl
    def ark_start(self, ctx: Context) -> None:
        _go_wrong("start", ctx)
        self._command("start", ctx)

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        _go_wrong("stop", ctx)
        self._command("stop", ctx).check()

    @hookimpl
    def ark_force_stop(self, ctx: Context) -> None:
        _go_wrong("force", ctx)
        self._command("force", ctx)

    def _command(self, verb: str, ctx: Context) -> CommandResult:
        return ctx.run([f"{ctx.options.product}/bin/command", verb, ctx.logical_host])


def _go_wrong(hook: str, ctx: Context) -> None:
    """Do what the plugin's fault says, where it is this hook's."""
    home = f"{ctx.options.product}/hosts/{ctx.logical_host}"
    try:
        with open(f"{home}/plugin-fault") as file:
            where, fault = file.read().split()
    except (OSError, ValueError):
        return
    if where == hook:
        with open(f"{home}/met", "a") as met:
            met.write(f"plugin: {fault} in {hook}\n")
        FAULTS[fault]()


def _raise() -> None:
    raise ValueError("of the plugin")


def _raise_base() -> None:
    raise BaseException("of the plugin")


def _exit() -> None:
    raise SystemExit(0)


def _exit_at_once() -> None:
    import os

    os._exit(0)


def _block_in_c() -> None:
    """Block in C, holding the interpreter lock, so that no signal handler runs."""
    import ctypes

    ctypes.PyDLL(None).sleep(1000)


def _crash() -> None:
    import ctypes

    ctypes.string_at(0)


def _recurse() -> None:
    _recurse()


def _leak() -> None:
    """Threads and descriptors that nobody ends."""
    import os
    import threading
    import time

    for _ in range(20):
        os.open("/dev/null", os.O_RDONLY)
        threading.Thread(target=time.sleep, args=(1000,)).start()


def _change_process() -> None:
    """Another directory, umask and environment, which the next command must not see."""
    import os

    os.chdir("/proc")
    os.umask(0o777)
    os.environ.clear()


FAULTS = {
    "raise": _raise,
    "raise-base": _raise_base,
    "exit": _exit,
    "exit-at-once": _exit_at_once,
    "block-in-c": _block_in_c,
    "crash": _crash,
    "recurse": _recurse,
    "leak": _leak,
    "change-process": _change_process,
}
