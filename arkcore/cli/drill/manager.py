"""What a drill needs of a cluster manager, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from arkcore.base.errors import ArkError
from arkcore.cli.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(Enum):
    """One drill; the value is what is typed."""

    LOCAL_RECOVERY = "local-recovery"
    FAILOVER = "failover"
    FAILBACK = "failback"

    @property
    def title(self) -> str:
        return {
            Kind.LOCAL_RECOVERY: say("local recovery", "ローカルリカバリ"),
            Kind.FAILOVER: say("failover", "フェイルオーバー"),
            Kind.FAILBACK: say("failback", "フェイルバック"),
        }[self]

    @property
    def switches(self) -> bool:
        """Whether the resource leaves its node."""
        return self is not Kind.LOCAL_RECOVERY


class Refused(ArkError):
    """Raised before anything is done: something is not as a drill needs it. Says what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(f"refused: {why}")


@dataclass(frozen=True)
class Plan:
    """What one drill is going to do. `limit`: seconds it may take until all is up again."""

    kind: Kind
    source: str
    #: Where the resource is to run at its end.
    target: str
    #: Every resource that is stopped and started by it, as far as is known.
    moves: tuple[str, ...]
    #: The manager's own commands that switch, as they could be typed; none where it is broken.
    commands: tuple[str, ...]
    limit: float
    #: Whether an administrator has to run the commands, on `target`.
    by_person: bool = False


@dataclass(frozen=True)
class Operation:
    """A start or stop as the cluster manager's own history has it. Times since the epoch."""

    node: str
    resource: str
    action: str
    began: float
    ended: float
    code: float
    reason: str

    @property
    def failed(self) -> bool:
        return self.code != 0


@dataclass(frozen=True)
class Broken:
    """A resource that has failed during a drill, as the cluster manager tells it."""

    resource: str
    node: str
    #: The manager's word for its state.
    state: str
    #: The command that shows why, to be run on `node`.
    log: str

    def __str__(self) -> str:
        return say(
            f"{self.resource} is {self.state} on {self.node}",
            f"{self.node} の {self.resource} が {self.state} です",
        )


@dataclass(frozen=True)
class Seen:
    """One look at the cluster."""

    #: The node that has the resource in service; "" for none.
    where: str
    #: Whether everything that goes with it is up there too.
    up: bool
    #: Whether the manager has nothing left to do.
    settled: bool
    #: In a few words.
    told: str
    #: The resources of the hierarchy that have failed since the plan was made.
    broken: tuple[Broken, ...] = ()


class Drilled:
    """A cluster manager, for the drills of one resource. All errors in one line."""

    #: For people.
    title = ""
    #: Whether its history tells of the starts and stops on every node.
    has_history = False
    #: This node, as the manager calls it.
    node = ""

    def version(self) -> str:
        """The manager's version, for the report; "" where it cannot be told."""
        return ""

    @property
    def source(self) -> str:
        """Where the moments of `look` come from, for the report."""
        return self.title

    def plan(self, kind: Kind, to: str, within: float | None) -> Plan:
        """What `kind` would do now. `to`: the other node; "" where there is one only.

        `within`: seconds it may take; None: what follows from the timers. `Refused` where the
        manager or the other node is not ready for it.
        """
        raise NotImplementedError

    def order(self, plan: Plan) -> None:
        """Have the manager switch; returns at once. `MachineError` where it will not."""
        raise NotImplementedError

    def look(self) -> Seen:
        """How it is now."""
        raise NotImplementedError

    def operations(self) -> Sequence[Operation]:
        """The starts and stops since the last plan was made, as far as the manager tells."""
        return ()

    def failures(self) -> Sequence[str]:
        """What the manager says has failed since the last plan was made, oldest first."""
        return ()

    def forget_failure(self) -> str:
        """Take back what a passed local recovery has counted; what was done, or has to be known."""
        return ""

    def tidy(self) -> str:
        """Take back what an order has left, whatever has happened; what was done.

        `MachineError` where it is left, with the command to give.
        """
        return ""
