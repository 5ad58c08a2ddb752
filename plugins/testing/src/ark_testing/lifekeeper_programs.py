"""LifeKeeper's own commands, as far as they are documented: a stand-in, and no LifeKeeper.

`creapphier`, `ins_list`, `dep_create`, `dep_remove`, `eqv_list`, `perform_action` and `ins_remove`,
with the arguments, fields and exit codes that the vendor's manual pages give (LCDI-instances,
LCDI-relationship, LRACI-perform_action). :class:`ark_testing.Node` installs them; each is run
as a program of its own and uses nothing but Python's library. What is kept lies beneath LKROOT in
`config/`: a file for each instance, the dependencies, and where the other server's LKROOT is. Every
action asks `ins_list -t TAG`; a shell answers that, for it starts in a fraction of Python's time.

Taken, where the vendor is silent: `ins_list -d` fails where the other server does not answer; an
instance's id is made of its tag; a restore restores what the instance needs before it, and a remove
removes what needs it before it.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

SEPARATOR = "\x01"
IN_SERVICE, OUT_OF_SERVICE, FAILED = "ISP", "OSU", "OSF"

#: Exit codes of the LCDI commands (LCDI-relationship, section "Exit Codes").
DONE, INTERNAL, USAGE, EXISTS, MISSING, NEEDED = 0, 1, 2, 4, 7, 8

#: Where LifeKeeper keeps its copies of a generic application's programs, beneath its root.
PLACES = {
    "restore": "subsys/gen/resources/app/actions/!restore",
    "remove": "subsys/gen/resources/app/actions/!remove",
    "quickCheck": "subsys/gen/resources/app/actions/!quickCheck",
    "recover": "subsys/gen/resources/app/recovery/!recover",
}
#: Where each command lies, beneath LifeKeeper's root.
COMMANDS = {
    "creapphier": "lkadm/subsys/gen/app/bin",
    "ins_list": "bin",
    "ins_remove": "bin",
    "dep_create": "bin",
    "dep_remove": "bin",
    "eqv_list": "bin",
    "perform_action": "bin",
}


class Refused(Exception):
    """A command ends with this exit code, and this line on stderr."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Database:
    """What one server's LifeKeeper knows: instances, dependencies, the other server."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._config = root / "config"
        self._states = self._config / "states"
        self._states.mkdir(parents=True, exist_ok=True)

    # Instances.

    def _file(self, tag: str) -> Path:
        return self._states / tag.replace("%", "%25").replace("/", "%2F")

    def tags(self) -> list[str]:
        lines = (path.read_text() for path in sorted(self._states.iterdir()))
        return [line.split(SEPARATOR)[3] for line in lines]

    def line(self, tag: str) -> str:
        """The line of ins_list: fields 3 tag, 4 id, 5 info, 6 state."""
        try:
            return self._file(tag).read_text()
        except OSError:
            raise Refused(MISSING, f"resource with tag {tag} does not exist") from None

    def field(self, tag: str, number: int) -> str:
        return self.line(tag).rstrip("\n").split(SEPARATOR)[number]

    def state(self, tag: str) -> str:
        return self.field(tag, 6)

    def put(self, system: str, app: str, type_: str, tag: str, info: str, state: str) -> None:
        fields = [system, app, type_, tag, f"id-{tag}", info, state, "", "", ""]
        temporary = self._config / f".{os.getpid()}-{id(fields)}"
        temporary.write_text(SEPARATOR.join(fields) + "\n")
        temporary.rename(self._file(tag))

    def set_state(self, tag: str, state: str) -> None:
        system, app, type_, _, _, info, *_ = self.line(tag).split(SEPARATOR)
        self.put(system, app, type_, tag, info, state)

    def forget(self, tag: str) -> None:
        self._file(tag).unlink()
        for place in PLACES.values():
            (self.root / place / tag).unlink(missing_ok=True)

    # Dependencies: the parent needs the child.

    def dependencies(self) -> list[tuple[str, str]]:
        try:
            lines = (self._config / "dependencies").read_text().splitlines()
        except OSError:
            return []
        return [(parent, child) for parent, child in (line.split(SEPARATOR) for line in lines)]

    def keep(self, dependencies: list[tuple[str, str]]) -> None:
        text = "".join(f"{SEPARATOR.join(each)}\n" for each in dependencies)
        (self._config / "dependencies").write_text(text)

    def children(self, tag: str) -> list[str]:
        return [child for parent, child in self.dependencies() if parent == tag]

    def parents(self, tag: str) -> list[str]:
        return [parent for parent, child in self.dependencies() if child == tag]

    # The other server.

    def pair_with(self, name: str, root: Path) -> None:
        """The hierarchy is extended to the server `name`, whose LKROOT is `root`."""
        (self._config / "peer").write_text(SEPARATOR.join((name, str(root))))

    def peer(self) -> tuple[str, Database] | None:
        try:
            name, root = (self._config / "peer").read_text().split(SEPARATOR)
        except OSError:
            return None
        return name, Database(Path(root))

    @property
    def answers(self) -> bool:
        """Whether it answers the other server; not while there is a file `config/silent`."""
        return not (self._config / "silent").exists()

    # Acting.

    def restore(self, tag: str) -> bool:
        """What it needs, then itself; what is in service is not restored again."""
        if self.state(tag) == IN_SERVICE:
            return True
        if not all(self.restore(child) for child in self.children(tag)):
            return False
        well = self._run("restore", tag)
        self.set_state(tag, IN_SERVICE if well else FAILED)
        return well

    def remove(self, tag: str) -> bool:
        """What needs it, then itself; a failed remove changes no state."""
        if not all(self.remove(parent) for parent in self.parents(tag)):
            return False
        well = self._run("remove", tag)
        if well:
            self.set_state(tag, OUT_OF_SERVICE)
        return well

    def _run(self, action: str, tag: str) -> bool:
        import subprocess

        program = self.root / PLACES[action] / tag
        if not program.exists():
            return True  # no generic application: the stand-in only keeps its state
        environment = {"PATH": "/usr/bin:/bin", "TERM": "dumb"}
        arguments = [str(program), "-t", tag, "-i", self.field(tag, 4)]
        return subprocess.run(arguments, env=environment, cwd="/").returncode == 0


def _given(words: list[str], allowed: str) -> dict[str, str]:
    """`-t TAG -a restore` as a mapping. Exit code 2 for what the synopsis does not have."""
    given = {}
    rest = list(words)
    while rest:
        option = rest.pop(0)
        if len(option) < 2 or option[0] != "-" or option[1] not in allowed:
            raise Refused(USAGE, f"usage: options are {' '.join('-' + each for each in allowed)}")
        value = option[2:] or (rest.pop(0) if rest else "")
        given[option[1]] = value
    return given


def ins_list(database: Database, words: list[str]) -> None:
    given = _given(words, "dfRarti")
    separator = given.get("f", SEPARATOR)
    system = given.get("d", "")
    other = database.peer()
    if other is not None and system == other[0]:
        database = other[1]
        if not database.answers:
            raise Refused(INTERNAL, f"{system} does not answer")
    tags = [given["t"]] if "t" in given else database.tags()
    for tag in tags:
        print(database.line(tag).rstrip("\n").replace(SEPARATOR, separator))


def ins_remove(database: Database, words: list[str]) -> None:
    given = _given(words, "dRartivIN")
    tag = given.get("t", "")
    if not tag:
        raise Refused(USAGE, "usage: ins_remove -t tag")
    database.line(tag)
    if database.parents(tag):
        raise Refused(NEEDED, f"other resources depend on {tag}")
    database.forget(tag)
    database.keep([each for each in database.dependencies() if each[0] != tag])


def dep_create(database: Database, words: list[str]) -> None:
    pair = _pair(database, words)
    if pair in database.dependencies():
        raise Refused(EXISTS, f"dependency {pair[0]} {pair[1]} exists")
    database.keep([*database.dependencies(), pair])


def dep_remove(database: Database, words: list[str]) -> None:
    pair = _pair(database, words)
    if pair not in database.dependencies():
        raise Refused(MISSING, f"dependency {pair[0]} {pair[1]} does not exist")
    database.keep([each for each in database.dependencies() if each != pair])


def _pair(database: Database, words: list[str]) -> tuple[str, str]:
    given = _given(words, "dpc")
    parent, child = given.get("p", ""), given.get("c", "")
    if not parent or not child:
        raise Refused(USAGE, "usage: -p partag -c chdtag")
    for tag in (parent, child):
        database.line(tag)
    return parent, child


def eqv_list(database: Database, words: list[str]) -> None:
    """Fields: 0 this system, 1 tag, 2 other system, 3 its tag."""
    given = _given(words, "dstfe")
    other = database.peer()
    for tag in [given["t"]] if "t" in given else database.tags():
        system = database.field(tag, 0)
        if other is not None and tag in other[1].tags():
            print(SEPARATOR.join((system, tag, other[0], tag, "SHARED", "1", "10")))


def perform_action(database: Database, words: list[str]) -> None:
    given = _given(words, "ta")
    tag, action = given.get("t", ""), given.get("a", "")
    database.line(tag)
    if action == "restore":
        other = database.peer()
        # From OSU or OSF the remote remove runs first, then the local restore.
        if database.state(tag) != IN_SERVICE and other and tag in other[1].tags():
            if not other[1].remove(tag):
                raise Refused(INTERNAL, f"remove of {tag} failed on {other[0]}")
        well = database.restore(tag)
    elif action == "remove":
        well = database.remove(tag)
    else:
        raise Refused(USAGE, "usage: perform_action -t tag -a restore|remove")
    if not well:
        raise Refused(INTERNAL, f"{action} of {tag} failed")


def creapphier(database: Database, words: list[str]) -> None:
    """SERVER RESTORE REMOVE TAG INFO intelligent|automatic QUICKCHECK RECOVER Yes|No."""
    if len(words) != 9 or words[5] not in ("intelligent", "automatic"):
        raise Refused(USAGE, "usage: server restore remove tag info switchback quickCheck recover")
    server, restore, remove, tag, info, _, quick_check, recover, in_service = words
    if tag in database.tags():
        raise Refused(EXISTS, f"resource with tag {tag} exists")
    programs = dict(zip(PLACES, (restore, remove, quick_check, recover), strict=True))
    for program in programs.values():
        if program and not os.access(program, os.X_OK):
            raise Refused(INTERNAL, f"{program} cannot be executed")
    import shutil

    print(f"BEGIN create of {tag}")
    for name, program in programs.items():
        if program:  # without a quickCheck or a recover it is created all the same
            place = database.root / PLACES[name]
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(program, place / tag)
    database.put(server, "gen", "app", tag, info, OUT_OF_SERVICE)
    if in_service == "Yes" and not database.restore(tag):
        raise Refused(INTERNAL, f"restore of {tag} failed")
    print(f"END successful create of {tag}")


_MAIN = {
    "creapphier": creapphier,
    "dep_create": dep_create,
    "dep_remove": dep_remove,
    "eqv_list": eqv_list,
    "ins_list": ins_list,
    "ins_remove": ins_remove,
    "perform_action": perform_action,
}


def install(root: Path) -> None:
    """Put the commands where LifeKeeper has them."""
    for name, place in COMMANDS.items():
        program = root / place / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(_program(name, root))
        program.chmod(0o755)


#: Prints the line of one instance. What it does not know is left to Python.
_ONE_INSTANCE = """\
case $#:$1:$2 in
2:-t:*[!A-Za-z0-9_-]*) ;;
2:-t:?*) [ ! -f {states}/"$2" ] || exec cat {states}/"$2" ;;
esac
"""


def _program(name: str, root: Path) -> str:
    """The text of a command: a shell's, which has Python do all but the most frequent question."""
    quick = ""
    if name == "ins_list":
        quick = _ONE_INSTANCE.format(states=shlex.quote(str(root / "config/states")))
    # This module by itself, as Python has it compiled: the package would import the whole kit.
    here, module = os.path.split(os.path.abspath(__file__).removesuffix(".py"))
    source = f"import sys; sys.path.append({here!r}); from {module} import main"
    source += f"; main({name!r}, {str(root)!r})"
    words = shlex.join([sys.executable, "-ISc", source])
    return f'#!/bin/sh\n# {name}, of a stand-in for LifeKeeper\n{quick}exec {words} "$@"\n'


def main(command: str, root: str) -> None:
    """One command's call: what it prints, and its exit code."""
    try:
        _MAIN[command](Database(Path(root)), sys.argv[1:])
    except Refused as refused:
        print(f"{command}: {refused}", file=sys.stderr)
        sys.exit(refused.code)
