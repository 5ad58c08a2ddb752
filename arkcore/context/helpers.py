"""What a context offers that not every plugin needs: each helper is loaded where it is asked for.

:class:`arkcore.context.context.Context` finds them here by name; a healthy check whose plugin asks
for none of them loads nothing of it.
"""

from __future__ import annotations

from arkcore.base.errors import PluginError
from arkcore.machine import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from typing import Any

    from arkcore.base.deadline import Deadline
    from arkcore.base.status import StatusReport
    from arkcore.context.pid_file import Sighting
    from arkcore.machine.processes import Process

#: Seconds that a service has to answer, where its plugin does not say.
_ANSWER = 5.0
_GOOD = range(200, 300)
#: The kind of a step that only looks.
_STATUS = "status"


class Helpers:
    """The helpers, as methods of the context that finds them here."""

    if TYPE_CHECKING:
        resource: str
        options: Any
        deadline: Deadline
        _engine: Any
        _state: Any
        _resource: Any
        _notes: Any
        _sender: Any
        _environment: Any
        _output: Any
        _place_start: Any
        started_processes: Any

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
        return services.tcp(address, port, self._sooner(within), exchange, may_listen)

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
        return services.udp(address, port, self._sooner(within), exchange)

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
        return services.unix(path, self._sooner(within), exchange)

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
            self._sooner(within),
            expect=expect,
            contains=_bytes(contains),
            starting=starting,
            host=host,
        )

    def _sooner(self, within: float) -> Deadline:
        """The deadline of one question."""
        if not within > 0:
            raise PluginError(f"within={within!r}: a question needs time; allowed: above 0")
        return self.deadline.sooner(within)

    # Pid files.

    def pid_file(
        self,
        path: str,
        *,
        name: str = "",
        user: str = "",
        of_this_node: Sequence[str] | None = None,
    ) -> Sighting:
        """What the pid file at `path` says: `.report` is a status, `.processes` a list.

        `name`: that the process must have. `user`: whose file and process it may be, besides
        root's; also as whom the file is read. `of_this_node`: directories whose file systems no
        other node writes to, by default those of the system. Whose process it is taken for is told
        in docs/en/api.md. Never raises for what the file holds.
        """
        from arkcore.context.pid_file import OF_THIS_NODE, Belief, Claim, examine

        claim = Claim(path, name, user, self.resource, self.started_processes, self._engine.shown)
        birth = vars(self).get("_births", {}).get(path)
        found = examine(claim, birth, OF_THIS_NODE if of_this_node is None else of_this_node)
        self._engine.sighted = "" if found.belief is Belief.OURS else found.detail
        return found

    def expect_pid_file(self, path: str, *, user: str = "") -> None:
        """Note how the pid file is now: what the start command is about to write there counts.

        To be called in `ark_start` before the command, where the file lies on a shared disk or the
        application clears its environment.
        """
        from arkcore.context.pid_file import Birth

        vars(self).setdefault("_births", {})[path] = Birth(path, user)

    # Processes.

    def start_daemon(
        self,
        argv: Sequence[str],
        *,
        user: str | None = None,
        env: Mapping[str, str | None] | None = None,
    ) -> Process:
        """Start a program that stays in the foreground, and leave it running; its process.

        Only for `ark_start`. It lives in a session of its own and in the control group of the
        start, with the limits and the priority of the table `start`; stdin is /dev/null, and its
        output goes to /var/log/ark/output, cut back where it is too large. `argv`, `user`, `env`:
        as for `run`. A death during the start fails that at once, with what it wrote last.
        `StepFailed` where it cannot be run.
        """
        from arkcore.context.foreground import start

        return start(self, argv, user, self._environment(env))

    def signal(self, some: Iterable[Process], number: int | str = "TERM") -> list[Process]:
        """Signal processes of this logical host, without a kill; those that were signalled.

        For a stop in good order: what still lives at the end of the step is ended by the engine. A
        stopped process is woken. `number`: a signal, or its name without SIG. Each one's start
        time is compared. `PluginError` for KILL and STOP, in a hook that only looks, and for a
        process that this context has not shown to be the application's: by `find_processes`,
        `started_processes`, `pid_file` or `start_daemon`, or as recorded when last RUNNING.
        """
        from arkcore.context.graceful import send

        if self._engine.step.kind == _STATUS:
            raise PluginError(
                "signal: only ark_start, ark_stop and ark_force_stop signal the application"
            )
        known = {*self._engine.shown}
        recorded = self._state.processes.known()
        wanted = list(some)
        known |= {each for each in wanted if (each.pid, each.start) in recorded}
        return send(wanted, number, known, self._resource.application.machine_wide)

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
