"""The directory of one run, which goes when the run does.

Everything else that a cluster is made of (processes, namespaces, cables, mounts, loop devices) is
held by processes that end with the runner, so the kernel clears it away. Only files would stay: a
janitor outside of the runner removes them, whatever the runner died of.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from arkcore.machine.processes import look

_PREFIX = "ark-cluster"
_NAME = re.compile(rf"{_PREFIX}-(\d+)-(\d+)-\w+")

#: Waits for the end of stdin, that is of the runner; then until nothing writes there any longer.
_JANITOR = """\
cat >/dev/null
for attempt in $(seq 200); do
    rm -rf -- "$0" 2>/dev/null && exit 0
    sleep 0.1
done
exit 1
"""


class Workplace:
    """A fresh directory beneath `parent`, with the runner's pid and start time in its name.

    The parent is /tmp, and not TMPDIR: each node lays /etc, /opt, /root, /srv, /usr and /var over
    with files of its own, and those must not lie beneath what they cover.
    """

    def __init__(self, parent: Path = Path("/tmp")) -> None:
        clear_dead_runs(parent)
        own = os.getpid()
        made = tempfile.mkdtemp(prefix=f"{_PREFIX}-{own}-{_start(own)}-", dir=parent)
        self.path = Path(made)
        self._janitor = subprocess.Popen(
            ["/bin/sh", "-c", _JANITOR, made],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # A signal to the runner's group must not reach it.
            start_new_session=True,
        )

    def close(self) -> None:
        """Let the janitor do its work, and wait for it."""
        assert self._janitor.stdin is not None
        self._janitor.stdin.close()
        self._janitor.wait(60)


def clear_dead_runs(parent: Path) -> list[Path]:
    """Remove the directories of runs whose runner is dead; which they were."""
    removed = []
    for path in parent.glob(f"{_PREFIX}-*"):
        match = _NAME.fullmatch(path.name)
        if match is None or _start(int(match[1])) == int(match[2]):
            continue
        shutil.rmtree(path, ignore_errors=True)
        removed.append(path)
    return removed


def _start(pid: int) -> int:
    """When a process started, in the kernel's ticks; 0 where it is dead."""
    process = look(pid)
    return process.start if process else 0
