"""One node beneath a directory of its own: the product, two logical hosts, the four programs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import arkcore
from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher
from rigs.torture import application, eyes, product
from rigs.torture.eyes import Seen

#: The resource that is tortured, and the one beside it on the same node.
RESOURCE, HOST = "tortured", "LHOST1"
NEIGHBOUR, NEIGHBOUR_HOST = "neighbour", "LHOST2"

#: Small, so that much happens in a minute. The model knows them too.
TIMERS = {
    "restore.process": 2.0,
    "restore.cleanup": 3.0,
    "restore.confirm": 0.5,
    "force_stop_wait": 0.2,
    "remove.process": 2.0,
    "remove.cleanup": 3.0,
    "remove.force_reserve": 0.8,
    "quickcheck.process": 4.0,
    "quickcheck.cleanup": 1.0,
    "quickcheck.confirm": 0.2,
    "recover.process": 1.0,
    "recover.cleanup": 1.0,
    "recover.attempts": 6,
    "lifekeeper.quickcheck_run": 2.0,
}

_ENTRY_POINTS = "[arkcore.plugins]\ntorture = ark_torture:Hostile\n"
_METADATA = "Metadata-Version: 2.1\nName: ark-torture\nVersion: 0\n"


class World:
    """Everything of one run that is on disk, and its processes as they are seen from outside."""

    def __init__(self, directory: Path) -> None:
        # Resolved, since the kernel tells executables' real paths.
        self.directory = directory.resolve()
        self.prefix = self.directory / "node"
        self.product = self.directory / "product"
        self.programs = self.directory / "programs"
        self.log = self.prefix / "var/log/ark"
        self._mark = str(self.directory).encode()
        self._install_product()
        self._install_plugin()
        self._install_programs()
        self.configure(RESOURCE, HOST)
        self.configure(NEIGHBOUR, NEIGHBOUR_HOST)

    # Making it.

    def _install_product(self) -> None:
        (self.product / "bin").mkdir(parents=True)
        command = self.product / "bin/command"
        command.write_text(product.COMMAND)
        command.chmod(0o755)
        for name in (*product.DAEMONS, product.SHARED):
            shutil.copy("/bin/sleep", self.product / name)
        for host in (HOST, NEIGHBOUR_HOST):
            self.home(host).mkdir(parents=True)
            self.set_faults({}, None, host)

    def _install_plugin(self) -> None:
        metadata = self.directory / "site/ark_torture-0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(_METADATA)
        (metadata / "entry_points.txt").write_text(_ENTRY_POINTS)
        shutil.copy(application.__file__, self.directory / "site/ark_torture.py")

    def _install_programs(self) -> None:
        self.programs.mkdir()
        # The engine under torture is the one that is imported here.
        places = [str(Path(arkcore.__file__).parents[1]), str(self.directory / "site")]
        for action in Action:
            interpreter, *rest = launcher(action, str(self.prefix)).splitlines()
            lines = [interpreter, f"import sys; sys.path[:0] = {places!r}", *rest]
            program = self.programs / action.word
            program.write_text("\n".join(lines) + "\n")
            program.chmod(0o755)

    def configure(self, resource: str, host: str) -> None:
        path = self.prefix / f"etc/ark/resources/{resource}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        timers = "\n".join(f"{key} = {value:g}" for key, value in TIMERS.items())
        path.write_text(
            f'plugin = "torture"\nlogical_host = "{host}"\n'
            f'[timers]\n{timers}\n[options]\nproduct = "{self.product}"\n'
        )

    def home(self, host: str = HOST) -> Path:
        return self.product / "hosts" / host

    # Calls.

    def call(self, action: str, resource: str = RESOURCE) -> subprocess.Popen[bytes]:
        with open(self.directory / "stderr", "ab") as stderr:
            return subprocess.Popen(
                [self.programs / action, "-t", resource, "-i", "id"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={"PATH": "/usr/bin:/bin", "TERM": "dumb"},
                cwd="/",
            )

    # What is alive, by its own reading of /proc.

    def everything(self) -> list[Seen]:
        """Every live process of this world."""
        mark = self._mark + b"/"

        def belongs(seen: Seen) -> bool:
            return (
                os.fsencode(seen.executable).startswith(mark)
                or mark in seen.arguments
                or seen.value(b"ARK_PREFIX").startswith(mark)
            )

        return eyes.look_at_all(belongs)

    def daemons(self, among: list[Seen], host: str = HOST) -> list[Seen]:
        """The product's daemons of a logical host."""
        wanted = {str(self.product / name) for name in product.DAEMONS}
        owner = b"TORTURE_HOST=" + host.encode()
        return [seen for seen in among if seen.executable in wanted and seen.has(owner)]

    def shared(self, among: list[Seen]) -> list[Seen]:
        return [seen for seen in among if seen.executable == str(self.product / product.SHARED)]

    def guards_and_workers(self, among: list[Seen]) -> list[Seen]:
        """Processes of the engine itself."""
        programs = os.fsencode(self.programs) + b"/"
        return [seen for seen in among if programs in seen.arguments]

    def commands(self, among: list[Seen]) -> list[Seen]:
        """What came of commands for the tortured resource and is no daemon of the product's."""
        mark = RESOURCE.encode() + b":"
        beneath = f"{self.product}/"
        return [
            seen
            for seen in among
            if seen.value(b"ARK_ACTION").startswith(mark)
            and not seen.executable.startswith(beneath)
        ]

    def worker_of(self, guard: int) -> Seen | None:
        """The process that a guard has forked."""
        children = [seen for seen in self.guards_and_workers(self.everything())]
        return next((seen for seen in children if seen.ppid == guard), None)

    # Doing harm.

    def set_faults(
        self, faults: dict[str, str], plugin: tuple[str, str] | None, host: str = HOST
    ) -> None:
        home = self.home(host)
        _replace(home / "faults", "".join(f"{verb}={fault}\n" for verb, fault in faults.items()))
        _replace(home / "plugin-fault", " ".join(plugin or ()))

    def faults_met(self) -> list[str]:
        """Which of the faults set were met since the last call, each told once."""
        met = self.home() / "met"
        try:
            lines = met.read_text().splitlines()
        except OSError:
            return []
        met.unlink(missing_ok=True)
        return sorted(set(lines))

    def crash(self, how: str) -> None:
        daemons = self.daemons(self.everything())
        if how == "frozen":
            _signal(daemons, signal.SIGSTOP)
        else:
            victims = daemons[:1] if how == "one" else daemons
            _signal(victims, signal.SIGKILL)
            _wait_until_dead(victims)

    def end_everything(self) -> None:
        """KILL every process of this world, until none is left."""
        while left := self.everything():
            _signal(left, signal.SIGKILL)
            _wait_until_dead(left)

    def state_files(self) -> list[Path]:
        """The engine's small files about the tortured resource."""
        found = list((self.prefix / "run/ark/resources" / RESOURCE).glob("*.json"))
        found += (self.prefix / "var/lib/ark").glob(f"*/{RESOURCE}.json")
        return sorted(found)

    @property
    def lock(self) -> Path:
        return self.prefix / "run/ark/resources" / RESOURCE / "action.lock"


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.rename(path)


def _signal(victims: list[Seen], number: int) -> None:
    for victim in victims:
        if eyes.lives(victim):
            try:
                os.kill(victim.pid, number)
            except ProcessLookupError:
                continue


def _wait_until_dead(victims: list[Seen]) -> None:
    until = time.monotonic() + 5.0
    while any(eyes.lives(victim) for victim in victims) and time.monotonic() < until:
        time.sleep(0.002)
