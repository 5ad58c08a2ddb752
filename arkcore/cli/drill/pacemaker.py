"""Drills under Pacemaker, by its own tools: crm_mon, cibadmin, crm_simulate, crm_resource."""

from __future__ import annotations

import math
import os
import shlex
import subprocess
import time

from arkcore.base.errors import ArkError, MachineError
from arkcore.cli.drill.manager import Drilled, Kind, Operation, Plan, Refused, Seen
from arkcore.cli.drill.pacemaker_readiness import (
    other_node,
    refuse_cluster,
    refuse_failures,
    refuse_left,
    refuse_nodes,
    told_of,
    where_of,
)
from arkcore.cli.language import say
from arkcore.machine.system import is_trusted_program
from arkcore.managers.cib import Cib, CibOperation, interrupted
from arkcore.managers.crm_mon import View
from arkcore.managers.pacemaker_tools import PacemakerTools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE = "/usr/sbin"
#: Seconds for a tool that asks, or that changes one thing.
_ASKING = 30.0
#: Seconds that the cluster needs beside the operations of its resources.
_DECIDING = 30.0
#: A preference that could not be taken back ends by itself: so many seconds after its drill.
_LEFT_FOR = 600.0


class PacemakerDrill(Drilled):
    """Pacemaker, as it is asked and told on this node. `prefix`: comes before its tools' place."""

    title = "Pacemaker"
    has_history = True

    def __init__(self, resource: str, prefix: str = "") -> None:
        self._resource = resource
        self._prefix = prefix
        self._tools = PacemakerTools(prefix)
        #: What is stopped and started, and the node each runs on then.
        self._moves: dict[str, str] = {resource: ""}
        #: What is moved: the group that the resource is in, else itself.
        self._whole = resource
        self._known: set[tuple[str, str, str, str, float]] = set()
        #: When each new operation was first seen to be over.
        self._seen: dict[tuple[str, str, str, str, float], float] = {}
        self._operations: dict[tuple[str, str, str, str, float], CibOperation] = {}
        self._switches = False
        self._ordered = False
        name = self._run("crm_node", "--name")
        self.node = name.stdout.strip()
        if name.returncode or len(self.node.split()) != 1:
            raise Refused(
                "Pacemaker does not answer on this node; first: systemctl start pacemaker"
            )

    def version(self) -> str:
        lines = self._run("crm_mon", "--version").stdout.splitlines()
        return lines[0].strip() if lines else ""

    # Planning.

    def plan(self, kind: Kind, to: str, within: float | None) -> Plan:
        view, cib = self._view(), self._cib()
        refuse_cluster(view)
        source = where_of(view, self._resource)
        target = other_node(view, source, to)
        refuse_nodes(view, {source, target})
        if not kind.switches and source != self.node:
            raise Refused(
                f"{self._resource} runs on {source}, and what is broken is broken there; on "
                f"{source}: ark drill {kind.value} {self._resource}"
            )
        # The outermost: its members move together.
        self._whole = (*view.above[self._resource], self._resource)[0]
        refuse_left(cib, self._whole)
        together = {name for name, above in view.above.items() if self._whole in above}
        refuse_failures(view, cib, {*together, self._resource})
        self._switches = kind.switches
        target = target if kind.switches else source
        if kind.switches:
            self._moves = self._would_move(cib, target)
        else:
            self._moves = self._would_restart(cib, source)
        nowhere = [name for name, node in self._moves.items() if not node]
        if nowhere:
            raise Refused(
                f"the cluster would stop {', '.join(nowhere)} and run it nowhere; see: "
                f"crm_simulate --live-check --show-scores"
            )
        refuse_failures(view, cib, set(self._moves))
        for name in self._moves:
            refuse_left(cib, name)
            if view.resources[name].role != "Started":
                raise Refused(f"{told_of(view, name)}: wait until it is started; see: crm_mon -1")
        self._known = {each.identity for each in cib.operations()}
        self._seen, self._operations = {}, {}
        limit = _DECIDING + sum(map(self._seconds, self._moves))
        if not kind.switches:
            limit += self._to_notice(cib)
        limit = limit if within is None else within
        commands = (shlex.join(self._move(target, limit)),) if kind.switches else ()
        return Plan(kind, source, target, tuple(self._moves), commands, limit)

    def _would_move(self, cib: Cib, target: str) -> dict[str, str]:
        """What would go with it, as the cluster's own rules have it."""
        told = self._simulated(cib.as_if_moved(self._whole, target))
        if told.get(self._resource) != target:
            raise Refused(
                f"the cluster would not run {self._resource} on {target} (constraints, or what it "
                f"needs there); see: crm_simulate --live-check --show-scores"
            )
        return told

    def _would_restart(self, cib: Cib, node: str) -> dict[str, str]:
        """What would be restarted with it; `Refused` where it would be moved at once."""
        interval = cib.check_interval(self._resource)
        if interval is None:
            raise Refused(
                f"{self._resource} has no monitor operation, so the cluster would not notice; "
                f"configure one, as shown by: ark pacemaker example"
            )
        failure = f"{self._resource}_monitor_{interval * 1000:.0f}@{node}=7"
        told = self._simulated(cib.text, f"--op-inject={failure}")
        if told.get(self._resource) != node:
            elsewhere = told.get(self._resource) or "no node"
            raise Refused(
                f"at its next failure the cluster would run {self._resource} on {elsewhere}, not "
                f"here again (migration-threshold); to drill that: ark drill failover "
                f"{self._resource}"
            )
        return told

    def _simulated(self, cib: str, *words: str) -> dict[str, str]:
        simulate = ("crm_simulate", "--simulate", "--xml-pipe", "--output-as=xml")
        done = self._run(*simulate, *words, stdin=cib)
        try:
            return interrupted(done.stdout)
        except ValueError:
            raise Refused(
                f"what the cluster would do cannot be told: crm_simulate: {_said(done)}"
            ) from None

    def _seconds(self, name: str) -> float:
        timeouts = self._tools.timeouts(name)
        return sum(timeouts.get(operation, 20.0) for operation in ("start", "stop"))

    def _to_notice(self, cib: Cib) -> float:
        interval = cib.check_interval(self._resource) or 0.0
        return interval + self._tools.timeouts(self._resource).get("monitor", 20.0)

    # Doing.

    def _move(self, target: str, limit: float) -> list[str]:
        minutes = math.ceil((limit + _LEFT_FOR) / 60)
        return [
            "crm_resource", "--resource", self._whole, "--move", "--node", target,
            f"--lifetime=PT{minutes}M",
        ]  # fmt: skip

    def order(self, plan: Plan) -> None:
        self._ordered = True
        tool, *words = self._move(plan.target, plan.limit)
        done = self._run(tool, *words)
        if done.returncode:
            raise MachineError(f"{shlex.join([tool, *words])}: {_said(done)}")

    def forget_failure(self) -> str:
        words = ("--cleanup", "--resource", self._resource)
        done = self._run("crm_resource", *words)
        if done.returncode:
            command = shlex.join(["crm_resource", *words])
            return say(
                f"the failure that was made stays on record: {_said(done)}; {command}",
                f"発生させた障害の記録が残っています: {_said(done)}; {command}",
            )
        return say(
            f"the failure that was made was taken off the record: crm_resource {shlex.join(words)}",
            f"発生させた障害の記録を消去: crm_resource {shlex.join(words)}",
        )

    def tidy(self) -> str:
        if not self._ordered:
            return ""
        command = f"crm_resource --resource {self._whole} --clear"
        for _ in range(5):
            done = self._run(*command.split())
            try:
                if done.returncode == 0 and not self._cib().left_by_moves(self._whole):
                    self._ordered = False
                    return say(
                        f"the move's constraint was taken back: {command}",
                        f"移動の制約を削除: {command}",
                    )
            except ArkError:
                pass  # asked again
            time.sleep(0.5)
        raise MachineError(
            f"the move's constraint is LEFT: {_said(done)}; give the command: {command}"
        )

    # Looking.

    def look(self) -> Seen:
        try:
            view, cib = self._view(), self._cib()
        except ArkError as error:
            return Seen("", False, False, str(error))
        now = time.time()
        for each in cib.operations():
            new = each.identity not in self._known and each.identity not in self._operations
            if new and each.resource in self._moves:
                self._operations[each.identity] = each
                self._seen[each.identity] = now
        where = view.where(self._resource)
        # What the cluster would run elsewhere need not go along, but has to run.
        places = {name: view.where(name) for name in self._moves}
        own = self._moves[self._resource]
        up = all(
            place and (place == where or self._moves[name] != own) for name, place in places.items()
        )
        said = self._run("crmadmin", "--status", view.coordinator) if view.coordinator else None
        settled = said is not None and "S_IDLE" in said.stdout
        return Seen(where, up, settled, told_of(view, self._resource))

    def operations(self) -> Sequence[Operation]:
        found = []
        for identity, each in self._operations.items():
            if each.action in ("start", "stop"):
                # Its second is on record, and when it was first seen to be over: between the two.
                began = min(max(each.began, self._seen[identity] - each.took), each.began + 0.999)
                found.append(
                    Operation(
                        each.node, each.resource, each.action,
                        began, began + each.took, each.code, each.reason,
                    )
                )  # fmt: skip
        return sorted(found, key=lambda each: each.began)

    def failures(self) -> Sequence[str]:
        return [
            str(each)
            for each in sorted(self._operations.values(), key=lambda each: each.began)
            # What a local recovery has broken is found by a monitor, which is no failure of it.
            if each.failed and (self._switches or each.action != "monitor")
        ]

    def _view(self) -> View:
        done = self._run("crm_mon", "--one-shot", "--output-as=xml")
        try:
            return View(done.stdout)
        except ValueError:
            raise MachineError(f"crm_mon does not tell how the cluster is: {_said(done)}") from None

    def _cib(self) -> Cib:
        done = self._run("cibadmin", "--query")
        try:
            return Cib(done.stdout)
        except ValueError:
            raise MachineError(f"cibadmin does not tell the configuration: {_said(done)}") from None

    def _run(self, tool: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One tool, to its end. In a session of its own: ^C is for the drill."""
        program = f"{self._prefix}{_PLACE}/{tool}"
        if not is_trusted_program(program):
            raise Refused(f"{program}: there is no such program that only root can have written")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
        if "TZ" in os.environ:
            environment["TZ"] = os.environ["TZ"]
        try:
            return subprocess.run(
                [program, *words],
                input=stdin,
                capture_output=True,
                text=True,
                errors="backslashreplace",
                timeout=_ASKING,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            late = f"no answer within {_ASKING:g} s"
            return subprocess.CompletedProcess([program, *words], 124, "", late)
        except OSError as error:
            raise MachineError(f"{program}: {error.strerror}") from error


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    code = done.returncode
    return lines[-1] if lines else say(f"exit code {code}", f"終了コード {code}")
