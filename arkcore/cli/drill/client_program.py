"""Calls the service again and again, and tells of each call, until its input ends or on SIGTERM.

Run by its path, as a process of its own: INTERVAL PATIENCE, then `address HOST PORT` or `command`
and its words. One line a call, as JSON: when it began and ended (seconds since the epoch), and why
it was no good answer; "" where it was one.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time


def connect(host: str, port: str, patience: float) -> str:
    """Why no connection was made."""
    try:
        with socket.create_connection((host, int(port)), patience):
            return ""
    except OSError as error:
        return f"{host}:{port}: {error.strerror or error}"


def run(words: list[str], patience: float) -> str:
    """Why the command said no: an exit code other than 0, or no end within `patience` seconds."""
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    try:
        output, _ = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        return f"no end within {patience:g} s"
    finally:
        _end(process)
    lines = output.decode("utf-8", "backslashreplace").strip().splitlines()
    said = f": {lines[-1][:200]}" if lines else ""
    return f"exit code {process.returncode}{said}" if process.returncode else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Where it goes on, end it with all that it has started in its session."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def main() -> None:
    interval, patience = float(sys.argv[1]), float(sys.argv[2])
    kind, *words = sys.argv[3:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        began = time.time()
        if kind == "address":
            problem = connect(words[0], words[1], patience)
        else:
            problem = run(words, patience)
        print(json.dumps([began, time.time(), problem]), flush=True)
        pause = max(0.02, began + interval - time.time())
        if select.select([sys.stdin], [], [], pause)[0]:
            return


if __name__ == "__main__":
    main()
