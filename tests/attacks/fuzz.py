"""The targets of the fuzzers: each takes bytes that others could have written.

A target raises where something is wrong: an error that no caller expects, a control character that
would reach a terminal, a line that is none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from arkcore.base.errors import ArkError
from arkcore.base.paths import Paths
from arkcore.cli.console import iso, moment
from arkcore.managers.ocf import Operation
from arkcore.memory.attempts import Attempt
from arkcore.memory.intent import Wanted
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.open_script import OpenScript
from arkcore.memory.state import State
from arkcore.plugin.application import make_options
from arkcore.ras.format import LINE_BYTES, format_line
from arkcore.ras.line import parse_line
from arkcore.resources.parameters import Parameters, values_of
from arkcore.survey.answers import Answers, decode, told_time

CORPUS = Path(__file__).parent / "corpus"


def corpus_of(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def state(data: bytes, directory: Path) -> None:
    """Every file of a resource's memory holds the bytes."""
    paths = Paths(str(directory))
    memory = State(paths, "web")
    clock = memory.undecided_clock(20.0, 360.0)
    maintenance, script = Maintenance(paths, "web"), OpenScript(paths, "web")
    names = ("wanted", "force", "commands", "processes", "sessions", "attempts", "verdict")
    for name in (*names, "blind", "preempted", "undecided", "maintenance_over"):
        _put(f"{memory.directory}/{name}.json", data)
    _put(paths.maintenance("web"), data)
    _put(paths.open_script("web"), data)
    assert memory.intent.wanted in Wanted
    assert memory.intent.before in Wanted
    memory.forced_stop.age()
    memory.commands.all()
    memory.processes.known()
    memory.sessions.read()
    memory.attempts.count(Attempt.RESTART, 1800.0)
    memory.ever_restored()
    memory.preemption.by()
    assert clock.elapsed() >= 0
    clock.has_failed()
    assert maintenance.active() in (True, False)
    maintenance.describe()
    maintenance.tell_ended()
    script.left_open()
    verdict, blind, on = memory.verdict.read(), memory.blindness.read(), maintenance.current()
    for at in (verdict.at, verdict.since, blind and blind.since, on and on.since, on and on.until):
        moment(at)
        iso(at)
    memory.intent.forget_dead_remove(lambda pid, start: False)


def _put(path: str, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), 0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, data)
    os.close(descriptor)


def resource_files(data: bytes, directory: Path) -> None:
    """A resource file holds the bytes: it validates, or is refused in one line."""
    from arkcore.resources.validation import validate

    paths = Paths(str(directory))
    _put(paths.resource_file("web"), data)
    for name in ("etc", "etc/ark", "etc/ark/resources"):
        (directory / name).chmod(0o755)
    _refused_in_one_line(lambda: validate(paths, "web"))


def peers(data: bytes, directory: Path) -> None:
    """A peer's answers: they are decoded and shown, or refused in one line."""

    def read() -> None:
        answers: Answers = decode(data, "peer.json")
        told_time(answers.taken_at)

    _refused_in_one_line(read)


def ocf(data: bytes, directory: Path) -> None:
    """The environment of a resource agent: NAME=VALUE, ended by zeros, as in /proc/PID/environ."""
    from ark_command import Options

    from arkcore.resources.declaration import declaration_of

    environment = {
        os.fsdecode(name): os.fsdecode(value)
        for name, equals, value in (entry.partition(b"=") for entry in data.split(b"\0"))
        if equals
    }

    def read() -> None:
        operation = Operation(environment)
        assert operation.timeout is None or operation.timeout > 0
        assert operation.ends is None or operation.ends.remaining() is not None
        assert operation.is_probe in (True, False)
        operation.resource()
        operation.refuse_clone()
        parameters: Parameters = operation.parameters("command")
        hints = declaration_of("command")[2]
        values = values_of(parameters, hints, "web")
        make_options(Options, values["options"])

    _refused_in_one_line(read)
    line = Operation(environment).exit_reason(environment.get("OCF_RESKEY_start", ""))
    assert line.count("\n") <= 2
    _holds_no_control(line.replace("\n", ""))


def ras(data: bytes, directory: Path) -> None:
    """A product's line: it becomes one line of the log, which is read as it was written."""
    text = data.decode("utf-8", "backslashreplace")
    line = format_line("web", "LHWEB", text, 1.0)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert len(line) <= LINE_BYTES
    _holds_no_control(line.decode().rstrip("\n"))
    found = parse_line(line.decode().rstrip("\n"))
    assert found is not None
    assert (found.resource, found.logical_host) == ("web", "LHWEB")
    for each in text.splitlines():
        parse_line(each)
    assert found.black_box == "" or found.black_box.startswith("/")


def _refused_in_one_line(read: Callable[[], object]) -> None:
    refusal = ""
    try:
        read()
    except ArkError as error:
        refusal = str(error)
    assert "\n" not in refusal
    _holds_no_control(refusal)


def _holds_no_control(text: str) -> None:
    assert all(each.isprintable() or each in "\u3000\u00a0" for each in text), repr(text)


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "ocf": ocf,
    "peers": peers,
    "ras": ras,
    "resource_files": resource_files,
    "state": state,
}


def main() -> None:
    """Fuzz one target with atheris until it breaks; new inputs go into a directory beside."""
    import tempfile

    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

    directory = Path(tempfile.mkdtemp())
    target = TARGETS[sys.argv.pop(1)]
    atheris.instrument_all()
    atheris.Setup(sys.argv, lambda data: target(data, directory))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
