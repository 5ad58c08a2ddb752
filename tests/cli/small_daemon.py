"""The smallest daemons that are none of ours, for what `ark new` makes.

--address ADDRESS --port PORT    stays in the foreground and answers each line
--pid-file FILE                  goes into the background; the lock on the file is its own
"""

import fcntl
import os
import signal
import socket
import sys


def serve(address: str, port: int) -> None:
    with socket.create_server((address, port)) as server:
        while True:
            client, _ = server.accept()
            with client:
                if client.recv(100):
                    client.sendall(b"pong\r\n")


def daemonize(path: str) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("it runs already")
    ready, written = os.pipe()
    if os.fork():
        os.close(written)
        os.read(ready, 1)
        return
    os.close(ready)
    os.setsid()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.ftruncate(file, 0)
    os.write(file, f"{os.getpid()}\n".encode())
    os.close(written)
    while True:
        signal.pause()


if __name__ == "__main__":
    words = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    if "--port" in words:
        serve(words["--address"], int(words["--port"]))
    daemonize(words["--pid-file"])
