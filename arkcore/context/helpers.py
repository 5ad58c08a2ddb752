"""What a context offers that not every plugin needs: each helper is loaded where it is asked for.

:class:`arkcore.context.context.Context` finds them here by name; a healthy check whose plugin asks
for none of them loads nothing of it.
"""

from __future__ import annotations

from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import Any

    from arkcore.base.deadline import Deadline
    from arkcore.base.status import StatusReport
    from arkcore.machine.processes import Process

#: Seconds that a service has to answer, where its plugin does not say.
_ANSWER = 5.0
_GOOD = range(200, 300)


class Helpers:
    """The helpers, as methods of the context that finds them here."""

    if TYPE_CHECKING:
        resource: str
        options: Any
        deadline: Deadline
        _engine: Any
        _state: Any

    # Services.

    def tcp(
        self,
        address: str,
        port: int,
        *,
        send: bytes | str = b"",
        expect: bytes | str = b"",
        starting: bytes | str = b"",
        within: float = _ANSWER,
        check_user: bool = False,
    ) -> StatusReport:
        """Ask a TCP port of this node; how the application is, by what it answers.

        RUNNING where the connection is made, `send` is sent, and the answer holds `expect`.
        STARTING where the answer holds `starting`. STOPPED where the connection is refused, or
        `address` is not this node's. Else UNKNOWN: no answer `within` seconds or by the deadline,
        or another one. Without `send` and `expect` the connection is enough, which a frozen
        process makes too. `address`: an IP address, or "localhost" for both loopback addresses.
        `check_user`: STOPPED where the port is another user's, as `may_act` tells.
        """
        from arkcore.context import services

        exchange = services.Exchange(_bytes(send), _bytes(expect), _bytes(starting))
        may_listen = self.may_act if check_user else None
        return services.tcp(address, port, self.deadline.sooner(within), exchange, may_listen)

    def udp(
        self,
        address: str,
        port: int,
        send: bytes | str,
        *,
        expect: bytes | str = b"",
        starting: bytes | str = b"",
        within: float = _ANSWER,
    ) -> StatusReport:
        """As `tcp`, by a datagram, which is sent again every second until an answer comes."""
        from arkcore.context import services

        exchange = services.Exchange(_bytes(send), _bytes(expect), _bytes(starting))
        return services.udp(address, port, self.deadline.sooner(within), exchange)

    def unix(
        self,
        path: str,
        *,
        send: bytes | str = b"",
        expect: bytes | str = b"",
        starting: bytes | str = b"",
        within: float = _ANSWER,
    ) -> StatusReport:
        """As `tcp`, by the Unix socket at `path`. STOPPED also where there is none."""
        from arkcore.context import services

        exchange = services.Exchange(_bytes(send), _bytes(expect), _bytes(starting))
        return services.unix(path, self.deadline.sooner(within), exchange)

    def http(
        self,
        url: str,
        *,
        expect: Container[int] = _GOOD,
        contains: bytes | str = b"",
        starting: Container[int] = (),
        host: str = "",
        within: float = _ANSWER,
    ) -> StatusReport:
        """As `tcp`, by one page of a web server: `http://ADDRESS[:PORT]/PATH`, without TLS.

        RUNNING where the code of the answer is in `expect` and the page holds `contains`, STARTING
        where the code is in `starting`; any other answer is UNKNOWN. No redirection is followed.
        `host`: the virtual host, by default that of `url`. 64 KiB of the answer are read.
        """
        from arkcore.context import web

        return web.http(
            url,
            self.deadline.sooner(within),
            expect=expect,
            contains=_bytes(contains),
            starting=starting,
            host=host,
        )

    # Processes.

    def unattributed_processes(
        self,
        beneath: Sequence[str],
        *,
        variables: Sequence[str] = (),
        commands: Sequence[str] = (),
        parts: Sequence[str] = (),
        users: Sequence[str] = (),
    ) -> list[Process]:
        """Processes beneath a directory that are to be told, and never killed.

        They show no owner at all; or an inherited variable or mark, and are none of `parts`; or
        they name this logical host, and are another user's.
        """
        from arkcore.context.unattributed import Unattributed

        owner = self._engine.owner
        search = Unattributed(owner, beneath, variables, commands, parts=parts, users=users)
        return search.without_owner()

    def may_act(self, user_id: int) -> bool | None:
        """Whether what this user does may be the application's doing; as for `may_be_ours`.

        None where nobody can tell: a user that the options name cannot be looked up.
        """
        known = user_id in self._engine.owner.users()
        return None if not known and self._engine.owner.lacks_user else known

    def recorded_processes_are_gone(self) -> bool:
        """Whether processes were recorded when it was last RUNNING, and none of them lives."""
        recorded = self._state.processes.known()
        seen = {pid: processes.look(pid) for pid, _ in recorded}
        alive = {(pid, each.start) for pid, each in seen.items() if each}
        return bool(recorded) and not recorded & alive


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
