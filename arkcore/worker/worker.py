"""The forked process in which a plugin is loaded.

Whatever it does, raises or becomes is an outcome for its guard, never an exit code for the manager.
"""

from __future__ import annotations

import os

from arkcore.base.bare_signal import signal
from arkcore.base.status import Fault, Outcome, Verdict
from arkcore.base.stderr import complain, complain_to
from arkcore.machine.channel import Event, Receiver, Sender, verdict_of
from arkcore.machine.child import Child
from arkcore.machine.descent import prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.machine.child import Death

_PR_SET_PDEATHSIG = 1


class Worker:
    """A forked process that runs `body` and exits: what it tells, and its end.

    It dies with its guard. `prepare` runs first, to close what is the guard's alone. `OSError`
    where no process can be made.
    """

    def __init__(self, body: Callable[[Sender], None], prepare: Callable[[], None]) -> None:
        reading, writing = os.pipe()
        guard = os.getpid()
        try:
            self.child = Child.fork(lambda: _work(body, prepare, guard, reading, writing))
        except OSError:
            os.close(reading)  # where descriptors are few, this one is needed to tell so
            raise
        finally:
            os.close(writing)
        self._receiver = Receiver(reading)
        #: What it reports; None before that.
        self.verdict: Verdict | None = None

    @property
    def descriptor(self) -> int:
        """Readable when it has told something, or is gone."""
        return self._receiver.descriptor

    @property
    def is_gone(self) -> bool:
        """Whether it will tell nothing more, for it has closed its end."""
        return self._receiver.at_end

    def hear(self, tell: Callable[[Event], object]) -> None:
        """Pass on what it has told by now. Never waits."""
        for event in self._receiver.events():
            if event.kind == Event.REPORT:
                self.verdict = verdict_of(event.texts)
            tell(event)

    def close(self) -> None:
        """Hear it no more."""
        self._receiver.close()


def lost(why: str) -> Verdict:
    """The verdict on a worker that died or hung, wherever it worked: its plugin has no answer."""
    return Verdict(Outcome.UNDECIDED, why, fault=Fault.PLUGIN)


def lost_by(death: Death) -> Verdict:
    """The same on one that died: how it did."""
    return lost(f"the plugin's process {death.told('before it had answered')}")


def _work(
    body: Callable[[Sender], None],
    prepare: Callable[[], None],
    guard: int,
    reading: int,
    writing: int,
) -> None:
    """In the worker."""
    try:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)  # it died before we asked to die with it
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # A person's keys are for the guard; one that stops us would keep what we have locked.
        for number in (signal.SIGINT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(number, signal.SIG_IGN)
        os.close(reading)
        prepare()
        # What a plugin prints is no answer to the manager; and whoever reads the manager's side to
        # its end must not have to wait for a worker that hangs.
        quiet = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        os.close(quiet)
        sender = Sender(writing)
        complain_to(lambda text: sender.send(Event.REMARK, "warning", text))
        body(sender)
    except BaseException as error:
        complain(f"a worker ended by {type(error).__name__}: {error}")
        raise
