"""Attacks by processes that pretend to be the application's."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from attacks.people import Person
from attacks.victim import Victim, end, lives, pids
from support import wait_for

#: An OCF probe's answer for a node where nothing of it lives.
NOT_RUNNING = 7


def forged(victim: Victim, mark: str = "web:0123456789abcdef0123456789abcdef") -> dict[str, str]:
    return {"ARK_ACTION": mark, "ARK_PREFIX": str(victim.prefix)}


def probe(victim: Victim) -> int:
    """What the resource agent answers where nothing was ever started."""
    agent = victim.agent(
        logical_host="LHWEB",
        start=[str(victim.home / "start")],
        stop=[str(victim.home / "stop")],
        status=[str(victim.home / "status")],
    )
    return agent.call("monitor").code


def true_mark(victim: Victim) -> dict[str, str]:
    """The environment by which the running product is known, as only root can read it."""
    environ = Path(f"/proc/{victim.daemon()}/environ").read_bytes().split(b"\0")
    pairs = [os.fsdecode(each).partition("=")[::2] for each in environ if each]
    return {name: value for name, value in pairs if name.startswith("ARK_")}


# One process.


@pytest.mark.parametrize(
    "mark",
    ["web:x", "web:", "web:0123456789abcdef0123456789abcdef", "web:" + "f" * 100_000],
    ids=["short", "empty", "plausible", "endless"],
)
def test_a_forged_mark_makes_no_clean_node_unclean(
    victim: Victim, stranger: Person, mark: str
) -> None:
    """A stranger's process bears a mark that was made up; the node is probed."""
    victim.configure()
    stranger.start(["/bin/sleep", "300"], forged(victim, mark))
    assert probe(victim) == NOT_RUNNING


def test_a_forged_mark_changes_no_status(victim: Victim, stranger: Person) -> None:
    """A stranger's process bears a mark that was made up; `ark status` looks."""
    victim.configure()
    stranger.start(["/bin/sleep", "300"], forged(victim))
    assert victim.status["status"] == "STOPPED"


def test_a_forged_mark_is_not_believed_where_a_user_is_missing(
    victim: Victim, stranger: Person
) -> None:
    """`process_user` names no account, and nothing was started; a mark that was made up."""
    victim.configure(process_user="no-such-user")
    other = stranger.start(["/bin/sleep", "300"], forged(victim))
    assert victim.status["status"] == "STOPPED"
    assert victim.act("remove").code == 0
    assert lives(other.pid)


def test_a_forged_mark_is_never_killed(victim: Victim, stranger: Person) -> None:
    """A process of somebody else's bears a mark: what is not the application's is not ended."""
    victim.configure()
    victim.restore()
    other = stranger.start(["/bin/sleep", "300"], forged(victim))
    victim.act("remove")
    assert lives(other.pid)


BREED = """
mark, prefix, program = sys.argv[1:]
print("ready", flush=True)
while True:
    child = os.posix_spawn(program, [program, "0.03"], {"ARK_ACTION": mark, "ARK_PREFIX": prefix})
    time.sleep(0.01)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
"""


def test_a_stream_of_forged_marks_keeps_no_remove(victim: Victim, stranger: Person) -> None:
    """A stranger starts processes with a forged mark again and again; a remove is called."""
    victim.configure()
    victim.restore()
    stranger.python(BREED, *forged(victim).values(), "/bin/sleep")
    assert victim.act("remove").code == 0
    assert not victim.daemon()


def test_a_stream_of_forged_marks_keeps_no_restore(victim: Victim, stranger: Person) -> None:
    """The same; a restore is called."""
    victim.configure()
    stranger.python(BREED, *forged(victim).values(), "/bin/sleep")
    assert victim.act("restore").code == 0
    assert victim.daemon()


def test_a_stream_of_forged_marks_keeps_no_stop_of_the_cluster(
    victim: Victim, stranger: Person
) -> None:
    """The same; Pacemaker stops the resource."""
    stranger.python(BREED, *forged(victim).values(), "/bin/sleep")
    parameters: dict[str, Any] = {
        name: [str(victim.home / name)] for name in ("start", "stop", "status")
    }
    agent = victim.agent(logical_host="LHWEB", **parameters)
    assert agent.call("start", timeout=14).code == 0
    assert agent.call("stop", timeout=14).code == 0


def test_a_true_mark_that_a_stranger_bears_is_not_believed(
    victim: Victim, stranger: Person
) -> None:
    """A stranger has learnt the mark of the last start; the product is dead."""
    victim.configure()
    victim.restore()
    stolen = true_mark(victim)
    assert stolen["ARK_ACTION"].startswith("web:")
    victim.kill_product()
    stranger.start(["/bin/sleep", "300"], stolen)
    assert victim.status["status"] == "STOPPED"
    assert victim.act("remove").code == 0


def test_a_stranger_learns_no_mark(victim: Victim, stranger: Person) -> None:
    """A stranger looks for the mark of the last start in all that can be read."""
    victim.configure()
    victim.restore()
    secret = true_mark(victim)["ARK_ACTION"].partition(":")[2]
    seen = stranger.may_read(victim.top)
    seen += stranger.run(["/bin/sh", "-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline"]).stdout
    assert len(secret) >= 16
    assert secret not in seen


def test_a_mark_of_another_resource_is_not_this_one_s(victim: Victim) -> None:
    """A process of another resource's, as root, whose name begins like this one's."""
    victim.configure()
    other = subprocess.Popen(["/bin/sleep", "300"], env=forged(victim, "web2:0123"))
    try:
        assert probe(victim) == NOT_RUNNING
    finally:
        other.kill()
        other.wait()


def test_two_marks_in_one_environment_are_not_believed(victim: Victim, stranger: Person) -> None:
    """A stranger's process has ARK_ACTION twice: another resource's mark and this one's."""
    victim.configure()
    source = """
    libc = ctypes.CDLL(None)
    mark = [b"ARK_ACTION=other:1", b"ARK_ACTION=web:1", b"ARK_PREFIX=" + sys.argv[1].encode()]
    envp = (ctypes.c_char_p * 4)(*mark, None)
    argv = (ctypes.c_char_p * 3)(b"sleep", b"300", None)
    print("ready", flush=True)
    libc.execve(b"/bin/sleep", argv, envp)
    """
    started = stranger.python(dedent(source), victim.prefix)
    wait_for(lambda: b"300" in Path(f"/proc/{started.pid}/cmdline").read_bytes())
    assert probe(victim) == NOT_RUNNING
    assert victim.status["status"] == "STOPPED"


def test_a_forged_mark_behind_a_wall_of_entries_is_not_believed(
    victim: Victim, stranger: Person
) -> None:
    """The forged mark lies behind 100 kB of other entries, then in front of them."""
    victim.configure()
    wall = {f"X{number:04d}": "x" * 90 for number in range(1000)}
    stranger.start(["/bin/sleep", "300"], {**wall, **forged(victim)})
    stranger.start(["/bin/sleep", "300"], {**forged(victim), **wall})
    assert probe(victim) == NOT_RUNNING


def test_a_process_that_becomes_somebody_else_is_no_stranger_s_gain(
    victim: Victim, stranger: Person
) -> None:
    """A stranger runs a program that becomes root (as su or sudo do) with his forged mark."""
    victim.configure()
    program = victim.top / "becomes-root"
    shutil.copy("/bin/sleep", program)
    program.chmod(0o4755)
    stranger.start([program, "300"], forged(victim))
    assert probe(victim) == NOT_RUNNING
    assert victim.act("remove").code == 0


# Names.


NAME = """
libc = ctypes.CDLL(None)
libc.prctl(15, ctypes.c_char_p(bytes.fromhex(sys.argv[1])))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "name",
    [b"a) R 1 1 1 (b", b"\n1 (init) S 0", b") Z 0 0 0 0", b"\xff\xfe(((", b"daemon"],
    ids=["parentheses", "newline", "zombie", "bytes", "ours"],
)
def test_a_process_s_name_changes_no_verdict(victim: Victim, stranger: Person, name: bytes) -> None:
    """A stranger's process has a name made to be misread in /proc/PID/stat."""
    victim.configure()
    victim.restore()
    stranger.python(NAME, name.hex(), environment=forged(victim))
    assert victim.act("quickcheck").code == 0
    victim.kill_product()
    assert victim.act("quickcheck").code == 1
    assert victim.act("remove").code == 0


def test_an_argument_that_looks_like_the_product_is_not_believed(
    victim: Victim, stranger: Person
) -> None:
    """A stranger's process says in its arguments that it is JP1/Base's of the logical host."""
    victim.configure("base", plugin="jp1-base", host="LVBASE", root=str(victim.top))
    fake = victim.top / "elsewhere" / "jbs_spmd"
    fake.parent.mkdir()
    shutil.copy("/bin/sleep", fake)
    first = stranger.start(["jbs_spmd", "300", "-h", "LVBASE"], executable=fake)
    stranger.python(
        "sys.argv[0] = 'jbs_spmd L'\nprint('ready', flush=True)\ntime.sleep(60)", "LVBASE"
    )
    seen = json.loads(victim.ark("status", "base", "--json").output)[0]
    assert seen["status"] in ("STOPPED", "UNKNOWN"), seen
    assert str(first.pid) not in seen["detail"]
    assert victim.act("remove", "base").code == 0


def test_a_name_cut_to_fifteen_bytes_is_not_believed(
    app_victim: Victim, app: Person, stranger: Person
) -> None:
    """process_name has 16 bytes; a stranger's process has the 15 that the kernel keeps."""
    app_victim.configure(
        user=app.name,
        pid_file=app_victim.home / "run/web.pid",
        process_name="abcdefghijklmnop",
    )
    other = stranger.python(NAME, b"abcdefghijklmno".hex())
    app.shell('echo "$1" >"$2"', other.pid, app_victim.home / "run/web.pid")
    assert app_victim.status["status"] != "RUNNING"
    app_victim.act("remove")
    assert lives(other.pid)


# A port.


@pytest.fixture
def port() -> Iterator[int]:
    # Below those that the kernel gives to whoever connects, and apart for each worker.
    for number in range(12000 + os.getpid() % 1000 * 10, 32000):
        with socket.socket() as free, socket.socket(socket.AF_INET6) as six:
            try:
                free.bind(("127.0.0.1", number))
                six.bind(("::1", number))
            except OSError:
                continue
        yield number
        return


@pytest.fixture
def heard(victim: Victim, tool: Callable[..., Path], port: int) -> Victim:
    """A node whose product listens on a port, which is all that its status asks for."""
    program = tool("listener", victim)
    victim.command(
        "start", f"#!/bin/sh\nsetsid {program} ::1 {port} </dev/null >/dev/null 2>&1 &\n"
    )
    victim.command("stop", "#!/bin/sh\nexit 0\n")
    victim.configure(tcp=f"localhost:{port}")
    return victim


def listen(stranger: Person, victim: Victim, address: str, port: int, marked: bool) -> int:
    program = victim.top / "tools/listener"
    environment = forged(victim) if marked else {}
    return stranger.start([program, address, str(port)], environment, ready=True).pid


def listeners_of_root(victim: Victim) -> list[int]:
    """The product's own processes."""
    found = []
    for pid in pids():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if os.stat(f"/proc/{pid}").st_uid == 0 and words.startswith(os.fsencode(victim.top)):
                found.append(pid)
        except OSError:
            continue
    return [pid for pid in found if lives(pid)]


def kill_listener(victim: Victim) -> None:
    for pid in listeners_of_root(victim):
        end(pid)


def test_a_marked_listener_of_a_stranger_is_not_the_product(
    heard: Victim, stranger: Person, port: int
) -> None:
    """The product is dead; a stranger listens on its port, with a forged mark."""
    assert heard.act("restore").code == 0
    kill_listener(heard)
    listen(stranger, heard, "127.0.0.1", port, marked=True)
    ends = [heard.act("quickcheck").code for _ in range(2)]
    assert heard.status["status"] != "RUNNING"
    assert heard.act("remove").code == 0
    assert ends[-1] == 1


def test_a_listener_of_a_stranger_is_not_the_product(
    heard: Victim, stranger: Person, port: int
) -> None:
    """The product is dead; a stranger listens on its port."""
    assert heard.act("restore").code == 0
    kill_listener(heard)
    listen(stranger, heard, "::1", port, marked=False)
    assert heard.status["status"] != "RUNNING"


def test_a_stranger_on_the_port_keeps_no_remove(heard: Victim, stranger: Person, port: int) -> None:
    """A stranger listens on the port, without any mark; a remove is called."""
    assert heard.act("restore").code == 0
    listen(stranger, heard, "127.0.0.1", port, marked=False)
    ended = heard.act("remove")
    assert ended.code == 0, heard.ras


def test_a_stranger_on_the_port_keeps_no_restore(
    heard: Victim, stranger: Person, port: int
) -> None:
    """A stranger listens on one address of the port; the product takes the other."""
    listen(stranger, heard, "127.0.0.1", port, marked=False)
    ended = heard.act("restore")
    assert ended.code == 0, heard.ras
    assert listeners_of_root(heard)


def test_a_stranger_on_the_port_is_told(heard: Victim, stranger: Person, port: int) -> None:
    """An operator who looks is told who listens where the product should."""
    listen(stranger, heard, "127.0.0.1", port, marked=False)
    assert str(stranger.uid) in str(heard.status["detail"]) or stranger.name in str(heard.status)


CROWD = """
made = []
for number in range(900):
    made.append(socket.socket())
    made[-1].bind((f"127.{number // 250 + 1}.0.{number % 250 + 1}", 0))
    made[-1].listen(1)
print("ready")
time.sleep(600)
"""


def crowd_before(stranger: Person, port: int) -> None:
    """Have the stranger listen so often that the line of `port` lies behind 300 kB of others."""

    def bytes_before() -> int:
        text = Path("/proc/net/tcp").read_text()
        return text.find(f": 0100007F:{port:04X} 00000000:0000 0A")

    for _ in range(60):
        if bytes_before() > 300_000:
            return
        stranger.python(CROWD)
    raise AssertionError(f"the line of port {port} stands at byte {bytes_before()}")


def test_a_stranger_on_the_port_among_thousands_is_not_the_product(
    heard: Victim, stranger: Person, port: int
) -> None:
    """A stranger listens on the port, and on thousands of others that stand before it."""
    listen(stranger, heard, "127.0.0.1", port, marked=False)
    crowd_before(stranger, port)
    assert heard.status["status"] == "STOPPED"
    assert heard.act("remove").code == 0


def test_a_stranger_on_the_port_is_not_a_user_that_this_node_lacks(
    heard: Victim, stranger: Person, port: int
) -> None:
    """`process_user` names no account of this node; a stranger listens on the port."""
    heard.configure(tcp=f"127.0.0.1:{port}", process_user="no-such-user")
    listen(stranger, heard, "127.0.0.1", port, marked=False)
    assert heard.status["status"] == "UNKNOWN"


def test_a_user_that_this_node_lacks_is_named(heard: Victim, port: int) -> None:
    """`process_user` names no account of this node; `ark validate` looks."""
    file = heard.configure(tcp=f"127.0.0.1:{port}", process_user="no-such-user")
    ended = heard.ark("validate", "web")
    told = "options.process_user = 'no-such-user': this node has no such user"
    assert ended.code == 1
    assert ended.output == f"ark: {file}: {told} (useradd no-such-user)\n"


def test_a_port_in_another_network_namespace_is_not_the_product(
    heard: Victim, stranger: Person, port: int
) -> None:
    """A stranger listens on the port in a network namespace of his own."""
    program = heard.top / "tools/listener"
    script = 'ip link set lo up 2>/dev/null; exec "$1" 127.0.0.1 "$2"'
    words = ["unshare", "--user", "--map-root-user", "--net", "/bin/sh", "-c", script, "sh"]
    stranger.start(
        [*words, program, str(port)], {"PATH": "/usr/sbin:/usr/bin:/bin", **forged(heard)}
    )
    time.sleep(0.3)
    assert heard.status["status"] == "STOPPED"
    assert heard.act("remove").code == 0


# PostgreSQL's own way of knowing its processes.


@pytest.fixture
def database(app_victim: Victim, app: Person) -> Victim:
    binaries = app_victim.home / "bin"
    binaries.mkdir()
    for name in ("pg_ctl", "postgres", "psql", "pg_isready"):
        app_victim.command(f"bin/{name}", "#!/bin/sh\nexit 2\n")
    data = app_victim.home / "data"
    data.chmod(0o700)
    app.shell('echo 15 >"$1/PG_VERSION"', data)
    app_victim.configure(
        "pg",
        plugin="postgresql",
        host="LHPG",
        data_directory=data,
        bin_directory=binaries,
        user=app.name,
    )
    return app_victim


def test_a_stranger_called_postgres_is_no_server(database: Victim, stranger: Person) -> None:
    """A stranger's program is called postgres, and names the data directory with -D."""
    words = ["postgres", "300", "-D", str(database.home / "data")]
    # sleep ignores none of its words, so a shell of that name says them.
    program = database.top / "elsewhere" / "postgres"
    program.parent.mkdir()
    shutil.copy(os.path.realpath("/bin/sh"), program)
    stranger.start(["postgres", "-c", "sleep 300; :", *words[2:]], executable=program)
    time.sleep(0.1)
    status = json.loads(database.ark("status", "pg", "--json").output)[0]
    assert status["status"] == "STOPPED", status
    assert database.act("remove", "pg").code == 0


def test_a_stream_of_postgres_keeps_no_remove(database: Victim, stranger: Person) -> None:
    """A stranger starts programs called postgres again and again."""
    program = database.top / "elsewhere" / "postgres"
    program.parent.mkdir()
    shutil.copy(os.path.realpath("/bin/sh"), program)
    source = """
    print("ready", flush=True)
    while True:
        child = os.posix_spawn(sys.argv[1], ["postgres", "-c", "sleep 0.03; :", "-D", sys.argv[2]],
                               {"PATH": "/bin:/usr/bin"})
        os.waitpid(child, 0)
    """
    for _ in range(2):
        stranger.python(dedent(source), program, database.home / "data")
    assert database.act("remove", "pg").code == 0
