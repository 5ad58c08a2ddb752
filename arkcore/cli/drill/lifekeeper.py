"""Drills under LifeKeeper, by its own commands: ins_list, eqv_list and perform_action.

A resource is taken in service by the node that is to run it: `perform_action -a restore` there has
the other node remove it first. So a switch towards this node is ordered here; one away from it is
left to an administrator on the other node, whom it is printed for and who is waited for. With
`--peer` it is ordered there by ssh.
"""

from __future__ import annotations

import os
import shlex
import tempfile

from arkcore.base.call import Action
from arkcore.base.errors import MachineError
from arkcore.cli.drill.lifekeeper_failures import Failures
from arkcore.cli.drill.manager import Drilled, Kind, Plan, Refused, Seen
from arkcore.cli.drill.package import package_of
from arkcore.cli.language import say
from arkcore.cli.resources import usable
from arkcore.cli.worst_times import worst_times
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.lifekeeper_commands import LifeKeeperCommands
from arkcore.memory.attempts import Attempt
from arkcore.memory.lock import holder_of
from arkcore.memory.state import State
from arkcore.resources.requirements import dependents

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO

    from arkcore.base.paths import Paths
    from arkcore.cli.peer import Peer
    from arkcore.managers.lifekeeper_commands import Instance
    from arkcore.resources.resource import Resource
    from arkcore.resources.timers import Timers

_IN_SERVICE, _FAILED = "ISP", "OSF"
#: States of a resource that LifeKeeper may take in service.
_READY = ("OSU", "ISU")
#: Seconds that LifeKeeper needs beside our timers, for IP addresses and file systems.
_DECIDING = 120.0
#: Seconds for an administrator to type a command on the other node.
_TYPING = 600.0


class LifeKeeperDrill(Drilled):
    """LifeKeeper, as it is asked and told on this node."""

    title = "LifeKeeper"

    def __init__(self, paths: Paths, resource: Resource, peer: Peer | None = None) -> None:
        self._paths = paths
        self._peer = peer
        self._resource = resource
        self._lifekeeper = find_lifekeeper(os.environ, paths.prefix)
        self._commands = LifeKeeperCommands(self._lifekeeper.root)
        self.node = os.uname().nodename
        self._orders: _Orders | None = None
        self._partner = ""
        #: The node on which an administrator is to order a switch; "" for none.
        self._awaits = ""
        #: The highest resources of ours that need this one, else itself: tag here, tag there.
        self._tops: tuple[tuple[str, str], ...] = ()
        self._failures = Failures()
        if not self._lifekeeper.is_installed:
            raise Refused(
                f"no cluster manager holds {resource.name} here: there is no LifeKeeper in "
                f"{self._lifekeeper.root}, and no Pacemaker has called for it"
            )

    # Planning.

    def plan(self, kind: Kind, to: str, within: float | None) -> Plan:
        name = self._resource.name
        held = self._commands.instances()
        if name not in held:
            raise Refused(f"LifeKeeper holds no {name} here; first: ark lifekeeper register {name}")
        above = dependents(self._paths, name)
        self._partner, tag = self._other(name, to)
        self._tops = self._highest(name, above)
        here, there = held[name].state, self._commands.state_on(self._partner, tag)
        if there is None:
            raise Refused(
                f"{self._partner} does not answer for {tag} ({self._commands.root}/bin/ins_list "
                f"-d {self._partner} -t {tag}): see that LifeKeeper runs there, and its "
                f"communication paths"
            )
        source, target = self._ends(name, here, there)
        moved = self._hierarchy(above)
        tags = {each: self._other(each, self._partner)[1] for each in moved if each in held}
        found = {self.node: held, self._partner: self._commands.instances_on(self._partner) or {}}
        ours = {self.node: {each: each for each in moved}}
        ours[self._partner] = {tag: each for each, tag in tags.items()}
        self._failures.begin(ours, found)
        idle = self._partner if source == self.node else self.node
        self._refuse_failed(idle, found[idle])
        if not kind.switches:
            if source != self.node:
                raise Refused(
                    f"{name} is in service on {source}, and what is broken is broken there; on "
                    f"{source}: ark drill {kind.value} {tag}"
                )
            until = self._until_recovered(above)
            limit = until if within is None else within
            return Plan(kind, source, source, (name, *above), (), limit)
        commands = [
            shlex.join(self._commands.perform(here if target == self.node else there, "restore"))
            for here, there in self._tops
        ]
        by_person = target != self.node and self._peer is None
        limit = _DECIDING + sum(map(_until_moved, self._timers(moved)))
        limit += _TYPING if by_person else 0.0
        limit = limit if within is None else within
        return Plan(kind, source, target, moved, tuple(commands), limit, by_person)

    def _other(self, name: str, to: str) -> tuple[str, str]:
        """The other node, and the tag that the resource bears there."""
        others = dict(self._commands.equivalents(name) or ())
        if to and to not in others:
            there_are = ", ".join(sorted(others)) or "none"
            raise Refused(f"--to {to}: {name} is not extended there; it is to: {there_are}")
        if not to and len(others) > 1:
            names = ", ".join(sorted(others))
            raise Refused(f"{name} is extended to {names}; a drill needs one: name it with --to")
        if not others:
            raise Refused(
                f"{name} is not extended to another node; first, in LifeKeeper's GUI: Extend "
                f"Resource Hierarchy"
            )
        other = to or next(iter(others))
        return other, others[other]

    def _highest(self, name: str, above: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """LifeKeeper takes along what a resource needs, and not what needs it: so the highest."""
        tops = [each for each in above if not dependents(self._paths, each)] or [name]
        return tuple((top, self._other(top, self._partner)[1]) for top in tops)

    def _ends(self, name: str, here: str, there: str) -> tuple[str, str]:
        if _IN_SERVICE not in (here, there):
            command = shlex.join(self._commands.perform(name, "restore"))
            raise Refused(
                f"{name} is in service on neither node: {here} here, {there} on {self._partner}; "
                f"first: {command}"
            )
        if here == there:
            raise Refused(
                f"{name} is {_IN_SERVICE} here and on {self._partner}: two nodes may run it; look "
                f"at LifeKeeper's GUI at once"
            )
        runs_here = here == _IN_SERVICE
        idle, state = (self._partner, there) if runs_here else (self.node, here)
        if state not in _READY:
            raise Refused(
                f"{name} is {state} on {idle}: it is not ready to take it; find out why there: ark "
                f"log {name}, and take it out of service: "
                f"{shlex.join(self._commands.perform(name, 'remove'))}"
            )
        return (self.node, self._partner) if runs_here else (self._partner, self.node)

    def _refuse_failed(self, idle: str, held: Mapping[str, Instance]) -> None:
        """`Refused` where a resource that goes along is already marked as failed on `idle`."""
        for tag, instance in held.items():
            if self._failures.is_ours(idle, tag) and instance.state == _FAILED:
                raise Refused(
                    f"{tag} is {_FAILED} on {idle}: it is not ready to take it; find out why "
                    f"there: ark log {tag}, and take it out of service: "
                    f"{shlex.join(self._commands.perform(tag, 'remove'))}"
                )

    def _until_recovered(self, above: Sequence[str]) -> float:
        interval, timers = self._lifekeeper.check_interval, self._resource.timers
        worst = worst_times(timers, interval, self._timers(above))[1].stopped
        if worst is None:
            raise Refused(
                "LKCHECKINTERVAL is 0: LifeKeeper checks nothing and would not notice; set it in "
                "/etc/default/LifeKeeper"
            )
        state = State(self._paths, self._resource.name, read_only=True)
        used = state.attempts.count(Attempt.RESTART, timers["recover.window"])
        limit = timers["recover.attempts"]
        if used >= limit:
            raise Refused(
                f"{used} of {limit:g} restarts are used up, so that the next failure fails over; "
                f"wait until {timers['recover.window']:g} s have passed since they were"
            )
        return worst + _DECIDING

    def _hierarchy(self, above: Sequence[str]) -> tuple[str, ...]:
        """All of ours that goes along, lowest first: what the highest need, in turn."""
        found: list[str] = []

        def add(name: str) -> None:
            for each in usable(self._paths, name).requires:
                add(each)
            if name not in found:
                found.append(name)

        for top, _ in self._tops:
            add(top)
        return tuple(found)

    def _timers(self, names: Sequence[str]) -> list[Timers]:
        return [usable(self._paths, name).timers for name in names]

    # Doing.

    def order(self, plan: Plan) -> None:
        self._awaits = plan.target if plan.by_person else ""
        if plan.by_person:
            return
        here = plan.target == self.node
        rows = [self._commands.perform(top if here else tag, "restore") for top, tag in self._tops]
        there = self._peer.begin if self._peer is not None else None
        self._orders = _Orders(self._commands.begin if here or there is None else there, rows)

    def forget_failure(self) -> str:
        timers = self._resource.timers
        state = State(self._paths, self._resource.name, read_only=True)
        used = state.attempts.count(Attempt.RESTART, timers["recover.window"])
        if not used:
            return ""
        limit, window = f"{timers['recover.attempts']:g}", f"{timers['recover.window']:g}"
        return say(
            f"{used} of {limit} restarts within {window} s are used now; after that many a failure "
            f"fails over",
            f"{window} 秒以内の再起動 {limit} 回のうち {used} 回を使用済み。使い切ると障害時に"
            f"フェイルオーバーします",
        )

    def tidy(self) -> str:
        # Nobody is waited for any more: what is at work here says when all is at rest.
        self._awaits = ""
        if self._orders is None or not self._orders.at_work():
            return ""
        return say(
            f"perform_action is still at work and is left to its end; see: "
            f"{self._commands.root}/bin/ins_list -t {self._resource.name}",
            f"perform_action は実行中です。そのまま最後まで実行されます。確認: "
            f"{self._commands.root}/bin/ins_list -t {self._resource.name}",
        )

    # Looking.

    def look(self) -> Seen:
        try:
            held = self._commands.instances()
        except MachineError as error:
            return Seen("", False, False, str(error))
        at_work = self._orders is not None and self._orders.at_work()
        at_work = at_work or any(map(self._is_acted_upon, held))
        there = self._commands.instances_on(self._partner)
        broken = self._failures.among({self.node: held, self._partner: there or {}})
        states: dict[str, list[str | None]] = {
            self.node: [_state(held, top) for top, _ in self._tops],
            self._partner: [_state(there, tag) for _, tag in self._tops],
        }
        own = held[self._resource.name].state if self._resource.name in held else ""
        up = [node for node, each in states.items() if set(each) == {_IN_SERVICE}]
        where = up[0] if len(up) == 1 else ""
        if own == _IN_SERVICE:
            where = self.node if where in ("", self.node) else ""
        told = "; ".join(
            f"{node}: {' '.join(each or '?' for each in found)}" for node, found in states.items()
        )
        tops = {tag for pair in self._tops for tag in pair}
        told += "".join(f"; {each}" for each in broken if each.resource not in tops)
        settled = not at_work
        if self._awaits:
            # Whether anybody has typed it yet is not known: only its end shows.
            settled = where == self._awaits or bool(broken)
        return Seen(where, where in up, settled, f"LifeKeeper: {told}", broken)

    @property
    def source(self) -> str:
        return "LifeKeeper: ins_list"

    def version(self) -> str:
        return package_of(f"{self._commands.root}/bin/ins_list")

    def _is_acted_upon(self, name: str) -> bool:
        holder = holder_of(self._paths.state(name))
        return holder is not None and holder.action != Action.QUICK_CHECK.word

    def failures(self) -> Sequence[str]:
        return self._orders.failures if self._orders is not None else ()


def _state(held: Mapping[str, Instance] | None, tag: str) -> str | None:
    """The state of `tag` among what a node holds; "" for no such tag, None for no answer."""
    if held is None:
        return None
    return held[tag].state if tag in held else ""


class _Orders:
    """Commands, one after another; the first that fails ends the row."""

    def __init__(
        self,
        begin: Callable[[Sequence[str], IO[bytes]], subprocess.Popen[bytes]],
        rows: Sequence[Sequence[str]],
    ) -> None:
        self._command = begin
        self._ahead = list(rows)
        self.failures: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._row = self._ahead.pop(0)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (it is read when it has ended)
        self._process = self._command(self._row, self._output)

    def at_work(self) -> bool:
        """Whether one of them is; the next one is begun where one has ended well."""
        code = self._process.poll()
        if code is None:
            return True
        if code and not self.failures:
            self._output.seek(0)
            lines = self._output.read(65536).decode("utf-8", "backslashreplace").split("\n")
            said = next((line for line in reversed(lines) if line.strip()), "")
            ended = say(f"exit code {code}", f"終了コード {code}")
            self.failures.append(f"{shlex.join(self._row)}: {ended}: {said}".rstrip(": "))
        if self.failures or not self._ahead:
            return False
        self._begin()
        return True


def _until_moved(timers: Timers) -> float:
    parts = ("remove.process", "remove.cleanup", "restore.process", "restore.cleanup")
    return sum(timers[each] for each in parts)
