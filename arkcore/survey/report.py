"""The result of the checks as a whole, and as a file for the delivery documents (Markdown)."""

from __future__ import annotations

from arkcore.base.finding import Level
from arkcore.base.language import say
from arkcore.base.text import markdown
from arkcore.survey.answers import told_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers
    from arkcore.survey.site import Site


class Group:
    """The findings about one node, or about the pair."""

    def __init__(self, name: str, findings: Sequence[Finding], answers: Answers | None) -> None:
        self.name = name
        self.findings = tuple(findings)
        #: The node's; None for the pair.
        self.answers = answers


class Result:
    """All findings. `pair` is None where the peer's answers were not there."""

    def __init__(
        self, site: Site, here: Answers, there: Answers | None, pair: Sequence[Finding] | None
    ) -> None:
        self.site = site
        self.here = here
        self.groups = [
            Group(each.node, [found.finding() for found in each.findings], each)
            for each in (here, there)
            if each is not None
        ]
        if pair is not None:
            self.groups.append(Group(say("the pair", "2 台の照合"), pair, None))

    @property
    def failed(self) -> bool:
        return self.count(Level.FAIL) > 0

    @property
    def whole(self) -> bool:
        """Whether both nodes and the pair were looked at."""
        return any(group.answers is None for group in self.groups)

    def count(self, level: Level) -> int:
        return sum(each.level is level for group in self.groups for each in group.findings)

    def summary(self) -> str:
        counts = say(", ", "、").join(f"{word(level)} {self.count(level)}" for level in Level)
        if self.failed:
            return say(f"Not ready: {counts}", f"不合格: {counts}")
        if not self.whole:
            return say(f"Nothing failed on this server: {counts}", f"このサーバーは合格: {counts}")
        return say(f"Nothing failed: {counts}", f"合格: {counts}")

    def facts(self) -> dict[str, object]:
        """For machines."""
        return {
            "node": self.here.node,
            "failed": self.failed,
            "pair_checked": self.whole,
            "counts": {level.value: self.count(level) for level in Level},
            "groups": [
                {
                    "name": group.name if group.answers else "pair",
                    "findings": [
                        {
                            "number": each.number or None,
                            "check": each.check,
                            "level": each.level.value,
                            "seen": each.seen,
                            "advice": each.advice or None,
                        }
                        for each in group.findings
                    ],
                }
                for group in self.groups
            ],
        }

    def markdown(self, now: float) -> str:
        return "\n".join([*self._head(now), *self._tables()]) + "\n"

    def _head(self, now: float) -> Iterator[str]:
        names = markdown(", ".join(node.name for node in self.site.nodes))
        yield f"# {say('Checks before installation', '導入前の確認結果')}: {names}"
        yield ""
        yield f"- {say('Made', '作成日時')}: {told_time(now)} ({markdown(self.here.node)})"
        topology = markdown(f"{self.site.topology} ({self.site.manager})")
        yield f"- {say('Topology', '構成')}: {topology}"
        for host in self.site.logical_hosts:
            told = markdown(f"{host.name} ({host.address}), {', '.join(host.resources)}")
            yield f"- {say('Logical host', '論理ホスト')}: {told}"
        for group in self.groups:
            if group.answers:
                at = told_time(group.answers.taken_at)
                versions = group.answers.versions.items()
                told = markdown(", ".join(f"{name} {version}" for name, version in versions))
                yield f"- {markdown(group.name)}: {say('examined', '確認日時')} {at}; {told}"
        yield f"- {say('Result', '結果')}: **{self.summary()}**"
        if not self.whole:
            yield "- " + say(
                "The other server and the pair were not looked at (`ark preflight --peer FILE`).",
                "他方のサーバーと 2 台の照合は未実施です (`ark preflight --peer FILE`)。",
            )

    def _tables(self) -> Iterator[str]:
        heads = (
            say("No.", "番号"),
            say("Check", "確認項目"),
            say("Result", "結果"),
            say("Seen", "確認内容"),
            say("What to do", "対処"),
        )
        for group in self.groups:
            yield ""
            yield f"## {markdown(group.name)}"
            yield ""
            yield f"| {' | '.join(heads)} |"
            yield "|---|---|---|---|---|"
            for each in group.findings:
                cells = (each.number, each.check, word(each.level), each.seen, each.advice)
                yield f"| {' | '.join(map(markdown, cells))} |"


def word(level: Level) -> str:
    """A level for a person."""
    japanese = {
        Level.OK: "合格",
        Level.WARN: "要確認",
        Level.FAIL: "不合格",
        Level.UNKNOWN: "判定不能",
        Level.NOT_APPLICABLE: "対象外",
    }
    return say(level.value, japanese[level])
