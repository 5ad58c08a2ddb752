"""The table of times: for each fault, from it to service again, and whose the seconds were."""

from __future__ import annotations

import re
from pathlib import Path

from rigs.jp1_cluster.measure import Split, measure
from rigs.jp1_cluster.service import Service

#: What happened, in the order of the table, in English and Japanese.
SCENARIOS = {
    "start": ("start of the whole hierarchy", "階層全体の開始"),
    "nginx-killed": ("nginx killed, restarted in place", "nginx の強制終了、同一ノードで再起動"),
    "ajs3-killed": (
        "a process of AJS3 killed, restarted in place",
        "AJS3 のプロセスの強制終了、同一ノードで再起動",
    ),
    "base-killed": (
        "JP1/Base fails alone, restarted with AJS3",
        "JP1/Base だけの障害、AJS3 とともに再起動",
    ),
    "threshold": (
        "migration-threshold reached, failover",
        "migration-threshold に到達、フェイルオーバー",
    ),
    "standby": ("node put into standby", "ノードを standby に変更"),
    "switch-back": ("switched back", "切り戻し"),
    "power": ("SIGKILL of the whole node, failover", "ノード全体の SIGKILL、フェイルオーバー"),
    "cut-off": (
        "node cut off from the network, fenced, failover",
        "ノードのネットワーク切断、フェンシング、フェイルオーバー",
    ),
    "stop-hangs": (
        "a stop that hangs, forced, failover",
        "停止のハング、強制停止、フェイルオーバー",
    ),
    "monitor-hangs": (
        "a monitor that hangs, restarted in place",
        "監視のハング、同一ノードで再起動",
    ),
    "both-rebooted": ("both nodes lose their power and boot", "両ノードの電源断と起動"),
    "crossing": ("two logical hosts cross over: one", "論理ホスト 2 つの入れ替え、1 つ目"),
    "crossing-2": ("two logical hosts cross over: the other", "論理ホスト 2 つの入れ替え、2 つ目"),
    "mutual-power": (
        "SIGKILL of a node, the other then runs both",
        "ノードの SIGKILL、残るノードが両方を実行",
    ),
}

_HEAD = {
    "en": "| fault | total | detection | cluster | set wait | product | ours | ours, share |",
    "ja": "| 障害 | 合計 | 検知 | クラスター | 設定した待ち | 製品 | Generic ARK | その割合 |",
}
_MARKS = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.S)


class Figures:
    """The measured faults of one run."""

    def __init__(self) -> None:
        self.rows: dict[str, Split] = {}

    def add(self, name: str, service: Service, fault: float, back: float) -> Split:
        """Account for one fault; `name` is one of `SCENARIOS`."""
        assert name in SCENARIOS, name
        self.rows[name] = split = measure(service, fault, back)
        return split

    def table(self, language: str) -> str:
        """In Markdown; "en" or "ja"."""
        head = _HEAD[language]
        lines = [head, "|---" * (head.count("|") - 1) + "|"]
        for name, titles in SCENARIOS.items():
            if name in self.rows:
                lines.append(_row(titles[language == "ja"], self.rows[name]))
        return "\n".join(lines) + "\n"

    def unfit(self, exit_status: int) -> str:
        """Why the pages must not have these times; "" where they may.

        :param exit_status: that of the test run.
        """
        if exit_status != 0:
            return f"the run has failed, with exit status {exit_status}"
        missing = [name for name in SCENARIOS if name not in self.rows]
        return f"not measured: {', '.join(missing)}" if missing else ""

    def write_into(self, directory: str) -> None:
        """Put the table between the marks in cluster.md of both languages in `directory`."""
        for language in ("en", "ja"):
            page = Path(directory) / language / "cluster.md"
            text = page.read_text(encoding="utf-8")
            table = self.table(language)
            page.write_text(_MARKS.sub(rf"\g<1>{table}\g<2>", text), encoding="utf-8")


def _row(title: str, split: Split) -> str:
    parts = (split.total, split.detection, split.cluster, split.waits, split.product, split.ours)
    seconds = " | ".join(f"{part:.2f} s" for part in parts)
    return f"| {title} | {seconds} | {split.ours / split.total:.1%} |"
