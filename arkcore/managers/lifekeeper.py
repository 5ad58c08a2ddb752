"""LifeKeeper for Linux: the four programs of a Generic ARK.

LifeKeeper stores a copy of each program under the tag's name and calls it with `-t TAG -i ID`. It
knows the exit codes 0 and 1 only, and ends a quickCheck with SIGALRM after 22 s. No error of ours
may become the verdict that a healthy application has failed.
"""

from __future__ import annotations

import os
import sys

from arkcore.base.call import Action, Call, traces
from arkcore.base.errors import ConfigurationError
from arkcore.base.paths import Paths
from arkcore.base.status import Outcome
from arkcore.base.stderr import complain, tell_journal
from arkcore.base.text import shown
from arkcore.machine.processes import own_beginning
from arkcore.managers.base import Cluster, Manager, check_name, end_process, perform
from arkcore.worker.signals import prepare_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.base.status import Verdict
    from arkcore.resources.timers import Timers

_DEFAULT_ROOT = "/opt/LifeKeeper"
_DEFAULTS = "etc/default/LifeKeeper"
#: The fields of a line of ins_list, separated by byte 0x01.
_SEPARATOR, _TAG, _STATE = "\x01", 3, 6
_IN_SERVICE = "ISP"


class LifeKeeper(Manager, Cluster):
    """LifeKeeper as the caller. `root`: where it is installed."""

    def __init__(self, root: str, settings: Mapping[str, str]) -> None:
        self.root = root
        #: What its defaults file sets.
        self.settings = settings
        self.check_interval = _seconds(settings, "LKCHECKINTERVAL", self.check_interval)
        #: Seconds it gives what another node does for it, the removes of a whole hierarchy.
        self.remote_timeout = _seconds(settings, "REMOTETIMEOUT", 900.0)

    def parse(self, action: Action, argv: Sequence[str], environment: Mapping[str, str]) -> Call:
        return Call(action, tag_of(argv), self)

    def run_limit(self, timers: Timers) -> float:
        return timers["lifekeeper.quickcheck_run"]

    @property
    def is_installed(self) -> bool:
        from arkcore.machine.system import is_trusted_program

        return is_trusted_program(f"{self.root}/bin/ins_list")

    def in_service(self, resource: str) -> bool | None:
        state = self.state(resource)
        return None if state is None else state == _IN_SERVICE

    def state(self, resource: str) -> str | None:
        """LifeKeeper's word for the resource's state here; None where it knows none such."""
        if not self.is_installed:
            return None
        from arkcore.worker.question import ask_command

        program = f"{self.root}/bin/ins_list"
        for line in ask_command([program, "-t", resource]).output.splitlines():
            fields = line.split(_SEPARATOR)
            if len(fields) > _STATE and fields[_TAG] == resource:
                return fields[_STATE].strip()
        return None

    def command(self, action: Action, resource: str) -> str:
        # perform_action: reference of LifeKeeper for Linux, `-t TAG -a restore|remove`.
        return f"{self.root}/bin/perform_action -t {resource} -a {action.word}"

    def exit_code(self, action: Action, verdict: Verdict) -> int:
        outcome = verdict.outcome
        if outcome is Outcome.INTERNAL:
            return 0 if action is Action.QUICK_CHECK else 1
        return 1 if outcome is Outcome.FAILED else 0


def tag_of(argv: Sequence[str]) -> str:
    """The resource a call is for: `-t TAG`, else `-d TAG`, else the name of the program's copy.

    Any order; unknown options are passed over. `ConfigurationError` where there is none, or two, or
    an empty one.
    """
    words = list(argv[1:])
    for option in ("-t", "-d"):
        tags = _given(words, option)
        empty = (each == option and words[n + 1 : n + 2] == [""] for n, each in enumerate(words))
        if not tags and any(empty):
            raise ConfigurationError(f"arguments: {option} '' names no tag; give {option} TAG")
        if len(tags) > 1:
            raise ConfigurationError(
                f"arguments: {option} names {len(tags)} tags, {', '.join(sorted(tags))}; "
                f"one is allowed"
            )
        if tags:
            return tags.pop()
    name = os.path.basename(argv[0]) if argv else ""
    if not name or name in OUR_NAMES or name in LAUNCHER_NAMES:
        raise ConfigurationError(
            "arguments: no tag; give -t TAG, or call a copy of this program that bears "
            "the tag's name"
        )
    return name


def _given(words: Sequence[str], option: str) -> set[str]:
    """The values given to `option`; those written to it without a blank only where no other is.

    Else an unknown option that merely begins alike would be taken for it.
    """
    positions = [number for number, word in enumerate(words[:-1]) if word == option]
    apart = {words[number + 1] for number in positions if words[number + 1]}
    attached = {word[2:] for word in words if word.startswith(option) and len(word) > 2}
    return apart or attached


OUR_NAMES = frozenset({"ark-restore", "ark-remove", "ark-quickcheck", "ark-recover", "-c"})
#: What the launchers are called before LifeKeeper has made copies of them.
LAUNCHER_NAMES = frozenset({"restore", "remove", "quickCheck", "recover"})


def find_lifekeeper(environment: Mapping[str, str], prefix: str) -> LifeKeeper:
    """LifeKeeper as it is installed here: LKROOT of its environment or its defaults file."""
    settings = _defaults(f"{prefix}/{_DEFAULTS}")
    root = environment.get("LKROOT") or settings.get("LKROOT") or _DEFAULT_ROOT
    return LifeKeeper(root if root.startswith("/") else _DEFAULT_ROOT, settings)


def _seconds(settings: Mapping[str, str], key: str, default: float) -> float:
    try:
        seconds = float(settings.get(key, default))
    except ValueError:
        return default
    return seconds if 0 <= seconds < float("inf") else default


def _defaults(path: str) -> dict[str, str]:
    found = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, equals, value = line.partition("=")
                if equals and not key.lstrip().startswith("#"):
                    found[key.removeprefix("export ").strip()] = value.strip().strip("\"'")
    except OSError:
        pass
    return found


def main(
    action: Action,
    prefix: str | None = None,
    argv: Sequence[str] | None = None,
    called_at: float | None = None,
) -> int:
    """One call of one program; its exit code, 0 or 1.

    `prefix`: comes before every path of ours; None: as ARK_PREFIX says. `called_at`: when all
    timers begin, in CLOCK_MONOTONIC seconds; None: now.
    """
    try:
        signals = prepare_process()
        environment = os.environ
        paths = Paths(environment.get("ARK_PREFIX", "") if prefix is None else prefix)
        manager = find_lifekeeper(environment, paths.prefix)
        # A launcher, which has its prefix baked in, takes nothing of ours from the environment. Of
        # LKROOT, which LifeKeeper sets, only programs are run that root alone can have written.
        manager.traces = prefix is None and traces(environment)
        manager.called_at = called_at
        call = manager.parse(action, sys.argv if argv is None else argv, environment)
        check_tag(call.resource)
        _refuse_without_rights(paths, call.resource)
        verdict = perform(call, paths, signals)
        return manager.exit_code(action, verdict)
    except ConfigurationError as error:
        return _unusable(action, str(error))
    except BaseException as error:  # an uncaught one would be exit code 1, whatever the action
        return _unusable(action, f"internal error: {type(error).__name__}: {error}")


def check_tag(tag: str) -> None:
    """Refuse a tag that cannot name a resource file. `ConfigurationError` says what is allowed."""
    check_name("tag", tag)


def _refuse_without_rights(paths: Paths, resource: str) -> None:
    """`ConfigurationError` where our state is here, and its reader is somebody who may not.

    Who sees only a part would take what runs for dead.
    """
    if os.geteuid() == 0:
        return
    directory = paths.state(resource).removesuffix(f"/resources/{resource}")
    if os.path.exists(directory) and not os.access(directory, os.R_OK | os.X_OK):
        raise ConfigurationError(f"{directory}: you may not read there; ask as root")


def _unusable(action: Action, problem: str) -> int:
    blind = "BLIND: " if action is Action.QUICK_CHECK else ""
    complain(f"{action.word}: {blind}{shown(problem)}")
    tell_journal("error", f"{action.word}: {blind}{shown(problem)}")
    return 0 if action is Action.QUICK_CHECK else 1


def restore() -> None:
    end_process(main(Action.RESTORE, called_at=own_beginning()))


def remove() -> None:
    end_process(main(Action.REMOVE, called_at=own_beginning()))


def quickcheck() -> None:
    end_process(main(Action.QUICK_CHECK, called_at=own_beginning()))


def recover() -> None:
    end_process(main(Action.RECOVER, called_at=own_beginning()))


#: The function of :mod:`arkcore.launch` that a launcher calls.
LAUNCH = "lifekeeper"


def launch(action: str, prefix: str) -> None:
    """What a launcher calls: `action` is one of the four words, `prefix` is baked in."""
    wanted = next(each for each in Action if each.word == action)
    end_process(main(wanted, prefix, called_at=own_beginning()))


def launcher(action: Action, prefix: str, interpreter: str = sys.executable) -> str:
    """The text of the program that LifeKeeper is given; it works copied under any name."""
    from arkcore.managers.launcher import launcher_of

    return launcher_of(LAUNCH, (action.word, prefix), interpreter)
