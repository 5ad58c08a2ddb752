"""What a plugin's author provides: an application to be protected, and what may be done to it."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence


class Capability(Enum):
    """What an installation can show beyond the ordinary. A part not declared is not proven.

    The value says what is needed for it.
    """

    #: Two logical hosts of it can run on this machine at the same time.
    TWO_HOSTS = "a second logical host"
    #: It consists of several processes, and is not well while one of them is missing.
    SEVERAL_PROCESSES = "an application of several processes"
    #: It can be asked without the plugin whether it serves: `LogicalHost.serves`.
    READINESS = "LogicalHost.serves"
    #: Its commands can be made to misbehave: `LogicalHost.commands`.
    HOSTILE_COMMANDS = "LogicalHost.commands"
    #: The directories of its shared disk can be taken away: `LogicalHost.shared`.
    SHARED_DISK = "LogicalHost.shared"
    #: The product can be taken away while nothing of it runs: `LogicalHost.product`.
    PRODUCT = "LogicalHost.product"


class Command:
    """A command file of the product, which the kit may replace for a while.

    `path`: the file. `words`: what must be among its arguments, where one file is several commands
    (`ctl start`, `ctl stop`); with other arguments the real one is run. It is the kit that moves
    the real one aside, to a directory beside it and under the same name, and puts it back.
    """

    __slots__ = ("path", "words")

    def __init__(self, path: str | os.PathLike[str], *words: str) -> None:
        self.path = Path(path)
        self.words = words


class LogicalHost:
    """One logical host of the application, as its resource file is to describe it.

    `options`, `mount_points`, `timers`
        As in the resource file. The kit's own timers follow from the installation's seconds; those
        given here come before them.
    `requires`
        Names of resources that must run first; `Installation.files` holds their files.
    `serves`
        Whether it serves its clients now, found out without the plugin: a connection, a query.
    `commands`
        Its commands by what they are for: "start", "stop", "status", "force_stop".
    `shared`
        Directories that lie on the shared disk: data, no executables.
    `product`
        Directories or files of the product, which need not be there on a node that never ran it.
    `pids`
        Its processes, found out without the plugin, where something else than its own start makes
        them: a service manager. Otherwise the kit finds them by their parents.
    """

    __slots__ = (
        "commands",
        "mount_points",
        "name",
        "options",
        "pids",
        "product",
        "requires",
        "serves",
        "shared",
        "timers",
    )

    def __init__(
        self,
        name: str,
        *,
        options: Mapping[str, object] | None = None,
        mount_points: Sequence[str] = (),
        timers: Mapping[str, float] | None = None,
        requires: Sequence[str] = (),
        serves: Callable[[], bool] | None = None,
        commands: Mapping[str, Command] | None = None,
        shared: Sequence[str | os.PathLike[str]] = (),
        product: Sequence[str | os.PathLike[str]] = (),
        pids: Callable[[], Collection[int]] | None = None,
    ) -> None:
        self.name = name
        self.options = dict(options or {})
        self.mount_points = tuple(mount_points)
        self.timers = dict(timers or {})
        self.requires = tuple(requires)
        self.serves = serves
        self.commands = dict(commands or {})
        self.shared = tuple(Path(each) for each in shared)
        self.product = tuple(Path(each) for each in product)
        self.pids = pids


class Installation:
    """The application: one logical host of it, or two.

    `starts_within`, `stops_within`, `notices_within`
        Seconds in which it runs after a start, is gone after a stop (forced or not), and in which
        the death of one of its processes shows in its status. Upper bounds that hold on a busy
        machine; a check in which a stop comes to nothing lasts as long at most.
    `comes_and_goes`
        Kernel names (at most 15 bytes) of processes whose death is no fault: workers that are made
        and ended as need be.
    `files`
        Further resource files, by the resource's name: what `requires` names.
    `another`
        Makes a further installation of the same application, anew with each call. It has nothing
        in common with this one or another: no name of a logical host, port, directory, command
        file or machine-wide process. With it the kit runs checks beside one another.
    """

    __slots__ = (
        "another",
        "comes_and_goes",
        "files",
        "hosts",
        "notices_within",
        "starts_within",
        "stops_within",
    )

    def __init__(
        self,
        host: LogicalHost,
        second: LogicalHost | None = None,
        *,
        starts_within: float = 10.0,
        stops_within: float = 10.0,
        notices_within: float = 5.0,
        comes_and_goes: Collection[str] = (),
        files: Mapping[str, str] | None = None,
        another: Callable[[], Installation] | None = None,
    ) -> None:
        self.hosts = (host,) if second is None else (host, second)
        self.starts_within = starts_within
        self.stops_within = stops_within
        self.notices_within = notices_within
        self.comes_and_goes = frozenset(comes_and_goes)
        self.files = dict(files or {})
        self.another = another

    def timers(self) -> dict[str, float]:
        """The timers of the kit's resources, where a logical host says nothing else."""
        return {
            "restore.process": self.starts_within + 2,
            "restore.cleanup": self.stops_within + 2,
            "restore.confirm": 1,
            # An ordinary stop and a forced one both have the time that a stop takes.
            "remove.process": max(2.0, 2 * self.stops_within),
            "remove.force_reserve": max(1.0, self.stops_within),
            "remove.cleanup": 5,
            "quickcheck.process": 10,
            "quickcheck.cleanup": 5,
            "quickcheck.confirm": 0.1,
            "force_stop_wait": 0.1,
        }
