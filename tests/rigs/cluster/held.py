"""Processes in namespaces of their own that end when their holder does.

Each reads from a pipe whose other end only the holder has. When the holder ends, by whatever
signal, the pipe ends too and the process exits; what it is the first process of ends with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from rigs.cluster.errors import ClusterError

#: The environment of everything that runs in a node; HOME is volatile there.
ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/run",
    "LC_ALL": "C.UTF-8",
    "TERM": "dumb",
}


class Held:
    """One process that was started with `unshare`, and answered once.

    :param kinds: namespaces, as `unshare` names them; with "pid" the process is the first one of
        a process namespace, and its death is that of all processes in it.
    """

    def __init__(self, kinds: Sequence[str], argv: Sequence[str], log: Path) -> None:
        options = [f"--{kind}" for kind in kinds]
        first = "pid" in kinds
        if first:
            options += ["--fork", "--kill-child=SIGKILL", "--mount-proc"]
        with open(log, "ab") as stderr:
            self._process = subprocess.Popen(
                ["unshare", *options, "--", *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=dict(ENVIRONMENT),
                cwd="/",
                # A Ctrl-C at the terminal is the runner's affair.
                start_new_session=True,
            )
        self._log = log
        self._lock = threading.Lock()
        if self.ask("begin") != "begin":
            self.end()
            raise ClusterError(f"{argv[-1]} did not come up: {self._last_words()}")
        #: The process inside, as this machine numbers it.
        self.pid = self._child() if first else self._process.pid

    def ask(self, line: str) -> str:
        """Send one line and return the answer; "" where there is nobody to answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(f"{line}\n".encode())
            stdin.flush()
            return stdout.readline().decode().strip()
        except (BrokenPipeError, ValueError):
            return ""

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self, within: float = 20.0) -> None:
        """SIGKILL, and wait until the process, with all of its namespace, is gone.

        The kernel lets the first process of a namespace end only after every other one in it.
        """
        with self._lock:
            if self._process.poll() is None:
                try:
                    os.kill(self.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                raise ClusterError(f"pid {self.pid} cannot be killed within {within:g} s") from None
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None and not stream.closed:
                    try:
                        stream.close()
                    except BrokenPipeError:
                        pass

    def end(self) -> None:
        """As `kill`, also where it never came up."""
        if not hasattr(self, "pid"):
            self._process.kill()
            self.pid = self._process.pid
        self.kill()

    def enter(self, *kinds: str) -> list[str]:
        """What to put before a command that shall run in these namespaces (`nsenter`'s names)."""
        return ["nsenter", "-t", str(self.pid), *(f"--{kind}" for kind in kinds), "--"]

    def _child(self) -> int:
        pid = self._process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def _last_words(self) -> str:
        return self._log.read_text(errors="backslashreplace")[-500:].strip()
