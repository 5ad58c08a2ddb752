"""The names of the logical hosts are such as their applications take."""

from __future__ import annotations

from dataclasses import dataclass

from arkcore.base.language import say
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arkcore.base.finding import Finding
    from arkcore.survey.site import Site

NAMES = Check("names", "names of the logical hosts", "論理ホスト名")


@dataclass(frozen=True)
class Rule:
    """What an application demands of its logical host's name; 0 for no such rule."""

    title: str
    max_bytes: int
    unique_bytes: int


def check_host_names(site: Site, rules: Mapping[str, Rule]) -> Iterator[Finding]:
    """`rules`: by resource."""
    told: set[str] = set()
    for number, host in enumerate(site.logical_hosts):
        for rule in (rules[name] for name in host.resources if name in rules):
            size = len(host.name.encode())
            seen = say(
                f"{host.name} has {size} bytes; {rule.title} takes {rule.max_bytes}",
                f"{host.name} は {size} バイトです。{rule.title} では {rule.max_bytes} バイトまで"
                f"です",
            )
            if 0 < rule.max_bytes < size and seen not in told:
                told.add(seen)
                yield NAMES.fail(
                    seen,
                    say("choose a shorter name before anything is set up for it",
                        "セットアップの前に、より短い名前にしてください"),
                )  # fmt: skip
            for other in site.logical_hosts[:number]:
                alike = _alike(host.name, other.name, rule.unique_bytes)
                same = any(rules[name].unique_bytes for name in other.resources if name in rules)
                if alike and same and alike not in told:
                    told.add(alike)
                    yield NAMES.fail(
                        say(f"{other.name} and {host.name} share their first {rule.unique_bytes} "
                            f"bytes, {alike}: {rule.title} does not tell them apart",
                            f"{other.name} と {host.name} は先頭 {rule.unique_bytes} バイト "
                            f"({alike}) が同じで、{rule.title} が区別できません"),
                        say("choose names that differ earlier: a forced stop of one would kill the "
                            "other",
                            "より前の部分で異なる名前にしてください。一方の強制停止で他方も終了"
                            "してしまいます"),
                    )  # fmt: skip
    if not told:
        yield NAMES.ok(", ".join(host.name for host in site.logical_hosts))


def _alike(name: str, other: str, first: int) -> str:
    """The bytes that both begin with, where they are as many as `first`; else ""."""
    beginning = name.encode()[:first]
    return beginning.decode() if first and beginning == other.encode()[:first] else ""
