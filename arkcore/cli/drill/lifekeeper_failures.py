"""Which resources of a hierarchy LifeKeeper has marked as failed since a drill was planned."""

from __future__ import annotations

from arkcore.cli.drill.manager import Broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.managers.lifekeeper_commands import Instance

    Held = Mapping[str, Mapping[str, Instance]]

_IN_SERVICE, _FAILED = "ISP", "OSF"
#: The log of LifeKeeper itself: what failed and is none of ours stands only there.
_LOG = "less /var/log/lifekeeper.log"


class Failures:
    """Compares the states on both nodes with those at the beginning."""

    def __init__(self) -> None:
        #: For each node the resources of ours that go along: tag, and its name on this node.
        self._ours: Mapping[str, Mapping[str, str]] = {}
        self._before: dict[tuple[str, str], str] = {}

    def begin(self, ours: Mapping[str, Mapping[str, str]], held: Held) -> None:
        """Take the states as they are now. `ours`: by node, the tags that go along."""
        self._ours = ours
        self._before = {
            (node, tag): each.state for node, found in held.items() for tag, each in found.items()
        }

    def is_ours(self, node: str, tag: str) -> bool:
        return tag in self._ours.get(node, {})

    def among(self, held: Held) -> tuple[Broken, ...]:
        """The resources that have failed since: ours, and those of the kits that were started.

        Which IP address or file system belongs to the hierarchy only LifeKeeper knows. One that
        was in service before is not counted: a drill does not start it.
        """
        found = []
        for node, instances in held.items():
            for tag, each in instances.items():
                before = self._before.get((node, tag))
                if each.state != _FAILED or before in (None, _FAILED):
                    continue
                if self.is_ours(node, tag):
                    found.append(Broken(tag, node, _FAILED, f"ark log {tag} --lines 200"))
                elif not each.is_generic and before != _IN_SERVICE:
                    found.append(Broken(tag, node, _FAILED, _LOG))
        return tuple(found)
