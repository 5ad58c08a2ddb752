"""The other node, asked by the operator's own ssh: the one place that runs `ark` there.

Nothing of ours listens. The operator's keys, agent and configuration decide whether there is an
answer; nobody is asked for a password. An answer is bounded in time and in bytes, and it is foreign
text: it is checked for its form, escaped where it is shown, and never run.
"""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
import subprocess
import tempfile

import click
import msgspec

from arkcore.base.errors import ArkError, ConfigurationError, MachineError
from arkcore.base.text import elided, shown
from arkcore.cli.language import is_japanese
from arkcore.machine.system import is_trusted_program
from arkcore.worker.question import Answer, How, ask_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, TypeVar

    from arkcore.survey.answers import Answers

    Facts = TypeVar("Facts")

#: Seconds for the connection; and for `ark` there, which asks applications and plugins.
_CONNECTING = 5
_ANSWERING = 60.0
#: What ssh itself ends with where it could not run the command.
_SSH_FAILED = 255
#: What a shell ends with where there is no such command.
_NOT_FOUND = 127
#: `ark` there took the call for wrong usage.
_WRONG_USAGE = 2
#: Bytes that a command of the other node may print while it is awaited.
_LARGEST = 1 << 24
#: The end of its errors, in bytes, of which the last line is shown.
_SAID = 4096
#: Of a text of the other node, so much is shown in an error.
_SHOWN = 300
#: The operator's own, which ssh needs to find the keys.
_OPERATORS = ("HOME", "USER", "LOGNAME", "PATH", "SSH_AUTH_SOCK", "KRB5CCNAME")


class PeerError(ArkError):
    """Raised where the other node does not answer, refuses, or its answer cannot be read."""


class Unanswered(PeerError):
    """Raised where it is not known whether the other node has done what it was asked to."""


class Host(click.ParamType[str]):
    """The other node as ssh takes it: NAME or USER@NAME, an alias of ~/.ssh/config too."""

    name = "HOST"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        text = str(value)
        if not is_host(text):
            self.fail(
                f"{text!r}: allowed is NAME or USER@NAME as ssh takes it: letters, digits and "
                f"_ . : @ -, not beginning with -",
                param,
                ctx,
            )
        return text


def is_host(text: str) -> bool:
    """Whether `text` can be given to ssh as a host: no option, no word of a shell."""
    plain = text.isascii() and all(each.isalnum() or each in "_.:@-" for each in text)
    return plain and 1 <= len(text) <= 255 and text[0] not in "-@"


class Peer:
    """The other node. `host`: as the operator gives it to ssh."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._ssh = shutil.which("ssh") or "ssh"

    def typed(self, *words: str) -> str:
        """The command as the operator could type it, for a message."""
        return shlex.join(["ssh", self.host, "ark", *words])

    def ssh(self, *words: str) -> list[str]:
        """The whole command line that runs `words` on the other node."""
        options = [
            "BatchMode=yes",
            f"ConnectTimeout={_CONNECTING}",
            "ServerAliveInterval=5",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "RemoteCommand=none",
            "RequestTTY=no",
        ]
        given = [each for option in options for each in ("-o", option)]
        return [self._ssh, "-T", "-x", "-a", *given, "--", self.host, shlex.join(words)]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that ssh gets: those of the operator that it finds keys by."""
        return {name: os.environ[name] for name in _OPERATORS if name in os.environ}

    def refuse_without_ssh(self) -> None:
        """`MachineError` where there is no ssh that only root and this user can have changed."""
        if not is_trusted_program(self._ssh):
            raise MachineError(
                f"{self._ssh}: there is no such program in PATH that only root and you can have "
                f"changed; install the ssh client"
            )

    def begin(self, command: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Begin a command of the other node; it goes on whatever becomes of the caller.

        `output` gets what it prints; ssh is ended where that becomes too much. `MachineError`: ssh
        cannot be run.
        """
        self.refuse_without_ssh()
        return subprocess.Popen(
            self.ssh(*command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self.environment,
            cwd="/",
            start_new_session=True,
            preexec_fn=_bound_output,
        )

    def ark(self, *words: str, codes: Sequence[int] = (0,), within: float = _ANSWERING) -> str:
        """What `ark` with these words prints on the other node.

        `codes`: the exit codes that come with an answer. `within`: seconds for all of it.
        `PeerError` where there is no answer, in one line; `Unanswered` where the other node may
        have begun to do it.
        """
        self.refuse_without_ssh()
        answer = ask_command(self.ssh(*_asking(words)), within, self.environment)
        if answer.whole and answer.returncode in codes:
            return answer.output
        raise self._why(answer, within)

    def fetch(self, file: IO[bytes], *words: str, within: float, most: int) -> None:
        """Write to `file` the bytes that `ark` with these words prints on the other node.

        `within`: seconds for all of it; `most`: bytes. `PeerError` where there is no answer, in one
        line; the file then holds nothing of use.
        """
        self.refuse_without_ssh()
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                self.ssh(*_asking(words)),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=errors,
                env=self.environment,
                cwd="/",
                start_new_session=True,
                preexec_fn=lambda: _bound_output(most),
            )
            try:
                code = process.wait(within)
            except subprocess.TimeoutExpired:
                raise self._why(Answer(How.LATE), within) from None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            if code == -signal.SIGXFSZ:
                raise PeerError(f"{self.host}: its ark printed more than {most} bytes")
            if code:
                errors.seek(-min(_SAID, errors.seek(0, os.SEEK_END)), os.SEEK_END)
                said = errors.read().decode("utf-8", "backslashreplace")
                how = How.FAILED if code > 0 else How.DIED
                why = f"ssh was ended by signal {-code}"
                raise self._why(Answer(how, why, returncode=code, errors=said), within)

    def facts(
        self,
        kind: type[Facts],
        *words: str,
        codes: Sequence[int] = (0,),
        within: float = _ANSWERING,
    ) -> Facts:
        """The JSON that `ark` with these words prints there, as `kind`. `PeerError`: it is none."""
        text = self.ark(*words, codes=codes, within=within)
        try:
            return msgspec.json.decode(text, type=kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            told = elided(shown(str(error)), _SHOWN)
            raise PeerError(
                f"{self.host}: the answer of its ark cannot be read: {told}; install the same "
                f"version on both nodes"
            ) from error

    def _why(self, answer: Answer, within: float) -> PeerError:
        """Why there is no answer, and what to do."""
        if answer.how is How.LATE:
            return Unanswered(f"{self.host}: no answer by ssh within {within:g} s")
        if not answer.whole:
            return Unanswered(f"{self.host}: {answer.why}")
        lines = [line.strip() for line in answer.errors.splitlines() if line.strip()]
        said = elided(shown(lines[-1]), _SHOWN) if lines else f"exit code {answer.returncode}"
        code = answer.returncode
        if code == _SSH_FAILED:
            test = shlex.join(["ssh", "-o", "BatchMode=yes", self.host, "true"])
            # ssh says so too where the connection broke after the command had begun.
            kind = PeerError if _never_connected(lines) else Unanswered
            return kind(f"{self.host}: {said}; try: {test}")
        if code == _NOT_FOUND:
            return PeerError(
                f"{self.host}: {said}; ark must be in the PATH that ssh gives there: "
                f"ln -s /opt/ark/bin/ark /usr/local/sbin/ark"
            )
        if code == _WRONG_USAGE:
            return PeerError(f"{self.host}: {said}; install the same version on both nodes")
        return PeerError(f"{self.host}: {said.removeprefix('ark: ')}")


def _asking(words: Sequence[str]) -> list[str]:
    """The command line of `ark` with these words on the other node.

    Its answer is UTF-8 and in the reader's language, whatever the locale of a login there.
    """
    language = "ja_JP.UTF-8" if is_japanese() else "C.UTF-8"
    return ["env", "PYTHONUTF8=1", f"LC_ALL={language}", "ark", *words]


def _bound_output(most: int = _LARGEST) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _never_connected(lines: Sequence[str]) -> bool:
    """Whether ssh's own words say that no command was begun."""
    words = ("Permission denied", "Could not resolve", "Host key verification failed", "connect to")
    return any(word in line for line in lines for word in words)


def is_file(text: str) -> bool:
    """Whether `--peer` names a file of answers, or stdin, and no host."""
    return text == "-" or "/" in text or text.endswith(".json") or os.path.exists(text)


def answers_from(text: str) -> Answers:
    """A node's answers: of the file, of stdin ("-"), or of the host that `text` names.

    `PeerError`: the host does not answer. `ArkError`: what there is cannot be read.
    """
    from arkcore.survey.answers import decode, read_answers  # the other commands do without

    if is_file(text):
        return read_answers(text)
    if not is_host(text):
        raise click.BadParameter(f"{text!r}: neither a file nor a host", param_hint="--peer")
    return decode(Peer(text).ark("preflight", "--export", "-", codes=(0, 1)).encode(), text)


def check_answers(peer: Peer, node: str, own: str) -> None:
    """`ConfigurationError` where it is this very node that has answered."""
    if node == own:
        raise ConfigurationError(
            f"{peer.host}: {shown(node)} answers, which is this node; name the other one"
        )
