"""One call that was made, and all that was seen of it from outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from ark_testing.ras_reading import Entry

from rigs.torture.eyes import Seen


@dataclass
class CallEnd:
    """One call of one program. Times are of the monotonic clock."""

    action: str
    began: float
    #: Whether the application ran, truly and wholly, when the call was made.
    up_before: bool
    ended: float = 0.0
    #: As `subprocess` tells it: negative for a signal.
    code: int = 0
    #: Every process of the world, looked at right after its end.
    seen: list[Seen] = field(default_factory=list)
    #: Signals that its guard was sent: name and when.
    signals: list[tuple[str, float]] = field(default_factory=list)
    #: Seconds for which its guard was stopped.
    stopped: float = 0.0
    #: The line that ends its script, where one was written.
    entry: Entry | None = None
    #: It had to be killed, long after any limit.
    hung: bool = False

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def killed(self) -> bool:
        return self.code < 0

    def sent(self, *names: str) -> bool:
        return any(name in names for name, _ in self.signals)

    @property
    def well(self) -> bool:
        """It answered 0, and not because it left the matter alone."""
        return self.code == 0 and self.entry is not None and not self.entry.skipped

    def __str__(self) -> str:
        told = f"; {self.entry.message}" if self.entry else "; no end line"
        return f"{self.action}: {self.code} after {self.seconds:.3f} s{told}"
