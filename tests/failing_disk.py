"""A file system that hangs or fails, laid over a directory; its server is a real FUSE server."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from support import wait_for

from arkcore.machine.system import is_mounted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).resolve().parent / "hostile/dead_server.py"


@contextmanager
def failing(
    where: Path, error: int = 0, *, killed: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Over `where` lies a file system that answers nobody; or each question with an error.

    Whoever asks one that answers nobody can be killed: its server is stopped and reads no question.
    Yields the server.
    """
    extra = [str(error)] if error else []
    server = subprocess.Popen([sys.executable, "-IS", str(SERVER), str(where), *extra])
    try:
        wait_for(lambda: is_mounted(str(where)) or server.poll() is not None)
        assert server.poll() is None
        if killed:
            server.kill()
            server.wait()
        elif not error:
            server.send_signal(signal.SIGSTOP)
        yield server
    finally:
        subprocess.run(["umount", "-l", where], check=True)
        server.kill()
        server.wait()
