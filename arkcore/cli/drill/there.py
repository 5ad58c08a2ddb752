"""The RAS log of the other node in a drill: read there by ssh, in the time of this node's clock."""

from __future__ import annotations

from arkcore.base.text import shown
from arkcore.cli.drill.hearing import Heard
from arkcore.cli.language import say
from arkcore.cli.ras.exported import ask_log
from arkcore.ras.line import RasLine
from arkcore.ras.records import ScriptTaken
from arkcore.ras.scripts import Scripts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from arkcore.cli.peer import Peer
    from arkcore.cli.ras.exported import LogThere

#: Seconds before a drill began from which on the log is asked for: whole seconds are logged.
_BEFORE = 2.0


class There:
    """What some resources logged on the other node. Its moments are whole seconds."""

    def __init__(self, log: LogThere, resources: Collection[str], since: float) -> None:
        self.node = log.node
        self.ahead = log.ahead
        self.within = log.within
        self.heard: list[Heard] = []
        self._scripts: dict[str, Scripts] = {}
        for each in log.lines:
            at = each.moment - log.ahead
            # A line bears the second in which it was written, from its beginning.
            if each.resource not in resources or at + 1.0 + log.within < since:
                continue
            message = shown(each.message)
            line = RasLine("", each.resource, each.logical_host, message, shown(each.text))
            self.heard.append(Heard(at, line))
            self._scripts.setdefault(each.resource, Scripts(log.node)).hear(message, at)

    def scripts(self, resource: str) -> Sequence[ScriptTaken]:
        """The scripts of one of the resources that have come to their end."""
        found = self._scripts.get(resource)
        ended = found.ended if found else ()
        return [each for each in ended if isinstance(each, ScriptTaken) and each.is_paired]

    @property
    def source(self) -> str:
        return say(f"RAS log of {self.node} (whole seconds)", f"{self.node} の RAS ログ (秒単位)")

    @property
    def clock(self) -> str:
        """How its clock stands to this node's, in words."""
        if not self.ahead:
            return say(
                f"the clock of {self.node} agrees with this node's within {self.within:.1f} s",
                f"{self.node} の時計はこのノードと {self.within:.1f} 秒以内で一致しています",
            )
        off = f"{abs(self.ahead):.1f}"
        way = ("ahead of", "進んで") if self.ahead > 0 else ("behind", "遅れて")
        return say(
            f"the clock of {self.node} is {off} s {way[0]} this node's (to {self.within:.1f} s); "
            f"its times are put right by that",
            f"{self.node} の時計はこのノードより {off} 秒{way[1]}います "
            f"(誤差 {self.within:.1f} 秒)。時刻はその分を補正しています",
        )


def hear_there(peer: Peer, resources: Collection[str], since: float, now: float) -> There:
    """What the resources have logged there since a moment. `PeerError`: it does not answer."""
    return There(ask_log(peer, now - since + _BEFORE), resources, since)
