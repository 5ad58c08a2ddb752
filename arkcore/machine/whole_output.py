"""The files that hold an answer: standard output, whole up to a bound, and standard error apart."""

from __future__ import annotations

import os

from arkcore.machine.output import Output

#: Bytes of standard output that an answer may have. A larger one is no answer.
LARGEST = 4 << 20


class WholeOutput(Output):
    """Standard output in memory, whole up to `LARGEST`; standard error apart, its end."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        #: Whether more was written than an answer may have.
        self.too_large = False
        self._errors = Output.discarded()

    @property
    def errors(self) -> int:
        return self._errors.descriptor

    def trim(self) -> bool:
        self._errors.trim()
        try:
            if os.fstat(self.descriptor).st_size <= LARGEST:
                return False
            self.too_large = True
            os.ftruncate(self.descriptor, 0)
        except OSError:
            self.too_large = True
            return False
        return True

    def end(self) -> bytes:
        return b""  # :meth:`text` reads it

    def end_of_errors(self) -> str:
        """The last that was written to standard error."""
        return self._errors.end().decode("utf-8", "backslashreplace")

    def text(self) -> str | None:
        """All that was written; None where that is too large, or cannot be read."""
        parts: list[bytes] = []
        size = 0
        try:
            while not self.too_large and size <= LARGEST:
                part = os.pread(self.descriptor, 1 << 16, size)
                if not part:
                    return b"".join(parts).decode("utf-8", "backslashreplace")
                parts.append(part)
                size += len(part)
        except OSError:
            pass
        return None

    def close(self) -> None:
        super().close()
        self._errors.close()


def too_large(program: str) -> str:
    """What is told where `program` wrote more."""
    name = os.path.basename(program)
    return f"{name} answered more than the {LARGEST} bytes that an answer may have"
