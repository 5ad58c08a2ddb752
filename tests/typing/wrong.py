"""Plugins that a type checker refuses. Each line that it must refuse says with which error."""

from __future__ import annotations

from collections.abc import Sequence

from arkcore import (  # expect: attr-defined
    Application,
    Context,
    Finding,
    Guard,
    Process,
    Site,
    Status,
    StatusReport,
    hookimpl,
    option,
)

print(Guard)


class Options:
    root: str = option("/")
    text: str = option("", minimum="a")  # expect: arg-type


class ReturnsNoReport:
    @hookimpl  # expect: type-var
    def ark_status(self, ctx: Context) -> str:
        return "RUNNING"


class ReturnsPids:
    @hookimpl  # expect: type-var
    def ark_processes(self, ctx: Context) -> list[int]:
        return [1]


class AnswersWithAStatusAlone:
    @hookimpl  # expect: type-var
    def ark_status(self, ctx: Context) -> Status:
        return Status.RUNNING


class WantsAContextToDeclare:
    @hookimpl  # expect: type-var
    def ark_application(self, ctx: Context) -> Application:
        return Application(name="x", title="x", options=Options)


class WantsMoreThanAContext:
    @hookimpl  # expect: type-var
    def ark_status(self, ctx: Context, resource: str) -> StatusReport:
        return StatusReport(Status.RUNNING, resource)


class TakesAnotherContext:
    @hookimpl  # expect: type-var
    def ark_processes(self, ctx: str) -> Sequence[Process]:
        return []


class ChecksWithAnotherMachine:
    @hookimpl  # expect: type-var
    def ark_preflight(self, ctx: Context, site: Site, machine: str) -> list[Finding]:
        return []


class IsNotCarefulWithin:
    @hookimpl
    def ark_application(self) -> Application:
        return Application(name="x", title="x", options=Options, retries=3)  # expect: call-arg

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        ctx.sleep(3)  # expect: attr-defined
        ctx.run("/bin/true", timeout="5")  # expect: arg-type
        return StatusReport("RUNNING")  # expect: arg-type

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        ctx.terminate([1, 2])  # expect: list-item
