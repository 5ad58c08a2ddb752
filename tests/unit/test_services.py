"""A service tells how the application is: refused is STOPPED, late is UNKNOWN."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from arkcore import PluginError, Status, StatusReport
from arkcore.base.deadline import Deadline
from arkcore.context import services, web
from arkcore.context.services import Exchange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[..., int]

HTTP_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Server:
    """Answers each connection with the given pieces, a moment apart, then closes or holds it."""

    def __init__(self, listening: socket.socket, *pieces: bytes, holds: bool = False) -> None:
        self.heard: list[bytes] = []
        self._listening = listening
        self._pieces = pieces
        self._holds = holds
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            client.settimeout(5)
            self.heard.append(client.recv(1000))
            try:
                for piece in self._pieces:
                    client.sendall(piece)
                    time.sleep(0.01)
            except OSError:
                pass  # whoever asked has heard enough
            if self._holds:
                self._held.append(client)
            else:
                client.close()

    def close(self) -> None:
        # Whoever accepts hears of a close no more than of nothing.
        if self._listening.fileno() >= 0:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        self._thread.join(5)
        for each in self._held:
            each.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def make(*pieces: bytes, at: str = "", holds: bool = False) -> Server:
        if at:
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(at)
            listening.listen()
        else:
            listening = socket.create_server(("127.0.0.1", 0))
        servers.append(Server(listening, *pieces, holds=holds))
        return servers[-1]

    yield make
    for each in servers:
        each.close()


def port_of(server: Server) -> int:
    number: int = server._listening.getsockname()[1]
    return number


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port that is taken and refuses."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def tcp(port: int, *said: bytes, within: float = 5.0, address: str = "127.0.0.1") -> StatusReport:
    return services.tcp(address, port, Deadline.after(within), Exchange(*said))


def page(port: int, path: str = "/", within: float = 5.0, **wanted: object) -> StatusReport:
    rules = {"expect": range(200, 300), "contains": b"", "starting": (), "host": "", **wanted}
    url = f"http://127.0.0.1:{port}{path}"
    return web.http(url, Deadline.after(within), **rules)  # type: ignore[arg-type]


# TCP.


def test_an_answer_that_comes_in_pieces_is_read_until_it_is_whole(
    serve: Callable[..., Server],
) -> None:
    server = serve(b"VER", b"SION 1.6", holds=True)
    report = tcp(port_of(server), b"version\r\n", b"VERSION ")
    assert (report.status, server.heard) == (Status.RUNNING, [b"version\r\n"])


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((b"-LOADING 3 s\r\n", b"+PONG"), Status.STARTING),
        ((b"+PONG\r\n",), Status.RUNNING),
        ((b"go away\r\n",), Status.UNKNOWN),
        ((), Status.UNKNOWN),
    ],
    ids=["starting", "expected", "another", "none"],
)
def test_an_answer_means_what_it_holds(
    serve: Callable[..., Server], pieces: tuple[bytes, ...], expected: Status
) -> None:
    report = tcp(port_of(serve(*pieces)), b"PING\r\n", b"+PONG", b"-LOADING")
    assert report.status is expected


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_refused_connection_is_stopped(nobody: int, address: str) -> None:
    assert tcp(nobody, b"x", b"y", address=address).status is Status.STOPPED


def test_one_of_two_loopback_addresses_is_enough(serve: Callable[..., Server]) -> None:
    assert tcp(port_of(serve(b"y")), b"x", b"y", address="localhost").status is Status.RUNNING


def test_a_silent_service_is_unknown_when_its_time_is_over(serve: Callable[..., Server]) -> None:
    server = serve(holds=True)
    began = time.monotonic()
    report = tcp(port_of(server), b"x", b"y", within=0.1)
    assert report.status is Status.UNKNOWN
    assert "did not answer in time" in report.detail
    assert time.monotonic() - began < 2


def test_a_service_that_never_ends_its_answer_is_cut_off(serve: Callable[..., Server]) -> None:
    assert tcp(port_of(serve(b"z" * 200_000)), b"x", b"y").status is Status.UNKNOWN


def test_a_last_moment_is_time_enough_and_none_at_all_is_unknown(
    serve: Callable[..., Server],
) -> None:
    server = serve(holds=True)
    for left in (1e-7, 1e-4, 0.002):
        report = tcp(port_of(server), b"x", b"y", within=left)
        assert report.status is Status.UNKNOWN
        assert "Errno" not in report.detail
    assert "no time is left" in tcp(port_of(server), within=-1).detail


@pytest.mark.parametrize("address", ["example.com", "", "127.0.0.1.1", "::1%lo"])
def test_an_address_that_would_have_to_be_looked_up_is_the_plugin_s_fault(address: str) -> None:
    with pytest.raises(PluginError, match="allowed are localhost and IP addresses"):
        tcp(80, address=address)


def test_another_node_s_address_is_not_asked() -> None:
    report = tcp(80, address="192.0.2.1")
    assert (report.status, report.detail) == (
        Status.STOPPED,
        "192.0.2.1 is no address of this node",
    )


# UDP and Unix sockets.


def test_datagrams_that_are_lost_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_AGAIN", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)

        def answer_the_second() -> None:
            server.recvfrom(100)
            _, peer = server.recvfrom(100)
            server.sendto(b"pong", peer)

        thread = threading.Thread(target=answer_the_second)
        thread.start()
        port = server.getsockname()[1]
        report = services.udp("127.0.0.1", port, Deadline.after(5), Exchange(b"ping", b"pong"))
        thread.join()
    assert report.status is Status.RUNNING
    report = services.udp("127.0.0.1", port, Deadline.after(5), Exchange(b"ping", b"pong"))
    assert report.status is Status.STOPPED


def test_a_silent_datagram_server_is_unknown() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        report = services.udp("127.0.0.1", port, Deadline.after(0.1), Exchange(b"ping", b"pong"))
    assert report.status is Status.UNKNOWN


def test_a_unix_socket_is_asked_as_a_port_is(serve: Callable[..., Server], tmp_path: Path) -> None:
    path = str(tmp_path / "socket")

    def ask(within: float = 5.0) -> Status:
        return services.unix(path, Deadline.after(within), Exchange(b"ping", b"pong")).status

    assert ask() is Status.STOPPED  # it is not there
    server = serve(b"pong", at=path)
    assert ask() is Status.RUNNING
    server.close()
    assert ask() is Status.STOPPED  # it is, and nobody listens
    Path(path).unlink()
    with socket.socket(socket.AF_UNIX) as full:
        full.bind(path)
        full.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(path)
            assert ask(0.1) is Status.UNKNOWN


# HTTP.


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (HTTP_OK, Status.RUNNING),
        (HTTP_OK.replace(b"hello", b"sorry"), Status.UNKNOWN),
        (b"HTTP/1.1 503 Busy\r\n\r\n", Status.STARTING),
        (b"HTTP/1.1 500 Oh\r\n\r\nhello", Status.UNKNOWN),
        (b"HTTP/1.1 302 There\r\nLocation: /\r\n\r\n", Status.UNKNOWN),
        (b"SSH-2.0-OpenSSH\r\n", Status.UNKNOWN),
        (b"", Status.UNKNOWN),
    ],
    ids=["page", "another page", "starting", "error", "redirection", "no HTTP", "nothing"],
)
def test_a_page_means_what_its_code_and_contents_say(
    serve: Callable[..., Server], answer: bytes, expected: Status
) -> None:
    server = serve(answer)
    report = page(port_of(server), "/health?all=1", contains=b"hello", starting=(503,))
    assert report.status is expected, report
    assert server.heard[0].startswith(b"GET /health?all=1 HTTP/1.0\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "127.0.0.1", "http://127.0.0.1:x/", "http://a b/"]
)
def test_what_is_no_address_of_a_page_is_the_plugin_s_fault(url: str) -> None:
    with pytest.raises(PluginError, match="http: "):
        web.http(url, Deadline.after(5), expect=(), contains=b"", starting=(), host="")


# What it costs.


def test_asking_loads_no_library_of_sockets_and_no_enumeration() -> None:
    program = "import arkcore.context.web, sys; print(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-IS", "-c", f"import sys; sys.path += {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not set(child.stdout.split()) & {"socket", "http", "urllib", "enum", "selectors", "re"}
