"""What is known of PostgreSQL's files, codes and signals, and how well.

Names, codes and words stand here and nowhere else. Each row has a mark that says where it comes
from, and the first major version for which it holds. What no manual states may change with a major
version; docs/en/unconfirmed.md lists those rows.
"""

from __future__ import annotations

from arkcore import Choice


class Mark(Choice):
    """How well a row is known."""

    MANUAL = "stated in PostgreSQL's manual"
    SOURCE = "stated in PostgreSQL's source only"
    OBSERVED = "seen with PostgreSQL 15"
    PACKAGING = "the habit of a distribution's packages"


class Fact:
    """A name, a word or a number, where it comes from, and since which major version it holds."""

    __slots__ = ("mark", "since", "source", "value")

    def __init__(self, value: str, mark: Mark, source: str, *, since: int = 10) -> None:
        self.value = value
        self.mark = mark
        self.source = source
        self.since = since


class ReturnCode:
    """A return code of a command, and where its meaning comes from."""

    __slots__ = ("code", "mark", "source")

    def __init__(self, code: int, mark: Mark, source: str) -> None:
        self.code = code
        self.mark = mark
        self.source = source


#: The oldest major version that all rows below hold for: `standby.signal` came with it.
OLDEST = 12

# Files of the data directory.

VERSION_FILE = Fact("PG_VERSION", Mark.MANUAL, "Database File Layout")
#: Lines: pid, data directory, start time, port, first socket directory, first listen address,
#: shared memory key; then, unmentioned in the manual, what the server is doing.
PID_FILE = Fact("postmaster.pid", Mark.MANUAL, "Database File Layout")
#: Beside a Unix socket, with the same first lines as postmaster.pid.
SOCKET_LOCK = Fact(".s.PGSQL.%s.lock", Mark.SOURCE, "CreateSocketLockFile in miscinit.c")
#: While it is there the server is a standby and never becomes a primary by itself.
STANDBY_FILE = Fact("standby.signal", Mark.MANUAL, "Archive Recovery", since=OLDEST)
#: The data directory may have these permissions and no others.
MODES = (
    Fact("0700", Mark.MANUAL, "initdb"),
    Fact("0750", Mark.MANUAL, "initdb, --allow-group-access", since=11),
)

# The eighth line of postmaster.pid, padded with blanks.

STARTING = Fact("starting", Mark.SOURCE, "pidfile.h")
STOPPING = Fact("stopping", Mark.SOURCE, "pidfile.h")
READY = Fact("ready", Mark.SOURCE, "pidfile.h")
STANDBY = Fact("standby", Mark.SOURCE, "pidfile.h")
#: While it recovers from a backend's crash, the file goes on saying this.
AFTER_A_CRASH = Fact(READY.value, Mark.OBSERVED, "a killed backend")
#: The process id of a single-user server stands in the file with this sign.
SINGLE_USER = Fact("-", Mark.SOURCE, "miscinit.c")

# Processes.

EXECUTABLE = Fact("postgres", Mark.MANUAL, "postgres")
#: What a child's command line begins with; the postmaster keeps its own.
TITLE = Fact("postgres: ", Mark.MANUAL, "Standard Unix Tools")
#: The postmaster and its children have the data directory for their working directory.
WORKING_DIRECTORY = Fact("the data directory", Mark.SOURCE, "ChangeToDataDir in miscinit.c")
#: Option of the command line that names the data directory.
DATA_OPTION = Fact("-D", Mark.MANUAL, "postgres")

# Signals to the postmaster.

FAST = Fact("SIGINT", Mark.MANUAL, "Shutting Down the Server")
IMMEDIATE = Fact("SIGQUIT", Mark.MANUAL, "Shutting Down the Server")
#: Seconds after which an immediate shutdown kills the children that have not ended.
CHILDREN_KILLED = Fact("5", Mark.MANUAL, "Shutting Down the Server")

# Commands.

CONTROL = Fact("pg_ctl", Mark.MANUAL, "pg_ctl")
CLIENT = Fact("psql", Mark.MANUAL, "psql")
PROBE = Fact("pg_isready", Mark.MANUAL, "pg_isready")
#: psql could not connect.
NOT_CONNECTED = ReturnCode(2, Mark.MANUAL, "psql, Exit Status")
ACCEPTING = ReturnCode(0, Mark.MANUAL, "pg_isready, Exit Status")
#: "for example during startup"; during shutdown and recovery as well.
REJECTING = ReturnCode(1, Mark.MANUAL, "pg_isready, Exit Status")
NO_RESPONSE = ReturnCode(2, Mark.MANUAL, "pg_isready, Exit Status")

#: Directories that hold one directory for each major version: the parent, what precedes the
#: version in the name, and what follows it in the path.
BY_VERSION = (
    ("/usr/lib/postgresql/", "", "/bin", Mark.PACKAGING, "Debian and Ubuntu"),
    ("/usr/", "pgsql-", "/bin", Mark.PACKAGING, "PostgreSQL's own RPM packages"),
)
#: Where a distribution has one version only.
ONLY_VERSION = Fact("/usr/bin", Mark.PACKAGING, "Red Hat Enterprise Linux")
#: Beneath it Debian has one directory for each version, and in that one for each cluster.
DEBIAN_CLUSTERS = Fact("/etc/postgresql", Mark.PACKAGING, "Debian and Ubuntu")
#: Says whether Debian starts a cluster at boot: "auto", "manual" or "disabled".
DEBIAN_START = Fact("start.conf", Mark.PACKAGING, "Debian and Ubuntu")
