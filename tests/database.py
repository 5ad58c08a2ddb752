"""What tests share of PostgreSQL: real servers, each with a data directory of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ark_postgresql import Options
from ark_postgresql._owned import owned, postmasters

from arkcore.machine import processes
from arkcore.machine.processes import Process

# `make test` sees to one of them: tools/postgresql.
_PLACES = (Path("/usr/lib/postgresql"), Path(__file__).parents[1] / ".deps/postgresql")


def _programs() -> Path:
    """Where the programs are: installed, else unpacked."""
    for place in _PLACES:
        found = sorted(place.glob("**/bin/initdb"))
        if found:
            return found[-1].parent
    return _PLACES[0] / "none/bin"


BIN = _programs()


def _user() -> str:
    """Whose the servers are: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


USER = _user()
#: Where the programs were unpacked, their libraries lie beside them.
_LIBRARIES = [
    str(path)
    for top in (BIN.parents[3], BIN.parents[4])
    for path in sorted(top.glob("lib/*-linux-gnu"))
]
ENV = {} if BIN.is_relative_to("/usr/lib") else {"LD_LIBRARY_PATH": ":".join(_LIBRARIES)}

_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{directory}'
port = {port}
fsync = {fsync}
autovacuum = off
jit = off
shared_buffers = 16MB
min_wal_size = 2MB
max_wal_size = 256MB
checkpoint_timeout = 1h
dynamic_shared_memory_type = mmap
"""


@contextmanager
def home() -> Iterator[Path]:
    """A directory that the servers' user can reach, with a path short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="ark-pg-", dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def as_user(*argv: object, timeout: float = 60, check: bool = True) -> str:
    """Run a command as the servers' user; what it wrote."""
    done = subprocess.run(
        [str(word) for word in argv],
        user=USER if os.geteuid() == 0 else None,
        group=pwd.getpwnam(USER).pw_gid if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        env={"PATH": "/usr/bin:/bin", "LANG": "C", "HOME": "/", **ENV},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0 or not check, done.stdout
    return done.stdout


def own(path: Path) -> None:
    """Give a directory to the servers' user."""
    if os.geteuid() == 0:
        shutil.chown(path, USER)


def make_template(directory: Path) -> Path:
    """A data directory for tests to copy: an initdb costs a second."""
    template = directory / "template"
    own(directory)
    as_user(BIN / "initdb", "-D", template, "-N", "-A", "trust", "--wal-segsize=1", "-E", "UTF8")
    return template


class Database:
    """One server's data directory, and what a test does to the server beside the plugin."""

    def __init__(
        self,
        directory: Path,
        template: Path,
        *,
        port: int = 5432,
        fsync: bool = False,
        sockets: str = "",
    ) -> None:
        self.directory = directory
        self.port = port
        self.data = directory / "data"
        directory.mkdir(exist_ok=True)
        own(directory)
        as_user("/bin/cp", "-a", template, self.data)
        settings = _SETTINGS.format(
            directory=sockets or directory, port=port, fsync="on" if fsync else "off"
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(settings)

    @property
    def options(self) -> dict[str, object]:
        """What its resource file says under [options]."""
        return {
            "data_directory": str(self.data),
            "bin_directory": str(BIN),
            "user": USER,
            **({"env": ENV} if ENV else {}),
        }

    def sql(self, text: str, *, timeout: float = 30) -> str:
        """What the server answers to a statement, by its socket."""
        return as_user(*self.client(), "-c", text, timeout=timeout).strip()

    def client(self) -> list[object]:
        """psql's command line."""
        program = [BIN / "psql", "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1"]
        return [*program, "-h", self.directory, "-p", self.port, "-d", "postgres", "-U", USER]

    def answers(self) -> bool:
        try:
            return self.sql("select 1") == "1"
        except (AssertionError, subprocess.TimeoutExpired):
            return False

    def start(self) -> None:
        """Start it by hand."""
        log = self.directory / "log"
        as_user(BIN / "pg_ctl", "start", "-w", "-s", "-D", self.data, "-l", log)

    def processes(self) -> list[Process]:
        return owned(options_of(self.options))

    def postmaster(self) -> Process:
        [found] = postmasters(self.processes())
        return found

    def child(self, title: str, *, within: float = 20) -> Process:
        """The child whose title begins with `title`, as soon as there is one."""
        wanted = f"postgres: {title}".encode()
        until = time.monotonic() + within
        while time.monotonic() < until:
            # Looked at without a pause and without the whole process table: some live briefly.
            try:
                parent = int(self.pid_file.read_text().partition("\n")[0])
            except (OSError, ValueError):
                continue
            for pid in processes.children(parent) or ():
                process = processes.look(pid)
                if process and b" ".join(processes.arguments(pid)).startswith(wanted):
                    return process
        raise AssertionError(f"no process {title!r} came")

    @contextmanager
    def held(self, title: str) -> Iterator[Process]:
        """One of its children is stopped as soon as there is one, and goes on afterwards."""
        child = self.child(title)
        os.kill(child.pid, signal.SIGSTOP)
        try:
            yield child
        finally:
            processes.send(child, signal.SIGCONT)

    def fill(self) -> None:
        """Write so much that a crash recovery takes a moment to replay it."""
        rows = "generate_series(1, 240000) n"
        self.sql(f"create table filled as select n, repeat('x', 200) from {rows}")

    def kill(self) -> None:
        """What a crash of the node does to it: nothing of it is left, and nothing was tidied up."""
        while living := self.processes():
            for process in living:
                processes.send(process, signal.SIGKILL)
            time.sleep(0.01)

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"


def options_of(values: Mapping[str, object]) -> Options:
    """Checked options, as the engine makes them of a file."""
    from arkcore.plugin.application import make_options

    options: Options = make_options(Options, values)
    options.check()
    return options
