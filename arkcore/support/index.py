"""The index of a bundle: what is in it, what is not, and why; for programs and for people."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime

from arkcore import __version__
from arkcore.base.language import say
from arkcore.base.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arkcore.support.gathered import Absent, Period

FORMAT, KIND = 1, "ark-support"
INDEX, INDEX_TEXT, WHY = "index.json", "index.txt", "why.txt"
#: The directory that a bundle keeps the other node's in.
PEER = "peer"


@dataclass(frozen=True)
class Entry:
    """A member of the bundle. `modified`: of its origin, ISO 8601; `note`: what is missing of it.

    `masked`: so many secrets were masked in it.
    """

    name: str
    origin: str
    bytes: int
    sha256: str
    masked: int = 0
    modified: str = ""
    note: str = ""


@dataclass
class Facts:
    """All that the index tells. `at`: when it was made.

    `failed`, `failed_there`: the last failure on this node and on the other, in lines.
    """

    node: str
    at: float
    user: int
    prefix: str
    limit: int
    period: Period
    failed: Sequence[str] = ()
    failed_there: Sequence[str] = ()
    entries: list[Entry] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    peer: dict[str, str] | None = None

    def as_json(self) -> bytes:
        period = self.period
        facts = {
            "kind": KIND,
            "format": FORMAT,
            "arkcore": __version__,
            "node": self.node,
            "taken_at": iso(self.at),
            "user": self.user,
            "prefix": self.prefix,
            "limit_bytes": self.limit,
            "since": iso(period.since) if period.since else None,
            "until": iso(period.until) if period.until != float("inf") else None,
            "failed": list(self.failed),
            "failed_there": list(self.failed_there),
            "peer": self.peer,
            "members": [asdict(each) for each in self.entries],
            "absent": [asdict(each) for each in self.absent],
            "not_searched": self.unknown,
        }
        text = json.dumps(facts, ensure_ascii=False, indent=1)
        return f"{text}\n".encode("utf-8", "backslashreplace")

    def as_text(self) -> bytes:
        lines = [
            *self._head(),
            "",
            *self._what_failed(),
            "",
            *self._missing(),
            "",
            *self._contents(),
        ]
        return "".join(f"{shown(line)}\n" for line in lines).encode("utf-8", "backslashreplace")

    def _head(self) -> list[str]:
        when = time.strftime("%Y/%m/%d %H:%M:%S %z", time.localtime(self.at))
        lines = [
            say(f"Bundle of ark support {__version__}", f"ark support {__version__} のバンドル"),
            say(f"Node: {self.node}", f"ノード: {self.node}"),
            say(f"Taken at: {when}", f"採取日時: {when}"),
            say(f"Period: {self._period()}", f"期間: {self._period()}"),
        ]
        if self.user:
            lines.append(say(
                f"Taken by user id {self.user}, not by root: see what could not be read",
                f"root ではなくユーザー ID {self.user} で採取。読めなかったものは下記",
            ))  # fmt: skip
        if self.prefix:
            lines.append(f"ARK_PREFIX: {self.prefix}")
        if self.peer is not None:
            peer = f"{self.peer['node']}, {self.peer['taken_at']}"
            lines.append(say(f"The other node (peer/): {peer}", f"他方のノード (peer/): {peer}"))
        number = sum(each.masked for each in self.entries)
        lines.append(say(
            f"Values masked as ***: {number}",
            f"*** で伏せた値: {number} 件",
        ))  # fmt: skip
        lines += [
            "",
            say("To read it, unpacked:", "展開後の読み方:"),
            "  ARK_PREFIX=$PWD/files ark log --failed",
        ]
        if self.peer is not None:
            logs = (f"{self.node}=files", f"{self.peer['node']}=peer/files")
            words = " ".join(f"--file {each}/var/log/ark" for each in logs)
            lines.append(f"  ark report {words}")
        return lines

    def _period(self) -> str:
        if self.period.is_all:
            return say("all that is there", "あるものすべて")
        begin = iso(self.period.since) if self.period.since else ""
        end = iso(self.period.until) if self.period.until != float("inf") else ""
        return f"{begin} – {end}"

    def _what_failed(self) -> list[str]:
        lines = [_title(say("What failed last", "最後の失敗")), *self.failed]
        if self.peer is not None and self.failed_there:
            other = self.peer["node"]
            lines += ["", _title(say(f"What failed last on {other}", f"{other} での最後の失敗"))]
            lines += self.failed_there
        return lines

    def _missing(self) -> list[str]:
        lines = [_title(say("Not in here, or not whole", "含まれないもの、欠けているもの"))]
        lines += [f"{each.origin}: {each.why}" for each in self.absent]
        lines += [f"{each.name}: {each.note}" for each in self.entries if each.note]
        lines += [say(f"masking: {each}", f"伏せ字: {each}") for each in self.unknown]
        return lines if len(lines) > 1 else [*lines, say("nothing", "なし")]

    def _contents(self) -> list[str]:
        lines = [_title(say("Contents: bytes, values masked, name, from where",
                            "内容: バイト数、伏せた値の数、名前、採取元"))]  # fmt: skip
        for each in self.entries:
            lines.append(f"{each.bytes:>10} {each.masked or '':>5}  {each.name}  ({each.origin})")
        return lines


def _title(text: str) -> str:
    return f"== {text} =="


def iso(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def lines_of(texts: Iterable[str]) -> bytes:
    return "".join(f"{shown(each)}\n" for each in texts).encode("utf-8", "backslashreplace")
