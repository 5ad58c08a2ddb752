"""What is known of systemd's states, files and control groups, and how well.

Each row has a mark that says where it comes from. What no manual states may change with a version;
docs/en/unconfirmed.md lists those rows.
"""

from __future__ import annotations

from arkcore import Choice, Status


class Mark(Choice):
    """How well a row is known."""

    MANUAL = "stated in systemd's manual pages"
    SOURCE = "stated in systemd's source only"


class State:
    """An `ActiveState` with a `SubState` ("": any other), and the status that it means."""

    __slots__ = ("active", "mark", "source", "status", "sub")

    def __init__(self, active: str, sub: str, status: Status, mark: Mark, source: str) -> None:
        self.active = active
        self.sub = sub
        self.status = status
        self.mark = mark
        self.source = source


_INTERFACE = "org.freedesktop.systemd1(5), ActiveState"
_TABLE = "service_state_table in unit-def.c"

#: The states of a service. Whether its processes live and move is judged besides.
STATES = (
    State("active", "", Status.RUNNING, Mark.MANUAL, _INTERFACE),
    State("active", "running", Status.RUNNING, Mark.SOURCE, _TABLE),
    #: Its start is over and RemainAfterExit=yes: it counts as long as a process of it lives.
    State("active", "exited", Status.RUNNING, Mark.SOURCE, _TABLE),
    State("reloading", "", Status.RUNNING, Mark.MANUAL, _INTERFACE),
    State("activating", "", Status.STARTING, Mark.MANUAL, _INTERFACE),
    State("activating", "auto-restart", Status.STARTING, Mark.SOURCE, _TABLE),
    State("deactivating", "", Status.STOPPING, Mark.MANUAL, _INTERFACE),
    State("maintenance", "", Status.STOPPING, Mark.MANUAL, _INTERFACE),
    State("inactive", "", Status.STOPPED, Mark.MANUAL, _INTERFACE),
    State("inactive", "dead", Status.STOPPED, Mark.SOURCE, _TABLE),
    State("failed", "", Status.STOPPED, Mark.MANUAL, _INTERFACE),
    State("failed", "failed", Status.STOPPED, Mark.SOURCE, _TABLE),
)

#: The values of `FreezerState` with which no process of a unit moves: systemctl(1), freeze.
FROZEN = ("freezing", "frozen")

#: The values of `UnitFileState` with which the system starts a unit at boot: systemctl(1),
#: is-enabled.
AT_BOOT = ("enabled", "enabled-runtime", "generated")

#: Where unit files are, in systemd.unit(5)'s order of precedence, with those of generators.
UNIT_DIRECTORIES = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)

#: Before the name of a control group that would look like a file of the kernel's, or that begins
#: with it itself: cg_escape in cgroup-util.c.
ESCAPE = "_"


def status_of(active: str, sub: str) -> Status:
    """The status that the table gives; UNKNOWN for a state that it does not have."""
    for wanted in (sub, ""):
        for state in STATES:
            if (state.active, state.sub) == (active, wanted):
                return state.status
    return Status.UNKNOWN
