"""What the template of a kind is filled with: the options of `ark new` that go with --kind."""

from __future__ import annotations

import os
import re

from arkcore import __version__
from arkcore.base import trusted
from arkcore.base.errors import ConfigurationError
from arkcore.cli.kinds import KINDS, SYSTEMD, Kind, written

#: Columns of a program's path and of a question, each in a line of its own.
_LONGEST_PATH = 80
#: A question or an answer as it stands in Python between quotes.
_SAID = re.compile(r"([^\"\\$\x00-\x1f\x7f]|\\[rnt0])*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
#: What most line protocols answer, if only with an error.
_ANY_QUESTION = r"ping\r\n"
#: The characters of a unit's name but the backslash, which stands between quotes only with care.
_UNIT = re.compile(r"[A-Za-z0-9:_][A-Za-z0-9:_.-]*(@[A-Za-z0-9:_.@-]*)?\.service")
_SYSTEMCTL = "/usr/bin/systemctl"
#: A path that stands between quotes as it is.
_PLAIN = re.compile(r"[^\"\\$\x00-\x1f\x7f]+")
#: Of a plugin that needs nothing of ours but arkcore.
_ALONE = {"requires": "", "checkouts": ""}
#: In the options of a plugin whose systemctl lies elsewhere.
_OWN_SYSTEMCTL = """\
    systemctl: str = option(
        "{program}",
        text="The program systemctl",
        text_ja="systemctl の絶対パス",
    )
"""
#: In a plugin of one unit, of which a node can have no second one.
_ONE_UNIT = """\
    topologies = (Topology.STANDBY,)
    logical_host = LogicalHostRule()
"""


def words_of(
    kind: str | None, program: str | None, given: dict[str, str | None], module: str
) -> dict[str, str]:
    """What the template of the kind asks for besides. `ConfigurationError` for a wrong option."""
    if kind is None:
        for option, value in {"program": program, **given}.items():
            if value is not None:
                raise ConfigurationError(f"--{option}: allowed only with --kind")
        return _about_the_example(module)
    chosen = KINDS[kind]
    for option, value in given.items():
        if value is not None and option not in chosen.takes:
            raise ConfigurationError(f"--{option}: not allowed with --kind {kind}")
    if program is not None:
        _refuse_bad_program(program)
    if kind == SYSTEMD:
        return _words_of_unit(given["unit"], program, module)
    if program is None:
        raise ConfigurationError(f"--kind {kind}: needs --program PATH, the product's program")
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


def _words_of_unit(unit: str | None, program: str | None, module: str) -> dict[str, str]:
    """What the template of a service of systemd asks for besides."""
    if unit is None:
        raise ConfigurationError("--kind systemd: needs --unit UNIT, the product's service")
    if not _UNIT.fullmatch(unit) or len(unit) > _LONGEST_PATH:
        raise ConfigurationError(
            f"--unit {unit!r}: allowed is the full name of a service, nginx.service, of up to "
            f"{_LONGEST_PATH} letters, digits and : - _ . @"
        )
    beginning, at, instance = unit.removesuffix(".service").partition("@")
    several = bool(at) and not instance
    units = [f"{beginning}@test{number}.service" for number in (1, 2)] if several else [unit]
    hostile = "Capability.HOSTILE_COMMANDS"
    return {
        "program": program or _SYSTEMCTL,
        "default": "required=True" if several else f'"{unit}"',
        "systemctl": "" if program is None else _OWN_SYSTEMCTL.format(program=program),
        "names": "" if several else "LogicalHostRule, Topology, ",
        "rule": "" if several else _ONE_UNIT,
        "units": "\n".join(f'    "{each}",' for each in units),
        "capabilities": f"Capability.TWO_HOSTS, {hostile}" if several else f"{hostile},",
        **_about_the_unit(unit, module),
        "setting": f'unit = "{beginning}@main.service"' if several else f'unit = "{unit}"',
        "requires": f', "ark-systemd>={__version__}"',
        "checkouts": ' ${ARKCORE:+"$ARKCORE/plugins/systemd"}',
    }


def _about_the_unit(unit: str, module: str) -> dict[str, str]:
    return {
        "about": (
            f"`ark new --kind systemd` made it for `{unit}`, with what ark-systemd brings. Where "
            "the unit is\ninstalled and not started at boot, the tests pass as they are. Change it "
            "from there:"
        ),
        "about_ja": (
            f"`ark new --kind systemd` が `{unit}` のために、ark-systemd を使って生成しました。"
            "ユニットが\n導入されていて、OS の起動時に開始されなければ、テストはそのまま"
            "合格します。ここから変更してください。"
        ),
        "rows": (
            f"| `src/{module}/_plugin.py` | `health`, to ask the product itself; `Options` |\n"
            "| `tests/test_conformance.py` | the units of the logical hosts; the seconds that a "
            "start and a stop take |"
        ),
        "rows_ja": (
            f"| `src/{module}/_plugin.py` | 製品自身に問い合わせる `health`、`Options` |\n"
            "| `tests/test_conformance.py` | 論理ホストのユニット、開始と停止にかかる秒数 |"
        ),
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
        **_ALONE,
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
            f"| `src/{module}/_plugin.py` | `Options`、起動の引数、状態の問い合わせ方 |\n"
            "| `tests/test_conformance.py` | 2 つの論理ホストのオプション、備えている能力 |"
        ),
        "setting": kind.setting,
        **_ALONE,
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
