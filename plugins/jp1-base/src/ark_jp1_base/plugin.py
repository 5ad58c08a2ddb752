"""The plugin `jp1-base`: JP1/Base of one logical host."""

from __future__ import annotations

from ark_jp1_base import facts
from ark_jp1_base.commands import Reply, health_command, meaning, reply_of, run
from ark_jp1_base.jp1 import Jp1Plugin
from ark_jp1_base.judgement import Answer
from ark_jp1_base.options import Jp1Options, check_codes
from arkcore import Application, LogicalHostRule, SupportClass, hookimpl, option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arkcore import Context, HealthCommand

#: `jbs_spmd_status` must not run twice at once on a host, logical or physical, nor while
#: `jbs_spmd_stop` does (BASE0315).
STATUS_LOCK = "jbs_spmd_status"
#: A stop waits for the lock this many seconds, then goes on without: what a hung status of another
#: logical host costs is an answer 12, and that is less than a stop that does not come.
STOP_PATIENCE = 10.0


class Jp1BaseOptions(Jp1Options):
    """The options of the plugin `jp1-base`."""

    status_timeout: int = option(
        6,
        "-t of jbs_spmd_status, in seconds; together with event_timeout less than one check may "
        "take: 18 s under LifeKeeper, under Pacemaker 95 % of the timeout of monitor",
        "jbs_spmd_status の -t（秒）。event_timeout との合計を 1 回の監視の上限（LifeKeeper では "
        "18 秒、Pacemaker では monitor のタイムアウトの 95 %）より短くすること",
        minimum=0,
        maximum=32767,
    )
    event_server: bool = option(
        True,
        "also ask the event server, with jevstat; false where this logical host has none",
        "jevstat でイベントサーバーも監視する。この論理ホストにイベントサーバーがなければ false",
    )
    event_timeout: int = option(
        6,
        "-t of jevstat, in seconds",
        "jevstat の -t(秒)",
        minimum=1,
        maximum=32767,
    )
    event_codes: dict[str, str] = option(
        {},
        "corrections to the return codes of jevstat; words as for status_codes",
        "jevstat の戻り値の意味を訂正する表。使える語は status_codes と同じ",
    )
    start_command: str = option(
        facts.BASE.start.value,
        "the start command, followed by the logical host",
        "開始コマンド。後ろに論理ホスト名が付く",
    )
    stop_command: str = option(
        facts.BASE.stop.value,
        "the stop command, followed by the logical host",
        "停止コマンド。後ろに論理ホスト名が付く",
    )
    force_command: str = option(
        facts.BASE.force.value,
        "the forced stop command, followed by the logical host",
        "強制停止コマンド。後ろに論理ホスト名が付く",
    )
    status_command: str = option(
        facts.BASE.status.value,
        "the status command, followed by -h, the logical host, -t and the seconds",
        "状態確認コマンド。後ろに -h 論理ホスト名 -t 秒数が付く",
    )
    event_command: str = option(
        facts.EVENT_STATUS.value,
        "the event server's status command, followed by the logical host, -t and the seconds",
        "イベントサーバーの状態確認コマンド。後ろに論理ホスト名 -t 秒数が付く",
    )

    def check(self) -> None:
        super().check()
        check_codes("event_codes", self.event_codes)


class Jp1Base(Jp1Plugin):
    """JP1/Base: its process manager with the children of that, and the event server."""

    product = facts.BASE

    @hookimpl
    def ark_application(self) -> Application:
        return Application(
            name="jp1-base",
            title=facts.BASE.title,
            options=Jp1BaseOptions,
            support=SupportClass.ACTIVE_ACTIVE,
            force_before_restart=True,
            runs_as_processes=True,
            # What a start command of JP1 returns decides nothing: its processes and status do.
            start_code_decides=False,
            machine_wide=[fact.value for fact in facts.MACHINE_WIDE],
            logical_host=LogicalHostRule(max_bytes=facts.BASE_HOST_BYTES, exclusive=True),
        )

    def ask(self, ctx: Context) -> list[Reply]:
        replies = [self._ask_manager(ctx)]
        if ctx.options.event_server:
            replies.append(self._ask_event_server(ctx))
        return replies

    def commands(self, options: Any) -> Sequence[str]:
        events = [options.event_command] if options.event_server else []
        return [*super().commands(options), *events]

    @hookimpl
    def ark_stop(self, ctx: Context) -> None:
        with ctx.node_lock(STATUS_LOCK, within=STOP_PATIENCE):
            super().ark_stop(ctx)

    @hookimpl
    def ark_health_commands(self, options: Any, logical_host: str) -> Sequence[HealthCommand]:
        asked = [(_manager_words(options, logical_host), STATUS_LOCK)]
        tables = [(facts.BASE_CODES, options.status_codes)]
        if options.event_server:
            asked.append((_event_words(options, logical_host), ""))
            tables.append((facts.EVENT_CODES, options.event_codes))
        # A site may have corrected what 0 means.
        if any(meaning(0, *table) is not Answer.RUNNING for table in tables):
            return ()
        return [health_command(options, logical_host, words, lock) for words, lock in asked]

    def _ask_manager(self, ctx: Context) -> Reply:
        options = ctx.options
        with ctx.node_lock(STATUS_LOCK) as taken:
            if not taken:
                return Reply(Answer.UNKNOWN, "jbs_spmd_status was busy with another logical host")
            words = _manager_words(options, ctx.logical_host)
            result = run(ctx, *words, timeout=options.status_limit)
        return reply_of(result, facts.BASE_CODES, options.status_codes)

    def _ask_event_server(self, ctx: Context) -> Reply:
        options = ctx.options
        words = _event_words(options, ctx.logical_host)
        result = run(ctx, *words, timeout=options.status_limit)
        return reply_of(result, facts.EVENT_CODES, options.event_codes)


def _manager_words(options: Any, logical_host: str) -> tuple[str, ...]:
    seconds = str(options.status_timeout)
    return (options.status_command, "-h", logical_host, "-t", seconds)


def _event_words(options: Any, logical_host: str) -> tuple[str, ...]:
    return (options.event_command, logical_host, "-t", str(options.event_timeout))
