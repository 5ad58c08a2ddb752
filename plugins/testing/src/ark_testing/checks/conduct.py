"""How hooks do their work: through the context, with no trace of a look, and nobody the wiser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ark_testing.checks.check import check
from ark_testing.checks.manners import every_hook_in_every_state
from ark_testing.finding import Failed, expect
from ark_testing.host import HookCall, Lost, shown
from ark_testing.installation import Capability, Command
from ark_testing.places import OF_DAEMONS, is_beneath, ours, places_of
from ark_testing.subject import Subject

#: The hooks that are asked, and do nothing.
_LOOKS = ("ark_status", "ark_processes")
#: Programs that take a text as a command, with this switch before it.
_SHELLS = ("sh", "bash", "dash", "ksh", "zsh", "su", "runuser")
_TEXT_FOLLOWS = "c"
#: A value of fewer characters may stand in a text by chance.
_SHORTEST = 4
#: Seconds that a busy machine may take for a command that is done at once.
_BUSY = 5.0
#: Seconds that a status command must have at least.
_OF_A_STATUS = 1.0
_OF_THE_HOOK = {
    "start": "ark_start",
    "stop": "ark_stop",
    "status": "ark_status",
}


@check(
    "ark_status and ark_processes change nothing: they make, write and remove no file",
    "ark_status と ark_processes は、ファイルの作成、書き込み、削除を含め、何も変更しない",
)
def looks_change_nothing(subject: Subject) -> None:
    own = (*places_of(subject), *OF_DAEMONS)

    def wrong(call: HookCall) -> str:
        if call.hook not in _LOOKS:
            return ""
        # What lies elsewhere has a check of its own.
        changed = [
            each
            for each in call.wrote
            if is_beneath(each, own) and not is_beneath(each, ours(subject))
        ]
        return changed[0] if changed else ""

    _in_every_call(subject, wrong, "a look may be taken at any time, of what is starting too")


@check(
    "ark_status and ark_processes begin nothing that lives on",
    "ark_status と ark_processes は、プロセスを残さない",
    basic=True,
)
def looks_begin_nothing(subject: Subject) -> None:
    host = subject.host
    subject.clear(host)
    # What is the machine's may live on from an earlier start.
    before = host.machine_wide_living()
    host.look()
    left = [*host.living(), *(each for each in host.machine_wide_living() if each not in before)]
    expect(
        not left,
        f"nothing ran, it was asked how it is, and now there lives {shown(left)}; each check would "
        f"begin one more, and a look may start nothing",
    )


@check(
    "hooks begin commands, signal and wait through the context only",
    "フックのコマンド実行、シグナル送信、待機は、コンテキストだけを通す",
)
def hooks_act_through_the_context(subject: Subject) -> None:
    advice = "use ctx.run or ctx.start_daemon, ctx.signal or ctx.terminate, ctx.wait_until"
    acted = subject.declaration()["acted"]
    expect(not acted, f"importing it {'; '.join(acted)}; {advice}")
    _in_every_call(subject, lambda call: call.acted[0] if call.acted else "", advice)


@check(
    "no file is written whose name anybody could have taken before",
    "誰でも書けるディレクトリに、予測できる名前のファイルを作らない",
)
def no_file_can_be_foretold(subject: Subject) -> None:
    _in_every_call(
        subject,
        lambda call: f"writes {call.foretold[0]}" if call.foretold else "",
        "others may write to that directory too, and lay a link there that root then follows; "
        "use tempfile, or a directory of the application's own",
    )


@check(
    "values of options are handed over as arguments, never as a shell's text",
    "オプションの値は引数として渡し、シェルの文字列に埋め込まない",
)
def values_are_no_shell_text(subject: Subject) -> None:
    values = dict(_texts_of(subject.host.given.options))

    def wrong(call: HookCall) -> str:
        for text in (text for words, _ in call.ran for text in _shell_texts(words)):
            for value, key in values.items():
                # A whole text that the user gave is the user's own.
                if value in text and value != text:
                    return f"has a shell read the value of options.{key}"
        return ""

    _in_every_call(
        subject,
        wrong,
        "a blank, a quote or a $ in it is obeyed; run the command itself, or sh -c '… \"$1\"' sh "
        "VALUE",
    )


def _texts_of(options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in options.items():
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and len(text) >= _SHORTEST:
                yield text, key


def _shell_texts(words: Sequence[str]) -> Iterator[str]:
    """The words of a command that a shell reads as commands."""
    if not words or Path(words[0]).name not in _SHELLS:
        return
    for number in range(1, len(words) - 1):
        switch = words[number]
        if switch[:1] == "-" and switch[1:2] != "-" and switch[-1:] == _TEXT_FOLLOWS:
            yield words[number + 1]


@check(
    "ark_processes runs no command",
    "ark_processes はコマンドを実行しない",
)
def processes_are_listed_without_commands(subject: Subject) -> None:
    def wrong(call: HookCall) -> str:
        if call.hook != "ark_processes" or not call.ran:
            return ""
        return f"runs {call.commands[0][:80]}"

    _in_every_call(
        subject,
        wrong,
        "it is asked many times while something ends, and a command that hangs would hide what "
        "lives; use ctx.find_processes, ctx.started_processes or ctx.pid_file",
    )


@check(
    "its commands have the time that they need",
    "コマンドに必要な時間を与える",
    Capability.HOSTILE_COMMANDS,
)
def commands_have_their_time(subject: Subject) -> None:
    commands, installation = subject.host.given.commands, subject.installation
    needed = {
        "start": min(installation.starts_within, _BUSY),
        "stop": min(installation.stops_within, _BUSY),
        "status": _OF_A_STATUS,
    }

    def wrong(call: HookCall) -> str:
        for words, seconds in call.ran:
            for name, hook in _OF_THE_HOOK.items():
                if call.hook != hook or not _is(commands.get(name), words):
                    continue
                if seconds is not None and seconds < needed[name]:
                    return (
                        f"gives its command {seconds:g} s; on a busy machine it may take "
                        f"{needed[name]:g} s, and what is late counts as failed"
                    )
        return ""

    _in_every_call(subject, wrong, "leave timeout= out, or give more")


def _is(command: Command | None, words: Sequence[str]) -> bool:
    """Whether a command line is one of this command's."""
    if command is None or Path(words[0]) != command.path:
        return False
    return set(command.words) <= set(words[1:])


@check(
    "what it declares and checks of its options changes nothing",
    "宣言とオプションの検証は、何も変更しない",
)
def validation_changes_nothing(subject: Subject) -> None:
    host = subject.host
    try:
        seen = host.validate()
    except Lost as error:
        raise Failed(str(error)) from error
    did = [each for each in seen["wrote"] if not is_beneath(each, ours(subject))]
    did += seen["acted"]
    expect(
        not did,
        f"validating its resource file {'; '.join(dict.fromkeys(did))}; it is validated on the "
        f"standby node too, where that would lie beneath the mount point: only look",
    )


def _in_every_call(subject: Subject, wrong: Callable[[HookCall], str], advice: str) -> None:
    """`Failed` where any call of any hook did what is `wrong`, with the first of each hook."""
    found: dict[str, str] = {}
    for call in subject.once(every_hook_in_every_state):
        told = wrong(call)
        if told:
            found.setdefault(call.hook, told)
    told = "; ".join(f"{hook} {each}" for hook, each in found.items())
    expect(not found, f"{told}; {advice}")
