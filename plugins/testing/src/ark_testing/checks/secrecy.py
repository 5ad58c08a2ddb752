"""Secret options: declared as such, and shown nowhere."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from ark_testing.checks.check import check
from ark_testing.checks.manners import every_hook_in_every_state
from ark_testing.finding import expect
from ark_testing.host import Host
from ark_testing.subject import Subject
from arkcore.machine import processes
from arkcore.resources.secrets import SHORTEST

#: A text option whose name holds one of these is a secret, unless its name ends as a file's does.
_SOUNDS = ("passw", "secret", "token", "credential")
_NAMES_A_FILE = ("_file", "_path", "_directory")
#: The option whose values are there to be the daemons' environment.
_ENVIRONMENT = "env"


@check(
    "secret options are declared so, and stand in no log, black box, command line or environment",
    "機密のオプションは機密と宣言され、ログ、ブラックボックス、コマンドライン、環境変数に現れない",
)
def secrets_stay_secret(subject: Subject) -> None:
    options = subject.declaration()["options"]
    open_ = [
        key
        for key, option in options.items()
        if not option["secret"] and _sounds_secret(key) and option["kind"] in _TEXTS
    ]
    expect(
        not open_,
        f"sounds like a secret, and is not declared so: {', '.join(open_)}; "
        f"option(…, secret=True) keeps it out of records and logs",
    )
    secret = {key for key, option in options.items() if option["secret"] and key != _ENVIRONMENT}
    values = dict(_values(subject.host, secret))
    if not values:
        return
    calls = subject.once(every_hook_in_every_state)
    subject.running()
    found = []
    for key, value in values.items():
        found += [
            f"options.{key} is in a command line of {call.hook}: {_hidden(line, value)}"
            for call in calls
            for line in call.commands
            if value in line
        ]
        found += [f"options.{key} is {where}" for where in _shown(subject, value)]
        made = {each.partition(" ")[2] for call in calls for each in call.wrote}
        found += [f"options.{key} is {where}" for where in _readable(made, value)]
    expect(not found, f"{'; '.join(dict.fromkeys(found))}; hand it over in a file or on stdin")


_TEXTS = (str(str), "dict[str, str]")


def _sounds_secret(key: str) -> bool:
    return any(each in key.lower() for each in _SOUNDS) and not key.endswith(_NAMES_A_FILE)


def _values(host: Host, secret: set[str]) -> Iterator[tuple[str, str]]:
    """The secret texts that the resource file of a host holds, or names a file of."""
    for key in secret & set(host.given.options):
        value = host.given.options[key]
        if isinstance(value, dict) and set(value) == {"file"}:
            value = Path(str(value["file"])).read_text("utf-8").strip()
        for text in value.values() if isinstance(value, dict) else [value]:
            if isinstance(text, str) and len(text) >= SHORTEST:
                yield key, text


def _hidden(line: str, value: str) -> str:
    return line.replace(value, "***")[:120]


def _readable(paths: set[str], value: str) -> Iterator[str]:
    """Those of the files that a hook has made in which everybody can read a value."""
    for path in sorted(map(Path, paths)):
        if path.is_file() and path.stat().st_mode & stat.S_IROTH:
            if value.encode() in path.read_bytes():
                yield f"in {path}, which everybody can read"


def _shown(subject: Subject, value: str) -> Iterator[str]:
    """Where a value is shown: by the processes that live, and in the files of its node."""
    for process in subject.host.living():
        if value.encode() in b" ".join(processes.arguments(process.pid)):
            yield f"in the command line of {process}"
        if any(value.encode() in entry for entry in processes.environment(process.pid)):
            yield f"in the environment of {process}"
    for place in ("var", "run"):
        for path in sorted(Path(subject.prefix, place).rglob("*")):
            if path.is_file() and value.encode() in path.read_bytes():
                yield f"in {path}"
