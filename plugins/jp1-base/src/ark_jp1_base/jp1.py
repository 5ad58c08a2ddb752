"""The hooks as far as they are the same for JP1/Base and JP1/AJS3."""

from __future__ import annotations

import os

from ark_jp1_base import facts
from ark_jp1_base.commands import beneath, run
from ark_jp1_base.judgement import Answer, judge
from arkcore import StatusReport, StepFailed, hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from ark_jp1_base.commands import Reply
    from arkcore import Context, Finding, Machine, Process, Site


class Jp1Plugin:
    """What the JP1 plugins inherit; each says what its product is and how it is asked."""

    #: What is known of the product.
    product: facts.Product

    def ask(self, ctx: Context) -> list[Reply]:
        """Run the status commands, that of the process manager first."""
        raise NotImplementedError

    def start_arguments(self, options: Any) -> Sequence[str]:
        """What the start command is given besides the logical host."""
        return ()

    def commands(self, options: Any) -> Sequence[str]:
        """The paths of all commands that are in use, without the root."""
        return (
            options.start_command,
            options.stop_command,
            options.force_command,
            options.status_command,
        )

    @hookimpl
    def ark_status(self, ctx: Context) -> StatusReport:
        replies = self.ask(ctx)
        answers = [reply.answer for reply in replies]
        told = "; ".join(reply.told for reply in replies)
        if all(answer is Answer.RUNNING for answer in answers):
            # The healthy way looks at no process; the engine does, and believes neither alone.
            return StatusReport(judge(answers, alive=True, manager=True), told)
        processes = self.ark_processes(ctx)
        manager = any(each.name == self.product.manager.value for each in processes)
        status = judge(answers, alive=bool(processes), manager=manager)
        return StatusReport(status, f"{told}; {self._seen(ctx, processes, manager)}")

    def _seen(self, ctx: Context, processes: Sequence[Process], manager: bool) -> str:
        name = self.product.manager.value
        if not processes:
            seen = f"no process of {ctx.logical_host}"
        elif manager:
            seen = f"{len(processes)} processes of {ctx.logical_host}, {name} among them"
        else:
            seen = f"{len(processes)} processes of {ctx.logical_host}, no {name} among them"
        strays = self._strays(ctx)
        return f"{seen}; of no known logical host: {', '.join(strays)}" if strays else seen

    def _strays(self, ctx: Context) -> list[str]:
        """Processes that lost their manager before anybody knew whose they were."""
        # A process manager without a logical host's name is that of the physical host: no stray.
        return [
            str(each)
            for each in self._look(ctx.unattributed_processes, ctx.options)
            if each.name not in facts.MANAGERS
        ]

    @hookimpl
    def ark_processes(self, ctx: Context) -> Sequence[Process]:
        def find(*places: Any, **known: Any) -> list[Process]:
            return ctx.find_processes(*places, apart=ctx.options.not_ours, **known)

        return self._look(find, ctx.options)

    def _look(self, find: Callable[..., list[Process]], options: Any) -> list[Process]:
        directory = beneath(options.root, self.product.directory.value)
        known = {
            "variables": (facts.LOGICAL_HOST_VARIABLE.value,),
            "commands": (
                *(fact.value for fact in (*self.product.commands, *facts.RESIDENT)),
                *options.not_ours,
            ),
            "parts": (*(fact.value for fact in self.product.parts), *options.ours),
        }
        found = find((directory,), **known)
        if found:
            return found
        # The kernel tells of executables by their real paths, so nothing is found where the
        # directory is reached by a link. Asked last: the disk may hang.
        real = os.path.realpath(directory)
        return [] if real == directory else find((real,), **known)

    @hookimpl
    def ark_start(self, ctx: Context) -> None:
        options = ctx.options
        result = run(ctx, options.start_command, ctx.logical_host, *self.start_arguments(options))
        # Its return code is not judged (AJSO0152): after 60 s the start goes on in the background.
        if result.error:
            raise StepFailed(result.told())

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        run(ctx, ctx.options.stop_command, ctx.logical_host).check()

    @hookimpl
    def ark_force_stop(self, ctx: Context) -> None:
        options = ctx.options
        # Its return code says nothing; what lives afterwards is looked at, and killed.
        run(ctx, options.force_command, ctx.logical_host, timeout=options.force_limit)

    @hookimpl
    def ark_preflight(self, ctx: Context, site: Site, machine: Machine) -> Iterable[Finding]:
        from ark_jp1_base.preflight import (
            commands_finding,
            disk_finding,
            lang_finding,
            name_finding,
            ports_finding,
        )

        options = ctx.options
        paths = [beneath(options.root, path) for path in self.commands(options)]
        yield commands_finding(self.product.title, paths)
        yield lang_finding(self.product.title, options.lang)
        yield disk_finding(ctx.logical_host, site, machine)
        yield name_finding(ctx.logical_host)
        yield ports_finding(site, machine)
