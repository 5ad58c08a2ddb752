"""The last step of an installation: local recovery, failover and failback have been seen."""

from __future__ import annotations

from arkcore.base.language import say
from arkcore.survey.proof import BACK, MOVED, RECOVERED, happening
from arkcore.survey.step import Part, State, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arkcore.survey.answers import Answers, ResourceAnswer
    from arkcore.survey.proof import Proof
    from arkcore.survey.site import LogicalHost, Site


def verification(
    site: Site, host: LogicalHost, answers: Mapping[str, Answers], proven: Mapping[str, Proof]
) -> Step:
    """Step 8 for a logical host. `proven`: what has happened, by the key of its happening."""
    parts = [part for name in host.resources for part in _tested(site, host, name, answers, proven)]
    *lower, top = host.resources
    return Step(
        8,
        say(f"verify {host.name}: local recovery, failover, failback",
            f"{host.name} の動作確認: ローカルリカバリ・フェイルオーバー・フェイルバック"),
        host.active,
        tuple(parts),
        (
            *(f"ark drill local-recovery {each}" for each in lower),
            f"ark drill all {top}",
            "ark log",
        ),
        (
            say(f"a drill interrupts the service of {host.name}: hold it in an agreed time",
                f"ark drill は {host.name} のサービスを中断します。合意した時間帯に"
                f"実施してください"),
        ),
    )  # fmt: skip


def _tested(
    site: Site,
    host: LogicalHost,
    name: str,
    answers: Mapping[str, Answers],
    proven: Mapping[str, Proof],
) -> Iterator[Part]:
    unknown = _why_unknown(site, name, answers)
    titles = {
        RECOVERED: say(f"{name}: local recovery", f"{name}: ローカルリカバリ"),
        MOVED: say(f"{name}: failover", f"{name}: フェイルオーバー"),
        BACK: say(f"{name}: failback", f"{name}: フェイルバック"),
    }
    for what, title in titles.items():
        proof = proven.get(happening(site, host, name, what).key)
        if proof is not None:
            yield Part(title, State.DONE, proof.told())
        elif unknown:
            yield Part(title, State.CANNOT_TELL, unknown)
        else:
            yield Part(title, State.MISSING, say("not in the RAS log", "RAS ログに記録なし"))


def _why_unknown(site: Site, name: str, answers: Mapping[str, Answers]) -> str:
    """Why the RAS logs of the pair do not tell what never happened; "" where they do."""
    for node in site.nodes:
        told = answers.get(node.name)
        resource = told.resources.get(name) if told is not None else None
        if resource is None:
            return say(f"no answers of {node.name}", f"{node.name} の回答なし")
        if _is_cut_short(resource):
            return say(
                f"{name} is in service on {node.name}, and its start is not in the RAS log there: "
                f"the log does not reach back far enough",
                f"{name} は {node.name} で稼働中ですが、その RAS ログに起動の記録がありません。"
                f"ログが古い時点まで残っていません",
            )
    return ""


def _is_cut_short(resource: ResourceAnswer) -> bool:
    return resource.state == "ISP" and not resource.restored
