"""Both nodes side by side: what each answers of its resources, and what is odd about the pair."""

from __future__ import annotations

import os
import time

import msgspec

from arkcore import __version__
from arkcore.cli.console import moment
from arkcore.cli.language import say
from arkcore.cli.peer import PeerError, check_answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arkcore.cli.peer import Peer
    from arkcore.cli.view import View

FORMAT = 1
#: Seconds beyond an application's time for its node to answer by ssh.
_BEYOND = 30.0
#: Seconds by which a clock may seem off: the answer was on its way.
_CLOCKS = 2.0
_RUNNING = "RUNNING"


class WindowAnswer(msgspec.Struct, frozen=True):
    """A maintenance that is on. Times as ISO 8601."""

    since: str | None
    until: str | None
    reason: str = ""


class BlindAnswer(msgspec.Struct, frozen=True):
    """Since when nobody can be asked, and why."""

    since: str | None
    reason: str


class WorkAnswer(msgspec.Struct, frozen=True):
    """The action at work, and for how many seconds."""

    action: str
    pid: int
    seconds: float


class ResourceAnswer(msgspec.Struct, frozen=True):
    """A resource of one node; what `ark status --json` tells of it, as far as the pair needs it."""

    resource: str
    plugin: str | None
    plugin_version: str | None
    logical_host: str | None
    error: str | None
    status: str | None
    wanted: str | None
    in_service: bool | None
    maintenance: WindowAnswer | None
    blind: BlindAnswer | None
    at_work: WorkAnswer | None

    @property
    def runs(self) -> bool:
        return self.status == _RUNNING

    @property
    def is_in_service(self) -> bool | None:
        """By the cluster manager's state, else by its last word here; None: neither is known."""
        if self.in_service is not None or not self.wanted:
            return self.in_service
        return self.wanted == "up"


class NodeAnswer(msgspec.Struct, frozen=True):
    """One node. `taken_at`: its clock, seconds since the epoch."""

    format: int
    node: str
    arkcore: str
    taken_at: float
    resources: list[ResourceAnswer]

    def find(self, name: str) -> ResourceAnswer | None:
        return next((each for each in self.resources if each.resource == name), None)


def answer_of(views: Sequence[View]) -> NodeAnswer:
    """What this node answers."""
    facts = [view.facts() for view in views]
    resources = msgspec.convert(facts, list[ResourceAnswer])
    return NodeAnswer(FORMAT, os.uname().nodename, __version__, time.time(), resources)


def ask_peer(peer: Peer, within: float) -> NodeAnswer:
    """What the other node answers. `PeerError`: it does not.

    `within`: seconds for its applications.
    """
    answer = peer.facts(
        NodeAnswer,
        *("status", "--export", "--within", f"{within:g}"),
        codes=(0, 1),
        within=within + _BEYOND,
    )
    if answer.format != FORMAT:
        raise PeerError(
            f"{peer.host}: its ark answers in format {answer.format}, and this one reads {FORMAT}; "
            f"install the same version on both nodes"
        )
    check_answers(peer, answer.node, os.uname().nodename)
    return answer


class Both:
    """The two nodes. `there`: None where the other one does not answer, which is odd enough.

    `names`: the resources that are told of; all where there is none.
    """

    def __init__(self, here: NodeAnswer, there: NodeAnswer, names: Sequence[str] = ()) -> None:
        self.nodes = (here, there)
        known = {each.resource for node in self.nodes for each in node.resources}
        self.names = [name for name in sorted(known) if not names or name in names]

    def odd(self, began: float, ended: float) -> list[str]:
        """What is not as it should be, worst first. `began`, `ended`: when the peer was asked."""
        return [*self._resources(), *self._versions(), *self._clocks(began, ended)]

    def _resources(self) -> Iterator[str]:
        for name in self.names:
            here, there = (node.find(name) for node in self.nodes)
            if here is None or there is None:
                missing = self.nodes[0 if here is None else 1].node
                yield say(f"{name}: there is no such resource on {missing}",
                          f"{name}: {missing} には定義されていません")  # fmt: skip
                continue
            yield from _where(name, self._places(here, there))
            yield from self._one_only(name, here, there)

    def _places(
        self, here: ResourceAnswer, there: ResourceAnswer
    ) -> list[tuple[str, ResourceAnswer]]:
        return [(self.nodes[0].node, here), (self.nodes[1].node, there)]

    def _one_only(self, name: str, here: ResourceAnswer, there: ResourceAnswer) -> Iterator[str]:
        places = self._places(here, there)
        kept = [node for node, each in places if each.maintenance]
        if len(kept) == 1:
            yield say(f"{name}: in maintenance on {kept[0]} only",
                      f"{name}: {kept[0]} だけが保守中です")  # fmt: skip
        for node, each in places:
            if each.error:
                yield say(f"{name}: unusable on {node}: {each.error}",
                          f"{name}: {node} で使用不可: {each.error}")  # fmt: skip
            if each.blind:
                yield say(f"{name}: BLIND on {node}: {each.blind.reason}",
                          f"{name}: {node} で監視不能 (BLIND): {each.blind.reason}")  # fmt: skip
        for title, ours, theirs in (
            (say("plugin", "プラグイン"), _plugin(here), _plugin(there)),
            (say("logical host", "論理ホスト"), here.logical_host, there.logical_host),
        ):
            if ours != theirs:
                yield _differs(f"{name}: {title}", self.nodes, ours, theirs)

    def _versions(self) -> Iterator[str]:
        here, there = self.nodes
        if here.arkcore != there.arkcore:
            yield _differs("arkcore", self.nodes, here.arkcore, there.arkcore)

    def _clocks(self, began: float, ended: float) -> Iterator[str]:
        here, there = self.nodes
        off = there.taken_at - min(max(there.taken_at, began), ended)
        if abs(off) > _CLOCKS:
            yield say(
                f"the clocks differ by about {abs(off):.0f} s: {there.node} against {here.node}",
                f"{there.node} と {here.node} の時計が約 {abs(off):.0f} 秒ずれています",
            )


def _where(name: str, places: Sequence[tuple[str, ResourceAnswer]]) -> Iterator[str]:
    """What is odd about where it is in service, and where it runs."""
    service = [each.is_in_service for _, each in places]
    running = [node for node, each in places if each.runs]
    if all(service):
        yield say(
            f"{name}: in service on BOTH nodes: look at the cluster manager at once",
            f"{name}: 両ノードで運用中です。すぐにクラスターマネージャーを確認してください",
        )
    elif len(running) == 2:
        yield say(
            f"{name}: RUNNING on BOTH nodes: stop it where it is not in service",
            f"{name}: 両ノードで RUNNING です。運用中でない方で停止してください",
        )
    elif not any(service) and (None not in service or not running):
        yield say(
            f"{name}: in service on neither node",
            f"{name}: どちらのノードでも運用中ではありません",
        )
    for node, each in places:
        if each.status is None or each.at_work is not None:
            continue
        if each.is_in_service and not each.runs:
            yield say(f"{name}: in service on {node}, and {each.status} there",
                      f"{name}: {node} で運用中ですが、状態は {each.status} です")  # fmt: skip
        elif each.is_in_service is False and each.runs and len(running) == 1:
            yield say(f"{name}: RUNNING on {node}, and not in service there",
                      f"{name}: {node} で RUNNING ですが、運用中ではありません")  # fmt: skip


def _plugin(answer: ResourceAnswer) -> str:
    return f"{answer.plugin} {answer.plugin_version}" if answer.plugin else "-"


def _differs(what: str, nodes: Sequence[NodeAnswer], here: str | None, there: str | None) -> str:
    told = ", ".join(
        f"{node.node}: {value or '-'}" for node, value in zip(nodes, (here, there), strict=True)
    )
    return say(f"{what} differs: {told}", f"{what} が一致していません: {told}")


def window_text(window: WindowAnswer) -> str:
    """Until when a maintenance lasts, and why it was begun."""
    until = seconds_of(window.until)
    end = moment(until) if until is not None else say("it is switched off", "解除")
    told = say(f"maintenance until {end}", f"保守中 ({end} まで)")
    return f"{told}: {window.reason}" if window.reason else told


def seconds_of(text: str | None) -> float | None:
    """An ISO 8601 time as seconds since the epoch; None where it is none."""
    from datetime import datetime

    try:
        return None if text is None else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
