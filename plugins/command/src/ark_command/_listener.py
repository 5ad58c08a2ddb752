"""Who listens on a port of this node, by the kernel's own table: user id and inode.

A connection shows that somebody accepts it, and anybody may listen on a free port.
"""

from __future__ import annotations

import os

#: The state of a listening socket; the kernel tells of these before all others.
_LISTENING = b"0A"
#: Bytes of a table that are read at most, and at once.
_LARGEST, _FEW = 1 << 18, 1 << 13
#: Where the fields of a line stand.
_LOCAL, _STATE, _USER, _INODE = 1, 3, 7, 9
#: What precedes an IPv4 address in one of IPv6, as the tables write it.
_MAPPED = b"0000000000000000FFFF0000"


class Listener:
    """A listening socket: the user who made it, and its inode."""

    __slots__ = ("inode", "user")

    def __init__(self, user: int, inode: int) -> None:
        self.user = user
        self.inode = inode


def listener(address: str, port: int, tables: str = "/proc/net") -> Listener | None:
    """Who listens at `address` and `port`; None where the kernel names nobody.

    A port that is handed on to another machine or a container has no listener here.
    """
    import socket

    v6 = ":" in address
    packed = socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, address)
    own = _hexadecimal(packed)
    # The kernel prefers the socket that names the very address.
    wanted = [("tcp6", own)] if v6 else [("tcp", own), ("tcp6", _MAPPED + own), ("tcp", b"0" * 8)]
    for table, local in [*wanted, ("tcp6", b"0" * 32)]:
        found = _look_up(f"{tables}/{table}", local + b":%04X" % port)
        if found is not None:
            return found
    return None


def _hexadecimal(packed: bytes) -> bytes:
    """As the tables write an address: words of 32 bits, each as this machine stores a number."""
    import sys

    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    return b"".join(b"%08X" % int.from_bytes(word, sys.byteorder) for word in words)


def _look_up(path: str, local: bytes) -> Listener | None:
    for line in _listening(path):
        fields = line.split()
        if fields[_LOCAL] == local:
            return Listener(int(fields[_USER]), int(fields[_INODE]))
    return None


def _listening(path: str) -> list[bytes]:
    """The lines of the listening sockets; those of connections, maybe thousands, are not read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        text = b""
        while len(text) < _LARGEST:
            more = os.read(descriptor, _FEW)
            text += more
            lines = [line for line in text.split(b"\n")[1:-1] if len(line.split()) > _INODE]
            if not more or any(line.split()[_STATE] != _LISTENING for line in lines):
                break
    except OSError:
        return []
    finally:
        os.close(descriptor)
    return [line for line in lines if line.split()[_STATE] == _LISTENING]
