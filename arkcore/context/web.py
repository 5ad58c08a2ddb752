"""Asks a web server of this node for one page, without the library of the language.

HTTP/1.0 is spoken, so that the answer comes in one piece and ends with the connection. Nothing is
followed: a redirection is an answer with another code.
"""

from __future__ import annotations

from arkcore.base.errors import PluginError
from arkcore.base.status import Status, StatusReport
from arkcore.context.services import Exchange, tcp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from arkcore.base.deadline import Deadline

_SCHEME = "http://"


class Page(Exchange):
    """One page: the request for it, and which codes and contents are right."""

    def __init__(
        self,
        host: str,
        path: str,
        expect: Container[int],
        contains: bytes,
        starting: Container[int],
    ) -> None:
        request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: ark\r\nAccept: */*\r\n\r\n"
        super().__init__(request.encode("ascii"))
        self._codes = expect
        self._contains = contains
        self._not_yet = starting

    def judged(self, answer: bytes, *, whole: bool) -> StatusReport | None:
        """As its base: by the code of the answer, then by what the page holds."""
        line, newline, _ = answer.partition(b"\n")
        if not newline:
            return super().judged(b"", whole=True) if whole and not answer else _odd(line, whole)
        words = line.split()
        if not line.startswith(b"HTTP/") or len(words) < 2 or not words[1].isdigit():
            return _odd(line, True)
        code = int(words[1][:4])
        if code in self._not_yet:
            return StatusReport(Status.STARTING, f"answered {code}")
        if code not in self._codes:
            return StatusReport(Status.UNKNOWN, f"answered {code}")
        _, _, body = answer.replace(b"\r\n", b"\n").partition(b"\n\n")
        if self._contains in body:
            return StatusReport(Status.RUNNING, f"answered {code}")
        if not whole:
            return None
        wanted = self._contains.decode("utf-8", "backslashreplace")
        return StatusReport(Status.UNKNOWN, f"answered {code}, a page without {wanted!r}")


def _odd(line: bytes, whole: bool) -> StatusReport | None:
    if not whole:
        return None
    return StatusReport(Status.UNKNOWN, f"answered {line[:40]!r}, which is no HTTP")


def http(
    url: str,
    deadline: Deadline,
    *,
    expect: Container[int],
    contains: bytes,
    starting: Container[int],
    host: str,
) -> StatusReport:
    """RUNNING where the page at `url` comes as expected; else as :func:`services.tcp`.

    `expect`, `starting`: codes of an answer that mean RUNNING and STARTING; any other is UNKNOWN.
    `contains`: what the page must hold. `host`: the host that is asked for, "" is that of `url`.
    """
    authority, path = _parts(url)
    address, port = _address(authority, url)
    page = Page(host or authority, path, expect, contains, starting)
    return tcp(address, port, deadline, page)


def _parts(url: str) -> tuple[str, str]:
    rest = url.removeprefix(_SCHEME)
    if rest == url or not url.isascii() or not url.isprintable() or " " in url:
        raise PluginError(
            f"http: {url!r}: allowed: http://ADDRESS[:PORT]/PATH, in printable ASCII without blanks"
        )
    authority, slash, path = rest.partition("/")
    return authority, slash + path if slash else "/"


def _address(authority: str, url: str) -> tuple[str, int]:
    """The address without brackets, and the port."""
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, "80"
    if not port.isdigit() or len(port) > 5:
        raise PluginError(f"http: {url!r}: {port!r} is no port")
    return host.removeprefix("[").removesuffix("]"), int(port)
