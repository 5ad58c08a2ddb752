"""Hostile commands: each answers an argument vector that misbehaves in one way.

    ctx.run(hostile.ignore_term())

None of them needs a file of its own, a package, or an environment. What hangs does so for
`LONG` seconds, which outlasts every timer of a test and not the machine.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

#: Seconds that stand for "for ever".
LONG = 3600

#: Texts that a product writes and a log must survive, by what they are.
BYTES: dict[str, bytes] = {
    "without newline": b"no newline at the end",
    "with NULs": b"before\0after\0\n",
    "Shift JIS": "サービスの起動に失敗しました\n".encode("cp932"),
    "broken UTF-8": b"\xff\xfe \xe3\x82 \xc3\x28 \xf0\x9f\n",
    "escape sequences": b"\x1b[2J\x1b[1;31mred\x07\r\x1b]0;title\x07\x9b31m\n",
    "a forged line": b"[2099/01/01 00:00:00] : toy1 : LHOST1 : Restore completed.\n",
    "forged lines behind other line ends": (
        b"a\r[2099/01/01 00:00:00] : toy1 : LHOST1 : Restore completed.\r\n"
        b"b\x0b[2099/01/01 00:00:00] : toy1 : LHOST1 : Remove completed.\x0c"
        b"c\xc2\x85[2099/01/01 00:00:00] : toy1 : LHOST1 : Restore completed.\xe2\x80\xa8"
        b"d\xe2\x80\xa9[2099/01/01 00:00:00] : toy1 : LHOST1 : Restore completed.\n"
    ),
    "one line of a megabyte": b"x" * (1 << 20),
}


def _sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def _python(script: str, *words: str) -> list[str]:
    # -I -S: it starts in half the time, and takes nothing from its surroundings.
    return [sys.executable, "-IS", "-c", script, *words]


# What does not end.


def hang() -> list[str]:
    """Do nothing, for ever; obey TERM."""
    return _sh(f"exec sleep {LONG}")


def ignore_term() -> list[str]:
    """Do nothing, for ever, and ignore every signal that can be ignored."""
    return _python(
        "import signal, time\n"
        "for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        f"time.sleep({LONG})"
    )


def escape(*, forget: bool = False, wait: bool = True) -> list[str]:
    """Leave a grandchild in a session of its own, whose parent is gone, that ignores TERM.

    `forget`: it clears its environment too. `wait`: the command itself hangs, or returns 0 at once.
    """
    clear = ", {}" if forget else ", os.environ"
    return _python(
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork():\n"
        "        os._exit(0)\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"    os.execve('/bin/sleep', ['sleep', '{LONG}']{clear})\n"
        "os.wait()\n" + (f"time.sleep({LONG})" if wait else "")
    )


def fork_bomb(size: int = 64) -> list[str]:
    """Go on forking until `size` processes were made, each in a session of its own, deaf to TERM.

    A pipe that holds one byte for each child that may still be made bounds them all together.
    """
    return _python(
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "left, filling = os.pipe()\n"
        "os.write(filling, b'x' * (int(sys.argv[1]) - 1))\n"
        "os.close(filling)\n"
        "while os.read(left, 1):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "    time.sleep(0.1)\n"
        f"time.sleep({LONG})",
        str(size),
    )


def stop_itself() -> list[str]:
    """Stop (SIGSTOP) and wait for somebody to say that it may go on."""
    return _sh(f"kill -STOP $$; exec sleep {LONG}")


def slow(seconds: float, returncode: int = 0) -> list[str]:
    """Take `seconds`, then return: 59 of 60 seconds is not late."""
    return _sh(f"sleep {seconds:g}; exit {returncode:d}")


# What ends, and is not over.


def keep_stdout() -> list[str]:
    """Return 0 at once, and leave a child that keeps stdout and stderr open."""
    return _sh(f"sleep {LONG} & exit 0")


def nothing() -> list[str]:
    """Return 0 and do nothing at all."""
    return _sh("exit 0")


def start_half(daemons: Sequence[Sequence[str]]) -> list[str]:
    """Return 0 and start only the first half of `daemons`, argument vectors each."""
    return _sh("".join(_daemon(argv) for argv in daemons[: len(daemons) // 2]) + "exit 0")


def die_later(daemon: Sequence[str], seconds: float = 1.0) -> list[str]:
    """Return 0 and start `daemon`, which dies of SIGKILL after `seconds`."""
    return _sh(f"{_daemon(daemon)}(sleep {seconds:g}; kill -KILL $!) >/dev/null 2>&1 & exit 0")


def die_by(number: int) -> list[str]:
    """End by the signal `number`, without a core."""
    return _python(
        "import os, resource, signal, sys\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "number = int(sys.argv[1])\n"
        "try:\n"
        "    signal.signal(number, signal.SIG_DFL)\n"
        "except OSError:\n"
        "    pass\n"
        "os.kill(os.getpid(), number)",
        str(number),
    )


def alternate(file: str, *answers: str) -> list[str]:
    """Write the next one of `answers` each time, round and round; `file` remembers which."""
    return _python(
        "import sys\n"
        "path, answers = sys.argv[1], sys.argv[2:]\n"
        "try:\n"
        "    number = int(open(path).read())\n"
        "except (OSError, ValueError):\n"
        "    number = 0\n"
        "open(path, 'w').write(str(number + 1))\n"
        "print(answers[number % len(answers)])",
        file,
        *(answers or ("RUNNING", "STOPPED")),
    )


def change_surroundings(*argv: str) -> list[str]:
    """Change directory, umask, limits and environment, close what is open, then become `argv`."""
    return _python(
        "import os, resource, sys\n"
        "os.chdir('/tmp')\n"
        "os.umask(0o777)\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "os.closerange(0, 64)\n"
        "if len(sys.argv) > 1:\n"
        "    os.execve(sys.argv[1], sys.argv[1:], {'ARK_PREFIX': '/nowhere', 'PATH': ''})",
        *argv,
    )


# What is written.


def write(data: bytes, returncode: int = 0) -> list[str]:
    """Write `data` to stdout as it stands; see :data:`BYTES`.

    `returncode`: what the command ends with.
    """
    # Not as it stands: a log that shows the command line shall not show the text as well.
    repeated = len(data) > 4096 and len(set(data)) == 1
    shown = data[:1] if repeated else data
    return _python(
        "import os, sys\n"
        "data = bytes.fromhex(sys.argv[1]) * int(sys.argv[2])\n"
        "while data:\n"
        "    data = data[os.write(1, data):]\n"
        f"os._exit({returncode:d})",
        shown.hex(),
        str(len(data) // len(shown) if shown else 0),
    )


def flood(size: int = 1 << 30, *, then_hang: bool = False) -> list[str]:
    """Write `size` bytes, as fast as they are taken: lines, the last of which says "the end"."""
    return _python(
        "import os, sys, time\n"
        "left, block = int(sys.argv[1]), (b'x' * 1023 + b'\\n') * 256\n"
        "while left > 0:\n"
        "    left -= os.write(1, block[:left])\n"
        "os.write(1, b'\\nthe end\\n')\n" + (f"time.sleep({LONG})" if then_hang else ""),
        str(size),
    )


def _daemon(argv: Sequence[str]) -> str:
    return f"setsid {shlex.join(argv)} </dev/null >/dev/null 2>&1 & "
