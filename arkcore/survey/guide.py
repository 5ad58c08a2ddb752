"""The eight steps of an installation (guide table 4-5), and how far this pair has come.

A step is made of parts; each is done, missing, or not for a machine to tell. What is known comes
from the answers of the nodes, as the checks before an installation give them.
"""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError
from arkcore.base.finding import Level
from arkcore.base.language import say
from arkcore.survey.proof import STARTED, happening
from arkcore.survey.site import DISASTER_RECOVERY, LIFEKEEPER
from arkcore.survey.step import Part, State, Step
from arkcore.survey.verification import verification

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arkcore.survey.answers import Answers, Found, ResourceAnswer
    from arkcore.survey.proof import Proof
    from arkcore.survey.site import LogicalHost, Node, Site

#: The findings by which plugins tell that their product is installed, and who is registered.
_INSTALLED, _REGISTERED, _SUPPORT = "T4-5 #1", "T4-3 #1", "2"
#: Where the launchers are written.
_LAUNCHERS = "/etc/ark/lifekeeper"


class Guide:
    """The steps for a site, from what its nodes answered. `installation`: where we are installed.

    `proven`: what has happened on the pair, by the key of its happening. `ConfigurationError`
    where the site cannot be installed at all.
    """

    def __init__(
        self,
        site: Site,
        answers: Mapping[str, Answers],
        installation: str,
        proven: Mapping[str, Proof],
    ) -> None:
        self.site = site
        self._answers = answers
        self._proven = proven
        self._bin = f"{installation}/bin"
        self._cluster = "LifeKeeper" if site.manager == LIFEKEEPER else "Pacemaker"
        self._refuse_unsupported()

    def _refuse_unsupported(self) -> None:
        if self.site.topology == DISASTER_RECOVERY:
            raise ConfigurationError(
                "topology = 'disaster-recovery': disaster-recovery sites are not supported; "
                "there is no guide for them: make a pair on one site"
            )
        for answers in self._answers.values():
            for found in answers.findings:
                if found.number == _SUPPORT and found.level is Level.FAIL:
                    raise ConfigurationError(f"{found.seen}; {found.advice}")

    def steps(self) -> list[Step]:
        active = self.site.node(self.site.logical_hosts[0].active) or self.site.nodes[0]
        standby = self.site.peer_of(active)
        return [
            self._product(1, active),
            self._product(2, standby),
            self._software(3, active),
            self._software(4, standby),
            self._basics(active, standby),
            *(self._logical_server(host) for host in self.site.logical_hosts),
            *(self._protection(host) for host in self.site.logical_hosts),
            *(
                verification(self.site, host, self._answers, self._proven)
                for host in self.site.logical_hosts
            ),
        ]

    # 1 and 2.

    def _product(self, number: int, node: Node) -> Step:
        titles = self._titles(*self.site.logical_hosts)
        return Step(
            number,
            say(f"{node.name}: install {titles}", f"{node.name}: {titles} の導入"),
            node.name,
            tuple(self._product_parts(node)),
            ("ark preflight",),
            (
                say(f"install {titles} on {node.name}, in this order, as their manuals say",
                    f"{node.name} に {titles} をこの順で、マニュアルに従ってインストールします"),
                *self._registering(node.name),
            ),
        )  # fmt: skip

    def _product_parts(self, node: Node) -> Iterator[Part]:
        installed = [f for f in self._findings(node.name) if f.number == _INSTALLED]
        for found in installed:
            state = State.DONE if found.level is Level.OK else State.MISSING
            yield Part(found.check, state, found.seen)
        if not installed:
            yield Part(say("the product", "製品"), State.CANNOT_TELL, self._why_unknown(node.name))
        yield from self._registered(node.name)

    def _registered(self, node: str) -> Iterator[Part]:
        """As the plugins tell that need it; none where none does."""
        for found in self._findings(node):
            if found.number == _REGISTERED:
                state = State.DONE if found.level is Level.OK else State.CANNOT_TELL
                yield Part(found.check, state, found.seen)

    def _registering(self, node: str) -> tuple[str, ...]:
        if not list(self._registered(node)):
            return ()
        return (
            say("register the host in JP1/AJS3 - Manager and check the communication",
                "ホストを JP1/AJS3 - Manager に登録し、通信を確認します"),
        )  # fmt: skip

    # 3 and 4.

    def _software(self, number: int, node: Node) -> Step:
        answers = self._answers.get(node.name)
        packages = " ".join(f"ark-{name}" for name in _plugins(self.site))
        if answers is None:
            unknown = State.CANNOT_TELL
            parts = [
                Part(self._cluster, unknown, self._why_unknown(node.name)),
                Part("Generic ARK", unknown, self._why_unknown(node.name)),
            ]
        else:
            there = answers.manager_installed
            parts = [
                Part(self._cluster, State.DONE if there else State.MISSING),
                Part("Generic ARK", State.DONE, answers.versions.get("arkcore", "")),
            ]
        return Step(
            number,
            say(f"{node.name}: install {self._cluster}, then Generic ARK",
                f"{node.name}: {self._cluster} と Generic ARK の導入"),
            node.name,
            tuple(parts),
            (f"{self._bin}/pip install {packages}", f"{self._bin}/ark plugins"),
            (
                say(f"install {self._cluster} as its manual says; Generic ARK at the same path on "
                    f"both nodes",
                    f"{self._cluster} をマニュアルに従って導入します。Generic ARK は両ノードで"
                    f"同じパスに導入します"),
            ),
        )  # fmt: skip

    # 5.

    def _basics(self, active: Node, standby: Node) -> Step:
        extended = len(self._answers) == 2 and all(
            any(each.state for each in answers.resources.values())
            for answers in self._answers.values()
        )
        title = say(
            "the standby, and a communication path on each LAN",
            "待機系の登録と各 LAN のコミュニケーションパス",
        )
        parts = [
            Part(
                title,
                State.DONE if extended else State.CANNOT_TELL,
                say("resources are extended to both nodes", "リソースは両ノードに拡張済み")
                if extended
                else say("look by hand", "手作業で確認してください"),
            ),
            *(self._address(host) for host in self.site.logical_hosts),
        ]
        lans = ", ".join(word for word, _ in active.lans())
        hosts = ", ".join(f"{host.name} = {host.address}" for host in self.site.logical_hosts)
        return Step(
            5,
            say(f"{active.name}: {self._cluster} basics",
                f"{active.name}: {self._cluster} の基本設定"),
            active.name,
            tuple(parts),
            ("ark preflight",),
            (
                say(f"in {self._cluster}: register {standby.name}, make a communication path on "
                    f"each LAN ({lans}), then an IP resource for {hosts}",
                    f"{self._cluster} で {standby.name} を登録し、LAN ごとに ({lans}) "
                    f"コミュニケーションパスを作り、{hosts} の IP リソースを作成します"),
            ),
        )  # fmt: skip

    def _address(self, host: LogicalHost) -> Part:
        where = [
            name
            for name, answers in self._answers.items()
            if answers.virtual.get(host.name) == "here"
        ]
        answering = any(host.name in answers.virtual for answers in self._answers.values())
        seen = f"{host.name} ({host.address}) {', '.join(where)}".rstrip()
        title = say("virtual IP resource", "仮想 IP リソース")
        return Part(title, State.DONE if answering else State.MISSING, seen)

    # 6.

    def _logical_server(self, host: LogicalHost) -> Step:
        proofs = [
            self._proven.get(happening(self.site, host, name, STARTED).key)
            for name in host.resources
        ]
        ran = [each for each in proofs if each is not None]
        all_ran = len(ran) == len(proofs)
        titles = self._titles(host)
        parts = [self._address(host)]
        if host.mount_point:
            parts.append(self._disk(host))
        parts.append(
            Part(
                say(f"{titles} set up for {host.name}",
                    f"{host.name} 用の {titles} のセットアップ"),
                State.DONE if all_ran else State.CANNOT_TELL,
                min(ran, key=lambda each: each.at).told()
                if all_ran
                else say("look by hand", "手作業で確認してください"),
            )
        )  # fmt: skip
        parts += self._registered(host.active)
        return Step(
            6,
            say(f"{host.active}: logical server {host.name}",
                f"{host.active}: 論理サーバー {host.name}"),
            host.active,
            tuple(parts),
            ("ark preflight",),
            (
                say(f"with {host.address} and {host.mount_point or 'its disk'} on {host.active}: "
                    f"set {titles} up for the logical host {host.name}, in this order, then take "
                    f"the settings over to the other node, as the products' manuals say",
                    f"{host.address} と {host.mount_point or 'ディスク'} が {host.active} にある"
                    f"状態で、{titles} をこの順で論理ホスト {host.name} 用にセットアップし、"
                    f"設定を他方のノードに反映します (製品マニュアル参照)"),
                *self._registering(host.active),
            ),
        )  # fmt: skip

    def _disk(self, host: LogicalHost) -> Part:
        where = [n for n, a in self._answers.items() if host.mount_point in a.mounted]
        title = say(f"{host.mount_point} is mounted", f"{host.mount_point} のマウント")
        if where:
            return Part(title, State.DONE, ", ".join(where))
        if len(self._answers) < 2:
            told = say("not on this node", "このノードにはありません")
            return Part(title, State.CANNOT_TELL, told)
        return Part(title, State.MISSING)

    # 7.

    def _protection(self, host: LogicalHost) -> Step:
        parts: list[Part] = []
        if host.mount_point:
            parts.append(self._disk(host))
        for name in host.resources:
            for node in self.site.nodes:
                parts += self._resource_parts(name, node.name)
        names = " ".join(host.resources)
        title = say(f"{host.active}: protect {host.name}", f"{host.active}: {host.name} の保護")
        dead = self._nodes_with_dead_launchers(host)
        if dead:
            return Step(7, title, dead[0], tuple(parts), _RENEWING, _how_to_renew(dead))
        return Step(
            7,
            title,
            host.active,
            tuple(parts),
            (f"ark validate {names}", *self._protecting(names)),
            (
                say(f"write /etc/ark/resources/<resource>.toml of {names} on both nodes, "
                    f"the same on each",
                    f"{names} の /etc/ark/resources/<リソース>.toml を両ノードに同じ内容で"
                    f"作成します"),
                say(f"in {self._cluster}: the resources above the IP and the disk, in the order "
                    f"{names}; extend them to the other node",
                    f"{self._cluster} で IP とディスクの上に {names} の順でリソースを作り、"
                    f"他方のノードに拡張します"),
            ),
        )  # fmt: skip

    def _nodes_with_dead_launchers(self, host: LogicalHost) -> list[str]:
        found = ((node, self._resource(name, node.name)) for node in self.site.nodes
                 for name in host.resources)  # fmt: skip
        return list(dict.fromkeys(node.name for node, each in found if each and each.launchers))

    def _protecting(self, names: str) -> tuple[str, ...]:
        if self.site.manager != LIFEKEEPER:
            return ()
        return (
            f"ark lifekeeper launchers {_LAUNCHERS}",
            f"ark lifekeeper register {names} --dry-run",
        )

    def _resource_parts(self, name: str, node: str) -> Iterator[Part]:
        answer = self._resource(name, node)
        title = say(f"{name}.toml on {node}", f"{node} の {name}.toml")
        in_cluster = say(
            f"{name} in {self._cluster} on {node}", f"{node} の {self._cluster} リソース {name}"
        )
        if answer is None:
            yield Part(title, State.CANNOT_TELL, self._why_unknown(node))
            yield Part(in_cluster, State.CANNOT_TELL, self._why_unknown(node))
            return
        good = answer.written and not answer.error
        yield Part(title, State.DONE if good else State.MISSING, answer.error)
        if self.site.manager != LIFEKEEPER:
            yield Part(in_cluster, State.CANNOT_TELL, "crm_mon -1")
        else:
            yield Part(in_cluster, State.DONE if answer.state else State.MISSING, answer.state)
            if answer.launchers:
                programs = say(f"LifeKeeper's programs of {name} on {node} start",
                               f"{node} の {name} の LifeKeeper 用プログラムの起動")  # fmt: skip
                yield Part(programs, State.MISSING, answer.launchers)

    # What the answers hold.

    def _findings(self, node: str) -> Sequence[Found]:
        answers = self._answers.get(node)
        return answers.findings if answers else ()

    def _resource(self, name: str, node: str) -> ResourceAnswer | None:
        answers = self._answers.get(node)
        return answers.resources.get(name) if answers else None

    def _titles(self, *hosts: LogicalHost) -> str:
        """The products of logical hosts, in the order of their start."""
        known = {
            name: each.title
            for answers in self._answers.values()
            for name, each in answers.resources.items()
        }
        named = (known.get(name, plugin) for h in hosts for name, plugin in h.resources.items())
        return ", ".join(dict.fromkeys(named))

    def _why_unknown(self, node: str) -> str:
        if node in self._answers:
            return say("look by hand", "手作業で確認してください")
        return say(f"no answers of {node} yet", f"{node} の回答がまだありません")


def _plugins(site: Site) -> list[str]:
    """The plugins that the site needs, in the order of their start."""
    return list(
        dict.fromkeys(name for host in site.logical_hosts for name in host.resources.values())
    )


_RENEWING = (f"ark lifekeeper launchers {_LAUNCHERS}", "ark lifekeeper status")


def _how_to_renew(nodes: Sequence[str]) -> tuple[str, ...]:
    told = ", ".join(nodes)
    return (
        say(f"on {told}: LifeKeeper takes a healthy application for failed while its programs do "
            f"not start. Write the launchers anew, then copy restore, remove, quickCheck and "
            f"recover over LifeKeeper's copies, which bear the resource's name in the directories "
            f"!restore, !remove, !quickCheck and !recover",
            f"{told}: プログラムが起動しない間、LifeKeeper は正常なアプリケーションを障害と"
            f"判断します。ランチャーを作り直し、restore・remove・quickCheck・recover を "
            f"LifeKeeper の保存先 (!restore・!remove・!quickCheck・!recover 内の、リソース名の"
            f"ファイル) に上書きコピーします"),
    )  # fmt: skip
