"""
One node's JP1, as far as a cluster can see it: installed beneath a root, run, broken, cleared away.

It is a stand-in. What it prints is illustrative; its return codes and its processes are what the
JP1 plugins judge by.
"""

from __future__ import annotations

import filecmp
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from ark_lab.binary import standin_binary
from ark_lab.errors import LabError
from ark_lab.vocabulary import (
    COMMAND_FAULTS,
    COMMANDS,
    DAEMON_FAULTS,
    DAEMONS,
    SETTINGS,
    Product,
    is_daemon,
)

__all__ = ["Kind", "ProcessInfo", "Product", "StandIn", "Value", "Writer"]

Value = str | int | float | bool | Iterable[str]
"""A setting's or a fault's value; True and False are 1 and 0, names are joined by commas."""

_TEARDOWN_SECONDS: Final = 20.0


class Kind(StrEnum):
    """
    What a process of the stand-in is.
    """

    MANAGER = "manager"
    CHILD = "child"
    MACHINE = "machine"
    COMMAND = "command"


@dataclass(frozen=True)
class ProcessInfo:
    """
    A live process of one root. `host` is what the stand-in itself knows, even where neither the
    arguments nor the environment show it; None for what belongs to the machine and for commands.
    """

    pid: int
    ppid: int
    state: str
    name: str
    args: tuple[str, ...]
    exe: Path
    kind: Kind
    host: str | None


@dataclass(frozen=True)
class Writer:
    """
    A line of the record that JP1 processes keep on the shared directory.

    `event` is ``start``, ``stop``, ``killed``, ``refused`` (processes of the same node were still
    there) or ``DOUBLE`` (those of another node were).
    """

    time: float
    node: Path
    pid: int
    event: str
    group: str
    host: str


class StandIn:
    """
    The JP1 of one node, beneath `root`.

    :raises LabError: nothing is installed there.
    """

    def __init__(self, root: Path) -> None:
        self.root: Final = root.resolve()
        if not self._lab("settings").is_file():
            raise LabError(f"no stand-in is installed in {self.root}")

    @classmethod
    def install(
        cls,
        root: Path,
        *,
        products: Iterable[Product] = (Product.BASE, Product.MANAGER),
        allow_user: bool = False,
        scale: float = 0.05,
        cache: Path | None = None,
        status_in_product: bool = False,
    ) -> StandIn:
        """
        Installs the stand-in beneath `root`; over an older one, all settings become the defaults.

        :param allow_user: the commands run as any user, not as root only.
        :param scale: factor for the product's own seconds (its 60 s, its ``-t``).
        :param cache: where the compiled stand-in is kept; default: the user's cache directory.
        :param status_in_product: the status commands' executables, too, lie in the product's
            directories, as in reality; a running one then looks like a process of the product.
        :raises LabError: products that exclude each other, no compiler, a root not to be written.
        """
        chosen = [product for product in Product if product in set(products)]
        if Product.MANAGER in chosen and Product.AGENT in chosen:
            raise LabError("Manager and Agent share their paths: choose one of the two")
        if Product.BASE not in chosen:
            raise LabError("JP1/Base is the prerequisite of every product: add it")
        if scale <= 0:
            raise LabError(f"scale must be more than 0, not {scale}")
        binary = standin_binary(cache)
        root = root.absolute()
        try:
            root.mkdir(parents=True, exist_ok=True)
            _lay_out(root.resolve(), chosen, binary, status_in_product)
            _write_entries(
                root.resolve() / "opt/lab/settings",
                {name: setting.default for name, setting in SETTINGS.items()}
                | {
                    "products": ",".join(chosen),
                    "allow_user": str(int(allow_user)),
                    "scale": str(scale),
                },
            )
        except OSError as error:
            raise LabError(f"cannot install in {root}: {error}") from error
        return cls(root)

    @property
    def products(self) -> tuple[Product, ...]:
        """
        What is installed.
        """
        entries = _read_entries(self._lab("settings"))
        return tuple(Product(name) for name in entries["products"].split(","))

    @property
    def hosts(self) -> dict[str, Path]:
        """
        The logical hosts defined on this node, each with its shared directory.
        """
        return {
            path.name: Path(_read_entries(path)["shared"])
            for path in sorted(self._lab("hosts").iterdir())
            if not path.name.endswith(".new")
        }

    def logical_host(self, name: str, shared: Path) -> None:
        """
        Defines the logical host on this node, and prepares its shared directory as far as it is
        not yet: what the product's set-up commands would do.

        :raises LabError: a name that JP1/Base could not have, a directory not to be written.
        """
        bad = not name or len(name.encode()) > 255 or name[0] in "-."
        if bad or any(letter in "/@=\n\t" for letter in name):
            raise LabError(f"not a logical host name: {name!r}")
        shared = shared.absolute()
        try:
            for product in self.products:
                directory = shared / ("jp1base" if product is Product.BASE else "jp1ajs2")
                directory.mkdir(parents=True, exist_ok=True)
            _write_entries(self._lab("hosts", name), {"shared": str(shared)})
        except OSError as error:
            raise LabError(f"cannot define {name}: {error}") from error

    def configure(self, **settings: Value) -> None:
        """
        Changes settings of this node from the next command on; the names are in
        `ark_lab.vocabulary.SETTINGS`.

        :raises LabError: an unknown name, a value that is no text of one line.
        """
        unknown = sorted(set(settings) - set(SETTINGS))
        if unknown:
            raise LabError(f"no such setting: {', '.join(unknown)}")
        path = self._lab("settings")
        _write_entries(path, _read_entries(path) | _as_text(settings))

    def fault(self, command: str, *, host: str | None = None, **settings: Value) -> None:
        """
        Lets a command, or the daemons of that name, go wrong from now on; for one logical host, or
        for all. Replaces the faults of that command and host; without settings, takes them away.

        :raises LabError: no such command, or a fault that it cannot have.
        """
        if command in COMMANDS:
            possible = {*COMMAND_FAULTS, *SETTINGS}
        elif is_daemon(command):
            possible = {*DAEMON_FAULTS, *SETTINGS}
        else:
            raise LabError(f"neither a command nor a daemon: {command}")
        unknown = sorted(set(settings) - possible)
        if unknown:
            raise LabError(f"{command} cannot have this fault: {', '.join(unknown)}")
        path = self._lab("faults", command if host is None else f"{command}@{host}")
        if settings:
            _write_entries(path, _as_text(settings))
        else:
            path.unlink(missing_ok=True)
        self._tell_daemons(command, host, hangs=bool(settings.get("hang")))

    def faults(self) -> dict[str, dict[str, str]]:
        """
        The faults in force, by ``command`` or ``command@host``.
        """
        return {
            path.name: _read_entries(path)
            for path in sorted(self._lab("faults").iterdir())
            if not path.name.endswith(".new")
        }

    def clear_faults(self, command: str | None = None, *, host: str | None = None) -> None:
        """
        Takes away the faults of a command (for `host`, else for all hosts), or every fault.
        """
        for name in self.faults():
            of_command, _, of_host = name.partition("@")
            if command in (None, of_command) and host in (None, of_host):
                self.fault(of_command, host=of_host or None)

    def path(self, command: str) -> Path:
        """
        Where a command lies.
        """
        return self.root / COMMANDS[command] / command

    def run(
        self,
        command: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = 30,
    ) -> subprocess.CompletedProcess[bytes]:
        """
        Runs a command and waits for it, its output in bytes; `environment` comes on top of PATH.
        """
        return subprocess.run(
            [str(self.path(command)), *arguments],
            env={"PATH": os.environ.get("PATH", os.defpath), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def processes(self, host: str | None = None) -> list[ProcessInfo]:
        """
        The live daemons of this root (of one logical host, where given), zombies excluded.
        """
        return [
            process
            for process in self._all()
            if process.kind is not Kind.COMMAND and host in (None, process.host)
        ]

    def commands(self) -> list[ProcessInfo]:
        """
        The commands of this root that run now, with what they do in the background.
        """
        return [process for process in self._all() if process.kind is Kind.COMMAND]

    def wait_until(self, condition: Callable[[], bool], *, within: float = 10.0) -> bool:
        """
        Looks every few milliseconds until the condition holds; False if it never did.
        """
        until = time.monotonic() + within
        while not condition():
            if time.monotonic() >= until:
                return False
            time.sleep(0.003)
        return True

    def freeze(self, pid: int) -> None:
        """
        Stops a process (SIGSTOP); back when it is, which on a busy machine is a moment later.

        :raises LabError: it did not stop, or there is none.
        """
        _kill(pid, signal.SIGSTOP)
        self._await_stopped(pid)

    def kill_everything(self) -> None:
        """
        Ends every process of this root: daemons, the machine's, commands and what they left in the
        background. Returns when none is left.

        :raises LabError: one could not be ended.
        """
        until = time.monotonic() + _TEARDOWN_SECONDS
        clean_looks = 0
        while clean_looks < 2:
            pids = [process.pid for process in self._all()] + self._scripts()
            clean_looks = 0 if pids else clean_looks + 1
            for pid in pids:
                _kill(pid)
            if pids and time.monotonic() > until:
                raise LabError(f"processes of {self.root} cannot be ended: {pids}")
            time.sleep(0.002)

    def _lab(self, *parts: str) -> Path:
        return self.root.joinpath("opt", "lab", *parts)

    def _tell_daemons(self, name: str, host: str | None, *, hangs: bool) -> None:
        """
        Lets the live daemons of that name read their faults again; those that hang must go on for
        that, unless it is this that they shall do.
        """
        if not is_daemon(name):
            return
        for process in self.processes(host):
            if process.name == name and process.kind is not Kind.COMMAND:
                _kill(process.pid, signal.SIGUSR1)
                if hangs:
                    self._await_stopped(process.pid)
                else:
                    _kill(process.pid, signal.SIGCONT)

    def _await_stopped(self, pid: int) -> None:
        self.wait_until(lambda: _state(pid) in ("T", ""))
        if _state(pid) != "T":
            raise LabError(f"process {pid} did not stop")

    def _records(self) -> dict[int, dict[str, str]]:
        """
        What the daemons wrote about themselves, by pid; of dead ones, too.
        """
        found = [_read_entries(path) for path in self._lab("run").glob("*/*/*")]
        complete = [entries for entries in found if "end" in entries]
        # Where a pid was used twice, the later record counts.
        complete.sort(key=lambda entries: float(entries["started"]))
        return {int(entries["pid"]): entries for entries in complete}

    def _all(self) -> list[ProcessInfo]:
        """
        Every live process whose executable lies beneath the root.
        """
        found = []
        prefix = f"{self.root}/"
        records: dict[int, dict[str, str]] | None = None
        for pid in _pids():
            exe = _executable(pid)
            if not exe.startswith(prefix):
                continue
            records = self._records() if records is None else records
            process = _inspect(pid, Path(exe), records.get(pid, {}))
            if process is not None:
                found.append(process)
        return sorted(found, key=lambda process: process.pid)

    def _scripts(self) -> list[int]:
        """
        Shells that have begun one of our scripts and not yet become the command.
        """
        scripts = {os.fsencode(self.path(name)) for name in COMMANDS if name.endswith(".cluster")}
        found = []
        for pid in _pids():
            arguments = _arguments(pid)
            if len(arguments) > 1 and arguments[0].endswith(b"sh") and arguments[1] in scripts:
                found.append(pid)
        return found


def writers(shared: Path) -> list[Writer]:
    """
    The record of all starts and stops on a shared directory, in the order of time.
    """
    found = []
    for product in ("jp1base", "jp1ajs2"):
        path = shared / product / "writers"
        if not path.exists():
            continue
        for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            moment, node, pid, event, group, host = line.split("\t")
            found.append(Writer(float(moment), Path(node), int(pid), event, group, host))
    return sorted(found, key=lambda writer: writer.time)


def double_starts(shared: Path) -> list[Writer]:
    """
    The starts on one node while another node's processes were there: what must never happen.
    """
    return [writer for writer in writers(shared) if writer.event == "DOUBLE"]


def _lay_out(root: Path, products: list[Product], binary: Path, status_in_product: bool) -> None:
    """
    Directories, scripts, and the binary under all its names.
    """
    ajs = len(products) > 1
    lab = root / "opt/lab"
    for name in ("hosts", "faults", "run"):
        (lab / name).mkdir(parents=True, exist_ok=True)
    command_binary = lab / "jp1-stand-in"
    _link(binary, command_binary)
    for names in (DAEMONS, COMMANDS):
        for name, directory in names.items():
            if "jp1ajs2" in directory and not ajs:
                continue
            path = root / directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".cluster"):
                _write_script(path, command_binary)
            elif name in DAEMONS or status_in_product:
                _link(command_binary, path)
            else:
                _replace(path, lambda fresh: fresh.symlink_to("../../lab/jp1-stand-in"))


def _write_script(path: Path, binary: Path) -> None:
    text = (
        "#!/bin/sh\n"
        f"# [stand-in] {path.name}: not the product's script, a stand-in for tests\n"
        f'exec {shlex.quote(str(binary))} {path.name} "$@"\n'
    )

    def write(fresh: Path) -> None:
        fresh.write_text(text, encoding="utf-8", errors="surrogateescape")
        fresh.chmod(0o755)

    _replace(path, write)


def _link(source: Path, target: Path) -> None:
    """
    A hard link, or a copy where there can be none. What is already right stays: the executable of
    a daemon that runs must not disappear beneath it.
    """
    if target.exists() and not target.is_symlink() and filecmp.cmp(source, target, shallow=False):
        return

    def make(fresh: Path) -> None:
        try:
            fresh.hardlink_to(source)
        except OSError:
            shutil.copy2(source, fresh)

    _replace(target, make)


def _replace(path: Path, make: Callable[[Path], None]) -> None:
    """
    Makes a file under a name of its own and moves it into place: others see all of it or nothing.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as scratch:
        fresh = Path(scratch) / "file"
        make(fresh)
        # A rename between two links of one file does nothing and leaves both.
        path.unlink(missing_ok=True)
        fresh.rename(path)


def _as_text(values: Mapping[str, Value]) -> dict[str, str]:
    texts = {}
    for key, value in values.items():
        if isinstance(value, bool):
            text = str(int(value))
        elif isinstance(value, str | int | float):
            text = str(value)
        else:
            text = ",".join(value)
        if "\n" in text:
            raise LabError(f"{key}: a value is one line")
        texts[key] = text
    return texts


def _write_entries(path: Path, entries: Mapping[str, str]) -> None:
    text = "".join(f"{key}={value}\n" for key, value in entries.items())
    fresh = path.with_name(f".{os.getpid()}.new")
    fresh.write_text(text, encoding="utf-8", errors="surrogateescape")
    fresh.rename(path)


def _read_entries(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return {}
    lines = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key: value for key, equals, value in lines if equals}


def _kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _state(pid: int) -> str:
    """
    The letter of proc(5); empty where there is no such process.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")[2][:1]
    except OSError:
        return ""


def _executable(pid: int) -> str:
    """
    Empty where it cannot be read: a zombie's, another user's.
    """
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return ""


def _arguments(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def _inspect(pid: int, exe: Path, record: Mapping[str, str]) -> ProcessInfo | None:
    """
    None if the process has ended meanwhile.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in ("Z", "X"):
        return None
    args = tuple(os.fsdecode(argument) for argument in _arguments(pid))
    is_command = exe.name == "jp1-stand-in" or exe.name in COMMANDS
    return ProcessInfo(
        pid=pid,
        ppid=int(fields[1]),
        state=fields[0],
        name=Path(args[0]).name if args else exe.name,
        args=args,
        exe=exe,
        kind=Kind.COMMAND if is_command else Kind(record.get("role", "child")),
        host=None if is_command or record.get("group") == "machine" else record.get("host"),
    )
