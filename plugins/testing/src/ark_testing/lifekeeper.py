"""A driver that calls the four programs as LifeKeeper for Linux is documented to.

It is a stand-in and no LifeKeeper: it knows the calls, the exit codes' meaning and the time limits,
and nothing of communication paths, arbitration or locks. What the vendor documents, it does; where
the vendor is silent (the working directory, the environment, recover's arguments), it does one
thing that a program must be able to live with.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ark_testing import lifekeeper_programs
from ark_testing.invocation import Invocation, RunEnd, run
from ark_testing.lifekeeper_programs import FAILED, IN_SERVICE, OUT_OF_SERVICE, PLACES
from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher

_PLACES = {
    Action.RESTORE: PLACES["restore"],
    Action.REMOVE: PLACES["remove"],
    Action.QUICK_CHECK: PLACES["quickCheck"],
    Action.RECOVER: PLACES["recover"],
}

#: A quickCheck is ended with SIGALRM after this many seconds, and that is no failure.
QUICKCHECK_LIMIT = 22.0


class ProgramEnd:
    """How one program ended. `code` is None where it was ended for being late.

    `held`: something that it started holds LifeKeeper's end of its output open.
    """

    def __init__(
        self, action: Action, code: int | None, seconds: float, output: str, held: bool = False
    ) -> None:
        self.action = action
        self.code = code
        self.seconds = seconds
        self.output = output
        self.held = held

    @classmethod
    def of(cls, action: Action, end: RunEnd) -> ProgramEnd:
        return cls(action, None if end.late else end.code, end.seconds, end.output, end.held)

    @property
    def ok(self) -> bool:
        return self.code in (0, None)


class Node:
    """LifeKeeper on one server: its directory, its copies of the programs, its resources' states.

    Its own commands are there as well, as far as they are documented: see
    :mod:`ark_testing.lifekeeper_programs`. `root` is LKROOT. `prefix` is the ARK_PREFIX that
    the launchers bake in; it also gets an etc/default/LifeKeeper that tells where LKROOT is.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        prefix: str,
        *,
        quickcheck_limit: float = QUICKCHECK_LIMIT,
    ) -> None:
        self.name = name
        self.root = root
        self.prefix = prefix
        self.quickcheck_limit = quickcheck_limit
        #: What its commands keep, and read.
        self.database = lifekeeper_programs.Database(root)
        self._launchers: dict[Action, str] = {}
        lifekeeper_programs.install(root)
        defaults = Path(f"{prefix}/etc/default/LifeKeeper")
        defaults.parent.mkdir(parents=True, exist_ok=True)
        defaults.write_text(f"LKROOT={root}\nLKCHECKINTERVAL=120\n")

    def create(self, tag: str) -> None:
        """Make the resource `tag` here: copies of the four programs under its name."""
        for action, place in _PLACES.items():
            program = self.root / place / tag
            program.parent.mkdir(parents=True, exist_ok=True)
            if action not in self._launchers:
                self._launchers[action] = launcher(action, self.prefix)
            program.write_text(self._launchers[action])
            program.chmod(0o755)
        self.database.put(self.name, "gen", "app", tag, "", OUT_OF_SERVICE)

    def create_other(self, tag: str, app: str, type_: str, state: str = IN_SERVICE) -> None:
        """A resource of another kit, an IP address or a file system: its instance, no more."""
        self.database.put(self.name, app, type_, tag, "", state)

    def program(self, action: Action, tag: str) -> Path:
        return self.root / _PLACES[action] / tag

    def state(self, tag: str) -> str:
        return self.database.state(tag)

    def set_state(self, tag: str, state: str) -> None:
        self.database.set_state(tag, state)

    def invocation(self, action: Action, tag: str) -> Invocation:
        """How LifeKeeper calls a program: no terminal, and as good as no environment.

        Output goes to its log, which reads on to the end. Only a quickCheck has a limit.
        """
        checks = action is Action.QUICK_CHECK
        return Invocation(
            [str(self.program(action, tag)), *self._arguments(action, tag)],
            {"PATH": "/usr/bin:/bin", "TERM": "dumb"},
            limit=self.quickcheck_limit if checks else None,
            ending=signal.SIGALRM,
        )

    def call(self, action: Action, tag: str) -> ProgramEnd:
        """Run one program to its end; a quickCheck is ended at its limit."""
        return ProgramEnd.of(action, run(self.invocation(action, tag)))

    def _arguments(self, action: Action, tag: str) -> Sequence[str]:
        identity = self.database.field(tag, 4)
        if action is Action.RECOVER:
            # Not documented for gen/app: what the event mechanism and full kits are given.
            return ("-C", "gen", "-E", "app", "-m", "lkcheck", "-d", tag, "-n", identity)
        return ("-t", tag, "-i", identity)


class Cluster:
    """Two servers and one hierarchy of resources, lowest first.

    `tell` hears what the driver does, one line at a time. `check_interval`: seconds between two
    quickChecks while a recover is at work.
    """

    def __init__(
        self,
        nodes: tuple[Node, Node],
        hierarchy: Sequence[str],
        tell: Callable[[str], None] = lambda _: None,
        check_interval: float = 0.5,
    ) -> None:
        self.nodes = nodes
        self.hierarchy = tuple(hierarchy)
        self.tell = tell
        self._check_interval = check_interval
        #: Every program that was run: node, tag and how it ended.
        self.calls: list[tuple[str, str, ProgramEnd]] = []
        self._work = threading.RLock()

    def active(self) -> Node | None:
        """The node that has the whole hierarchy in service; None where neither has."""
        for node in self.nodes:
            if all(node.state(tag) == IN_SERVICE for tag in self.hierarchy):
                return node
        return None

    def other(self, node: Node) -> Node:
        return self.nodes[1] if node is self.nodes[0] else self.nodes[0]

    def in_service(self, node: Node) -> bool:
        """Bring the hierarchy in service on `node`: removed from the other first."""
        with self._work:
            if not self.out_of_service(self.other(node)):
                return False
            for tag in self.hierarchy:
                if node.state(tag) == IN_SERVICE:
                    continue
                if not self._call(node, Action.RESTORE, tag).ok:
                    node.set_state(tag, FAILED)
                    return False
                node.set_state(tag, IN_SERVICE)
            return True

    def out_of_service(self, node: Node) -> bool:
        """Remove the hierarchy on `node`, highest first; a failed remove stops the switch."""
        with self._work:
            for tag in reversed(self.hierarchy):
                if not self._call(node, Action.REMOVE, tag).ok:
                    self.tell(f"{node.name}: remove of {tag} failed; the switch stops")
                    return False
                node.set_state(tag, OUT_OF_SERVICE)
            return True

    def check(self) -> bool:
        """One round of quickChecks; where one fails, recover, and where that fails, fail over.

        True where all was well. The recover runs in the background, as LifeKeeper's does, while
        further quickChecks go on; this returns when both are over.
        """
        node = self.active()
        if node is None:
            return False
        for tag in self.hierarchy:
            if self._call(node, Action.QUICK_CHECK, tag).ok:
                continue
            self.tell(f"{node.name}: quickCheck of {tag} failed; recover begins")
            failed = threading.Event()
            recovery = threading.Thread(target=self._recover, args=(node, tag, failed))
            recovery.start()
            while recovery.is_alive():
                recovery.join(self._check_interval)
                if recovery.is_alive():
                    self._call(node, Action.QUICK_CHECK, tag)
            if failed.is_set():
                self.fail_over(node, tag)
            return False
        return True

    def fail_over(self, node: Node, tag: str) -> bool:
        """What a failed recover leads to: remove here, restore on the standby."""
        standby = self.other(node)
        self.tell(f"{node.name}: recover of {tag} failed; failover to {standby.name}")
        return self.in_service(standby)

    def _recover(self, node: Node, tag: str, failed: threading.Event) -> None:
        if self._call(node, Action.RECOVER, tag).code != 0:
            failed.set()

    def _call(self, node: Node, action: Action, tag: str) -> ProgramEnd:
        end = node.call(action, tag)
        self.calls.append((node.name, tag, end))
        code = "ended by SIGALRM (001047)" if end.code is None else f"exit {end.code}"
        self.tell(f"{node.name}: {action.script:<10} {tag:<12} {code}, {end.seconds:.2f} s")
        self._to_log(node, end)
        return end

    def _to_log(self, node: Node, end: ProgramEnd) -> None:
        if end.output:
            with open(node.root / "lifekeeper.log", "a") as log:
                log.write(end.output)


def clean_up(nodes: Sequence[Node]) -> None:
    """End what a driver's programs may still be doing. For tests that were interrupted."""
    for node in nodes:
        for path in Path(f"{node.prefix}/run/ark/resources").glob("*/action.lock"):
            try:
                pid = int(path.read_text().split(",")[1])
                os.kill(pid, signal.SIGTERM)
            except (OSError, ValueError, IndexError):
                continue
