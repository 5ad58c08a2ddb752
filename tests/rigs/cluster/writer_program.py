"""Runs a server that signs the disk: while it lives, the disk's own record says which node writes.

    writer_program.py start DISK NAME PIDFILE COMMAND...
    writer_program.py stop DISK NAME PIDFILE

Run by its path, as the start and the stop command of a resource. `start` returns when the server
has written PIDFILE; COMMAND is to stay in the foreground. `stop` returns when it is gone. A line is
signed every 50 ms, and the server holds a lock on the disk: a second one finds it taken and signs
that. Each call's times go to /var/log/calls of the node.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time

_TICK = 0.05
_PATIENCE = 20.0
_PR_SET_PDEATHSIG = 1


class Record:
    """The lines of one writer: time, node, boot, pid, name, number, event."""

    def __init__(self, disk: str, name: str) -> None:
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot = file.read().strip()
        self._who = f"{socket.gethostname()}\t{boot}\t{os.getpid()}\t{name}"
        self._descriptor = os.open(f"{disk}/writers", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._number = 0

    def sign(self, event: str) -> None:
        line = f"{time.monotonic():.6f}\t{self._who}\t{self._number}\t{event}\n"
        os.write(self._descriptor, line.encode())
        self._number += 1


def supervise(disk: str, name: str, command: list[str]) -> None:
    """The server's parent: never without it, never outlived by it."""
    record = Record(disk, name)
    lock = os.open(f"{disk}/{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        record.sign("begin")
    except OSError:
        record.sign("DOUBLE")
    libc = ctypes.CDLL(None)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lock,),  # it is free again when the last process of the server is gone
        preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
    )
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while True:
        try:
            server.wait(_TICK)
        except subprocess.TimeoutExpired:
            record.sign("write")
            continue
        record.sign("end")
        return


def started(disk: str, name: str, pid_file: str, command: list[str]) -> int:
    """0 once the server has written its pid; 1 where it ends before."""
    try:
        os.unlink(pid_file)
    except FileNotFoundError:
        pass
    supervisor = os.fork()
    if supervisor == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        supervise(disk, name, command)
        os._exit(0)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if pid_in(pid_file):
            return 0
        if os.waitpid(supervisor, os.WNOHANG)[0]:
            break
        time.sleep(0.01)
    print(f"{name} did not come up", file=sys.stderr, flush=True)
    return 1


def stopped(pid_file: str) -> int:
    """0 once the server is gone; it is told to end in good order."""
    pid = pid_in(pid_file)
    until = time.monotonic() + _PATIENCE
    try:
        if pid:
            os.kill(pid, signal.SIGQUIT)
        while pid and time.monotonic() < until:
            os.kill(pid, 0)
            time.sleep(0.01)
    except ProcessLookupError:
        return 0
    return 1 if pid else 0


def pid_in(path: str) -> int:
    try:
        with open(path) as file:
            return int(file.read())
    except (FileNotFoundError, ValueError):
        return 0


def made_at() -> float:
    """When this process was made, at the latest: the kernel counts in ticks.

    That its interpreter has to be loaded is this command's own matter, not its caller's.
    """
    with open("/proc/self/stat") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    since_boot = (ticks + 1) / os.sysconf("SC_CLK_TCK")
    asleep = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    return min(since_boot - asleep, time.monotonic())


def tell_call(moment: float, event: str, action: str, name: str) -> None:
    with open("/var/log/calls", "a") as log:
        log.write(f"{moment:.4f}\t{event}\t{os.getpid()}\t{action}\t{name}\n")


def main() -> int:
    action, disk, name, pid_file, *command = sys.argv[1:]
    tell_call(made_at(), "begin", action, name)
    code = started(disk, name, pid_file, command) if action == "start" else stopped(pid_file)
    tell_call(time.monotonic(), "end", action, name)
    return code


if __name__ == "__main__":
    os._exit(main())  # at once: what comes after the end would be nobody's time
