"""Who listens on a port of this node, by the kernel's own word: user id and inode.

A connection shows that somebody accepts it, and anybody may listen on a free port. The kernel is
asked for this one socket (sock_diag(7)), so that nothing depends on how many others listen. Where
that names nobody, or the kernel lacks it, its tables are read (proc_net_tcp.txt), to their end or
to a deadline.
"""

from __future__ import annotations

import _socket
import os
import struct
import sys
import time

#: netlink(7), sock_diag(7) and tcp_states.h.
_NETLINK_SOCK_DIAG, _BY_FAMILY, _REQUEST, _LISTEN = 4, 20, 1, 10
#: struct nlmsghdr; then struct inet_diag_req_v2 up to its socket id.
_HEADER = struct.Struct("=IHHII")
_REQUEST_HEAD = struct.Struct("=BBBBI")
#: struct inet_diag_sockid: ports and addresses as on the wire, interface, no cookie.
_ID = struct.Struct("=2s2s16s16sIII")
#: Where struct inet_diag_msg has the state, and user id and inode, after its header.
_STATE_AT, _OWNER_AT, _OWNER = _HEADER.size + 1, _HEADER.size + 64, struct.Struct("=II")

#: Any cookie, any state.
_ANY = 0xFFFFFFFF
#: Seconds for an answer, which the kernel gives within the call.
_PATIENCE = 0.5

#: The state of a listening socket; the kernel tells of these before all others.
_LISTENING = b"0A"
#: Bytes of a table that are read at once.
_FEW = 1 << 16
#: Where the fields of a line stand, after its number.
_STATE, _USER, _INODE = 2, 6, 8
#: What precedes an IPv4 address in one of IPv6, as the tables write it.
_MAPPED = b"0000000000000000FFFF0000"


class NotTold(Exception):
    """Whether somebody listens there cannot be told; the text says why."""


class Listener:
    """A socket: the user who made it, and its inode (0: nobody has accepted it)."""

    __slots__ = ("inode", "user")

    def __init__(self, user: int, inode: int) -> None:
        self.user = user
        self.inode = inode


def listener(address: str, port: int, until: float, tables: str = "/proc/net") -> Listener | None:
    """Who listens at `address` and `port`; None where the kernel names nobody.

    A port that is handed on to another machine or a container has no listener here. `until`: in
    CLOCK_MONOTONIC seconds. `NotTold` where the tables are not read to their end by then.
    """
    return _asked(address, port) or in_tables(address, port, until, tables)


def acceptor(address: str, port: int, ours: tuple[str, int]) -> Listener | None:
    """Who has accepted the connection from `ours`; None where no socket here shows that."""
    found = _asked(address, port, ours)
    return found if found is not None and found.inode else None


def _asked(address: str, port: int, peer: tuple[str, int] | None = None) -> Listener | None:
    """The socket at `address` that listens, or that is connected to `peer`, as the kernel answers.

    None also where it does not answer: "no such socket" and "cannot be asked" look alike.
    """
    family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
    far, far_port = peer or ("::" if ":" in address else "0.0.0.0", 0)
    packed = [_socket.inet_pton(family, each).ljust(16, b"\0") for each in (address, far)]
    ports = [each.to_bytes(2, "big") for each in (port, far_port)]
    # Without a peer the kernel looks up who would get a new connection.
    body = _REQUEST_HEAD.pack(family, _socket.IPPROTO_TCP, 0, 0, _ANY)
    body += _ID.pack(*ports, *packed, 0, _ANY, _ANY)
    head = _HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 1, 0)
    try:
        kernel = _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
        try:
            kernel.settimeout(_PATIENCE)
            kernel.sendto(head + body, (0, 0))
            told = kernel.recv(1 << 13)
        finally:
            kernel.close()
    except OSError:
        return None
    if len(told) < _OWNER_AT + _OWNER.size or _HEADER.unpack_from(told)[1] != _BY_FAMILY:
        return None
    if peer is None and told[_STATE_AT] != _LISTEN:
        return None
    return Listener(*_OWNER.unpack_from(told, _OWNER_AT))


def in_tables(address: str, port: int, until: float, tables: str) -> Listener | None:
    """As :func:`listener`, by the tables alone."""
    v6 = ":" in address
    packed = _socket.inet_pton(_socket.AF_INET6 if v6 else _socket.AF_INET, address)
    own = _hexadecimal(packed)
    # The kernel prefers the socket that names the very address.
    wanted = [("tcp6", own)] if v6 else [("tcp", own), ("tcp6", _MAPPED + own), ("tcp", b"0" * 8)]
    for table, local in [*wanted, ("tcp6", b"0" * 32)]:
        found = _look_up(f"{tables}/{table}", local + b":%04X" % port, until)
        if found is not None:
            return found
    return None


def _hexadecimal(packed: bytes) -> bytes:
    """As the tables write an address: words of 32 bits, each as this machine stores a number."""
    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    return b"".join(b"%08X" % int.from_bytes(word, sys.byteorder) for word in words)


def _look_up(path: str, local: bytes, until: float) -> Listener | None:
    """The listening socket at `local`; the lines of connections, maybe thousands, are not read."""
    wanted = b": " + local + b" "
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None  # no IPv6
    except OSError as error:
        raise NotTold(f"{path}: {error.strerror}") from None
    try:
        rest = b""
        while True:
            if time.monotonic() >= until:
                raise NotTold(f"{path} was not read to its end in time")
            more = os.read(descriptor, _FEW)
            text, newline, rest = (rest + more).rpartition(b"\n")
            at = text.find(wanted)
            if at >= 0:
                fields = text[at + 1 :].partition(b"\n")[0].split()
                if fields[_STATE] == _LISTENING:
                    return Listener(int(fields[_USER]), int(fields[_INODE]))
            # The first line is a heading. Of the others, listening sockets come first.
            last = text.rpartition(b"\n")[2].split()
            if not more or (newline and last[_STATE + 1] not in (_LISTENING, b"st")):
                return None
    except OSError as error:
        raise NotTold(f"{path}: {error.strerror}") from None
    except (IndexError, ValueError):
        raise NotTold(f"{path} has a line of another form") from None
    finally:
        os.close(descriptor)
