"""Spawns a command in a process without other threads, and tells as JSON what came of it.

Called with JSON: `argv`, `user`, `group` (a descriptor it inherits, or -1), and what it may lack.
`thread`: seconds that another thread has still to live.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import time

from arkcore.machine import cgroup, into_cgroup
from arkcore.machine.descent import prctl
from arkcore.machine.output import Output
from arkcore.machine.spawn import spawn


def main() -> None:
    asked = json.loads(sys.argv[1])
    lacks = asked.get("lacks")
    if lacks == "the call":
        into_cgroup._CLONE3 = 100_000  # ENOSYS, as in old kernels and in containers
    elif lacks == "the library":
        sys.modules["_ctypes"] = None  # type: ignore[assignment]
    prctl(1, signal.SIGKILL)  # it dies with its parent, as a worker does
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    told: dict[str, object] = {"own": cgroup.own_path()}
    output = Output.discarded()
    if "thread" in asked:
        _thread.start_new_thread(time.sleep, (asked["thread"],))
    try:
        pid = spawn(asked["argv"], {"A": "B", "LANG": "C"}, output, asked["user"], asked["group"])
        told["pid"] = pid
        if asked.get("awaited", True):
            told["status"] = os.waitpid(pid, 0)[1]
        told["output"] = output.end().decode().replace(str(os.getpid()), "PARENT")
    except (OSError, ValueError, into_cgroup.NotSpawned) as error:
        told["error"] = type(error).__name__
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG)
            told["left"] = True
        except ChildProcessError:
            told["left"] = False
    print(json.dumps(told))


if __name__ == "__main__":
    main()
