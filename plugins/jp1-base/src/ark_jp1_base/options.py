"""The options that every JP1 plugin has, and the checks that a type or a range cannot make."""

from __future__ import annotations

from ark_jp1_base import facts
from ark_jp1_base.commands import beneath
from ark_jp1_base.judgement import Answer
from arkcore import ConfigurationError, ask_disk, fault_of_command, option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The words by which a user may correct what a return code says.
WORDS = tuple(answer.value for answer in Answer if answer is not Answer.MISSING)


#: Seconds within which the disk of the commands has to answer.
_PATIENCE = 2.0


class Jp1Options:
    """The options that every JP1 plugin has. Paths of commands are those beneath `root`."""

    root: str = option(
        "/",
        "put before every path of the product",
        "製品のすべてのパスの前に付けるディレクトリ",
    )
    lang: str = option(
        "C",
        "LANG of the product's commands and daemons; JP1/Base and JP1/AJS3 must use one character "
        "set; for instance C, ja_JP.UTF-8, ja_JP.eucJP, ja_JP.SJIS",
        "製品のコマンドとデーモンに渡す LANG。JP1/Base と JP1/AJS3 の文字コードは同じにすること。"
        "例: C、ja_JP.UTF-8、ja_JP.eucJP、ja_JP.SJIS",
    )
    encoding: str = option(
        "",
        "encoding of the product's output, by Python's name (cp932, euc_jp, utf-8); "
        "empty: follows lang",
        "製品の出力の文字コード（Python での名前。cp932、euc_jp、utf-8 など）。空なら lang に従う",
    )
    status_limit: float = option(
        30.0,
        "seconds after which a status command is ended and its answer counts as UNKNOWN",
        "状態確認コマンドを打ち切って UNKNOWN とみなすまでの秒数",
        minimum=1,
        maximum=3600,
    )
    force_limit: float = option(
        20.0,
        "seconds after which the forced stop command is ended; what then still lives is killed",
        "強制停止コマンドを打ち切るまでの秒数。残ったプロセスはその後に強制終了する",
        minimum=1,
        maximum=3600,
    )
    status_codes: dict[str, str] = option(
        {},
        "corrections to the return codes of the status command, for instance PARTIAL for 4; "
        "words: RUNNING, STARTING, STOPPING, PARTIAL, STOPPED, UNKNOWN, "
        "ERROR (it could not ask; the process table then decides)",
        "状態確認コマンドの戻り値の意味を訂正する表。例: 4 を PARTIAL とする。"
        "使える語: RUNNING、STARTING、STOPPING、PARTIAL、STOPPED、UNKNOWN、"
        "ERROR（問い合わせ不可。プロセスの有無で判定する）",
    )
    ours: list[str] = option(
        [],
        "further executables in the product's directories that each logical host has for itself; "
        "an inherited JP1_HOSTNAME shows whose they are",
        "製品のディレクトリにある実行ファイルのうち、論理ホストごとに動くものの追加。"
        "環境変数 JP1_HOSTNAME でどの論理ホストのものかを判定する",
    )
    not_ours: list[str] = option(
        [],
        "further executables in the product's directories that are no part of the running logical "
        "host: commands that end by themselves, services of the whole machine. A service that a "
        "start makes is left alone wherever its program lies",
        "製品のディレクトリにあるが論理ホストの稼働プロセスではない実行ファイル名の追加。"
        "短時間で終わるコマンドや、マシン全体で共有するサービスなど。"
        "開始が作るサービスは、プログラムがどこにあっても終了しない",
    )

    def check(self) -> None:
        """What no single option's type or range can tell; `ConfigurationError` in one line."""
        if not self.root.startswith("/"):
            raise ConfigurationError(f"options.root = {self.root!r}: must be an absolute path")
        if not self.lang or not self.lang.isprintable():
            raise ConfigurationError(
                f"options.lang = {self.lang!r}: must name a locale, for instance C or ja_JP.UTF-8"
            )
        try:
            b"JP1".decode(self.encoding or "utf-8", "backslashreplace")
        except (LookupError, ValueError):
            raise ConfigurationError(
                f"options.encoding = {self.encoding!r}: unknown encoding; "
                f"allowed are Python's names, for instance cp932, euc_jp, utf-8"
            ) from None
        commands = {key: text for key, text in vars(self).items() if key.endswith("_command")}
        for name, value in commands.items():
            if not value.startswith("/"):
                raise ConfigurationError(f"options.{name} = {value!r}: must be an absolute path")
        _check_ways({key: beneath(self.root, path) for key, path in commands.items()})
        for name in self.not_ours:
            # Without its process manager a logical host that runs could be taken for stopped.
            if name in facts.MANAGERS:
                raise ConfigurationError(f"options.not_ours: {name!r} is what makes it running")
        both = {*self.ours} & {*self.not_ours}
        if both:
            raise ConfigurationError(
                f"options.ours: {min(both)!r} stands in options.not_ours too: only one can be right"
            )
        check_codes("status_codes", self.status_codes)


def _check_ways(commands: Mapping[str, str]) -> None:
    """Refuse commands, by option, that others could exchange, or of which nobody can tell."""

    def first_fault() -> tuple[str, str]:
        faults = ((key, fault_of_command([path])) for key, path in commands.items())
        return next(((key, fault) for key, fault in faults if fault), ("", ""))

    try:
        name, fault = ask_disk(first_fault, None, _PATIENCE)
    except OSError as error:
        name, fault = min(commands), f"who could exchange it cannot be told: {error.strerror}"
    if fault:
        raise ConfigurationError(f"options.{name}: {commands[name]}: it runs as root, and {fault}")


def check_codes(name: str, codes: Mapping[str, str]) -> None:
    """Refuse a correction that could never apply; `name` is the option's."""
    for code, word in codes.items():
        if not (code.isascii() and code.isdigit() and int(code) <= 255 and str(int(code)) == code):
            raise ConfigurationError(
                f'options.{name}: {code!r}: allowed are return codes from "0" to "255"'
            )
        if word not in WORDS:
            raise ConfigurationError(
                f"options.{name}: {code} = {word!r}: allowed: {', '.join(WORDS)}"
            )


def check_start_options(given: Sequence[str], allowed: Sequence[facts.Fact]) -> None:
    """Refuse words that the start command does not take, or that start one part alone."""
    rest = list(given)
    while rest:
        for fact in allowed:
            words = fact.value.split()
            if rest[: len(words)] == words:
                del rest[: len(words)]
                break
        else:
            names = ", ".join(fact.value for fact in allowed)
            raise ConfigurationError(
                f"options.start_options = {list(given)}: {rest[0]!r} is refused; allowed: {names}"
                + ("; each word is an item of its own" if " " in rest[0] else "")
            )


def check_words(name: str, text: str) -> None:
    """Refuse a text without any word, which every line would contain; `name` is the option's."""
    if not text.strip():
        raise ConfigurationError(f"options.{name} = {text!r}: must hold at least one word")
