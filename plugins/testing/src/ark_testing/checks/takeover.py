"""What a failover and a long life bring: another node, another time, files that were cut short."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from ark_testing.acting import NO_NAME
from ark_testing.checks.check import check
from ark_testing.checks.truth import missed_by
from ark_testing.finding import NotPossible, expect
from ark_testing.host import Host, Look, Lost, shown
from ark_testing.places import OF_DAEMONS, is_beneath, ours, places_of
from ark_testing.subject import Subject
from arkcore.base.status import Status

_OTHER_NODE = "conformance-other-node"
#: Seconds by which a wall clock may be corrected.
_JUMPS = {"forward": 3600.0, "back": -3600.0}
#: Files that are looked at for a pid, and how many bytes such a file has at most.
_MOST, _LARGEST = 5000, 64


@check(
    "what crashed on one node starts on the other",
    "一方のノードで異常終了しても、他方のノードで起動できる",
)
def another_node_takes_over(subject: Subject) -> None:
    host = subject.host
    if os.geteuid() != 0:
        raise NotPossible("only root can give what it starts another node's name")
    subject.running()
    host.kill(host.living())
    # The other node has never had it.
    subject.forget(host.resource)
    try:
        done = host.step("start", subject.installation.starts_within + 2, node=_OTHER_NODE)
    except Lost as error:
        if NO_NAME in str(error):
            raise NotPossible(str(error)) from error
        raise
    host.wanted_up()
    expect(
        done["outcome"] == "well",
        f"it was killed, and does not start where the node has another name, as after a failover: "
        f"{done['reason']}; what a dead node has left on the shared disk must not keep it out",
    )


@check(
    "a jump of the wall clock changes no answer",
    "時刻が変更されても、答えは変わらない",
)
def clock_may_jump(subject: Subject) -> None:
    host = subject.host
    subject.running()
    for which, seconds in _JUMPS.items():
        look = host.look(clock=seconds)
        when = f"the wall clock was set an hour {which}"
        _raised_nothing(look, when)
        expect(
            look.said is Status.RUNNING,
            f"it runs, {when}, and it is said to be {_said(look)}; compare times of one clock "
            f"only, and ask the application itself",
        )


def _said(look: Look) -> str:
    said = look.said.name if look.said is not None else "nothing"
    return f"{said} ({look.detail})"


@check(
    "a pid file that is empty or gone hides no process, and no hook stumbles over it",
    "pid ファイルが空になっても失われても、プロセスを見失わず、フックは例外を送出しない",
)
def broken_pid_files_are_survived(subject: Subject) -> None:
    host = subject.host
    subject.running()
    for path in _pid_files(subject, host):
        subject.running()
        for what in ("gone", "empty"):
            when = f"{path} is {what}, as after a full disk or a cleaner of old files"
            with _instead_of(path, empty=what == "empty"):
                _raised_nothing(host.look(), when)
                missed = missed_by(host)
                expect(not missed, f"{when}, and these are not listed: {shown(missed)}")
                if what == "gone":
                    continue
                call = host.call_hook("ark_stop", subject.installation.stops_within)
                raised = "did not come back" if call is None else f"raised {call.raised}"
                expect(
                    call is not None and call.raised in ("", "StepFailed"),
                    f"{when}, and ark_stop {raised}; {_ADVICE}",
                )


_ADVICE = "ctx.pid_file reads such a file, or say UNKNOWN"


def _raised_nothing(look: Look, when: str) -> None:
    for call in look.calls:
        expect(not call.raised, f"{when}, and {call.hook} raised {call.raised}; {_ADVICE}")


def _pid_files(subject: Subject, host: Host) -> list[Path]:
    """The files of the application, by what they are called, that hold a pid of its processes."""
    living = {str(each.pid) for each in host.living()}
    kept_out = ours(subject)
    places = {Path(each) for each in (*places_of(subject), *OF_DAEMONS) if each not in kept_out}
    named = (path for place in sorted(places) for path in _named_pid(place))
    found = set()
    for path in islice(named, _MOST):
        try:
            if path.stat().st_size <= _LARGEST and path.read_text().strip() in living:
                found.add(path.resolve())
        except (OSError, ValueError):
            continue
    return sorted(each for each in found if not is_beneath(f"is {each}", kept_out))


def _named_pid(place: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(place):
        for name in names:
            path = Path(directory, name)
            if "pid" in name.lower() and path.is_file() and not path.is_symlink():
                yield path


@contextmanager
def _instead_of(path: Path, *, empty: bool) -> Iterator[None]:
    """Have a file away, with an empty one in its place or none."""
    hidden = path.with_name(f".conformance-away-{path.name}")
    status = path.stat()
    path.rename(hidden)
    try:
        if empty:
            path.touch()
            path.chmod(status.st_mode & 0o777)
            os.chown(path, status.st_uid, status.st_gid)
        yield
    finally:
        # What the application has written meanwhile is newer.
        if path.exists() and path.stat().st_size:
            hidden.unlink()
        else:
            hidden.rename(path)
