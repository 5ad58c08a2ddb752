"""A client's process: writes row after row into a database, and notes which were acknowledged.

Run by its path in a network namespace of its own: RECORD INTERVAL PATIENCE PSQL... It answers each
line on stdin, begins to write after "start", and ends when stdin ends. Each line of the record is
a moment (CLOCK_MONOTONIC), "tried" or "acknowledged", and the row's number.
"""

import os
import select
import subprocess
import sys
import time


class Session:
    """One connection, for as long as it lasts."""

    def __init__(self, argv: list[str]) -> None:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PGCONNECT_TIMEOUT": "2"},
        )
        assert process.stdin
        assert process.stdout
        self.process, self.input, self.output = process, process.stdin, process.stdout

    def write(self, number: int, patience: float) -> bool:
        """Whether the row's commit was acknowledged within `patience` seconds."""
        # The second statement is sent only after the first one's commit was acknowledged: psql
        # ends at an error, and each statement is a transaction.
        text = f"insert into written (number) values ({number});\nselect {number};\n"
        try:
            self.input.write(text.encode())
            self.input.flush()
        except OSError:
            return False
        until = time.monotonic() + patience
        answer = b""
        while not answer.endswith(b"\n"):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.output], [], [], left)[0]:
                return False
            part = os.read(self.output.fileno(), 4096)
            if not part:
                return False
            answer += part
        return answer == f"{number}\n".encode()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.input, self.output):
            try:
                stream.close()
            except OSError:
                pass


def main() -> None:
    record, interval, patience, *argv = sys.argv[1:]
    for line in iter(sys.stdin.readline, ""):
        print(line.strip(), flush=True)
        if line.strip() == "start":
            break
    session = None
    number = 0
    with open(record, "a", buffering=1) as file:
        while not select.select([0], [], [], float(interval))[0]:
            session = session or Session(argv)
            number += 1
            file.write(f"{time.monotonic():.3f}\ttried\t{number}\n")
            if session.write(number, float(patience)):
                file.write(f"{time.monotonic():.3f}\tacknowledged\t{number}\n")
            else:
                session.end()
                session = None


if __name__ == "__main__":
    main()
