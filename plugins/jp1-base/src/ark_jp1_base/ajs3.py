"""JP1/AJS3 of one logical host, Manager or Agent: they share paths, commands and processes."""

from __future__ import annotations

from ark_jp1_base import facts
from ark_jp1_base.commands import Reply, reply_of, run
from ark_jp1_base.jp1 import Jp1Plugin
from ark_jp1_base.judgement import Answer
from ark_jp1_base.options import Jp1Options
from arkcore import Application, LogicalHostRule, SupportClass, hookimpl, option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from arkcore import Context, Finding, Machine, Site


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
        "further options of jajs_spmd for the start command",
        "開始コマンドに渡す jajs_spmd のオプションの追加",
    )
    status_timeout: int = option(
        3,
        "-t of jajs_spmd_status, in seconds and for each process: times the number of processes "
        "less than one check may take: 18 s under LifeKeeper, under Pacemaker 95 % of the timeout "
        "of monitor",
        "jajs_spmd_status の -t(秒、プロセスごと)。プロセス数との積を 1 回の監視の上限(LifeKeeper "
        "では 18 秒、Pacemaker では monitor のタイムアウトの 95 %)より短くすること",
        minimum=0,
        maximum=32767,
    )
    queueless: bool = option(
        False,
        "also ask for the queueless services, with ajsqlstatus",
        "ajsqlstatus でキューレスジョブのサービスも監視する",
    )
    queueless_active: str = option(
        facts.QUEUELESS_ACTIVE.value,
        "what the line of a queueless service that is up contains, with LANG unset",
        "稼働中のキューレスサービスの行に含まれる文字列(LANG なしで実行したとき)",
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

    def ask(self, ctx: Context) -> list[Reply]:
        options = ctx.options
        result = run(
            ctx,
            options.status_command,
            "-h",
            ctx.logical_host,
            "-t",
            str(options.status_timeout),
            *self.status_arguments(options),
            timeout=options.status_limit,
        )
        replies = [reply_of(result, facts.AJS3_CODES, options.status_codes)]
        # The queueless services are the machine's and outlive the logical host: while JP1/AJS3
        # itself does not run, they say nothing about it.
        if options.queueless and replies[0].answer is Answer.RUNNING:
            replies.append(self._ask_queueless(ctx))
        return replies

    def _ask_queueless(self, ctx: Context) -> Reply:
        options = ctx.options
        result = run(
            ctx,
            options.queueless_command,
            "-h",
            ctx.logical_host,
            timeout=options.status_limit,
            # Its text is all there is to judge by, and only without LANG is it known.
            lang="",
        )
        if result.error or result.late or result.returncode is None or result.returncode < 0:
            return Reply(Answer.UNKNOWN, result.told())
        if options.queueless_active in result.output:
            return Reply(Answer.RUNNING, "ajsqlstatus shows an active service")
        return Reply(Answer.STOPPED, f"{result.told()} and shows no active service")
