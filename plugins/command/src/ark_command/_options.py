"""What a resource file may say under [options], and what of it goes together."""

from __future__ import annotations

from arkcore import ConfigurationError, SilentDisk, Status, ask_path, option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The key of `status_codes` that stands for every return code it does not name.
OTHER = "other"

#: LSB: 1 and 2 are dead with a pid or lock file left over, 3 is not running, 4 is unknown.
LSB_STATUS_CODES = {"0": "RUNNING", "1": "STOPPED", "2": "STOPPED", "3": "STOPPED"}


class Options:
    """The options of the plugin `command`. "" and [] are "not given"."""

    start: list[str] = option(
        [],
        "The command that starts the application and returns, as a list: absolute path, arguments",
        "アプリケーションを開始して戻るコマンド。絶対パスと引数のリストで指定",
        required=True,
    )
    stop: list[str] = option(
        [],
        "The command that stops the application, as a list: absolute path, arguments",
        "アプリケーションを停止するコマンド。絶対パスと引数のリストで指定",
        required=True,
    )
    stop_codes: list[int] = option(
        [0],
        "Return codes of stop that are accepted; any other leads to the forced stop at once",
        "正常とみなす stop の戻り値。それ以外の場合は直ちに強制停止へ進む",
    )
    force_stop: list[str] = option(
        [],
        "The command that stops by force; without it the known processes are ended",
        "強制停止コマンド。省略時は、把握しているプロセスを終了させる",
    )
    status: list[str] = option(
        [],
        "The command that tells the status by its return code",
        "戻り値で状態を知らせるコマンド",
    )
    status_codes: dict[str, str] = option(
        LSB_STATUS_CODES,
        "Return code of status to RUNNING, STARTING, STOPPING, PARTIAL, STOPPED or UNKNOWN; "
        '"other" for the rest (else UNKNOWN). Replaces the default, which is that of LSB',
        "status の戻り値と状態（RUNNING、STARTING、STOPPING、PARTIAL、STOPPED、UNKNOWN）の対応表。"
        '"other" はその他の値（省略時は UNKNOWN）。指定すると既定値（LSB）全体を置き換える',
    )
    pid_file: str = option(
        "",
        "The file the application writes its process id to: tells the status where there is no "
        "status command, and which processes are the application's",
        "アプリケーションがプロセス ID を書くファイル。status を省略したときの状態の判定と、"
        "アプリケーションのプロセスの特定に使用",
    )
    process_name: str = option(
        "",
        "The name that the process in pid_file must have",
        "pid_file のプロセスが持つべき名前",
    )
    tcp: str = option(
        "",
        "An address and port that accept a connection while the application runs: "
        "127.0.0.1:8080, [::1]:8080 or localhost:8080",
        "アプリケーションの稼働中に接続できるアドレスとポート。"
        "例: 127.0.0.1:8080、[::1]:8080、localhost:8080",
    )
    tcp_timeout: float = option(
        3.0,
        "Seconds within which the connection must be made",
        "接続が完了するまでに待つ秒数",
        minimum=0.1,
        maximum=60,
    )
    user: str = option(
        "",
        "The user whose commands these are; without it they run as root",
        "コマンドを実行するユーザー。省略時は root",
    )
    process_user: str = option(
        "",
        "The user whose processes are the application's, where that is neither root nor user: "
        "that of a service which systemd starts, or of a daemon that gives up root",
        "アプリケーションのプロセスのユーザーが root でも user でもない場合のユーザー名。"
        "例: systemd が起動するサービスや、root 権限を放棄するデーモンのユーザー",
    )
    env: dict[str, str] = option(
        {},
        "Environment variables of the commands, added to a clean environment",
        "コマンドに追加する環境変数",
        secret=True,
    )
    encoding: str = option(
        "utf-8",
        "The encoding of what the commands write",
        "コマンドの出力の文字コード",
    )

    def check(self) -> None:
        """Refuse values that cannot work, alone or together. `ConfigurationError`, one line."""
        _check_command("start", self.start, required=True)
        _check_command("stop", self.stop, required=True)
        _check_command("force_stop", self.force_stop)
        _check_command("status", self.status)
        self._check_ways()
        _check_stop_codes(self.stop_codes)
        _check_status_codes(self.status_codes)
        if self.pid_file and (not self.pid_file.startswith("/") or "\0" in self.pid_file):
            _refuse("pid_file", self.pid_file, "must be an absolute path")
        if self.process_name and "/" in self.process_name:
            _refuse("process_name", self.process_name, 'must be a name without "/"')
        if self.tcp:
            address_and_port(self.tcp)
        for name, value in self.env.items():
            _check_variable(name, value)
        _check_encoding(self.encoding)
        for name in ("start", "stop", "force_stop", "status"):
            _check_way(name, getattr(self, name), self.user)

    def _check_ways(self) -> None:
        """One way of telling the status, and nothing given that would silently not count."""
        if not (self.status or self.pid_file or self.tcp):
            _refuse("status", self.status, "one of status, pid_file and tcp must be given")
        if self.tcp and (self.status or self.pid_file):
            judge = "status" if self.status else "pid_file"
            _refuse("tcp", self.tcp, f"allowed only without {judge}, which tells the status here")
        if self.process_name and not self.pid_file:
            _refuse("process_name", self.process_name, "allowed only with pid_file")
        if self.status_codes != LSB_STATUS_CODES and not self.status:
            _refuse("status_codes", self.status_codes, "allowed only with status")


def address_and_port(tcp: str) -> tuple[str, int]:
    """Host (an IP address without brackets, or "localhost") and port of "host:port".

    `ConfigurationError` for anything else: a name could only be looked up by asking a server, which
    may take longer than a check may.
    """
    host, colon, port = tcp.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not colon or not (port.isascii() and port.isdigit()) or not 1 <= int(port[:6]) <= 65535:
        _refuse("tcp", tcp, 'must be "address:port" with a port from 1 to 65535')
    if bracketed != (":" in host):
        _refuse("tcp", tcp, 'an IPv6 address stands in brackets: "[::1]:8080"')
    if host != "localhost":
        _check_address(tcp, host)
    return host, int(port)


def _check_address(tcp: str, host: str) -> None:
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
        usable = not (address.is_unspecified or address.is_multicast or "%" in host)
    except ValueError:
        usable = False
    if not usable:
        _refuse(
            "tcp",
            tcp,
            f"{host!r}: allowed are localhost and IP addresses of one host, without a zone; "
            f"a name would have to be looked up, which can block",
        )


def _refuse(key: str, value: object, allowed: str) -> None:
    raise ConfigurationError(f"options.{key} = {value!r}: {allowed}")


def _check_command(key: str, argv: Sequence[str], *, required: bool = False) -> None:
    if not argv:
        if required:
            _refuse(key, argv, "must be an absolute path and its arguments")
        return
    if not argv[0].startswith("/"):
        _refuse(key, argv, "must begin with an absolute path; no shell reads it")
    if any("\0" in word for word in argv):
        _refuse(key, argv, "must not hold a NUL character")


def _check_way(key: str, argv: Sequence[str], user: str) -> None:
    """Refuse what root or `user` would run and others could exchange, or nobody can tell."""
    if not argv:
        return
    from arkcore import fault_of_command

    try:
        fault = ask_path(argv[0], lambda: fault_of_command(argv, user))
    except SilentDisk as error:
        fault = f"who could exchange it cannot be told: {error}"
    if fault:
        remedy = "" if user else "; or name its user in options.user"
        _refuse(key, list(argv), f"it runs as {user or 'root'}, and {fault}{remedy}")


def _check_stop_codes(codes: Sequence[int]) -> None:
    if not codes or not all(0 <= code <= 255 for code in codes):
        _refuse("stop_codes", codes, "must be one or more return codes from 0 to 255")


def _check_status_codes(codes: dict[str, str]) -> None:
    names = [status.name for status in Status]
    for code, name in codes.items():
        if code != OTHER and code not in map(str, range(256)):
            _refuse(f"status_codes.{code}", name, f'the key must be 0 to 255, or "{OTHER}"')
        if name not in names:
            _refuse(f"status_codes.{code}", name, f"allowed: {', '.join(names)}")
    if codes.get(OTHER) == "RUNNING":
        # A status command that is broken would vouch for an application that is dead.
        _refuse(f"status_codes.{OTHER}", "RUNNING", "name the codes that mean RUNNING")
    for needed in ("RUNNING", "STOPPED"):
        if needed not in codes.values():
            _refuse("status_codes", codes, f"at least one return code must mean {needed}")


def _check_variable(name: str, value: str) -> None:
    if not name or "=" in name or "\0" in name + value:
        _refuse_variable(name, 'a name without "=", and no NUL character')
    if name in ("ARK_ACTION", "ARK_PREFIX"):
        _refuse_variable(name, "this variable is the engine's own")


def _refuse_variable(name: str, allowed: str) -> None:
    # Not its value: that may be a password.
    raise ConfigurationError(f"options.env.{name}: {allowed}")


def _check_encoding(encoding: str) -> None:
    import codecs

    try:
        text = codecs.lookup(encoding)._is_text_encoding
    except (LookupError, ValueError):
        text = False
    if not text:
        _refuse("encoding", encoding, "must be a text encoding, for instance utf-8 or cp932")
