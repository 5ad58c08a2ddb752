"""Two accounts without privileges, and what they can do: real processes of their own."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support import PROGRAMS

#: What a stranger's Python begins with. It begins as root, for the interpreter may lie where nobody
#: else may look, and gives up every privilege before anything else is done.
_BEGINNING = """
import codecs, ctypes, fcntl, json, os, pty, select, signal, socket, stat, struct, subprocess, sys
import termios, time
uid, gid = int(sys.argv.pop(1)), int(sys.argv.pop(1))
os.setgroups([])
os.setresgid(gid, gid, gid)
os.setresuid(uid, uid, uid)
"""


class Person:
    """One account. What it starts has no privilege, no group besides its own and no terminal."""

    def __init__(self, name: str) -> None:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise AssertionError(f"the account {name} is missing: run tools/test-users") from None
        self.name = name
        self.uid = entry.pw_uid
        self.gid = entry.pw_gid
        self._started: list[subprocess.Popen[str]] = []

    def start(
        self,
        argv: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        *,
        ready: bool = False,
        executable: str | Path | None = None,
        directory: str | Path = "/",
    ) -> subprocess.Popen[str]:
        """Start a program; where it says so (`ready`), wait until it has printed a line."""
        return self._begin(
            argv,
            environment or {},
            ready=ready,
            executable=executable,
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd=directory,
        )

    def _begin(
        self,
        argv: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        ready: bool,
        **more: Any,
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if ready else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
            text=True,
            **more,
        )
        self._started.append(process)
        if ready:
            assert process.stdout is not None
            assert process.stdout.readline(), f"{argv} did not begin"
        return process

    def python(
        self,
        source: str,
        *arguments: object,
        environment: Mapping[str, str] | None = None,
        ready: bool = True,
    ) -> subprocess.Popen[str]:
        """Start Python source, which prints a line when it is at work."""
        who = [str(self.uid), str(self.gid)]
        words = [sys.executable, "-I", "-u", "-c", _BEGINNING + source, *who, *map(str, arguments)]
        return self._begin(words, environment or {}, ready=ready)

    def run(
        self, argv: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; one of ours may only read the installation besides."""
        if Path(argv[0]).is_relative_to(PROGRAMS):
            return self._run_ours(argv, environment or {})
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", **(environment or {})},
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            text=True,
            errors="backslashreplace",
            timeout=60,
            check=False,
        )

    def _run_ours(
        self, argv: Sequence[str | Path], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        # The clone may lie where nobody else may look: reading files is the one thing it may more.
        caps = "+dac_read_search"
        who = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        return subprocess.run(
            ["setpriv", *who, f"--inh-caps={caps}", f"--ambient-caps={caps}", "--", *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", **environment},
            cwd="/",
            text=True,
            errors="backslashreplace",
            timeout=60,
            check=False,
        )

    def shell(self, script: str, *arguments: object) -> str:
        """Run a shell script; what it prints. It fails where the person may not."""
        done = self.run(["/bin/sh", "-ec", script, "sh", *map(str, arguments)])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def may_read(self, path: str | Path) -> str:
        """What the person reads in a file, or beneath a directory; "" where nothing."""
        return self.run(["/bin/grep", "-r", "-a", "", path]).stdout

    def owns(self, path: Path) -> Path:
        os.chown(path, self.uid, self.gid)
        return path

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
