"""Asks a service of this node whether it answers: by TCP, UDP or a Unix socket.

Refused is STOPPED, for the kernel itself says that nobody listens. Late is UNKNOWN: a busy service
is not dead. A question that is begun has time, and ends at its deadline. Only this node is asked:
the address of a logical host answers from whichever node has it now.
"""

from __future__ import annotations

# The C half of `socket`: its other half makes enumerations, which take milliseconds.
import _socket
import errno

from arkcore.base.errors import PluginError
from arkcore.base.status import Status, StatusReport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.deadline import Deadline

#: Bytes of an answer that are read at most.
_LARGEST = 1 << 16
#: Characters of an answer that are shown.
_SHOWN = 80
#: Seconds after which a datagram is sent again: either may have been lost.
_AGAIN = 1.0
#: Bytes of a path that a Unix socket may have (unix(7)).
_LONGEST_PATH = 107

#: A server that listens at every address is asked at its own node's.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Exchange:
    """What is said where the connection is made: `send`, then an answer that holds `expect`.

    An answer that holds `starting` is STARTING. Without all three the connection is enough.
    """

    def __init__(self, send: bytes = b"", expect: bytes = b"", starting: bytes = b"") -> None:
        if starting and not expect:
            raise PluginError("starting: allowed only with expect, which tells the end of a start")
        self.send = send
        self._expect = expect
        self._starting = starting

    @property
    def is_needed(self) -> bool:
        """Whether anything is said at all."""
        return bool(self.send or self._expect)

    def judged(self, answer: bytes, *, whole: bool) -> StatusReport | None:
        """What the answer means; None where more of it has to be read. `whole`: no more comes."""
        if self._starting and self._starting in answer:
            return StatusReport(Status.STARTING, f"answered {_excerpt(answer)}")
        if answer and self._expect in answer:
            return StatusReport(Status.RUNNING, "answers")
        if not whole:
            return None
        if not answer:
            return StatusReport(Status.UNKNOWN, "closed the connection without an answer")
        wanted = f", expected {_excerpt(self._expect)}"
        return StatusReport(Status.UNKNOWN, f"answered {_excerpt(answer)}{wanted}")


def tcp(
    address: str,
    port: int,
    deadline: Deadline,
    exchange: Exchange,
    may_listen: Callable[[int], bool | None] | None = None,
) -> StatusReport:
    """RUNNING where the connection is made and the answer is right, STOPPED where it is refused.

    `address`: an IP address, or "localhost" for both loopback addresses, of which one has to
    answer. STOPPED also where a user listens of whom `may_listen` does not hold: then it is not
    the application who answers. UNKNOWN where it cannot be told who listens, and all else.
    """

    def ask(sock: _socket.socket, host: str, shown: str) -> StatusReport:
        # An address of this node alone can a connection start from.
        if not _is_loopback(host) and not _is_here(sock, host):
            return StatusReport(Status.STOPPED, f"{host} is no address of this node")
        sock.settimeout(_left(deadline))
        sock.connect((host, port))
        if sock.getsockname() == sock.getpeername():
            # A port of the ephemeral range without a listener can be connected to itself.
            return _refused(shown)
        stranger = may_listen and _stranger(sock, host, port, shown, deadline, may_listen)
        if stranger:
            return stranger
        if not exchange.is_needed:
            return StatusReport(Status.RUNNING, f"{shown} accepts connections")
        return _talk(sock, exchange, shown, deadline)

    return _ask_each(address, port, _socket.SOCK_STREAM, deadline, ask)


def udp(address: str, port: int, deadline: Deadline, exchange: Exchange) -> StatusReport:
    """As :func:`tcp`, by datagrams. One without an answer is sent again every second."""
    if not exchange.send:
        raise PluginError("udp: nothing to send; nobody answers a datagram that was never sent")

    def ask(sock: _socket.socket, host: str, shown: str) -> StatusReport:
        if not _is_loopback(host) and not _is_here(sock, host):
            return StatusReport(Status.STOPPED, f"{host} is no address of this node")
        sock.connect((host, port))
        while True:
            sock.settimeout(min(_AGAIN, _left(deadline)))
            sock.send(exchange.send)
            try:
                answer = sock.recv(_LARGEST)
            except TimeoutError:
                continue
            return _named(shown, exchange.judged(answer, whole=True))

    return _ask_each(address, port, _socket.SOCK_DGRAM, deadline, ask)


def unix(path: str, deadline: Deadline, exchange: Exchange) -> StatusReport:
    """As :func:`tcp`, by the stream socket at `path`. STOPPED also where there is none."""
    if not path.startswith("/") or "\0" in path or len(path.encode()) > _LONGEST_PATH:
        raise PluginError(
            f"unix: {path!r}: must be an absolute path of at most {_LONGEST_PATH} bytes"
        )

    def ask(sock: _socket.socket) -> StatusReport:
        sock.settimeout(_left(deadline))
        sock.connect(path)
        if not exchange.is_needed:
            return StatusReport(Status.RUNNING, f"{path} accepts connections")
        return _talk(sock, exchange, path, deadline)

    return _asked(path, deadline, _socket.AF_UNIX, _socket.SOCK_STREAM, ask)


# One question.


def _ask_each(
    address: str,
    port: int,
    kind: int,
    deadline: Deadline,
    ask: Callable[[_socket.socket, str, str], StatusReport],
) -> StatusReport:
    """Ask at each address that `address` stands for; the best answer."""
    if not 1 <= port <= 65535:
        raise PluginError(f"port {port!r}: allowed: from 1 up to 65535")
    best: StatusReport | None = None
    for host in _hosts(address):
        v6 = ":" in host
        shown = f"[{host}]:{port}" if v6 else f"{host}:{port}"
        family = _socket.AF_INET6 if v6 else _socket.AF_INET

        def asked(sock: _socket.socket, host: str = host, shown: str = shown) -> StatusReport:
            return ask(sock, host, shown)

        report = _asked(shown, deadline, family, kind, asked)
        if best is None or _worth(report) > _worth(best):
            best = report
    assert best is not None
    return best


def _worth(report: StatusReport) -> int:
    order = (Status.STOPPED, Status.UNKNOWN, Status.STARTING, Status.RUNNING)
    return order.index(report.status)


def _hosts(address: str) -> tuple[str, ...]:
    """The IP addresses to ask. `PluginError` for a name, which somebody would have to look up."""
    if address == "localhost":
        return ("127.0.0.1", "::1")
    host = _ANYWHERE.get(address, address)
    try:
        _socket.inet_pton(_socket.AF_INET6 if ":" in host else _socket.AF_INET, host)
    except OSError:
        raise PluginError(
            f"address {address!r}: allowed are localhost and IP addresses; a name would have to be "
            f"looked up, which can block"
        ) from None
    return (host,)


def _asked(
    shown: str,
    deadline: Deadline,
    family: int,
    kind: int,
    ask: Callable[[_socket.socket], StatusReport],
) -> StatusReport:
    """What `ask` finds out with a new socket; what it raises as a status."""
    if deadline.passed:
        return StatusReport(Status.UNKNOWN, f"no time is left to connect to {shown}")
    try:
        sock = _socket.socket(family, kind)
        try:
            return ask(sock)
        finally:
            sock.close()
    except ConnectionRefusedError:
        return _refused(shown)
    except FileNotFoundError:
        return StatusReport(Status.STOPPED, f"there is no {shown}")
    except (TimeoutError, BlockingIOError):  # the second: the queue of a Unix socket is full
        return StatusReport(Status.UNKNOWN, f"{shown} did not answer in time")
    except OSError as error:
        absent = error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
        if family == _socket.AF_INET6 and absent:
            return StatusReport(Status.STOPPED, f"{shown}: this node has no IPv6")
        return StatusReport(Status.UNKNOWN, f"{shown}: {error.strerror or error}")


def _talk(sock: _socket.socket, exchange: Exchange, shown: str, deadline: Deadline) -> StatusReport:
    sock.settimeout(_left(deadline))
    sock.sendall(exchange.send)
    answer = b""
    while True:
        sock.settimeout(_left(deadline))
        more = sock.recv(_LARGEST - len(answer))
        answer += more
        report = exchange.judged(answer, whole=not more or len(answer) >= _LARGEST)
        if report is not None:
            return _named(shown, report)


def _left(deadline: Deadline) -> float:
    """Seconds for the next call, never 0: that would mean not to wait. `TimeoutError` if none."""
    left = deadline.remaining()
    if left <= 0:
        raise TimeoutError
    return max(left, 0.001)


def _named(shown: str, report: StatusReport | None) -> StatusReport:
    assert report is not None  # what is whole is judged
    return StatusReport(report.status, f"{shown} {report.detail}")


def _refused(shown: str) -> StatusReport:
    return StatusReport(Status.STOPPED, f"{shown} refused the connection")


def _excerpt(answer: bytes) -> str:
    text = answer[:_SHOWN].decode("utf-8", "backslashreplace")
    return repr(text) + ("…" if len(answer) > _SHOWN else "")


# Who listens.


def _stranger(
    sock: _socket.socket,
    address: str,
    port: int,
    shown: str,
    deadline: Deadline,
    may_listen: Callable[[int], bool | None],
) -> StatusReport | None:
    """What to answer where it is not the application who listens; None where it may be."""
    from arkcore.machine.listener import NotTold, acceptor, listener

    try:
        who = listener(address, port, deadline.at)
    except NotTold as error:
        return StatusReport(Status.UNKNOWN, f"{shown}: who listens cannot be told: {error}")
    if who is None:
        # Whoever accepts and closes his listener at once has left the connection.
        who = acceptor(address, port, sock.getsockname()[:2])
    if who is None:
        _refuse_reset(sock)
        return None
    may = may_listen(who.user)
    if may:
        return None
    told = f"on {shown} user id {who.user} listens"
    if may is None:
        return StatusReport(
            Status.UNKNOWN, f"{told}, and the application's user cannot be looked up"
        )
    told = f"{told}, who is not the application's user"
    return StatusReport(Status.STOPPED, f"{told}; where it is, set process_user")


def _refuse_reset(sock: _socket.socket) -> None:
    """`ConnectionResetError` where the connection was closed before anybody accepted it."""
    try:
        sock.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass  # it is open, and silent


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _is_here(sock: _socket.socket, address: str) -> bool:
    try:
        sock.bind((address, 0))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return False
        raise
    return True
