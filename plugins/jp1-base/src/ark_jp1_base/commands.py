"""Running the product's commands: environment, encoding, and what a status command's end says."""

from __future__ import annotations

import os

from ark_jp1_base import facts
from ark_jp1_base.judgement import Answer
from arkcore import HealthCommand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from arkcore import CommandResult, Context

#: Codesets as locales name them, without case and punctuation, and Python's codecs for them.
_CODECS = {
    "eucjp": "euc_jp",
    "ujis": "euc_jp",
    "sjis": "cp932",
    "shiftjis": "cp932",
    "pck": "cp932",
    "ms932": "cp932",
    "windows31j": "cp932",
}
#: Locales without a codeset that have one all the same (glibc's locale.alias).
_CODESETS = {"ja_jp": "ujis", "ja": "ujis", "japanese": "ujis", "japan": "ujis"}


def codec_of(lang: str) -> str:
    """The codec for what a program writes under LANG=`lang`.

    UTF-8 where none is known; no byte is lost by that, it is shown as \\xNN.
    """
    locale, _, codeset = lang.partition("@")[0].lower().partition(".")
    codeset = codeset or _CODESETS.get(locale, "utf-8")
    codec = _CODECS.get(codeset.replace("-", "").replace("_", ""))
    if codec is not None:
        return codec
    try:
        b"JP1".decode(codeset)
    except (LookupError, ValueError):
        return "utf-8"
    return codeset


def environment(ctx: Context, lang: str | None = None) -> dict[str, str | None]:
    """What a command of the product is given besides the engine's clean environment.

    Neither LC_* nor AJSMANAGERHOST is in it: JP1's own start script unsets the one, and JP1/AJS3
    must be started without the other (AJSO0152). `lang` of "" takes LANG away.
    """
    return environment_of(ctx.logical_host, ctx.options.lang if lang is None else lang)


def environment_of(logical_host: str, lang: str) -> dict[str, str | None]:
    """The same, where there is no context."""
    return {facts.LOGICAL_HOST_VARIABLE.value: logical_host, "LANG": lang or None}


def beneath(root: str, path: str) -> str:
    """The product's `path` beneath `root`: what is typed where `root` is "/"."""
    return root.rstrip("/") + path


def run(
    ctx: Context,
    path: str,
    *arguments: str,
    timeout: float | None = None,
    lang: str | None = None,
) -> CommandResult:
    """Run the product's command `path`, beneath the root and in the product's environment."""
    options = ctx.options
    return ctx.run(
        [beneath(options.root, path), *arguments],
        timeout=timeout,
        env=environment(ctx, lang),
        encoding=options.encoding or codec_of(options.lang if lang is None else lang),
    )


def health_command(
    options: Any, logical_host: str, words: Sequence[str], node_lock: str = ""
) -> HealthCommand:
    """A status command, its path and arguments, as the healthy path runs it: like :func:`run`."""
    return HealthCommand(
        [beneath(options.root, words[0]), *words[1:]],
        timeout=options.status_limit,
        env=environment_of(logical_host, options.lang),
        node_lock=node_lock,
    )


class Reply:
    """One status command's answer, and how it came about, in a few words."""

    __slots__ = ("answer", "told")

    def __init__(self, answer: Answer, told: str) -> None:
        self.answer = answer
        self.told = told


def meaning(
    returncode: int, rows: Sequence[facts.ReturnCode], corrections: Mapping[str, str]
) -> Answer | None:
    """What a status command says with `returncode`; None where nobody knows."""
    word = corrections.get(str(returncode))
    if word is not None:
        return Answer(word)
    for row in rows:
        if row.code == returncode:
            return row.answer
    return None


def _is_absent(path: str) -> bool:
    """Whether there is no such file for certain; a disk that fails, or refuses us, says nothing."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def reply_of(
    result: CommandResult, rows: Sequence[facts.ReturnCode], corrections: Mapping[str, str]
) -> Reply:
    """What the end of a status command says, by its return code alone."""
    if result.error and _is_absent(result.argv[0]):
        return Reply(Answer.MISSING, f"{result.argv[0]} is not there")
    if result.error or result.late or result.returncode is None or result.returncode < 0:
        return Reply(Answer.UNKNOWN, result.told())
    answer = meaning(result.returncode, rows, corrections)
    if answer is None:
        return Reply(Answer.UNKNOWN, f"{result.told()}, which no table knows")
    return Reply(answer, f"{result.told()} ({answer.value})")
