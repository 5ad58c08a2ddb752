"""What a resource file may say under [options], and what of it cannot work."""

from __future__ import annotations

import os

from ark_postgresql import _facts
from arkcore import ConfigurationError, ask_disk, fault_of_command, option

#: The longest path of a Unix socket, in bytes, and what the server adds to its directory.
_LONGEST_SOCKET = 107
_SOCKET_NAME = "/.s.PGSQL.65535"
#: pg_ctl hands its arguments to a shell, in double quotes.
_NOT_QUOTED = '"$`\\\n'
#: Seconds within which the disk of the programs has to answer.
_PATIENCE = 2.0


class Options:
    """The options of the plugin `postgresql`. "", 0 and [] are "not given"."""

    data_directory: str = option(
        "",
        "The data directory, on the disk that moves between the nodes",
        "データディレクトリ。ノード間を移動するディスクに置く",
        required=True,
    )
    bin_directory: str = option(
        "",
        "Where pg_ctl, postgres, psql and pg_isready are; without it, among the usual directories "
        "that of the data directory's version, else of the newest",
        "pg_ctl、postgres、psql、pg_isready のあるディレクトリ。省略時は、通常の導入先のうち、"
        "データディレクトリと同じバージョン、なければ最も新しいもの",
    )
    config_file: str = option(
        "",
        "postgresql.conf, where it is not in the data directory (as with Debian's clusters)",
        "postgresql.conf のパス。データディレクトリにない場合（Debian のクラスターなど）に指定",
    )
    port: int = option(
        0,
        "The port, handed to the server at its start; without it, as its configuration says",
        "ポート番号。開始時にサーバーへ渡す。省略時はサーバーの設定に従う",
        minimum=0,
        maximum=65535,
    )
    socket_directory: str = option(
        "",
        "The directory of the Unix socket, handed to the server at its start; without it, as its "
        "configuration says. It must be there on every node",
        "Unix ソケットのディレクトリ。開始時にサーバーへ渡す。省略時はサーバーの設定に従う。"
        "すべてのノードに必要",
    )
    user: str = option(
        "postgres",
        "The operating system's user whom the data directory belongs to; everything is run as that "
        "user",
        "データディレクトリを所有する OS のユーザー。コマンドはすべてこのユーザーで実行",
    )
    database: str = option(
        "postgres",
        "The database that the status connects to",
        "状態の確認で接続するデータベース",
    )
    database_user: str = option(
        "",
        "The database's user for it, without a password; without it, the one named like user",
        "そのときのデータベースのユーザー（パスワードなし）。省略時は user と同じ名前",
    )
    start_options: list[str] = option(
        [],
        "Further arguments of the server, for instance -c and max_connections=200",
        "サーバーに追加で渡す引数。例: -c と max_connections=200",
    )
    log_file: str = option(
        "",
        "Where the server writes until its own log is open; without it, "
        "/var/log/ark/output/<resource>.start",
        "サーバー自身のログが始まるまでの出力先。省略時は /var/log/ark/output/<リソース名>.start",
    )
    env: dict[str, str] = option(
        {},
        "Environment variables of the server and of the commands, added to a clean environment",
        "サーバーとコマンドに追加する環境変数",
        secret=True,
    )
    encoding: str = option(
        "",
        "The encoding of what the server and its programs write, by Python's name (cp932, euc_jp, "
        "utf-8); without it, as LC_ALL, LC_CTYPE or LANG in env says",
        "サーバーとコマンドの出力の文字コード（Python での名前。cp932、euc_jp、utf-8 など）。"
        "省略時は env の LC_ALL、LC_CTYPE、LANG に従う",
    )
    status_timeout: float = option(
        5.0,
        "Seconds within which a connection must be made and the query answered",
        "接続して問い合わせの結果が返るまでに待つ秒数",
        minimum=1,
        maximum=60,
    )

    def check(self) -> None:
        """Refuse values that cannot work. `ConfigurationError`, one line."""
        _check_path("data_directory", self.data_directory)
        if self.data_directory != os.path.normpath(self.data_directory):
            _refuse("data_directory", self.data_directory, "must have no superfluous / or .")
        if self.data_directory == "/":
            _refuse("data_directory", self.data_directory, "must be a directory of its own")
        for key in ("bin_directory", "config_file", "socket_directory", "log_file"):
            if getattr(self, key):
                _check_path(key, getattr(self, key))
        if len(os.fsencode(self.socket_directory + _SOCKET_NAME)) > _LONGEST_SOCKET:
            longest = _LONGEST_SOCKET - len(_SOCKET_NAME)
            _refuse("socket_directory", self.socket_directory, f"at most {longest} bytes")
        if not self.user or "\0" in self.user or self.user == "root":
            _refuse("user", self.user, "must be a user other than root, whom PostgreSQL refuses")
        self._check_programs()
        self._check_database()
        for word in self.start_options:
            _check_start_option(word)
        try:
            b"PostgreSQL".decode(self.encoding or "utf-8", "backslashreplace")
        except (LookupError, ValueError):
            _refuse(
                "encoding",
                self.encoding,
                "must be an encoding that Python knows, for instance cp932, euc_jp, utf-8",
            )
        for name, value in self.env.items():
            if not name or "=" in name or "\0" in name + value:
                _refuse("env", name, "must be names without =, and values without NUL characters")

    def _check_programs(self) -> None:
        if not self.bin_directory:
            return  # a package's own, as the system installs it
        program = os.path.join(self.bin_directory, _facts.CONTROL.value)
        try:
            fault = ask_disk(lambda: fault_of_command([program], self.user), None, _PATIENCE)
        except OSError as error:
            fault = f"who could exchange it cannot be told: {error.strerror}"
        if fault:
            _refuse("bin_directory", self.bin_directory, f"it runs as {self.user}, and {fault}")

    def _check_database(self) -> None:
        # psql would take such a text for a whole set of connection parameters.
        if not self.database or "=" in self.database or "://" in self.database:
            _refuse("database", self.database, "must be a database's name, without = and ://")
        for key in ("database", "database_user"):
            if "\0" in getattr(self, key):
                _refuse(key, getattr(self, key), "must not hold a NUL character")


def _check_path(key: str, path: str) -> None:
    if not path.startswith("/") or "\0" in path:
        _refuse(key, path, "must be an absolute path")
    if any(sign in path for sign in _NOT_QUOTED):
        _refuse(key, path, 'must hold none of " $ ` \\ and no line end, which pg_ctl cannot quote')


def _check_start_option(word: str) -> None:
    if "\0" in word or "\n" in word:
        _refuse("start_options", word, "must hold neither a NUL character nor a line end")
    # The directory that is started must be the one that is watched.
    if word.startswith("-D") or "data_directory" in word or "data-directory" in word:
        _refuse("start_options", word, "the data directory is given by options.data_directory")


def _refuse(key: str, value: object, allowed: str) -> None:
    raise ConfigurationError(f"options.{key} = {value!r}: {allowed}")
