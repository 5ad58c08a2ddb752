"""No command of an application, and no plugin's process, has the terminal of who calls `ark`."""

from __future__ import annotations

import os
import pty
import pwd
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from drilling import Pair, second_node
from support import PROGRAMS, ToyNode, wait_for

from arkcore.worker.aside import answer_of

#: A status command that looks for a terminal; each call adds what it found to a file.
PROBE = """
    import errno, fcntl, os, sys, termios
    found = []
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
        found.append("opened")
        for character in b"exit":
            fcntl.ioctl(terminal, termios.TIOCSTI, bytes([character]))
        found.append("typed")
    except OSError as error:
        found.append(errno.errorcode[error.errno])
    if os.getsid(0) != os.getpid():
        found.append("session")
    with open(sys.argv[1], "a") as file:
        print(*found, file=file)
"""


class Terminal:
    """A terminal whose session's leader is what is called in it, as a shell would be."""

    def call(self, prefix: Path, *words: str) -> str:
        outer, inner = pty.openpty()
        leader = (
            "import fcntl, subprocess, sys, termios\n"
            "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
            "sys.exit(subprocess.call(sys.argv[1:]))\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", leader, str(PROGRAMS / "ark"), *words],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env={"ARK_PREFIX": str(prefix), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        )
        os.close(inner)
        shown: list[bytes] = []
        reader = threading.Thread(target=self._read, args=(outer, shown))
        reader.start()
        try:
            process.wait(60)
        finally:
            process.kill()
            reader.join(20)
            os.close(outer)
        return b"".join(shown).decode()

    def _read(self, outer: int, shown: list[bytes]) -> None:
        try:
            while data := os.read(outer, 65536):
                shown.append(data)
        except OSError:
            pass  # nobody has the terminal any more


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def probe(tmp_path: Path) -> list[str]:
    program = tmp_path / "probe.py"
    program.write_text(textwrap.dedent(PROBE))
    return [sys.executable, str(program), str(tmp_path / "found")]


def found_by(probe: list[str]) -> set[str]:
    return set(Path(probe[-1]).read_text().splitlines())


def _asked(probe: list[str]) -> str:
    return f"def ark_status(ctx, default):\n    ctx.run({probe!r})\n    return default(ctx)\n"


@pytest.mark.parametrize(
    "words", [("status",), ("run", "quickcheck", "toy1"), ("run", "restore", "toy1")]
)
def test_a_status_command_has_no_terminal(
    node: ToyNode, terminal: Terminal, probe: list[str], words: tuple[str, ...]
) -> None:
    node.hooks(_asked(probe))
    told = terminal.call(node.prefix, *words)
    assert "toy1" in told
    assert found_by(probe) == {"ENXIO"}


def test_a_command_with_a_user_has_no_terminal(
    node: ToyNode, terminal: Terminal, probe: list[str]
) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    node.hooks(_asked(probe).replace("])", f"], user={me!r})"))
    terminal.call(node.prefix, "status")
    assert found_by(probe) == {"ENXIO"}


def test_verify_gives_no_terminal(node: ToyNode, terminal: Terminal, probe: list[str]) -> None:
    program = node.home / "probed"
    program.write_text(f"#!/bin/sh\n{' '.join(probe)}\n[ -e {node.home}/up ] && exit 0; exit 3\n")
    program.chmod(0o755)
    (node.resources / "toy1.toml").write_text(
        'plugin = "command"\nlogical_host = "LHOST1"\n[timers]\nrestore.process = 5\n'
        f'[options]\nstart = ["/bin/touch", "{node.home}/up"]\n'
        f'stop = ["/bin/rm", "-f", "{node.home}/up"]\nstatus = ["{program}"]\n'
    )
    words = ("verify", "toy1", "--yes", "--check", "hooks_print_nothing")
    told = terminal.call(node.prefix, *words)
    assert "promises kept" in told
    assert {each.split()[0] for each in found_by(probe)} == {"ENXIO"}


def test_drill_gives_no_terminal(node: ToyNode, terminal: Terminal, probe: list[str]) -> None:
    pair = Pair(node, second_node(node.prefix / "two"))
    pair.begin()
    node.hooks(_asked(probe))
    terminal.call(node.prefix, "drill", "local-recovery", "toy1", "--yes", "--within", "1")
    assert found_by(probe) == {"ENXIO"}


def _terminal_of_this_process() -> list[object]:
    leads = os.getsid(0) == os.getpid()
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return [leads, False]
    return [leads, True]


def test_a_plugin_is_asked_without_a_terminal() -> None:
    """So do `ark validate`, `preflight`, `guide`, `plugins` and `status`."""
    pid, terminal = pty.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if answer_of(_terminal_of_this_process) == [True, False] else 2
        finally:
            os._exit(code)
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        os.close(terminal)


def test_a_stopped_watcher_stops_nothing_else(node: ToyNode) -> None:
    node.hooks("def ark_start(ctx, default):\n    ctx.run(['/bin/sleep', '0.5'])\n    default(ctx)")
    watching = subprocess.Popen(
        [PROGRAMS / "ark", "run", "restore", "toy1"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    assert watching.stdout is not None
    assert "Restore start." in watching.stdout.readline()
    os.killpg(watching.pid, signal.SIGSTOP)
    try:
        wait_for(lambda: "Restore completed." in node.ras)
    finally:
        os.killpg(watching.pid, signal.SIGCONT)
    assert watching.wait(20) == 0
    watching.stdout.close()
