"""Asks by a TCP connection whether somebody listens, on this node and nowhere else."""

from __future__ import annotations

import errno

from arkcore import Status, StatusReport

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from arkcore import Deadline


def ask(
    host: str, port: int, deadline: Deadline, may_listen: Callable[[int], bool | None]
) -> StatusReport:
    """RUNNING where the connection is made, STOPPED where it is refused, else UNKNOWN.

    `host`: an IP address, or "localhost" for both loopback addresses, of which one has to answer.
    Ends at `deadline`. STOPPED also where a user listens of whom `may_listen` does not hold: then
    it is not the application who answers. UNKNOWN where it cannot be told who listens.
    """
    hosts = ("127.0.0.1", "::1") if host == "localhost" else (host,)
    reports = []
    for address in hosts:
        report = _ask(address, port, deadline, may_listen)
        if report.status is Status.RUNNING:
            return report
        reports.append(report)
    unknown = [report for report in reports if report.status is Status.UNKNOWN]
    return (unknown or reports)[0]


def _ask(
    address: str, port: int, deadline: Deadline, may_listen: Callable[[int], bool | None]
) -> StatusReport:
    import socket

    from ark_command._listener import NotTold, acceptor, listener

    v6 = ":" in address
    shown = f"[{address}]:{port}" if v6 else f"{address}:{port}"
    if deadline.passed:
        return StatusReport(Status.UNKNOWN, f"no time is left to connect to {shown}")
    try:
        with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET) as sock:
            if not _is_loopback(address):
                # The address of a logical host answers from whichever node has it now. Only where
                # it is this node's can a connection start from it.
                if not _is_here(sock, address):
                    return StatusReport(Status.STOPPED, f"{address} is no address of this node")
            sock.settimeout(max(0.001, deadline.remaining()))
            sock.connect((address, port))
            if sock.getsockname() == sock.getpeername():
                # A port of the ephemeral range without a listener can be connected to itself.
                return StatusReport(Status.STOPPED, f"{shown} refused the connection")
            try:
                who = listener(address, port, deadline.at)
            except NotTold as error:
                return StatusReport(Status.UNKNOWN, f"{shown}: who listens cannot be told: {error}")
            if who is None:
                # Whoever accepts and closes his listener at once has left the connection.
                who = acceptor(address, port, sock.getsockname()[:2])
            if who is None:
                _refuse_reset(sock)
            may = who is None or may_listen(who.user)
            if who is not None and not may:
                told = f"on {shown} user id {who.user} listens"
                if may is None:
                    return StatusReport(
                        Status.UNKNOWN, f"{told}, and the application's user cannot be looked up"
                    )
                told = f"{told}, who is not the application's user"
                return StatusReport(Status.STOPPED, f"{told}; where it is, set process_user")
            return StatusReport(Status.RUNNING, f"{shown} accepts connections")
    except ConnectionRefusedError:
        return StatusReport(Status.STOPPED, f"{shown} refused the connection")
    except TimeoutError:
        return StatusReport(Status.UNKNOWN, f"{shown} did not answer in time")
    except OSError as error:
        if v6 and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return StatusReport(Status.STOPPED, f"{shown}: this node has no IPv6")
        return StatusReport(Status.UNKNOWN, f"{shown}: {error.strerror or error}")


def _refuse_reset(sock: socket.socket) -> None:
    """`ConnectionResetError` where the connection was closed before anybody accepted it."""
    import socket

    try:
        sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass  # it is open, and silent


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _is_here(sock: socket.socket, address: str) -> bool:
    try:
        sock.bind((address, 0))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return False
        raise
    return True
