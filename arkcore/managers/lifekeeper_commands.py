"""LifeKeeper's own commands, for people's commands that set up and look at its resources.

Only what its manual pages document is run: LCDI-instances and LCDI-relationship (ins_list,
dep_create, eqv_list), LRACI-perform_action, and creapphier as LifeKeeper's own dialog calls it. No
action of ours comes here.
"""

from __future__ import annotations

import os
import subprocess

from arkcore.base.errors import MachineError
from arkcore.base.trusted import open_regular
from arkcore.machine.system import is_trusted_program
from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.worker.question import How, ask_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

    from arkcore.worker.question import Answer

_SEPARATOR = "\x01"
#: Fields of a line of ins_list, and of eqv_list.
_APP, _TYPE, _TAG, _INFO, _STATE = 1, 2, 3, 5, 6
_OTHER_SYSTEM, _OTHER_TAG = 2, 3
#: Exit code of an LCDI command: what is to be made is there already.
_EXISTS = 4
#: The same: what is asked for does not exist.
_MISSING = 7
#: Seconds for a command that only reads.
_READING = 30.0


class Instance:
    """One resource as LifeKeeper holds it on this node."""

    __slots__ = ("app", "info", "state", "tag", "type")

    def __init__(self, app: str, type_: str, tag: str, info: str, state: str) -> None:
        self.app = app
        self.type = type_
        self.tag = tag
        self.info = info
        #: ISP in service, ISU, OSU out of service, OSF failed, ILLSTATE.
        self.state = state

    @property
    def is_generic(self) -> bool:
        """Whether it is a generic application, which ours are."""
        return (self.app, self.type) == ("gen", "app")

    @property
    def in_service(self) -> bool:
        return self.state == "ISP"


class LifeKeeperCommands:
    """The commands of the LifeKeeper that is installed here. `root`: its LKROOT."""

    def __init__(self, root: str) -> None:
        self.root = root

    def _bin(self, name: str) -> str:
        return f"{self.root}/bin/{name}"

    @property
    def creapphier(self) -> str:
        return f"{self.root}/lkadm/subsys/gen/app/bin/creapphier"

    def missing(self) -> list[str]:
        """Those of the needed programs that are not there, or that others could have changed."""
        needed = (self.creapphier, self._bin("ins_list"), self._bin("dep_create"))
        return [program for program in needed if not is_trusted_program(program)]

    # What they are, as they could be typed.

    def create(
        self,
        server: str,
        launchers: Mapping[str, str],
        tag: str,
        *,
        info: str,
        switchback: str,
        in_service: bool,
    ) -> list[str]:
        """The command that makes the generic application `tag`; `launchers` by name."""
        restore, remove = launchers["restore"], launchers["remove"]
        quick_check, recover = launchers["quickCheck"], launchers["recover"]
        bring = "Yes" if in_service else "No"
        words = [server, restore, remove, tag, info, switchback, quick_check, recover, bring]
        return [self.creapphier, *words]

    def depend(self, parent: str, child: str) -> list[str]:
        """The command that makes `parent` need `child`."""
        return [self._bin("dep_create"), "-p", parent, "-c", child]

    def perform(self, tag: str, action: str) -> list[str]:
        """The command that takes a resource in service ("restore") or out of it ("remove")."""
        return [self._bin("perform_action"), "-t", tag, "-a", action]

    def forget(self, tag: str) -> list[str]:
        """The command that takes the instance `tag` out of this node's database.

        Its options stand in LCDI-instances; what it does to the other node does not.
        """
        return [self._bin("ins_remove"), "-t", tag]

    # Asking.

    def instances(self) -> dict[str, Instance]:
        """Every resource that LifeKeeper holds on this node, by tag.

        `MachineError` where it cannot be asked.
        """
        done = self._ask("ins_list")
        if done.returncode not in (0, _MISSING):
            raise MachineError(
                f"{self._bin('ins_list')} ended with exit code {done.returncode}; "
                f"is LifeKeeper running here?"
            )
        return _instances(done)

    def instances_on(self, system: str) -> dict[str, Instance] | None:
        """Every resource that LifeKeeper holds on another node; None where it does not answer."""
        done = self._ask("ins_list", "-d", system)
        return _instances(done) if done.ok else None

    def equivalents(self, tag: str) -> list[tuple[str, str]] | None:
        """The other nodes that the resource is extended to: name, and the tag it bears there.

        None where that cannot be told.
        """
        done = self._ask("eqv_list", "-t", tag)
        if done.returncode not in (0, _MISSING):
            return None
        found = []
        for line in done.output.splitlines():
            fields = line.split(_SEPARATOR)
            if len(fields) > _OTHER_TAG and fields[_OTHER_SYSTEM]:
                found.append((fields[_OTHER_SYSTEM], fields[_OTHER_TAG].strip()))
        return found

    def state_on(self, system: str, tag: str) -> str | None:
        """LifeKeeper's word for the state of `tag` on another node; None where it does not answer.

        The option -d stands in LCDI-instances; what it says of a node that is down does not.
        """
        done = self._ask("ins_list", "-d", system, "-t", tag)
        for line in done.output.splitlines() if done.ok else ():
            fields = line.split(_SEPARATOR)
            if len(fields) > _STATE and fields[_TAG] == tag:
                return fields[_STATE].strip()
        return None

    def _ask(self, name: str, *words: str) -> Answer:
        """What a command that only reads answers, whole. `MachineError` where that is not known."""
        program = self._bin(name)
        _refuse_untrusted(program)
        answer = ask_command([program, *words], _READING, self._environment())
        if answer.how is How.LATE:
            late = f"no answer within {_READING:g} s; is LifeKeeper running here?"
            raise MachineError(f"{program}: {late}")
        if not answer.whole:
            raise MachineError(answer.why)
        return answer

    def place_of(self, program: str, tag: str) -> str:
        """Where LifeKeeper keeps its copy of `program` ("restore", …) for `tag`."""
        directory = "recovery" if program == "recover" else "actions"
        return f"{self.root}/subsys/gen/resources/app/{directory}/!{program}/{tag}"

    def copy_of(self, program: str, tag: str) -> str:
        """The text of LifeKeeper's copy of `program` ("restore", …) for `tag`; "" for none."""
        try:
            with os.fdopen(open_regular(self.place_of(program, tag)), "rb") as file:
                return file.read(65536).decode("utf-8", "backslashreplace")
        except OSError:
            return ""

    # Doing.

    def run(self, command: Sequence[str]) -> int:
        """Run a command with what it prints shown; its exit code. `MachineError`: it cannot be."""
        _refuse_untrusted(command[0])
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, env=self._environment(), cwd="/"
            )
        except OSError as error:
            raise MachineError(f"{command[0]}: {error.strerror}") from error
        return done.returncode

    def begin(self, command: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Begin a command that goes on to its end whatever becomes of the caller, and of its ^C.

        What it prints goes to `output`. `MachineError`: it cannot be run.
        """
        _refuse_untrusted(command[0])
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment(),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise MachineError(f"{command[0]}: {error.strerror}") from error

    def was_there(self, code: int) -> bool:
        """Whether an LCDI command's exit code says that nothing had to be made."""
        return code == _EXISTS

    def _environment(self) -> dict[str, str]:
        path = f"/usr/sbin:/usr/bin:/sbin:/bin:{self.root}/bin"
        return {"PATH": path, "LKROOT": self.root, "LANG": "C", "HOME": "/root"}


def _instances(done: Answer) -> dict[str, Instance]:
    """What a call of ins_list has listed, by tag."""
    found = {}
    for line in done.output.splitlines():
        fields = line.split(_SEPARATOR)
        if len(fields) > _STATE:
            app, type_, tag, info = (fields[each] for each in (_APP, _TYPE, _TAG, _INFO))
            found[tag] = Instance(app, type_, tag, info, fields[_STATE].strip())
    return found


def _refuse_untrusted(program: str) -> None:
    if not is_trusted_program(program):
        raise MachineError(
            f"{program}: there is no such program that only root can have written; is "
            f"LifeKeeper installed here, and LKROOT right in the environment or in "
            f"/etc/default/LifeKeeper?"
        )


def installed_commands(prefix: str) -> LifeKeeperCommands:
    """The commands of the LifeKeeper that is installed here."""
    return LifeKeeperCommands(find_lifekeeper(os.environ, prefix).root)
