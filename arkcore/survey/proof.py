"""What has happened on a pair and is proven: by the RAS logs, by the cluster, or in the past.

A local recovery, a failover and a failback stay done when the log that told of them is gone. The
guide notes them in a file of its own; what the answers of the nodes show comes before the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.memory.files import moment, read_json, write_json
from arkcore.survey.answers import told_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.survey.answers import Answers, ResourceAnswer
    from arkcore.survey.site import LogicalHost, Site

#: By what a thing is proven, as the file has it.
_LOG, _SERVICE = "log", "service"
_FORMAT = 1


@dataclass(frozen=True)
class Happening:
    """Something that happens to a resource once and stays true.

    Whatever makes it another thing stands in its key: another plugin, logical host or node.
    """

    what: str
    resource: str
    plugin: str
    logical_host: str
    active: str
    standby: str

    @property
    def key(self) -> str:
        pair = f"{self.active}/{self.standby}"
        return f"{self.what}/{self.resource}/{self.plugin}/{self.logical_host}/{pair}"


STARTED, RECOVERED, MOVED, BACK = "start", "local recovery", "failover", "failback"


def happening(site: Site, host: LogicalHost, resource: str, what: str) -> Happening:
    standby = next(node.name for node in site.nodes if node.name != host.active)
    plugin = host.resources[resource]
    return Happening(what, resource, plugin, host.name, host.active, standby)


@dataclass(frozen=True)
class Proof:
    """When it happened, in seconds since the epoch; which node told, and by what.

    `remembered`: it stands in the guide's file alone.
    """

    at: float
    node: str
    by: str
    remembered: bool = False

    def told(self) -> str:
        when = told_time(self.at)
        if self.by == _SERVICE:
            told = say(f"in service on {self.node}, {when}", f"{self.node} で稼働中 ({when})")
        else:
            told = say(f"in the RAS log of {self.node}, {when}",
                       f"{self.node} の RAS ログに記録あり ({when})")  # fmt: skip
        return say(f"it was {told}", f"確認済み: {told}") if self.remembered else told


def proofs_in(site: Site, answers: Mapping[str, Answers]) -> dict[str, Proof]:
    """What the answers prove, by the key of its happening."""
    found = {}
    for host in site.logical_hosts:
        standby = next(node.name for node in site.nodes if node.name != host.active)
        for name in host.resources:
            for what, proof in _proofs_of(name, host.active, standby, answers):
                found[happening(site, host, name, what).key] = proof
    return found


def _proofs_of(
    name: str, active: str, standby: str, answers: Mapping[str, Answers]
) -> Iterator[tuple[str, Proof]]:
    here, there = _told_by(answers.get(active), name), _told_by(answers.get(standby), name)
    recovered = [
        Proof(each.recovered, node, _LOG)
        for node, each in ((active, here), (standby, there))
        if each is not None and each.recovered
    ]
    if recovered:
        yield RECOVERED, max(recovered, key=lambda each: each.at)
    if here is not None and here.restored:
        yield STARTED, Proof(here.restored, active, _LOG)
    elif here is not None and here.state == "ISP":
        yield STARTED, Proof(answers[active].taken_at, active, _SERVICE)
    if there is not None and there.restored:
        yield MOVED, Proof(there.restored, standby, _LOG)
        # Any start here after the first one there: later failovers undo no failback.
        first = there.first_restored or there.restored
        if here is not None and here.restored > first:
            yield BACK, Proof(here.restored, active, _LOG)


def _told_by(answers: Answers | None, name: str) -> ResourceAnswer | None:
    return None if answers is None else answers.resources.get(name)


class ProofFile:
    """The guide's file of what was proven. Nothing but the guide writes it.

    A file that is missing, damaged or of another user proves nothing.
    """

    def __init__(self, paths: Paths, now: float) -> None:
        self._path = paths.guide
        self._now = now

    def read(self) -> dict[str, Proof]:
        """What was proven, by key. What is said to have happened in the future is left out."""
        value = read_json(self._path)
        proven = value.get("proven") if value.get("format") == _FORMAT else None
        if not isinstance(proven, dict):
            return {}
        found = {key: _proof(each) for key, each in proven.items()}
        return {
            key: each for key, each in found.items() if each is not None and each.at <= self._now
        }

    def add(self, proofs: Mapping[str, Proof]) -> None:
        """Note what is newer than what stands there. A file that cannot be written is told."""
        known = self.read()
        newer = {
            key: proof
            for key, proof in proofs.items()
            if proof.at <= self._now and _is_news(proof, known.get(key))
        }
        if newer:
            proven = {
                key: {"at": each.at, "node": each.node, "by": each.by}
                for key, each in sorted({**known, **newer}.items())
            }
            write_json(self._path, {"format": _FORMAT, "proven": proven})


def _is_news(proof: Proof, known: Proof | None) -> bool:
    # That it is in service is true anew at each look; once is enough.
    return known is None or (proof.at > known.at and proof.by == _LOG)


def _proof(value: Any) -> Proof | None:
    try:
        at, node, by = moment(value["at"]), value["node"], value["by"]
    except (KeyError, TypeError, ValueError):
        return None
    if not isinstance(node, str) or by not in (_LOG, _SERVICE):
        return None
    return Proof(at, node, by, remembered=True)
