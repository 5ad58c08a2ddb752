"""JP1/AJS3 of one logical host, Manager or Agent: they share paths, commands and processes."""

from __future__ import annotations

from ark_jp1_base import facts
from ark_jp1_base.commands import Reply, health_command, meaning, reply_of, run
from ark_jp1_base.jp1 import Jp1Plugin
from ark_jp1_base.judgement import Answer
from ark_jp1_base.options import Jp1Options, check_start_options, check_words
from arkcore import Application, LogicalHostRule, SupportClass, hookimpl, option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from arkcore import Context, Finding, HealthCommand, Machine, Site


class Ajs3Options(Jp1Options):
    """The options that Manager and Agent have."""

    ha: bool = option(
        True,
        "start with -HA: when one process dies the whole service stops, so that the cluster sees "
        "it",
        "-HA を付けて開始する。プロセスが 1 つでも異常終了すると全体が停止し、"
        "クラスターが検知できる",
    )
    start_options: list[str] = option(
        [],
        "further options of jajs_spmd for the start command, one word an item; those that start "
        "one part alone (-n) are refused. Manager: -hot, -warm, -cold, -disaster, -q clear, "
        "-q noclear, -HA; Agent: -cold",
        "開始コマンドに渡す jajs_spmd のオプションの追加。1 語を 1 項目とする。一部だけを開始する "
        "-n は拒否する。Manager は -hot、-warm、-cold、-disaster、-q clear、-q noclear、-HA、"
        "Agent は -cold",
    )
    status_timeout: int = option(
        3,
        "-t of jajs_spmd_status, in seconds and for each process: times the number of processes "
        "less than one check may take: 18 s under LifeKeeper, under Pacemaker 95 % of the timeout "
        "of monitor. 0 is refused: the command takes it for 60 s",
        "jajs_spmd_status の -t（秒、プロセスごと）。プロセス数との積を 1 回の監視の上限"
        "（LifeKeeper では 18 秒、Pacemaker では monitor のタイムアウトの 95 %）より短くすること。"
        "0 はコマンドが 60 秒とみなすため拒否する",
        minimum=1,
        maximum=32767,
    )
    queueless: bool = option(
        False,
        "also ask for the queueless agent service, with ajsqlstatus",
        "ajsqlstatus でキューレスエージェントサービスも監視する",
    )
    queueless_agent: str = option(
        facts.QUEUELESS_AGENT.value,
        "the name of the queueless agent service in the output of ajsqlstatus, with LANG unset; "
        "only the line with this name decides",
        "ajsqlstatus の出力にあるキューレスエージェントサービスの名前（LANG なしで実行したとき）。"
        "この名前の行だけで判定する",
    )
    queueless_active: str = option(
        facts.QUEUELESS_ACTIVE.value,
        "the word after that name where the service is up; inactive is down, anything else unknown",
        "サービスが稼働中のとき、その名前の後ろに表示される語。inactive は停止、"
        "それ以外は不明とみなす",
    )
    start_command: str = option(
        facts.AJS3.start.value,
        "the start command, followed by the logical host and the options",
        "開始コマンド。後ろに論理ホスト名とオプションが付く",
    )
    stop_command: str = option(
        facts.AJS3.stop.value,
        "the stop command, followed by the logical host",
        "停止コマンド。後ろに論理ホスト名が付く",
    )
    force_command: str = option(
        facts.AJS3.force.value,
        "the forced stop command, followed by the logical host",
        "強制停止コマンド。後ろに論理ホスト名が付く",
    )
    status_command: str = option(
        facts.AJS3.status.value,
        "the status command, followed by -h, the logical host, -t and the seconds",
        "状態確認コマンド。後ろに -h 論理ホスト名 -t 秒数が付く",
    )
    queueless_command: str = option(
        facts.QUEUELESS_STATUS.value,
        "the queueless services' status command, followed by -h and the logical host",
        "キューレスサービスの状態確認コマンド。後ろに -h 論理ホスト名が付く",
    )

    #: The start options that the product takes; each of its plugins says which.
    _start_options: tuple[facts.Fact, ...] = facts.AGENT_START_OPTIONS

    def check(self) -> None:
        super().check()
        check_start_options(self.start_options, self._start_options)
        check_words("queueless_agent", self.queueless_agent)
        check_words("queueless_active", self.queueless_active)


class Ajs3Plugin(Jp1Plugin):
    """The hooks of the JP1/AJS3 plugins; each says which one it is."""

    product = facts.AJS3
    name: str
    title: str
    options: type[Ajs3Options]

    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            name=self.name,
            title=self.title,
            options=self.options,
            support=SupportClass.ACTIVE_ACTIVE,
            force_before_restart=True,
            runs_as_processes=True,
            # What a start command of JP1 returns decides nothing: its processes and status do.
            start_code_decides=False,
            machine_wide=[fact.value for fact in facts.MACHINE_WIDE],
            logical_host=LogicalHostRule(
                max_bytes=facts.AJS3_HOST_BYTES,
                unique_bytes=facts.AJS3_UNIQUE_BYTES,
                exclusive=True,
                # Manager and Agent share their paths and their process names.
                exclusive_with=("jp1-ajs3-manager", "jp1-ajs3-agent"),
            ),
        )

    @hookimpl
    def ark_preflight(self, ctx: Context, site: Site, machine: Machine) -> Iterable[Finding]:
        from ark_jp1_base.preflight import registered_finding

        yield from super().ark_preflight(ctx, site, machine)
        yield registered_finding(ctx.logical_host, site)

    def start_arguments(self, options: Any) -> Sequence[str]:
        return [*(["-HA"] if options.ha else []), *options.start_options]

    def status_arguments(self, options: Any) -> Sequence[str]:
        """What the status command is given besides the logical host and -t."""
        return ()

    def commands(self, options: Any) -> Sequence[str]:
        queueless = [options.queueless_command] if options.queueless else []
        return [*super().commands(options), *queueless]

    def _status_words(self, options: Any, logical_host: str) -> tuple[str, ...]:
        words = (options.status_command, "-h", logical_host, "-t", str(options.status_timeout))
        return (*words, *self.status_arguments(options))

    @hookimpl
    def ark_health_commands(self, options: Any, logical_host: str) -> Sequence[HealthCommand]:
        # The queueless services answer in words; and a site may have corrected what 0 means.
        if options.queueless or (
            meaning(0, facts.AJS3_CODES, options.status_codes) is not Answer.RUNNING
        ):
            return ()
        words = self._status_words(options, logical_host)
        return [health_command(options, logical_host, words)]

    def ask(self, ctx: Context) -> list[Reply]:
        options = ctx.options
        words = self._status_words(options, ctx.logical_host)
        result = run(ctx, *words, timeout=options.status_limit)
        replies = [reply_of(result, facts.AJS3_CODES, options.status_codes)]
        # The queueless services are the machine's and outlive the logical host: while JP1/AJS3
        # itself does not run, they say nothing about it.
        if options.queueless and replies[0].answer is Answer.RUNNING:
            from ark_jp1_base.queueless import ask_queueless

            replies.append(ask_queueless(ctx))
        return replies
