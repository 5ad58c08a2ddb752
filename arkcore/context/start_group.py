"""The control group in which all lives that the starts of one resource have made.

The name of the group ends in random digits and stands in the resource's state: a group that is not
recorded there is not this resource's. Where a start could not have a group, nothing depends on it:
processes are found by the plugin and the other records.
"""

from __future__ import annotations

import errno
import os
import time

from arkcore.base.bare_signal import signal
from arkcore.base.deadline import Deadline
from arkcore.base.text import listed
from arkcore.machine import cgroup, processes
from arkcore.machine.cgroup import Group
from arkcore.machine.machine_wide import serves_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from arkcore.context.ownership import Owner
    from arkcore.machine.cgroup import Mount
    from arkcore.machine.channel import Log
    from arkcore.machine.processes import Process
    from arkcore.memory.state import State
    from arkcore.resources.resource import Resource

#: Seconds that what the product's own stop has left in the group has to end by itself; then it gets
#: TERM, and after so many more seconds it is killed.
_PATIENCE = 0.5
_GRACE = 2.0
#: Seconds to wait until all in the group stand still.
_FREEZING = 0.2
#: A group that lies empty may be removed by anybody's next start, just before it is joined.
_TRIES = 3


class Unavailable(Exception):
    """Raised where starts have no group on this machine. Its text is the reason."""


def available(mountinfo: str = "/proc/self/mountinfo") -> tuple[Mount, str]:
    """The mount of cgroup version 2 that holds this process, and the directory of its own group.

    `Unavailable` where there is none that we can use.
    """
    if os.geteuid() != 0:
        raise Unavailable("only root can put a start into a cgroup")
    try:
        found, own = cgroup.mounts(mountinfo), cgroup.own_path()
    except OSError as error:
        raise Unavailable(f"the cgroups of this machine cannot be read: {error}") from None
    if not found:
        raise Unavailable("no cgroup version 2 is mounted here that can be written")
    for mount in found:
        directory = mount.directory(own)
        if own and os.path.isdir(directory):
            return mount, directory
    raise Unavailable("our own cgroup is not among those that are mounted here")


class StartGroup:
    """What one part of an action does with the group of its resource.

    `outsiders`: which of some processes belong to the machine or to others. `expected`: names of
    those that nobody need be told of; `spared`: further such processes. `parent`: the path of the
    group above it, below the mount.
    """

    def __init__(
        self,
        state: State,
        log: Log,
        outsiders: Callable[[set[Process]], set[Process]],
        expected: Collection[str] = (),
        spared: Callable[[], Collection[Process]] = tuple,
        parent: str = cgroup.PARENT,
    ) -> None:
        self._state = state
        self._log = log
        self._outsiders = outsiders
        self._expected = expected
        self._spared = spared
        self._parent = parent
        #: The processes that were listed last without the group's help.
        self.product: set[Process] = set()
        #: Since when nothing but the group shows what is left; 0 while it does not.
        self._alone_since = 0.0
        self._told_to_end = False
        self._told_of_killing = False
        #: Whether a command of this start could not have the group.
        self._missed = False

    # Starting.

    def spawn(self, make: Callable[[int], int]) -> int:
        """Have `make` spawn in the group, whose open directory it is handed; what it answers.

        It is handed -1 where there is no group, or where this process has entered it instead: so it
        is with kernels before 5.7. What `make` raises is raised; a start without a group is a start
        all the same.
        """
        try:
            mount, own = available()
        except Unavailable:
            self._is_not_whole()
            return make(-1)
        from arkcore.machine.into_cgroup import NotSpawned

        try:
            group = self._for_start(mount)
            group.make()
            directory = os.open(group.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return self._spawn_inside(make, mount, own)
        try:
            return make(directory)
        except NotSpawned:
            return self._spawn_inside(make, mount, own)
        finally:
            os.close(directory)

    def _spawn_inside(self, make: Callable[[int], int], mount: Mount, own: str) -> int:
        """As `spawn`, by entering the group for as long as it takes."""
        try:
            self._join(mount)
        except OSError as error:
            self._is_not_whole()
            self._log.warning(f"what this start makes has no cgroup of its own: {error}")
            return make(-1)
        try:
            return make(-1)
        finally:
            self._leave(mount, own)

    def _join(self, mount: Mount) -> None:
        for tries in range(1, _TRIES + 1):
            group = self._for_start(mount)
            try:
                group.make()
                group.take(0)
                return
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENODEV) or tries == _TRIES:
                    raise

    def _for_start(self, mount: Mount) -> Group:
        """The recorded group, else a new one, recorded before it is made."""
        parent = f"{mount.point}/{self._parent}"
        recorded = self._state.group.read()
        if recorded.path and Group(recorded.path).populated:
            return Group(recorded.path)
        whole = (recorded.whole or not recorded.path) and not self._missed
        Group(parent).make()
        if os.stat(parent).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to another user", parent)
        cgroup.remove_empty(parent)
        path = f"{parent}/{cgroup.name_of(self._state.resource)}"
        if not self._state.group.note(path, whole=whole):
            raise OSError(errno.EIO, "it cannot be noted", path)
        return Group(path)

    def _leave(self, mount: Mount, own: str) -> None:
        for directory in (own, mount.point, _machine(mount.point).path):
            try:
                Group(directory).take(0)
                return
            except OSError as error:
                trouble = error
        self._log.warning(f"this process cannot leave the cgroup of the start: {trouble}")

    def hold(self, product: Iterable[Process]) -> None:
        """Note whether all of the product lives in the group, and move out what is not its own."""
        self.product = set(product)
        recorded = self._state.group.read()
        if not recorded.path:
            return
        group = Group(recorded.path)
        inside = group.pids()
        outside = {each for each in self.product if each.pid not in inside}
        if recorded.whole and any(map(processes.still_lives, outside)):
            self._is_not_whole()
        self._move_out(group)

    def _is_not_whole(self) -> None:
        self._missed = True
        recorded = self._state.group.read()
        if recorded.whole:
            self._state.group.note(recorded.path, whole=False)

    # Looking.

    def members(self, product: Collection[Process]) -> set[Process]:
        """What lives in the group besides `product` and belongs to this resource."""
        self.product = set(product)
        group = self._recorded()
        if group is None or not _populated(group):
            return set()
        found = _living(group) - self.product
        return found - self._strangers(found)

    def is_empty(self) -> bool:
        """Whether nothing of this resource lives in the group. Where that is not known: no."""
        group = self._recorded()
        if group is None or not _populated(group):
            return True
        if not self._state.read_only:
            self._move_out(group)
            if not _populated(group):
                return True
        found = _living(group)
        return bool(found) and found == self._strangers(found)

    def _strangers(self, found: set[Process]) -> set[Process]:
        """Those of `found` that are not to be ended with the group."""
        own = (os.getpid(), os.getppid())
        return (self._outsiders(found) - self.product) | {each for each in found if each.pid in own}

    def settles(self) -> bool:
        """Whether the empty group proves that nothing lives of what the starts have made."""
        recorded = self._state.group.read()
        return recorded.whole and not _populated(Group(recorded.path))

    def unseen(self) -> str:
        """Why it is not known to be stopped, where the group alone tells; else ""."""
        group = self._recorded()
        if group is None or self.is_empty():
            return ""
        return f"Something still lives in the cgroup {group.path}, and ends before it can be named"

    def _recorded(self) -> Group | None:
        path = self._state.group.read().path
        return Group(path) if path else None

    # Ending.

    def end_what_the_stop_left(self) -> None:
        """End what lives in the group when nothing is listed of the product any more.

        To be called again and again: it has a moment to end by itself, then gets TERM, then KILL.
        """
        if self.product or self.is_empty():
            self._alone_since = 0.0
            return
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        spent = now - self._alone_since
        if spent >= _PATIENCE + _GRACE:
            self.end(Deadline.after(0.0))
        elif spent >= _PATIENCE and not self._told_to_end:
            self._told_to_end = True
            left = self.members(self.product)
            if left:
                self._log.warning(f"ending what the stop has left of the start: {_listed(left)}")
            for each in left:
                processes.send(each, signal.SIGTERM)
                processes.send(each, signal.SIGCONT)

    def end(self, deadline: Deadline) -> None:
        """Kill all that lives in the group and is this resource's, until it is empty.

        Once at the least, also where the deadline has passed.
        """
        group = self._recorded()
        if group is None or self._state.read_only or self.is_empty():
            return
        found = _living(group)
        left = found - self._strangers(found)
        if left and not self._told_of_killing:
            self._told_of_killing = True
            self._log.warning(f"killing what is left in the cgroup of the start: {_listed(left)}")
        pause = 0.001
        stands_still = False
        try:
            while not self.is_empty():
                found = _living(group)
                # As a whole, unless some could not be moved out; kernels before 5.14 cannot.
                apart = self._strangers(found)
                if apart or not group.kill():
                    stands_still = self._kill_each(group, apart) or stands_still
                if deadline.passed:
                    return
                time.sleep(min(pause, deadline.remaining()))
                pause = min(pause * 1.5, 0.05)
        finally:
            if stands_still:
                group.freeze(False)

    def _kill_each(self, group: Group, apart: set[Process]) -> bool:
        """Kill them one by one, standing still, lest they fork. Whether the group is frozen."""
        frozen = not apart and _freeze(group)
        if not frozen:
            for each in _living(group) - apart:
                processes.send(each, signal.SIGSTOP)
        found = _living(group)
        for each in found - self._strangers(found):
            processes.send(each, signal.SIGKILL)
        return frozen

    def forget(self) -> None:
        """It is empty: take it away."""
        group = self._recorded()
        if group is not None and not self._state.read_only and group.remove():
            self._state.group.forget()

    def _move_out(self, group: Group) -> None:
        """Take what is not this resource's out, so that the group can become empty."""
        if self._state.read_only:
            return
        strangers = self._strangers(_living(group))
        if not strangers:
            return
        try:
            machine = _machine(available()[0].point)
            machine.make()
        except (OSError, Unavailable):
            return
        own = {os.getpid(), os.getppid()}
        for each in strangers:
            try:
                if processes.still_lives(each):
                    machine.take(each.pid)
            except OSError:
                continue  # gone, or it stays where it is and is left alone there
            if each.pid not in own:
                # The remove itself warns of what only inherited a claim.
                expected = serves_machine(each, self._expected) or each in self._spared()
                tell = self._log.info if expected else self._log.warning
                tell(f"left alone, for it is the machine's or another resource's: pid {each}")


def group_of(resource: Resource, state: State, owner: Owner, log: Log) -> StartGroup:
    """The group of a resource's starts, as one part of an action uses it."""
    from arkcore.context.outsiders import Outsiders

    names = resource.application.machine_wide
    wanted = resource.start.slice
    parent = cgroup.slice_path(wanted) if wanted else cgroup.PARENT
    outsiders = Outsiders(names, state, owner)
    spared = lambda: owner.spared  # noqa: E731
    return StartGroup(state, log, outsiders.among, names, spared=spared, parent=parent)


def living(state: State) -> set[Process]:
    """All that lives in the recorded group of a resource, whoever it belongs to."""
    path = state.group.read().path
    return _living(Group(path)) if path else set()


def step_out() -> None:
    """Leave the group of a resource that this process was started in: it may be ended whole.

    A job of a protected application may call our programs.
    """
    try:
        if cgroup.is_of_a_resource(cgroup.own_path()):
            machine = _machine(available()[0].point)
            machine.make()
            machine.take(0)
    except (OSError, Unavailable):
        pass  # then this process is left out of what is ended, one by one


def _machine(point: str) -> Group:
    return Group(f"{point}/{cgroup.PARENT}/{cgroup.MACHINE}")


def _populated(group: Group) -> bool:
    try:
        return group.populated
    except OSError:
        return True  # nobody knows


def _living(group: Group) -> set[Process]:
    return {each for each in map(processes.look, group.pids()) if each is not None}


def _freeze(group: Group) -> bool:
    """Have it stand still; whether the kernel can do that."""
    if not group.freeze(True):
        return False
    until = time.monotonic() + _FREEZING
    while not group.frozen and time.monotonic() < until:
        time.sleep(0.001)
    return True


def _listed(found: Iterable[Process]) -> str:
    by_pid = sorted(found, key=lambda each: each.pid)
    return listed(by_pid)
