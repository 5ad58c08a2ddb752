"""The client's process: calls, and writes down when, for how long, and which node answered.

Run by its path in a network namespace of its own: ADDRESS RECORD INTERVAL PATIENCE. It answers each
line on stdin, begins to call after "start", and ends when stdin ends.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time


def call(address: str, patience: float) -> str:
    """Which node answered, as its header X-Node says; "" where no good answer came."""
    until = time.monotonic() + patience
    answer = b""
    try:
        with socket.create_connection((address, 80), patience) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while True:
                connection.settimeout(max(0.001, until - time.monotonic()))
                part = connection.recv(4096)
                if not part:
                    break
                answer += part
    except OSError:
        return ""
    head = answer.partition(b"\r\n\r\n")[0].decode("ascii", "replace").split("\r\n")
    if " 200 " not in head[0]:
        return ""
    nodes = [line[8:].strip() for line in head if line.startswith("X-Node: ")]
    return nodes[0] if nodes else "unnamed"


def main() -> None:
    address, record, interval, patience = sys.argv[1:]
    for line in iter(sys.stdin.readline, ""):
        print(line.strip(), flush=True)
        if line.strip() == "start":
            break
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with open(record, "a", buffering=1) as file:
        following = time.monotonic()
        while True:
            began = time.monotonic()
            node = call(address, float(patience))
            file.write(f"{began:.4f}\t{time.monotonic():.4f}\t{node}\n")
            following = max(following + float(interval), time.monotonic())
            if select.select([0], [], [], max(0.0, following - time.monotonic()))[0]:
                return


if __name__ == "__main__":
    main()
