"""Each timer, changed: the changed value is what acts."""

from __future__ import annotations

import os
import signal

import pytest
from support import wait_for

HANG = "ctx.run(['/bin/sleep', '1000'])"
#: Far more than a slow machine adds, far less than any default.
SLACK = 8


def seconds_of(node, action: str, code: int) -> float:
    program = node.start(action)
    assert program.end() == code
    return program.seconds


def test_restore_process(node):
    node.configure(timers={"restore.process": 2, "restore.cleanup": 2})
    node.hooks(f"def ark_start(ctx, default):\n    {HANG}\n")
    assert 1.5 <= seconds_of(node, "restore", 1) < 2 + SLACK


def test_restore_cleanup(node):
    node.configure(timers={"restore.process": 1, "restore.cleanup": 3})
    node.hooks(f"""
        def ark_start(ctx, default):
            default(ctx)
            raise RuntimeError("no")
        def ark_force_stop(ctx, default):
            {HANG}
    """)
    assert 2 <= seconds_of(node, "restore", 1) < 4 + SLACK


def test_restore_confirm(node):
    node.configure(timers={"restore.confirm": 2})
    node.run("restore")
    node.hooks(
        """
        from arkcore import Status, StatusReport
        import os
        def ark_status(ctx, default):
            if "Force stopping." in open(RAS).read():
                return default(ctx)
            return StatusReport(Status.UNKNOWN)
    """.replace("RAS", repr(str(node.prefix / "var/log/ark/ras.log")))
    )
    assert 2 <= seconds_of(node, "restore", 0) < 2 + SLACK
    assert "Force stopping." in node.ras


def test_force_stop_wait(node):
    node.configure(timers={"force_stop_wait": 5})
    node.run("restore")
    node.hooks("def ark_stop(ctx, default):\n    raise RuntimeError('refused')\n")
    node.run("remove")
    node.hooks("")
    assert 2 <= seconds_of(node, "restore", 0) < 5 + SLACK


def test_remove_process_and_its_reserve(node):
    node.configure(timers={"remove.process": 4, "remove.force_reserve": 2})
    node.run("restore")
    node.hooks(f"def ark_stop(ctx, default):\n    {HANG}\n")
    assert 1.5 <= seconds_of(node, "remove", 0) < 4 + SLACK
    assert "Force stopping." in node.ras


def test_remove_cleanup(node):
    node.configure(timers={"remove.process": 1, "remove.force_reserve": 0, "remove.cleanup": 8})
    node.run("restore")
    node.hooks("def ark_stop(ctx, default):\n    import time; time.sleep(1000)\n")
    assert seconds_of(node, "remove", 0) < 9 + SLACK
    assert node.daemons() == []


def test_quickcheck_process(node):
    node.configure(timers={"quickcheck.process": 2, "lifekeeper.quickcheck_run": 60})
    node.run("restore")
    node.hooks(f"def ark_status(ctx, default):\n    {HANG}\n")
    assert 2 <= seconds_of(node, "quickcheck", 1) < 2 + SLACK


def test_quickcheck_cleanup(node):
    node.configure(timers={"quickcheck.process": 1, "quickcheck.cleanup": 0})
    node.run("restore")
    node.hooks(f"def ark_status(ctx, default):\n    {HANG}\n")
    assert seconds_of(node, "quickcheck", 1) < 1 + SLACK
    # What no time was left for is ended by the next action.
    node.hooks("")
    wait_for(lambda: node.run("quickcheck") == 0 and len(node.processes()) == 1)


def test_quickcheck_confirm(node):
    node.configure(timers={"quickcheck.confirm": 2})
    node.run("restore")
    node.kill_daemons()
    assert 2 <= seconds_of(node, "quickcheck", 1) < 2 + SLACK


def test_lifekeeper_quickcheck_run(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 3})
    node.run("restore")
    node.hooks(f"def ark_status(ctx, default):\n    {HANG}\n")
    assert seconds_of(node, "quickcheck", 0) < 4


def test_recover_process(node):
    node.configure(timers={"recover.process": 2, "recover.cleanup": 2})
    node.run("restore")
    node.hooks(f"""
        import os
        def ark_status(ctx, default):
            if "Stopping." not in open({str(node.prefix / "var/log/ark/ras.log")!r}).read():
                {HANG}
            return default(ctx)
    """)
    assert 1.5 <= seconds_of(node, "recover", 0) < 4 + SLACK


def test_recover_cleanup(node):
    node.configure(timers={"restore.process": 1, "recover.cleanup": 3})
    node.run("restore")
    node.kill_daemons()
    node.hooks(f"""
        def ark_start(ctx, default):
            default(ctx)
            raise RuntimeError("no")
        def ark_force_stop(ctx, default):
            {HANG}
    """)
    assert 2 <= seconds_of(node, "recover", 1) < 4 + SLACK


@pytest.mark.parametrize(("attempts", "codes"), [(0, [1]), (2, [0, 0, 1])])
def test_recover_attempts(node, attempts, codes):
    node.configure(timers={"recover.attempts": attempts})
    node.run("restore")
    for code in codes:
        node.kill_daemons()
        assert node.run("recover") == code


def test_recover_window(node):
    node.configure(timers={"recover.attempts": 1, "recover.window": 1})
    node.run("restore")
    node.kill_daemons()
    assert node.run("recover") == 0
    first = node.state("attempts")["attempts"][0][1]
    wait_for(lambda: boottime() - first > 1.1)
    node.kill_daemons()
    assert node.run("recover") == 0


def boottime() -> float:
    with open("/proc/uptime") as file:
        return float(file.read().split()[0])


def test_recover_total(node):
    node.configure(timers={"recover.total": 3})
    node.run("restore")
    for pid in node.daemons():
        os.kill(pid, signal.SIGKILL)
    node.hooks(f"def ark_start(ctx, default):\n    {HANG}\n")
    assert seconds_of(node, "recover", 1) < 3 + SLACK
    assert node.daemons() == []
