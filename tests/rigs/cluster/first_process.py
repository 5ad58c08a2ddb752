"""The first process of a node: makes the node's files its own, starts the cluster's daemons.

Run by its path, in fresh namespaces, with the plan (JSON) as its one argument. It answers each line
on stdin: "begin" once the mounts stand, "start" once pacemakerd has been started. It ends when
stdin ends, and the kernel ends every other process of the node with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from typing import Any

_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    arguments = [os.fsencode(text) or None for text in (source, target, kind)]
    if _libc.mount(*arguments, flags, os.fsencode(options) or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind or 'bind'} on {target}: {os.strerror(number)}")


def lay_over(name: str, directory: str) -> None:
    """/`name` as it is on this machine; what is changed goes to the node's directory."""
    parts = {part: f"{directory}/{part}/{name}" for part in ("files", "work")}
    for path in parts.values():
        os.makedirs(path, exist_ok=True)
    lower = f"/{name}"
    options = f"lowerdir={lower},upperdir={parts['files']},workdir={parts['work']}"
    mount("overlay", lower, "overlay", 0, options)


def own_files(plan: dict[str, Any]) -> None:
    directory = plan["directory"]
    mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    for name in plan["own"]:
        lay_over(name, directory)
    mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777")
    mount("tmpfs", "/run", "tmpfs", 0, "mode=755")
    os.mkdir("/run/lock")
    os.mkdir("/run/resource-agents")
    account = plan["account"]
    for path, mode in (
        ("/run/crm", 0o750),
        ("/var/log/pacemaker", 0o770),
        ("/var/log/corosync", 0o755),
        ("/var/log/crmsh", 0o755),
    ):
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        if path != "/var/log/corosync":
            os.chown(path, account["uid"], account["gid"])
    # A boot of its own. And a daemon that wants the machine to reboot must not get it: pacemakerd
    # writes to sysrq-trigger when it is told that its node was fenced and it still lives.
    for name, text, target in (
        ("boot-id", f"{uuid.uuid4()}\n", "/proc/sys/kernel/random/boot_id"),
        ("sysrq-trigger", "", "/proc/sysrq-trigger"),
    ):
        source = f"/run/{name}"
        with open(source, "w") as file:
            file.write(text)
        if os.path.exists(target):
            mount(source, target, "", _MS_BIND)


def reap(*_: object) -> None:
    """Orphans become the first process's children."""
    try:
        while True:
            pid, _status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
    except ChildProcessError:
        return


def start(directory: str) -> str:
    """Start corosync, and pacemakerd when it answers; the reason where that goes wrong."""
    log = open(f"{directory}/daemons.log", "ab")  # noqa: SIM115

    def spawn(*argv: str) -> subprocess.Popen[bytes]:
        # Never waited for by its pid: `reap` may be first.
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    corosync = spawn("corosync", "-f")
    until = time.monotonic() + 30
    while True:
        asked = subprocess.run(
            ["/bin/sh", "-c", "corosync-cfgtool -s >/dev/null 2>&1 && echo yes"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=False,
        )
        if asked.stdout:
            break
        if not os.path.exists(f"/proc/{corosync.pid}") or time.monotonic() > until:
            return "corosync did not come up; see daemons.log"
        time.sleep(0.05)
    spawn("pacemakerd", "-f")
    return "start"


def main() -> None:
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    own_files(plan)
    socket.sethostname(plan["name"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.environ.update(plan["environment"])
    signal.signal(signal.SIGCHLD, reap)
    for line in iter(sys.stdin.readline, ""):
        answer = start(plan["directory"]) if line.strip() == "start" else line.strip()
        print(answer, flush=True)


if __name__ == "__main__":
    main()
