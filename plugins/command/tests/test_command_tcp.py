"""A connection tells the status: made, refused, or without an answer in time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ark_command import Command

from arkcore import Status, processes
from arkcore.machine.listener import NotTold, acceptor, in_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arkcore.context.context import Context

    MakeContext = Callable[..., Context]
    Live = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A socket with a port of its own that does not listen yet, and so refuses."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def port(server: socket.socket) -> int:
    number: int = server.getsockname()[1]
    return number


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_accepted_is_running(make_context: MakeContext, server: socket.socket, host: str) -> None:
    server.listen()
    report = Command().ark_status(make_context(tcp=f"{host}:{port(server)}"))
    assert report.status is Status.RUNNING
    assert report.detail == f"127.0.0.1:{port(server)} accepts connections"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_refused_is_stopped(make_context: MakeContext, server: socket.socket, host: str) -> None:
    report = Command().ark_status(make_context(tcp=f"{host}:{port(server)}"))
    assert report.status is Status.STOPPED


def test_ipv6(make_context: MakeContext) -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with server:
        ctx = make_context(tcp=f"[::1]:{server.getsockname()[1]}")
        assert Command().ark_status(ctx).status is Status.RUNNING
        ctx = make_context(tcp=f"localhost:{server.getsockname()[1]}")
        assert Command().ark_status(ctx).status is Status.RUNNING


def test_no_answer_in_time_is_unknown(make_context: MakeContext, server: socket.socket) -> None:
    server.listen(0)
    waiting = []
    try:
        # Filled, the queue drops whoever comes next.
        for _ in range(4):
            caller = socket.socket()
            waiting.append(caller)
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        ctx = make_context(tcp=f"127.0.0.1:{port(server)}", tcp_timeout=0.2)
        report = Command().ark_status(ctx)
        assert report.status is Status.UNKNOWN
        assert "did not answer in time" in report.detail
        assert ctx.deadline.remaining() > 0
        # The deadline comes before the timeout.
        ctx = make_context(seconds=0.2, tcp=f"127.0.0.1:{port(server)}", tcp_timeout=60)
        began = time.monotonic()
        assert Command().ark_status(ctx).status is Status.UNKNOWN
        assert time.monotonic() - began < 50
    finally:
        for caller in waiting:
            caller.close()


def test_no_time_left_is_unknown(make_context: MakeContext, server: socket.socket) -> None:
    server.listen()
    report = Command().ark_status(make_context(seconds=0, tcp=f"127.0.0.1:{port(server)}"))
    assert report.status is Status.UNKNOWN


def test_an_address_of_another_node_is_not_asked(make_context: MakeContext) -> None:
    if Path("/proc/sys/net/ipv4/ip_nonlocal_bind").read_text().strip() != "0":
        pytest.skip("this node binds addresses that it does not have")
    report = Command().ark_status(make_context(tcp="192.0.2.1:80"))
    assert report.status is Status.STOPPED
    assert report.detail == "192.0.2.1 is no address of this node"


def test_a_stranger_on_the_port_is_not_believed(
    make_context: MakeContext, server: socket.socket, live: Live
) -> None:
    server.listen()
    ctx = make_context(tcp=f"127.0.0.1:{port(server)}")
    child = live()
    process = processes.look(child.pid)
    assert process is not None
    ctx._state.processes.note([process])
    assert Command().ark_status(ctx).status is Status.RUNNING
    child.kill()
    child.wait()
    report = Command().ark_status(ctx)
    assert report.status is Status.UNKNOWN
    assert "every process recorded of it is gone" in report.detail


#: Listens on a port of its own at the address it is given, and prints the port.
LISTEN = """
import os, socket, sys, time
user = int(sys.argv[2])
os.setgroups([])
os.setresgid(user, user, user)
os.setresuid(user, user, user)
v6 = ":" in sys.argv[1]
family = socket.AF_INET6 if v6 else socket.AF_INET
server = socket.create_server((sys.argv[1], 0), family=family, dualstack_ipv6=v6)
print(server.getsockname()[1], flush=True)
time.sleep(300)
"""
STRANGER = 65534


@pytest.fixture
def listening() -> Iterator[Callable[..., int]]:
    """Has a stranger listen at an address; the port."""
    made: list[subprocess.Popen[str]] = []

    def listen(address: str = "127.0.0.1") -> int:
        if os.geteuid() != 0:
            pytest.skip("only root can be another user")
        child = subprocess.Popen(
            [sys.executable, "-I", "-c", LISTEN, address, str(STRANGER)],
            stdout=subprocess.PIPE,
            text=True,
        )
        made.append(child)
        assert child.stdout is not None
        return int(child.stdout.readline())

    yield listen
    for child in made:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_stranger_who_listens_is_not_the_application(
    make_context: MakeContext, listening: Callable[..., int], address: str
) -> None:
    number = listening(address)
    report = Command().ark_status(make_context(tcp=f"127.0.0.1:{number}"))
    assert report.status is Status.STOPPED
    assert f"on 127.0.0.1:{number} user id {STRANGER} listens" in report.detail


def test_the_application_s_own_user_may_listen(
    make_context: MakeContext, listening: Callable[..., int]
) -> None:
    ctx = make_context(tcp=f"127.0.0.1:{listening()}", process_user="nobody")
    assert Command().ark_status(ctx).status is Status.RUNNING


HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#: A listening socket of user 1234 on 127.0.0.1:8080; one on another port; a connection.
HIS = "   0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 1234 0 77 1 0 100 0 0 10 0\n"
OTHER = "   1: 0100007F:0050 00000000:0000 0A 0:0 00:0 0 0 0 78 1 0 100 0 0 10 0\n"
CONNECTION = "   2: 0100007F:1F91 0100007F:1F90 01 0:0 00:0 0 0 0 79 1 0 100 0 0 10 0\n"


def in_table(directory: Path, text: str, number: int, within: float = 20.0) -> tuple[int, int]:
    """User id and inode of who listens on 127.0.0.1 and the port; (-1, -1) where nobody does."""
    (directory / "tcp").write_text(HEADING + text)
    found = in_tables("127.0.0.1", number, time.monotonic() + within, str(directory))
    return (-1, -1) if found is None else (found.user, found.inode)


def test_the_listeners_are_found_before_any_connection_is_read(tmp_path: Path) -> None:
    assert in_table(tmp_path, HIS + CONNECTION * 100_000, 8080) == (1234, 77)
    assert in_table(tmp_path, HIS + CONNECTION * 100_000, 8081) == (-1, -1)


def test_a_listener_behind_megabytes_of_others_is_found(tmp_path: Path) -> None:
    assert in_table(tmp_path, OTHER * 50_000 + HIS + CONNECTION, 8080) == (1234, 77)


def test_a_table_that_is_not_read_to_its_end_tells_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotTold, match="not read to its end in time"):
        in_table(tmp_path, OTHER * 50_000 + HIS, 8080, within=0.0)


def test_where_it_cannot_be_told_who_listens_the_status_is_unknown(
    make_context: MakeContext, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotTold("no time")

    server.listen()
    monkeypatch.setattr("arkcore.machine.listener.listener", refuse)
    report = Command().ark_status(make_context(tcp=f"127.0.0.1:{port(server)}"))
    assert report.status is Status.UNKNOWN
    assert "who listens cannot be told: no time" in report.detail


def test_whoever_has_accepted_and_closed_its_listener_is_named(server: socket.socket) -> None:
    server.listen()
    with socket.create_connection(server.getsockname()) as client:
        ours = client.getsockname()
        assert acceptor("127.0.0.1", port(server), ours) is None
        accepted, _ = server.accept()
        with accepted:
            server.close()
            found = acceptor("127.0.0.1", port(accepted), ours)
            assert found is not None
            assert found.user == os.geteuid()


def test_without_the_kernel_s_table_whoever_accepts_is_believed(tmp_path: Path) -> None:
    assert in_tables("127.0.0.1", 8080, time.monotonic() + 20, str(tmp_path)) is None
