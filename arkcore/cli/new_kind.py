"""What the template of a kind is filled with: the options of `ark new` that go with --kind."""

from __future__ import annotations

import os
import re

from arkcore.base import trusted
from arkcore.base.errors import ConfigurationError
from arkcore.cli.kinds import KINDS, Kind, written

#: Columns of a program's path and of a question, each in a line of its own.
_LONGEST_PATH = 80
#: A question or an answer as it stands in Python between quotes.
_SAID = re.compile(r"([^\"\\$\x00-\x1f\x7f]|\\[rnt0])*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
#: What most line protocols answer, if only with an error.
_ANY_QUESTION = r"ping\r\n"
#: A path that stands between quotes as it is.
_PLAIN = re.compile(r"[^\"\\$\x00-\x1f\x7f]+")


def words_of(
    kind: str | None, program: str | None, given: dict[str, str | None], module: str
) -> dict[str, str]:
    """What the template of the kind asks for besides. `ConfigurationError` for a wrong option."""
    if kind is None:
        for option, value in {"program": program, **given}.items():
            if value is not None:
                raise ConfigurationError(f"--{option}: allowed only with --kind")
        return _about_the_example(module)
    if program is None:
        raise ConfigurationError(f"--kind {kind}: needs --program PATH, the product's program")
    chosen = KINDS[kind]
    unused = [*([] if chosen.asked else ["send", "expect"]), *([] if chosen.has_user else ["user"])]
    for option in unused:
        if given[option] is not None:
            raise ConfigurationError(f"--{option}: not allowed with --kind {kind}")
    _refuse_bad_program(program)
    send, expect, user = given["send"], given["expect"], given["user"] or ""
    if user and not _USER.fullmatch(user):
        raise ConfigurationError(f"--user {user!r}: no name of a user")
    for option, text in (("send", send or ""), ("expect", expect or "")):
        if not _SAID.fullmatch(text) or len(text) > _LONGEST_PATH:
            raise ConfigurationError(
                f"--{option} {text!r}: allowed are up to {_LONGEST_PATH} characters without "
                f'" $ and control characters; \\ only in \\r \\n \\t \\0'
            )
    if not send and not expect:
        send = _ANY_QUESTION
    arguments = chosen.arguments if given["arguments"] is None else given["arguments"]
    lines, word = written(chosen, arguments, 8 if kind == "command" else 12)
    return {
        "program": program,
        "user": user,
        "send": send or "",
        "expect": expect or "",
        "arguments": "\n".join(lines),
        "word": word,
        **_about(chosen, program, module),
    }


def _about_the_example(module: str) -> dict[str, str]:
    return {
        "about": (
            "As `ark new` made it, the plugin protects `exampled`, a small daemon of this package, "
            "and all\nof it works: the tests, the four programs of LifeKeeper, the OCF agent of "
            "Pacemaker. Change it from there:"
        ),
        "about_ja": (
            "`ark new` が生成した時点で、プラグインは付属の小さなデーモン `exampled` を保護します。"
            "テスト、\nLifeKeeper の 4 つのプログラム、Pacemaker の OCF エージェントのすべてが、"
            "そのまま動きます。ここから変更してください。"
        ),
        "rows": (
            f"| `src/{module}/_plugin.py` | `Options`, `start`, `health` and `stop`: your "
            "product's own; `_control` goes |\n"
            f"| `src/{module}/exampled.py` | delete it |\n"
            "| `tests/test_conformance.py` | `_host`: an installation of your product beneath a "
            "directory; the capabilities it has |"
        ),
        "rows_ja": (
            f"| `src/{module}/_plugin.py` | `Options`、`start`、`health`、`stop` を製品のものに。"
            "`_control` は不要になる |\n"
            f"| `src/{module}/exampled.py` | 削除する |\n"
            "| `tests/test_conformance.py` | `_host` を、あるディレクトリの下への製品の導入に。"
            "備えている能力も指定 |"
        ),
        "setting": "status_limit = 5",
    }


def _about(kind: Kind, program: str, module: str) -> dict[str, str]:
    return {
        "about": (
            f"`ark new --kind {kind.name}` made it for `{program}`. If the program takes the "
            "arguments that\n`start` gives, the tests pass as they are. Change it from there:"
        ),
        "about_ja": (
            f"`ark new --kind {kind.name}` が `{program}` のために生成しました。`start` の引数を"
            "プログラムが\n受け付ければ、テストはそのまま合格します。ここから変更してください。"
        ),
        "rows": (
            f"| `src/{module}/_plugin.py` | `Options`, and what it is called with and asked |\n"
            "| `tests/test_conformance.py` | the options of the two logical hosts; the "
            "capabilities it has |"
        ),
        "rows_ja": (
            f"| `src/{module}/_plugin.py` | `Options`、起動の引数、状態の尋ね方 |\n"
            "| `tests/test_conformance.py` | 2 つの論理ホストのオプション、備えている能力 |"
        ),
        "setting": kind.setting,
    }


def _refuse_bad_program(program: str) -> None:
    if not program.startswith("/"):
        raise ConfigurationError(f"--program {program!r}: must be an absolute path")
    if not _PLAIN.fullmatch(program) or len(program) > _LONGEST_PATH:
        raise ConfigurationError(
            f"--program {program!r}: allowed are up to {_LONGEST_PATH} characters without "
            f'" \\ $ and control characters'
        )
    if not os.path.isfile(program):
        why = "is no file" if os.path.lexists(program) else "does not exist"
        raise ConfigurationError(f"--program {program}: {why}; install the product first")
    if not os.access(program, os.X_OK):
        raise ConfigurationError(f"--program {program}: cannot be executed (chmod +x {program})")
    try:
        trusted.refuse_untrusted(program, trusted.ours())
    except trusted.Untrusted as error:
        raise ConfigurationError(f"--program {error}") from None
