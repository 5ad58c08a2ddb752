"""A maintenance window of several resources, on this node or on both: whole, or taken back."""

from __future__ import annotations

import shlex
import time

import msgspec

from arkcore.base.errors import ArkError, MachineError
from arkcore.base.stderr import tell_journal
from arkcore.cli.console import refuse_unless_writable
from arkcore.cli.peer import PeerError, Unanswered
from arkcore.cli.resources import usable
from arkcore.memory.maintenance import Maintenance
from arkcore.ras.format import format_line
from arkcore.ras.sink import RasSink
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.base.paths import Paths
    from arkcore.cli.peer import Peer
    from arkcore.memory.maintenance import MaintenanceRecord
    from arkcore.resources.resource import Resource


class ListedWindow(msgspec.Struct, frozen=True):
    """A maintenance of the other node, as `ark maintenance --json` lists it."""

    resource: str
    since: str | None
    until: str | None
    reason: str = ""


class Window:
    """A maintenance of `names`, which stand in starting order."""

    def __init__(self, paths: Paths, names: Sequence[str]) -> None:
        self._paths = paths
        self._names = names

    def refuse_unless_writable(self) -> None:
        """`MachineError` where this user could neither begin nor end it here."""
        for name in self._names:
            refuse_unless_writable(self._paths.maintenance(name), "begin and end maintenance")

    # Beginning.

    def begin(self, until: float | None, reason: str, peer: Peer | None = None) -> None:
        """Begin it, lowest first, here and on the other node. `ArkError`: it is begun nowhere."""
        words = self._begins(until, reason)
        if peer is not None:
            try:
                peer.ark(*words[:2], "--dry-run", *words[2:])
            except PeerError as error:
                raise PeerError(f"{error}; nothing has begun") from error
        before = self._begin_here(until, reason)
        if peer is None:
            return
        try:
            peer.ark(*words)
        except PeerError as error:
            self._put_back(before)
            if isinstance(error, Unanswered):
                raise PeerError(
                    f"{error}; it is taken back here, and may have begun there; see: "
                    f"{peer.typed('maintenance')}"
                ) from error
            raise PeerError(f"{error}; it is taken back here") from error
        except KeyboardInterrupt:
            self._put_back(before)
            raise PeerError(
                f"interrupted; it is taken back here, and may have begun on {peer.host}; see: "
                f"{peer.typed('maintenance')}"
            ) from None

    def _begins(self, until: float | None, reason: str) -> list[str]:
        ends = [] if until is None else [f"--until=@{until:.0f}"]
        why = [f"--reason={reason}"] if reason else []
        return ["maintenance", "begin", *ends, *why, "--", *self._names]

    def _begin_here(self, until: float | None, reason: str) -> dict[str, MaintenanceRecord | None]:
        """What there was before, of each."""
        before: dict[str, MaintenanceRecord | None] = {}
        for name in self._names:
            own = Maintenance(self._paths, name)
            was = own.current()
            if not own.begin(until, reason):
                self._put_back(before)
                raise MachineError(
                    f"{name}: maintenance has NOT begun, of none; make room where the line above "
                    f"says, and begin it again"
                )
            before[name] = was
            self._tell(name, own.begins())
        return before

    def _put_back(self, before: dict[str, MaintenanceRecord | None]) -> None:
        for name, was in reversed(before.items()):
            own = Maintenance(self._paths, name)
            if not own.put_back(was) or own.active() != (was is not None):
                raise MachineError(
                    f"{self._paths.maintenance(name)}: cannot be taken back; maintenance goes on; "
                    f"end it: ark maintenance end {name}"
                )
            self._tell(name, own.begins() if was is not None else own.ends())

    # Ending.

    def end(self, peer: Peer | None = None) -> list[str]:
        """End it, highest first, on the other node and here; those that were in maintenance here.

        `ArkError`: it goes on, where the error says.
        """
        names = list(reversed(self._names))
        if peer is not None:
            words = ["maintenance", "end", "--", *self._names]
            try:
                peer.ark(*words)
            except Unanswered as error:
                raise PeerError(
                    f"{error}; maintenance goes on here, and may have ended there; see: "
                    f"{peer.typed('maintenance')}"
                ) from error
            except PeerError as error:
                raise PeerError(f"{error}; maintenance goes on here") from error
        ended = []
        for name in names:
            own = Maintenance(self._paths, name)
            was = own.active()
            own.end()
            if own.active():
                there = f"; it has ended on {peer.host}" if peer is not None else ""
                raise MachineError(
                    f"{self._paths.maintenance(name)}: cannot be removed; maintenance goes on "
                    f"here{there}; end it: ark maintenance end {shlex.join(self._names)}"
                )
            if was:
                ended.append(name)
                self._tell(name, own.ends())
        return ended

    def _tell(self, name: str, message: str) -> None:
        """In the RAS log and syslog: whoever reads them later must see why nothing was done."""
        try:
            known: Resource | None = usable(self._paths, name)
        except ArkError:
            known = record.last_known_good(self._paths, name)
        host = known.logical_host if known else "-"
        RasSink(self._paths.ras_log).write(format_line(name, host, message, time.time()))
        tell_journal("warning", f"{name}: {message}")
