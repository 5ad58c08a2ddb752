"""`ark run`: an action as the cluster manager would have it done, called by a person who watches.

The guard works in a child of its own, for its children are the product's; this process shows what
goes on, and passes on the signals it is sent.
"""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import sys
import tempfile
from enum import Enum
from typing import IO

import click
from click.exceptions import Exit

from arkcore.base.call import Action, Call, traces
from arkcore.base.errors import ArkError
from arkcore.base.status import Outcome, Status, StatusReport, Verdict
from arkcore.cli.command import Command, OneOf
from arkcore.cli.console import complain, paths_here, refuse_unless_writable
from arkcore.cli.look import look_at
from arkcore.cli.output import put
from arkcore.cli.progress import Lines, Screen
from arkcore.cli.resources import parameters_of, usable
from arkcore.cli.targets import hierarchy_option, resources_of
from arkcore.guard.guard import Guard
from arkcore.machine.channel import texts_of, verdict_of
from arkcore.machine.child import Child
from arkcore.managers.here import cluster_of
from arkcore.managers.person import Person
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.state import State
from arkcore.resources import record
from arkcore.resources.requirements import dependents
from arkcore.worker.signals import prepare_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arkcore.base.paths import Paths
    from arkcore.resources.resource import Resource

_TICK = 0.1
#: Seconds that what requires a resource is given to say how it is.
_ASKING = 10.0
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Word(Enum):
    """The actions as they are typed."""

    RESTORE = "restore"
    REMOVE = "remove"
    QUICKCHECK = "quickcheck"
    RECOVER = "recover"


@click.command("run", cls=Command)
@click.argument(
    "action", type=OneOf(Word), metavar="ACTION", help="restore, remove, quickcheck or recover."
)
@click.argument(
    "targets",
    nargs=-1,
    required=True,
    metavar="TARGET...",
    help="Resources, or logical hosts: all of their resources, in order.",
)
@hierarchy_option
@click.option(
    "--force",
    is_flag=True,
    help="Restore or remove, whatever the cluster manager's own state says.",
)
def run(action: Word, targets: tuple[str, ...], hierarchy: bool, force: bool) -> None:
    """Run one action now, and watch it.

    TARGET is a resource or a logical host, which stands for all of its
    resources. Several are restored in starting order and removed in stopping
    order, one after the other; the first that fails ends the row. A recover
    is for one resource: it stops and starts what requires it.

    The cluster manager's intent stays as it is. So a restore is refused
    where the resource is not in service here (it may run on another node),
    and a remove where it is in service and not in maintenance (the cluster
    would take it for a failure). Use the manager's own command, which is
    then printed, or --force. A remove under something that requires the
    resource and still runs is refused, with the command that stops both.

    Exit code: 0 for well, undecided and skipped; 1 for failed and refused.

    Examples:
      ark run quickcheck lkjp1_base
      ark maintenance begin LVMRH5LKB --until 18:00
      ark run remove LVMRH5LKB
      ark run restore LVMRH5LKB
    """
    paths = paths_here()
    names = resources_of(paths, targets, hierarchy=hierarchy)
    wanted = next(each for each in Action if each.word == action.value)
    if wanted is Action.RECOVER and len(names) > 1:
        raise click.BadParameter(
            f"a recover is for one resource, and stops and starts what requires it; these are: "
            f"{' '.join(names)}"
        )
    if wanted is Action.REMOVE:
        names.reverse()
    for name in names:
        refuse_unless_writable(paths.state(name), "run actions")
    persons = {name: Person(cluster_of(paths, name, os.environ)) for name in names}
    if not force:
        _refuse_what_contradicts(paths, wanted, persons)
        if wanted is Action.REMOVE:
            _refuse_under_what_runs(paths, names)
    badly = False
    for position, name in enumerate(names):
        persons[name].traces = traces(os.environ)
        call = Call(wanted, name, persons[name], parameters_of(paths, name))
        verdict = _watched(paths, call)
        badly = badly or verdict.outcome in (Outcome.FAILED, Outcome.INTERNAL)
        left = names[position + 1 :]
        if badly and left and wanted is not Action.QUICK_CHECK:
            complain(f"{name}: {wanted.word} did not end well; not done: {' '.join(left)}")
            break
    if badly:
        raise Exit(1)


def _refuse_what_contradicts(paths: Paths, wanted: Action, persons: dict[str, Person]) -> None:
    """Exit 1 where the cluster manager's own state contradicts the action of one; all are told."""
    objections = {
        name: person.objection(wanted, name, State(paths, name), Maintenance(paths, name))
        for name, person in persons.items()
    }
    refused = {name: why for name, why in objections.items() if why}
    for name, why in refused.items():
        complain(f"refused: {why}; --force does it all the same")
        instead = persons[name].command_instead(wanted, name)
        put(f"  have the cluster manager do it: {instead}", to=sys.stderr)
    if refused:
        raise Exit(1)


def _refuse_under_what_runs(paths: Paths, names: Sequence[str]) -> None:
    """`ArkError` where something requires one of `names`, is not among them, and still runs."""
    for name in names:
        above = [each for each in dependents(paths, name) if each not in names]
        known = []
        for each in above:
            try:
                known.append(usable(paths, each))
            except ArkError:
                continue  # nobody can be asked how it is; its own checks tell
        for each, seen in look_at(paths, known, _ASKING).items():
            if isinstance(seen, StatusReport) and seen.status is not Status.STOPPED:
                command = shlex.join(["ark", "run", "remove", *names, each])
                raise ArkError(
                    f"refused: {each} requires {name} and is {seen.status.value} here; stop both, "
                    f"in order: {command}; --force stops {name} under it"
                )


def _watched(paths: Paths, call: Call) -> Verdict:
    known: Resource | None
    try:
        known = usable(paths, call.resource)
    except ArkError:
        known = record.last_known_good(paths, call.resource)  # the guard tells what is wrong
    guard = _GuardProcess(paths, call)
    display: Screen | Lines
    if sys.stdout.isatty():
        display = Screen(call.action, call.resource, known)
    else:
        display = Lines(call.action, call.resource, known.logical_host if known else "-")
    with display:
        verdict = guard.watch(display)
        display.verdict(verdict)
    return verdict


class _GuardProcess:
    """The guard in a child, in a session of its own: ^Z stops only the process that watches.

    Nothing that the guard starts has the terminal, so nothing of it can type into that terminal.
    """

    def __init__(self, paths: Paths, call: Call) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as we)
        self._errors_shown = 0
        self._lines: list[str] = []
        self._rest = b""
        self._verdict: Verdict | None = None
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        sys.stdout.flush()
        sys.stderr.flush()
        # Before the fork, and put back to work in the child: none may be lost in between.
        signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
        errors = self._errors.fileno()
        self._child = Child.fork(lambda: _be_guard(paths, call, writing, errors))
        os.close(writing)
        for number in _PASSED_ON:
            signal.signal(number, self._pass_on)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)

    def _pass_on(self, number: int, _: object) -> None:
        self._child.send(number)

    def watch(self, display: Screen | Lines) -> Verdict:
        """Show what it tells until it is over; its verdict."""
        while True:
            # Not until end of file: a worker that cannot be ended may hold the pipe for ever.
            select.select([self._reading], [], [], _TICK)
            over = self._child.is_over()
            self._hear(display)
            self._show_errors(display)
            if over:
                break
            display.tick()
        death = self._child.end()
        told = f"the guard {death.told('before its verdict')}"
        return self._verdict or Verdict(Outcome.INTERNAL, told)

    def _hear(self, display: Screen | Lines) -> None:
        while True:
            try:
                data = os.read(self._reading, 65536)
            except BlockingIOError:
                return
            if not data:
                return
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                try:
                    kind, *texts = json.loads(line)
                except ValueError:
                    continue  # cut short, for nobody read for a while
                if kind == "line":
                    self._lines.append(texts[0])
                    display.line(texts[0])
                elif kind == "now":
                    display.now(texts[0])
                else:
                    self._verdict = verdict_of(texts)

    def _show_errors(self, display: Screen | Lines) -> None:
        """What went to stderr, but for what stands among the lines already."""
        data = os.pread(self._errors.fileno(), 1 << 20, self._errors_shown)
        whole = data[: data.rfind(b"\n") + 1]
        self._errors_shown += len(whole)
        for text in whole.decode("utf-8", "backslashreplace").splitlines():
            if not any(text.endswith(f" : {line}") for line in self._lines):
                display.aside(text)


def _be_guard(paths: Paths, call: Call, writing: int, errors: int) -> None:
    """In the child."""
    try:
        os.setsid()
        os.dup2(errors, 2)
        os.set_blocking(writing, False)
        signals = prepare_process()
        tell = _teller(writing)
        verdict = Guard(call, paths, signals, listener=tell).perform()
        os.set_blocking(writing, True)
        _send(writing, "verdict", *texts_of(verdict))
    except BaseException as error:
        put(f"ark: internal error: {type(error).__name__}: {error}", to=sys.stderr)
        raise
    finally:
        sys.stderr.flush()


def _teller(writing: int) -> Callable[[str, str], None]:
    def tell(kind: str, text: str) -> None:
        try:
            _send(writing, kind, text)
        except OSError:
            pass  # nobody watches, or has stopped to: the action goes on

    return tell


def _send(writing: int, *words: str) -> None:
    # The newline before it ends what may have been cut short.
    os.write(writing, b"\n" + json.dumps(words).encode() + b"\n")
