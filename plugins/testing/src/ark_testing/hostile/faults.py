"""Hostile plugins: source texts for the body of a hook, and for a module that is imported.

source = hostile.function("ark_status", hostile.FAULTS["holds the interpreter lock"])
"""

from __future__ import annotations

import textwrap

from ark_testing.hostile.commands import LONG

#: What the body of a hook can do, by what it is called.
FAULTS: dict[str, str] = {
    "raises": "raise ValueError('of the plugin')",
    "raises BaseException": "raise BaseException('of the plugin')",
    "raises what cannot be shown": (
        "class Mute(Exception):\n"
        "    def __str__(self):\n"
        "        raise RuntimeError('and that again')\n"
        "raise Mute()"
    ),
    "calls sys.exit": "import sys\nsys.exit(0)",
    "calls os._exit": "import os\nos._exit(0)",
    "recurses": "def again():\n    return again()\nagain()",
    "recurses in C": (
        "import sys\n"
        "sys.setrecursionlimit(10**9)\n"
        "def again():\n"
        "    return max([0], key=lambda _: again())\n"
        "again()"
    ),
    "interrupts itself": "raise KeyboardInterrupt",
    "is ended by SIGKILL": "import os\nos.kill(os.getpid(), 9)",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "touches memory that is not there": "import ctypes\nctypes.string_at(0)",
    "sleeps": f"import time\ntime.sleep({LONG})",
    "blocks in C": f"import ctypes\nctypes.CDLL(None).sleep({LONG})",
    "holds the interpreter lock": f"import ctypes\nctypes.PyDLL(None).sleep({LONG})",
    "ignores every signal": (
        "import signal, time\n"
        "for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        f"time.sleep({LONG})"
    ),
    "forks and goes on in both": (
        f"import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep({LONG})"
    ),
    "closes every descriptor": "import os\nos.closerange(0, 1024)",
    "writes to every descriptor": (
        "import os\n"
        "for descriptor in range(3, 64):\n"
        "    try:\n"
        '        os.write(descriptor, b\'["report", 1, "WELL", "", ""]garbage\\n\')\n'
        "    except OSError:\n"
        "        pass"
    ),
    "leaks threads": (
        "import threading, time\n"
        "for _ in range(32):\n"
        f"    threading.Thread(target=time.sleep, args=({LONG},)).start()"
    ),
    "leaks descriptors": (
        "import os\n"
        "for _ in range(256):\n"
        "    os.set_inheritable(os.open('/dev/null', os.O_RDONLY), True)"
    ),
    "leaves no descriptor free": (
        "import os\n"
        "try:\n"
        "    while True:\n"
        "        os.open('/dev/null', os.O_RDONLY)\n"
        "except OSError:\n"
        "    pass"
    ),
    "changes directory, umask and environment": (
        "import os\nos.chdir('/tmp')\nos.umask(0o777)\nos.environ.clear()"
    ),
}

#: What a plugin's module can do when it is imported, by what it is called.
IMPORT_FAULTS: dict[str, str] = {
    "is no Python": "this is no Python\n",
    "raises": "raise RuntimeError('of the module')\n",
    "raises BaseException": "raise BaseException('of the module')\n",
    "imports what is not there": "import a_module_that_nobody_has\n",
    "calls sys.exit": "import sys\nsys.exit(0)\n",
    "calls os._exit": "import os\nos._exit(0)\n",
    "lacks its class": "",
    "hangs": f"import time\ntime.sleep({LONG})\n",
}


def function(hook: str, fault: str) -> str:
    """The source of a function `hook(ctx, default)` with the body `fault`, then the default.

    `default` is what it stands in for: where the fault comes to an end, the answer is a good one.
    """
    body = textwrap.indent(f"{fault}\nreturn default(ctx)\n", "    ")
    return f"def {hook}(ctx, default):\n{body}"
