"""Machines that misbehave: a mount namespace of one's own, a file system that never answers, a
wall clock that is set, a table of processes that is full."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hostile.world import World
from support import wait_for

from arkcore.machine.system import is_mounted


class Namespace:
    """A mount namespace in which a shell script has run; what it mounted is seen nowhere else."""

    def __init__(self, world: World, script: str) -> None:
        own_user = [] if os.geteuid() == 0 else ["-r"]
        argv = ["unshare", *own_user, "-m", "--propagation", "private", "/bin/sh", "-e", "-c"]
        ready = world.prefix / "ready"
        self._keeper = world.helper([*argv, f"{script}\n: > {ready}\nexec sleep 1000"])
        wait_for(lambda: ready.exists() or self._keeper.poll() is not None)
        if self._keeper.poll() is not None:
            pytest.skip("this machine lets nobody have a mount namespace of one's own")
        ready.unlink()
        enter = ["-U", "--preserve-credentials"] if own_user else []
        self.through = ["nsenter", "-t", str(self._keeper.pid), *enter, "-m", "--"]

    def do(self, script: str) -> None:
        """Run another shell script within."""
        subprocess.run([*self.through, "/bin/sh", "-e", "-c", script], check=True)


class DeadFilesystem:
    """A file system that answers nobody, as a dead NFS server: who asks it cannot be killed.

    It is made with FUSE, whose server here reads each question and says nothing. A process that has
    been killed while it waits stays, in state D, until the file system goes.
    """

    def __init__(self, world: World) -> None:
        if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
            pytest.skip("a file system that never answers needs root and FUSE")
        self.directory = world.prefix / "dead"
        self.directory.mkdir()
        self._server = world.helper(
            [sys.executable, "-IS", str(Path(__file__).with_name("dead_server.py")), self.directory]
        )
        wait_for(lambda: is_mounted(str(self.directory)) or self._server.poll() is not None)
        if self._server.poll() is not None:
            pytest.skip("FUSE cannot be mounted here")

    def close(self) -> None:
        """Let all who wait go."""
        libc = ctypes.CDLL(None)
        libc.umount2(str(self.directory).encode(), 2)  # MNT_DETACH: wait for nobody
        self._server.kill()
        self._server.wait()


class WallClock:
    """A wall clock that can be set while programs run, by a library loaded before the C library."""

    _SOURCE = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/time.h>
        #include <time.h>
        static long shift(void) {
            long seconds = 0;
            FILE *file = fopen(SHIFT_FILE, "r");
            if (file) { if (fscanf(file, "%ld", &seconds) != 1) seconds = 0; fclose(file); }
            return seconds;
        }
        int clock_gettime(clockid_t which, struct timespec *now) {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
            int result = real(which, now);
            if (which == CLOCK_REALTIME) now->tv_sec += shift();
            return result;
        }
        int gettimeofday(struct timeval *now, void *zone) {
            struct timespec precise;
            clock_gettime(CLOCK_REALTIME, &precise);
            now->tv_sec = precise.tv_sec; now->tv_usec = precise.tv_nsec / 1000;
            return 0;
        }
        time_t time(time_t *where) {
            struct timespec precise;
            clock_gettime(CLOCK_REALTIME, &precise);
            if (where) *where = precise.tv_sec;
            return precise.tv_sec;
        }
    """

    def __init__(self, directory: Path) -> None:
        if not shutil.which("cc"):
            pytest.skip("there is no C compiler to make a wall clock with")
        self.file = directory / "shift"
        source, library = directory / "clock.c", directory / "clock.so"
        source.write_text(textwrap.dedent(self._SOURCE))
        compiling = ["cc", "-shared", "-fPIC", f'-DSHIFT_FILE="{self.file}"']
        subprocess.run([*compiling, "-o", library, source, "-ldl"], check=True)
        self.environment = {"LD_PRELOAD": str(library)}
        self.set(0)

    def set(self, seconds: float) -> None:
        """Set it so far before (positive) or behind the true time."""
        new = self.file.with_suffix(".new")
        new.write_text(str(int(seconds)))
        new.rename(self.file)


class FullProcessTable:
    """A command prefix under which a program can make `free` more processes and no others."""

    def __init__(self, world: World, free: int) -> None:
        self._group: Path | None = None
        if os.geteuid():
            # Counted over all processes of the user: with 1 there are always too many.
            if free:
                pytest.skip("an ordinary user cannot set aside a number of processes")
            self.through = ["prlimit", "--nproc=1:1", "--"]
            return
        for root in (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")):
            group = root / f"ark-test-{os.getpid()}-{time.monotonic_ns()}"
            try:
                group.mkdir()
                (group / "pids.max").write_text(str(1 + free))
            except OSError:
                if group.exists():
                    group.rmdir()
                continue
            self._group = group
            enter = f'echo $$ > {group}/cgroup.procs; exec "$@"'
            self.through = ["/bin/sh", "-c", enter, "sh"]
            return
        pytest.skip("root is not counted here: there is no cgroup to set aside processes with")

    def set(self, free: int | None) -> None:
        """Let so many more than one live within; None: as many as they like."""
        if self._group:
            (self._group / "pids.max").write_text("max" if free is None else str(1 + free))

    def close(self) -> None:
        if self._group:
            group = self._group
            root = group.parent
            for pid in (group / "cgroup.procs").read_text().split():
                (root / "cgroup.procs").write_text(pid)
            wait_for(lambda: not (group / "cgroup.procs").read_text())
            group.rmdir()
