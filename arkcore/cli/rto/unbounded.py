"""What no timer bounds, in words: a worst case is worth no more than this list says."""

from __future__ import annotations

from arkcore.cli.language import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.cli.rto.settings import Checking


def always(checking: Checking) -> tuple[str, ...]:
    """What holds for each failure of an application."""
    manager = checking.manager
    found = [
        say(
            f"what {manager} itself takes to act, and between its steps",
            f"{manager} 自身が動作を始めるまでと、各手順の間の時間",
        ),
        files(),
        say(
            "a kernel that hangs, or a process that the kernel does not end (state D)",
            "カーネルのハング、カーネルが終了できないプロセス (D 状態)",
        ),
        say(
            "another action that is at work on the resource at that moment",
            "その時点でリソースに対して実行中の別のアクション",
        ),
    ]
    found.append(
        say(
            "what the framework needs beside its timers: up to 20 s where a resource file was "
            "changed and is validated first, a few seconds to end what is late",
            "タイマー以外に Generic ARK が要する時間: リソースファイルの変更後は検証に最大 20 "
            "秒、遅れた処理の終了に数秒",
        )
    )
    if checking.run is None:
        found.append(
            say(
                "one check: the timeout of the monitor is not known",
                "1 回の監視: monitor のタイムアウトが不明です",
            )
        )
    if checking.interval is None:
        found.append(
            say(
                "the time until the next check: the check interval is not known",
                "次の監視までの時間: 監視間隔が不明です",
            )
        )
    return tuple(found)


def files() -> str:
    """What of the hierarchy is not ours."""
    return say(
        "file systems, addresses and other resources that are not of this framework",
        "ファイルシステム、IP アドレスなど、Generic ARK 以外のリソース",
    )


def start_that_fails() -> str:
    """The end of each failover that does not go well."""
    return say(
        "a start on the other node that fails: then nothing comes back by itself",
        "他方のノードでの開始の失敗: 自動では復旧しません",
    )


def client() -> str:
    """What comes after RUNNING."""
    return say(
        "what a client needs until it is served again; ark drill --client-command measures it",
        "クライアントが再び応答を得るまでの時間 (ark drill --client-command で測定)",
    )


def constraints() -> str:
    """What the hierarchy leaves out under Pacemaker."""
    return say(
        "the hierarchy is that of requires; what only Pacemaker's constraints bind is not counted",
        "階層は requires によるものです。Pacemaker の制約だけで結び付くリソースは数えていません",
    )
